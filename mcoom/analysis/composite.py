"""Late kills, counted against a policy that never gets there.

Takes the tally of ``kill_2`` .. ``kill_8``, gives the same estimates with *all* replicates as the population: one in
which the invocation never opened (a panic or a stuck invocation came first) counts as one in which the kill never
comes. ``kill_2`` alone is conditional on being reached and flatters a policy that panics. Must know nothing about
files or text.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mcoom.analysis.binned import CellView
from mcoom.analysis.estimate import exact_mean, n_members
from mcoom.analysis.logrank import logrank_z, two_sided_p
from mcoom.analysis.multiplicity import ADJUSTMENTS, largest_p
from mcoom.analysis.proportion import exact_interval, fisher_p, unpaired_difference
from mcoom.analysis.result import CellKey, Interval, finite_or_none, span
from mcoom.analysis.survival import LifeTable, kaplan_meier, quantile, restricted_mean
from mcoom.analysis.unpaired import apart_means, case_pairs, unpaired_rmst, unpaired_superiority
from mcoom.codes import EndReason
from mcoom.tally.status import Case, Status

SUFFIX = "_all"
"""``kill_2_all`` is ``kill_2`` over all replicates."""


@dataclass(frozen=True)
class CompositeView(CellView):
    """A view whose population is all replicates: not reached is never."""

    def status(self) -> dict[Status, int]:
        """Return the number of replicates by status; NOT_REACHED counts as NO_VICTIM, BUDGET_BEFORE as BUDGET."""
        status = super().status()
        status[Status.NO_VICTIM] += status[Status.NOT_REACHED]
        status[Status.BUDGET] += status[Status.BUDGET_BEFORE]
        return status | {Status.NOT_REACHED: 0, Status.BUDGET_BEFORE: 0}

    @property
    def has_rows(self) -> bool:
        """Rows know nothing of those who never got there."""
        return False

    @property
    def n_not_reached(self) -> int:
        """Replicates in which the invocation never opened."""
        return super().status()[Status.NOT_REACHED]

    def total(self, name: str, last: int) -> int:
        """Return an exact sum; those who never got there stand at the horizon."""
        # Value and worst case are one here: without an open invocation nobody knows that the kill would have come.
        known = super().total(name, Case.WORST if last == Case.VALUE else last)
        power = 2 if name.endswith("sumsq") else 1
        return int(known + self.n_not_reached * self.tally.horizon_max_ns**power)

    def life_table(self, case: Case = Case.VALUE) -> LifeTable:
        """Return the life table; those who never got there are censored at the largest horizon."""
        table = super().life_table(Case.WORST if case == Case.VALUE else case)
        never = np.zeros_like(table.censored)
        never[-1] = self.n_not_reached
        return replace(table, censored=table.censored + never)


@dataclass(frozen=True)
class CompositeEstimate:
    """One late kill of one cell under one policy, over all replicates."""

    cell: CellKey
    """Which cell."""
    policy: str
    """Which policy."""
    estimand: str
    """``kill_2_all`` and so on."""
    tau_ns: int
    """Horizon of the restricted mean, ns."""
    n: int
    """All replicates."""
    n_seen: int
    """Replicates in which the kill came."""
    n_not_reached: int
    """Replicates in which the invocation never opened."""
    success: Interval
    """Probability that the kill comes within the horizon of its invocation, which opens."""
    median_ns: Interval
    """Median time, ns; who never gets there stands beyond every time."""
    rmst_ns: Interval
    """Mean of min(time, tau), ns; who never gets there counts tau."""

    def to_json(self) -> dict[str, Any]:
        """Return the entry of ``composite_estimates``."""
        plain = ("policy", "estimand", "n", "n_seen", "n_not_reached", "tau_ns")
        out: dict[str, Any] = {"cell": dict(self.cell)} | {name: getattr(self, name) for name in plain}
        return out | {name: getattr(self, name).to_json() for name in ("success", "median_ns", "rmst_ns")}


@dataclass(frozen=True)
class CompositeContrast:
    """A policy against the baseline in one late kill, over all replicates; never paired."""

    cell: CellKey
    """Which cell."""
    policy: str
    """The policy."""
    baseline: str
    """What it is compared with."""
    estimand: str
    """``kill_2_all`` and so on."""
    success_diff: Interval
    """Probability of success, policy minus baseline."""
    success_p: float | None
    """Fisher's exact test."""
    rmst_diff_ns: Interval
    """Restricted means, policy minus baseline, ns."""
    rmst_p: float | None
    """Normal test of no difference."""
    prob_superiority: Interval
    """P(policy earlier) + P(tie) / 2."""
    superiority_p: float | None
    """Brunner and Munzel's test."""
    logrank_z: float | None
    """Log-rank statistic, positive: the policy is earlier."""
    logrank_p: float | None
    """Its p-value."""
    rmst_p_adjusted: float | None = None
    """``rmst_p`` adjusted over the family of all composite contrasts."""

    def to_json(self) -> dict[str, Any]:
        """Return the entry of ``composite_contrasts``."""
        out: dict[str, Any] = {"cell": dict(self.cell), "paired": False}
        out |= {name: getattr(self, name) for name in ("policy", "baseline", "estimand")}
        out |= {name: getattr(self, name).to_json() for name in ("success_diff", "rmst_diff_ns", "prob_superiority")}
        numbers = ("success_p", "rmst_p", "superiority_p", "logrank_z", "logrank_p", "rmst_p_adjusted")
        return out | {name: finite_or_none(getattr(self, name)) for name in numbers}


