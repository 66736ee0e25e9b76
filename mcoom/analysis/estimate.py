"""Estimates of one cell.

Takes a tally, gives one ``Estimate`` per policy and estimand. Must know nothing about comparisons.
"""

from collections.abc import Callable
from dataclasses import replace

from mcoom.analysis.binned import CellView
from mcoom.analysis.binning import Envelope, area_bound, cumulative_hazard_bound, envelope, quantile_bound
from mcoom.analysis.hazard import cumulative_hazard
from mcoom.analysis.mean import mean_interval
from mcoom.analysis.proportion import exact_interval, wilson_interval
from mcoom.analysis.result import CellKey, Estimate, Interval, not_estimable, span
from mcoom.analysis.shape import any_law_of, spread_of
from mcoom.analysis.survival import Curve, LifeTable, kaplan_meier, quantile, restricted_mean
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
    tables = {case: view.life_table(case) for case in (Case.VALUE, *view.cases)}
    curves = {case: kaplan_meier(table, level) for case, table in tables.items()}
    ends = envelope(tables[Case.VALUE], view.has_exact_mean)
    return Estimate(
        cell=cell,
        policy=view.policy,
        estimand=view.estimand,
        tau_ns=view.tau_ns,
        n=n_members(view),
        counts={f"n_{s.name.lower()}": status[s] for s in (*_MEMBERS, Status.NOT_REACHED, Status.BUDGET_BEFORE)},
        p_reached=_reached(view, level),
        livelock_prob=livelock_probability(view, level),
        median_ns=_quantile(curves, ends, 0.5),
        p99_ns=_quantile(curves, ends, 0.99),
        rmst_ns=_restricted_mean(view, curves, ends, level),
        kaplan_meier=curves[Case.VALUE].points() if has_curve else None,
        p90_ns=_quantile(curves, ends, 0.9),
        p999_ns=_quantile(curves, ends, 0.999),
        livelock_wilson=livelock_probability(view, level, wilson_interval),
        cumulative_hazard=_cumulative_hazard(tables, view.tau_ns, level),
    )


def _reached(view: CellView, level: float) -> Interval:
    n, unknown, total = n_members(view), view.status()[Status.BUDGET_BEFORE], view.n_replicates
    return exact_interval(n, n, n + unknown, total, total, level)


def livelock_probability(
    view: CellView, level: float = 0.95, interval: Callable[..., Interval] = exact_interval
) -> Interval:
    """Estimate the probability of livelock among the replicates that count.

    An episode whose budget ran out did not show a livelock, and did not show that there was none: the value counts
    it as none, the limits allow both.
    """
    n, status = n_members(view), view.status()
    k = int(view.counts("n_livelock"))
    unknown = status[Status.BUDGET] + status[Status.BUDGET_BEFORE]
    return interval(k, k, k + unknown, n + status[Status.BUDGET_BEFORE], n, level).within(0.0)


def _quantile(curves: dict[Case, Curve], ends: Envelope, prob: float) -> Interval:
    value, *others = (quantile(curve, prob) for curve in curves.values())
    return span(value, others).within(quantile_bound(ends, prob, value.value))


def _cumulative_hazard(tables: dict[Case, LifeTable], tau_ns: int, level: float) -> Interval:
    value, *others = (cumulative_hazard(table, tau_ns, level) for table in tables.values())
    return span(value, others).within(cumulative_hazard_bound(tables[Case.VALUE], tau_ns, value.value))


def _restricted_mean(view: CellView, curves: dict[Case, Curve], ends: Envelope, level: float) -> Interval:
    if n_members(view) == 0:
        return not_estimable("restricted mean", "no replicates")
    value, *others = (_one_restricted_mean(view, case, curve, level) for case, curve in curves.items())
    # Exact sums never saw a bin.
    bound = 0.0 if view.has_exact_mean else area_bound(ends, view.tau_ns, value.value)
    return span(value, others).within(bound)


def _one_restricted_mean(view: CellView, case: Case, curve: Curve, level: float) -> Interval:
    if view.has_exact_mean:
        return exact_mean(view, case, level)
    any_law = any_law_of(view.life_table(case), view.tau_ns, level)
    return replace(restricted_mean(curve, view.tau_ns, level), any_law=any_law).spanning_any_law()


def exact_mean(view: CellView, case: Case, level: float = 0.95) -> Interval:
    """Estimate the restricted mean of a cell from its exact sums, under one case of exhausted budgets."""
    total, total_sq = view.total("restricted_sum", case), view.total("restricted_sumsq", case)
    n, status = n_members(view, case), view.status()
    n_below = status[Status.SEEN]
    if case == Case.BEST:
        n_below += status[Status.BUDGET] + status[Status.BUDGET_BEFORE]
    tau = float(view.tau_ns)
    return mean_interval(total, total_sq, n, (0.0, tau), level, n_top=n - n_below, spread=spread_of(view, case))
