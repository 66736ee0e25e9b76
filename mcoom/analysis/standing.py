"""How near a cell is to what a stopping rule asks.

Takes the tally of a point so far and the sequences of its means, gives one ``Standing`` per policy and clause. Must
know nothing about budgets, rounds or what is run next.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mcoom.analysis.binned import CellView
from mcoom.analysis.estimate import n_members
from mcoom.analysis.result import finite_or_none
from mcoom.analysis.sequential import MeanSequence, proportion_sequence, quantile_ranks
from mcoom.spec.until import PROBABILITIES, Clause
from mcoom.tally.edges import latency_edges_ns, n_bins
from mcoom.tally.histogram import Kind
from mcoom.tally.status import Case, Status
from mcoom.tally.tally import PointTally

MeanKey = tuple[str, str, Case]
"""Policy, estimand, and the case of exhausted budgets."""


@dataclass(frozen=True)
class Standing:
    """One clause of a rule in one cell."""

    policy: str
    """Name of the policy."""
    clause: Clause
    """What is asked."""
    n: int
    """Replicates that count."""
    value: float | None
    """The quantity, ns or a probability; None if there is none yet."""
    low: float
    """Lower limit of its confidence sequence."""
    high: float
    """Upper limit; infinite if there is none."""
    reason: str | None = None
    """Why it cannot be met, where that is not for want of replicates alone."""

    @property
    def metric(self) -> float:
        """What is compared with the target; infinite without a value or a limit."""
        if self.value is None or not math.isfinite(self.high) or self.n == 0:
            return math.inf
        width = self.high - self.low
        if self.clause.metric == "ci_width":
            return width
        if self.clause.metric == "half_width":
            return width / 2
        worst = max(self.value - self.low, self.high - self.value)
        return worst / self.value if self.value > 0 else math.inf

    @property
    def is_met(self) -> bool:
        """Whether the clause holds; never on an empty cell."""
        return self.metric < self.clause.target

    @property
    def ratio(self) -> float:
        """How many times wider than asked: 1 or less where met."""
        return self.metric / self.clause.target

    def to_json(self) -> dict[str, Any]:
        """Return the entry of the ``stopping`` record."""
        return {
            "policy": self.policy,
            "condition": self.clause.text,
            "n": self.n,
            "value": finite_or_none(self.value),
            "low": finite_or_none(self.low),
            "high": finite_or_none(self.high),
            "metric": finite_or_none(self.metric),
            "target": self.clause.target,
            "met": self.is_met,
            "reason": self.reason,
        }


def feed_means(means: Mapping[MeanKey, MeanSequence], fresh: PointTally) -> dict[MeanKey, MeanSequence]:
    """Feed the tally of one round to the sequences of all restricted means.

    Parameters
    ----------
    means : mapping
        The sequences so far; empty at the start.
    fresh : PointTally
        Replicates of this round, none of them counted before.

    Returns
    -------
    dict
        The sequences after the round; best and worst case follow exhausted event budgets.
    """
    fed = dict(means)
    for estimand in fresh.plan.estimands:
        for policy in fresh.plan.policies:
            view = CellView(fresh, policy, estimand)
            for case in (Case.VALUE, Case.BEST, Case.WORST):
                key = (policy, estimand, case)
                before = fed.get(key, MeanSequence(max(1, view.tau_ns)))
                sums = view.total("restricted_sum", case), view.total("restricted_sumsq", case)
                fed[key] = before.feed(n_members(view, case), *sums)
    return fed


def standings(
    so_far: PointTally, means: Mapping[MeanKey, MeanSequence], clauses: Sequence[Clause], alpha: float
) -> list[Standing]:
    """Say how near every policy of a point is to every clause.

    Parameters
    ----------
    so_far : PointTally
        All replicates of the point.
    means : mapping
        From ``feed_means``, fed with the same replicates.
    clauses : sequence of Clause
        What is asked.
    alpha : float
        Chance that a sequence is ever wrong.

    Returns
    -------
    list of Standing
        Policy by policy, the clauses of each in order.
    """
    views = [(CellView(so_far, policy, c.estimand), c) for policy in so_far.plan.policies for c in clauses]
    shares = iter(_proportions([(v, c) for v, c in views if c.quantity in PROBABILITIES], alpha))
    found = []
    for view, clause in views:
        if clause.prob is not None:
            found.append(_quantile(view, clause, clause.prob, alpha))
        elif clause.quantity == "rmst":
            found.append(_mean(view, clause, means, alpha))
        else:
            found.append(next(shares))
    return found


def _proportions(views: Sequence[tuple[CellView, Clause]], alpha: float) -> list[Standing]:
    """Stand of all probabilities of a point, solved for at once."""
    if not views:
        return []
    rows = []
    for view, clause in views:
        status, members = view.status(), n_members(view)
        before = status[Status.BUDGET_BEFORE]
        if clause.quantity == "p_reached":
            rows.append((members, members + before, view.n_replicates, view.n_replicates))
        else:
            k = int(view.counts("n_livelock"))
            rows.append((k, k + status[Status.BUDGET] + before, members + before, members))
    k_low, k_high, n_low, n = np.array(rows, dtype=np.int64).T
    low, high = proportion_sequence(k_low, k_high, n_low, alpha)
    reasons = [None if m else "never reached" for m in n]
    return [
        Standing(view.policy, clause, int(m), int(k) / int(m) if m else None, float(a), float(b), reason)
        for (view, clause), m, k, a, b, reason in zip(views, n, k_low, low, high, reasons, strict=True)
    ]


def _mean(view: CellView, clause: Clause, means: Mapping[MeanKey, MeanSequence], alpha: float) -> Standing:
    """Stand of a restricted mean."""
    value, best, worst = (means[view.policy, view.estimand, case] for case in (Case.VALUE, Case.BEST, Case.WORST))
    n = n_members(view)
    if n == 0:
        return Standing(view.policy, clause, 0, None, 0.0, math.inf, "never reached")
    if not view.has_exact_mean:
        why = "horizons differ, or holds were open at the horizon: no exact sums"
        return Standing(view.policy, clause, n, value.value, 0.0, math.inf, why)
    low, high = best.interval(alpha)[0], worst.interval(alpha)[1]
    return Standing(view.policy, clause, n, value.value, low, high)


def _quantile(view: CellView, clause: Clause, prob: float, alpha: float) -> Standing:
    """Stand of a quantile: limits are the outer edges of the bins that hold the ranks of the sequence."""
    n = n_members(view)
    if n == 0:
        return Standing(view.policy, clause, 0, None, 0.0, math.inf, "never reached")
    histogram = view.tally.histogram.dense(view.p, view.e).sum(axis=0)
    seen = np.cumsum(histogram[Kind.SEEN])
    # At the earliest, what was not seen came just when it was last looked for; at the latest never.
    soonest = np.cumsum(histogram[[Kind.SEEN, Kind.HORIZON, Kind.BUDGET]].sum(axis=0))
    edges = latency_edges_ns().astype(np.float64)
    n_before = view.status()[Status.BUDGET_BEFORE]
    low_rank = quantile_ranks(n + n_before, prob, alpha).low
    high_rank = quantile_ranks(n, prob, alpha).high
    low_bin = int(np.searchsorted(soonest, low_rank)) if low_rank > 0 else 0
    high_bin = int(np.searchsorted(seen, high_rank))
    mid_bin = int(np.searchsorted(seen, max(1, math.ceil(prob * n))))
    low = float(edges[low_bin - 1]) if 0 < low_bin < n_bins() else 0.0
    high = float(edges[high_bin]) if high_bin < len(edges) else math.inf
    value = None
    if mid_bin < len(edges):
        value = (float(edges[mid_bin - 1]) if mid_bin else 0.0) / 2 + float(edges[mid_bin]) / 2
    reason = None if value is not None else f"not reached by {prob:.4g} of the replicates before the horizon"
    if low_bin == high_bin:
        reason = "as exact as its bin, which is 2 % wide"
    return Standing(view.policy, clause, n, value, low, high, reason)
