"""Estimates of one cell.

Takes a tally, gives one ``Estimate`` per policy and estimand. Must know nothing about comparisons.
"""

from mcoom.analysis.binned import CellView
from mcoom.analysis.mean import mean_interval
from mcoom.analysis.proportion import exact_interval
from mcoom.analysis.result import CellKey, Estimate, Interval, not_estimable, span
from mcoom.analysis.survival import Curve, kaplan_meier, quantile, restricted_mean
from mcoom.tally.status import Case, Status

_MEMBERS = (Status.SEEN, Status.HORIZON, Status.BUDGET, Status.NO_VICTIM, Status.RECOVERED)


def n_members(view: CellView, case: Case = Case.VALUE) -> int:
    """Return how many replicates count under a case."""
    status = view.status()
    n = sum(status[s] for s in _MEMBERS)
    return n if case == Case.VALUE else n + status[Status.BUDGET_BEFORE]


def estimate_cell(view: CellView, cell: CellKey, level: float = 0.95, has_curve: bool = False) -> Estimate:
    """Estimate everything about one estimand of one cell under one policy.

    Parameters
    ----------
    view : CellView
        Which part of which tally.
    cell : mapping
        What to call it.
    level : float
        Confidence level of all intervals.
    has_curve : bool
        Whether to keep the survival curve.

    Returns
    -------
    Estimate
        Intervals span best and worst case where event budgets ran out; values take them as never.
    """
    status = view.status()
    curves = {case: kaplan_meier(view.life_table(case), level) for case in (Case.VALUE, *view.cases)}
    others = [curves[case] for case in view.cases]
    return Estimate(
        cell=cell,
        policy=view.policy,
        estimand=view.estimand,
        tau_ns=view.tau_ns,
        n=n_members(view),
        counts={f"n_{s.name.lower()}": status[s] for s in (*_MEMBERS, Status.NOT_REACHED, Status.BUDGET_BEFORE)},
        p_reached=_reached(view, level),
        livelock_prob=livelock_probability(view, level),
        median_ns=_quantile(curves[Case.VALUE], others, 0.5),
        p99_ns=_quantile(curves[Case.VALUE], others, 0.99),
        rmst_ns=_restricted_mean(view, curves, level),
        kaplan_meier=curves[Case.VALUE].points() if has_curve else None,
    )


def _reached(view: CellView, level: float) -> Interval:
    n, unknown, total = n_members(view), view.status()[Status.BUDGET_BEFORE], view.n_replicates
    return exact_interval(n, n, n + unknown, total, total, level)


def livelock_probability(view: CellView, level: float = 0.95) -> Interval:
    """Estimate the probability of livelock among the replicates that count.

    An episode whose budget ran out did not show a livelock, and did not show that there was none: the value counts
    it as none, the limits allow both.
    """
    n, status = n_members(view), view.status()
    k = int(view.counts("n_livelock"))
    unknown = status[Status.BUDGET] + status[Status.BUDGET_BEFORE]
    return exact_interval(k, k, k + unknown, n + status[Status.BUDGET_BEFORE], n, level)


def _quantile(curve: Curve, others: list[Curve], prob: float) -> Interval:
    return span(quantile(curve, prob), [quantile(other, prob) for other in others])


def _restricted_mean(view: CellView, curves: dict[Case, Curve], level: float) -> Interval:
    if n_members(view) == 0:
        return not_estimable("restricted mean", "no replicates")
    value, *others = (_one_restricted_mean(view, case, curve, level) for case, curve in curves.items())
    return span(value, others)


def _one_restricted_mean(view: CellView, case: Case, curve: Curve, level: float) -> Interval:
    if not view.has_exact_mean:
        return restricted_mean(curve, view.tau_ns, level)
    total, total_sq = view.total("restricted_sum", case), view.total("restricted_sumsq", case)
    return mean_interval(total, total_sq, n_members(view, case), (0.0, float(view.tau_ns)), level)