def has_composite(views: Sequence[CellView]) -> bool:
    """Return whether a composite says something else than the estimand: somebody never reached the invocation.

    Not where an episode may end by recovery: then not needing another kill is no failure, and the tallies do not say
    who ended so.
    """
    if not views or not views[0].estimand.startswith("kill_"):
        return False
    recovered = sum(int(v.tally["end_count"][v.p, v.strata, EndReason.RECOVERED].sum()) for v in views)
    return recovered == 0 and any(v.status()[Status.NOT_REACHED] + v.status()[Status.BUDGET_BEFORE] for v in views)


def composite_of(view: CellView) -> CompositeView:
    """Return the view over all replicates."""
    return CompositeView(view.tally, view.policy, view.estimand, view.stratum)


def estimate_composite(view: CompositeView, cell: CellKey, level: float = 0.95) -> CompositeEstimate:
    """Estimate a late kill over all replicates.

    Parameters
    ----------
    view : CompositeView
    cell : mapping
        What to call the cell.
    level : float
        Confidence level.
    """
    status = view.status()
    n, seen, unknown = n_members(view), status[Status.SEEN], status[Status.BUDGET]
    cases = (Case.VALUE, *view.cases)
    curves = [kaplan_meier(view.life_table(case), level) for case in cases]
    medians = [quantile(curve, 0.5) for curve in curves]
    if view.has_exact_mean:
        means = [exact_mean(view, case, level) for case in cases]
    else:
        means = [restricted_mean(curve, view.tau_ns, level) for curve in curves]
    return CompositeEstimate(
        cell, view.policy, view.estimand + SUFFIX, view.tau_ns, n, seen, view.n_not_reached,
        exact_interval(seen, seen, seen + unknown, n, n, level),
        span(medians[0], medians[1:]), span(means[0], means[1:]),
    )  # fmt: skip


def compare_composite(
    view: CompositeView, baseline: CompositeView, cell: CellKey, level: float = 0.95
) -> CompositeContrast:
    """Compare a policy with a baseline over all replicates, as if they were independent.

    Parameters
    ----------
    view, baseline : CompositeView
    cell : mapping
        What to call the cell.
    level : float
        Confidence level.
    """
    success, success_p = _success(view, baseline, level)
    rmst, rmst_p = unpaired_rmst(view, baseline, apart_means(view, baseline, level), level)
    superiority, superiority_p = unpaired_superiority(view, baseline, level)
    pairs = ((Case.VALUE, Case.VALUE), *case_pairs(view, baseline))
    statistics = [logrank_z(view.life_table(a), baseline.life_table(b)) for a, b in pairs]
    p = largest_p([(0.0, None) if z is None else (z, two_sided_p(z)) for z in statistics])
    return CompositeContrast(
        cell, view.policy, baseline.policy, view.estimand + SUFFIX,
        success, success_p, rmst, rmst_p, superiority, superiority_p, statistics[0], p,
    )  # fmt: skip


def _success(view: CompositeView, baseline: CompositeView, level: float) -> tuple[Interval, float | None]:
    """Difference of the probabilities of success; exhausted budgets may be either."""
    n, m = n_members(view), n_members(baseline)
    intervals, tests = [], []
    for own, other in ((Case.VALUE, Case.VALUE), *case_pairs(view, baseline)):
        k, j = _successes(view, own), _successes(baseline, other)
        intervals.append(unpaired_difference(k, n, j, m, level))
        tests.append((float(k * m - j * n), fisher_p(k, n, j, m) if n and m else None))
    return span(intervals[0], intervals[1:]), largest_p(tests)


def _successes(view: CompositeView, case: Case) -> int:
    status = view.status()
    return status[Status.SEEN] + (status[Status.BUDGET] if case == Case.BEST else 0)


def adjust_composites(contrasts: Sequence[CompositeContrast], method: str) -> tuple[CompositeContrast, ...]:
    """Adjust the tests of the means over the family of all composite contrasts."""
    adjusted = ADJUSTMENTS[method]([contrast.rmst_p for contrast in contrasts])
    return tuple(replace(c, rmst_p_adjusted=p) for c, p in zip(contrasts, adjusted, strict=True))
