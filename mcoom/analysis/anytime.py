"""Intervals of a run that stopped by its own data: confidence sequences in the place of intervals for a fixed n.

Takes the tally of a point and what was kept of its rounds, gives its estimates and contrasts with limits that hold at
whatever time the run stopped. Must know nothing of rules or rounds (``mcoom.analysis.stopping`` has those).

A contrast is made of the sequences of its two parts, each at half the error: it holds at all times, whatever the two
have to do with one another, and is wide. Tests of means, pairs and livelocks are those of such sequences too. What
there is none of keeps its limits and p-values, which are for a number of replicates fixed beforehand: ``fixed_n``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mcoom.analysis.binned import CellView
from mcoom.analysis.estimate import n_members
from mcoom.analysis.multiplicity import largest_p
from mcoom.analysis.result import Contrast, Estimate, Interval
from mcoom.analysis.sequential import even_odds_p, proportion_sequence, same_probability_p
from mcoom.analysis.standing import standings
from mcoom.spec.until import Clause
from mcoom.tally.status import Bound, Case, Status
from mcoom.tally.tally import PointTally

METHOD = "confidence sequence"
"""Added to the method of every interval that holds at all times."""
Limits = tuple[float, float]
"""Low and high; high may be infinite."""
KeptMeans = Mapping[tuple[int, str, str], tuple[Limits, Limits]]
"""By point, policy and estimand: limits of the restricted mean at the error rate and at half of it, ns."""
_QUANTITIES = {
    "p_reached": "p_reached",
    "livelock_prob": "livelock_prob",
    "median_ns": "median",
    "p90_ns": "p90",
    "p99_ns": "p99",
    "p999_ns": "p99.9",
}
"""Name of the estimate, and of the quantity in a stopping rule."""
ALL_OF_ESTIMATE = (*_QUANTITIES, "rmst_ns", "livelock_wilson", "cumulative_hazard", "kaplan_meier")
"""What an estimate has, all of which holds for a fixed number of replicates in a stratum."""
_CURVES = ("logrank_z", "logrank_p", "p_adjusted", "curves", "livelock_mid_p")
"""Of a contrast, what no sequence was made for."""
_MEANS = ("rmst_diff_ns", "rmst_ratio", "rmst_p")
_SUPERIORITY = ("prob_superiority", "superiority_p")
ALL_OF_CONTRAST = (*_CURVES, *_MEANS, *_SUPERIORITY, "median_diff_ns", "p99_diff_ns", "livelock_diff", "livelock_p")
"""The same of a contrast."""
_DIFFERENCES = {"median_diff_ns": "median", "p99_diff_ns": "p99", "livelock_diff": "livelock_prob"}
"""The same for contrasts."""


@dataclass(frozen=True)
class Sequential:
    """How to give limits that hold at all times."""

    alpha: float
    """Chance that a limit is ever wrong."""
    means: KeptMeans
    """Limits of restricted means, which depend on the rounds; where they are lacking wider ones are taken."""

    def of_point(self, point: int, tally: PointTally) -> "SequentialPoint":
        """Return the sequences of a point."""
        return SequentialPoint(self, point, tally)


class SequentialPoint:
    """The sequences of all cells of a point."""

    def __init__(self, how: Sequential, point: int, tally: PointTally) -> None:
        self._how, self._point, self._tally = how, point, tally
        names = [(e, q) for e in tally.plan.estimands for q in _QUANTITIES.values()]
        clauses = [Clause(e, q, "ci_width", 1.0, "") for e, q in names]
        self._limits = [
            {(s.policy, s.clause.estimand, s.clause.quantity): (s.low, s.high) for s in found}
            for found in (standings(tally, {}, clauses, alpha) for alpha in (how.alpha, how.alpha / 2))
        ]

    def estimate(self, found: Estimate) -> Estimate:
        """Return an estimate with sequences for limits; curves and the cumulative hazard have none."""
        new: dict[str, Any] = {}
        for name, quantity in _QUANTITIES.items():
            before = getattr(found, name)
            if before is not None:
                new[name] = _with(before, self._limits[0][found.policy, found.estimand, quantity])
        rmst = self._mean(found.policy, found.estimand, 0)
        kept = replace(found, livelock_wilson=None, cumulative_hazard=None, kaplan_meier=None, **new)
        if rmst is None:
            return replace(kept, fixed_n=("rmst_ns",))
        return replace(kept, rmst_ns=_of_mean(_with(found.rmst_ns, rmst)))

    def contrast(self, found: Contrast) -> Contrast:
        """Return a contrast with limits that hold at all times."""
        pair = found.policy, found.baseline
        new: dict[str, Any] = {}
        for name, quantity in _DIFFERENCES.items():
            before = getattr(found, name)
            if before is not None:
                new[name] = _apart(before, *(self._limits[1][p, found.estimand, quantity] for p in pair))
        means = [self._mean(p, found.estimand, 1) for p in pair]
        fixed = list(_CURVES)
        if means[0] is not None and means[1] is not None:
            new["rmst_diff_ns"] = _of_mean(_apart(found.rmst_diff_ns, means[0], means[1]))
            new["rmst_p"] = self._same_mean_p(pair, found.estimand)
            if found.rmst_ratio is not None:
                (low, high), (least, most) = means[0], means[1]
                limits = (low / most, high / least if least > 0 else np.inf)
                new["rmst_ratio"] = _of_mean(_with(found.rmst_ratio, limits))
        else:
            fixed += _MEANS
        if found.paired:
            new |= self._pairs(found)
        else:
            new["livelock_p"] = self._same_livelock_p(pair, found.estimand)
            fixed += _SUPERIORITY
        return replace(found, fixed_n=tuple(fixed), **new)

    def _same_mean_p(self, pair: tuple[str, str], estimand: str) -> float:
        """Test of the same restricted mean, from the sums alone; the largest of all cases of exhausted budgets."""
        views = [CellView(self._tally, policy, estimand) for policy in pair]
        tests = []
        for cases in ((Case.VALUE,) * 2, (Case.BEST, Case.WORST), (Case.WORST, Case.BEST)):
            sums = [v.total("restricted_sum", case) / v.tau_ns for v, case in zip(views, cases, strict=True)]
            n = [float(n_members(v, case)) for v, case in zip(views, cases, strict=True)]
            p = same_probability_p((sums[0], n[0]), (sums[1], n[1]))
            tests.append((sums[0] * n[1] - sums[1] * n[0], p))
        return float(largest_p(tests) or 0.0)

    def _same_livelock_p(self, pair: tuple[str, str], estimand: str) -> float:
        """Test of the same livelock probability of two policies that were not counted pair by pair."""
        tests = []
        views = [CellView(self._tally, policy, estimand) for policy in pair]
        for sides in ((False, False), (True, False), (False, True)):
            k = [_livelocks(view, is_worst) for view, is_worst in zip(views, sides, strict=True)]
            tests.append((k[0][0] * k[1][1] - k[1][0] * k[0][1], same_probability_p(*k)))
        return float(largest_p(tests) or 0.0)

    def _pairs(self, found: Contrast) -> dict[str, Any]:
        """Sequences of the two kinds of discordant pairs, and tests of their odds; over all cases of budgets."""
        view = CellView(self._tally, found.policy, found.estimand)
        counts = view.counts("win_tie_loss"), view.counts("livelock_table")
        wins = [(int(w), int(lost), int(w + t + lost)) for w, t, lost in counts[0][list(Bound)]]
        locks = [(int(t[1, 0]), int(t[0, 1]), int(t.sum())) for t in counts[1][list(Bound)]]
        low, high = self._difference(wins)
        return {
            "prob_superiority": _with(found.prob_superiority, ((1 + low) / 2, (1 + high) / 2)),
            "livelock_diff": _with(found.livelock_diff, self._difference(locks)),
            "superiority_p": _odds_p(wins),
            "livelock_p": _odds_p(locks),
        }

    def _difference(self, tables: list[tuple[int, int, int]]) -> Limits:
        own, other, n = np.array(tables, dtype=np.int64).T
        half = self._how.alpha / 2
        (low, high), (least, most) = (proportion_sequence(k, k, n, half) for k in (own, other))
        return float((low - most).min()), float((high - least).max())

    def _mean(self, policy: str, estimand: str, place: int) -> Limits | None:
        kept = self._how.means.get((self._point, policy, estimand))
        if kept is not None:
            return kept[place]
        view = CellView(self._tally, policy, estimand)
        if not view.has_exact_mean or not n_members(view):
            return None
        return mean_limits(view, self._how.alpha / (1 + place))


def _odds_p(tables: list[tuple[int, int, int]]) -> float | None:
    return largest_p([(float(k - j), even_odds_p(k, j) if n else None) for k, j, n in tables])


def _livelocks(view: CellView, is_worst: bool) -> tuple[float, float]:
    """Livelocks and replicates that count; at worst an exhausted budget is one."""
    k, status = int(view.counts("n_livelock")), view.status()
    unknown = status[Status.BUDGET] + status[Status.BUDGET_BEFORE]
    return float(k + unknown * is_worst), float(n_members(view) + status[Status.BUDGET_BEFORE] * is_worst)


def mean_limits(view: CellView, alpha: float) -> Limits:
    """Return the confidence sequence of a restricted mean from its sum alone.

    For a value in 0..1 with mean p, (q / p)^x ((1 - q) / (1 - p))^(1 - x) is convex in x and so at most 1 on average,
    as for a coin: the mixture of a probability holds for the sum of shares of the horizon as it does for a count.
    """
    tau = view.tau_ns
    (least, n_low), (most, n_high) = (
        (np.array([view.total("restricted_sum", case) / tau]), np.array([n_members(view, case)]))
        for case in (Case.BEST, Case.WORST)
    )
    low, _ = proportion_sequence(least, least, n_low, alpha)
    _, high = proportion_sequence(most, most, n_high, alpha)
    return tau * float(low[0]), tau * float(high[0])


def _with(before: Interval, limits: Limits) -> Interval:
    low, high = limits
    is_bounded = bool(np.isfinite(high))
    reason = before.reason if is_bounded else before.reason or "not bounded at this number of replicates"
    return replace(before, low=float(low), high=float(high) if is_bounded else None, method=METHOD, reason=reason)


def _of_mean(found: Interval) -> Interval:
    """Sequences of means hold for every law between 0 and the horizon."""
    low = -np.inf if found.low is None else found.low
    return replace(found, any_law=(low, np.inf if found.high is None else found.high))


def _apart(before: Interval, own: Limits, other: Limits) -> Interval:
    """Difference of two sequences."""
    low = own[0] - other[1] if np.isfinite(other[1]) else None
    found = _with(before, (0.0, own[1] - other[0]))
    return replace(found, low=low)
