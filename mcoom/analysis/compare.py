"""Contrasts of one cell.

Takes a policy and a baseline of one tally, gives one ``Contrast``: paired if the tally was counted against this
baseline, else not, and it says which. Must know nothing about families of contrasts.
"""

from mcoom.analysis.binned import CellView
from mcoom.analysis.binning import logrank_bounds
from mcoom.analysis.crossing import find_crossing, maxcombo_test
from mcoom.analysis.curve_tests import CurveTests
from mcoom.analysis.estimate import n_members
from mcoom.analysis.logrank import logrank_z, two_sided_p
from mcoom.analysis.multiplicity import largest_p
from mcoom.analysis.paired import (
    bounds_of,
    livelock_mid_p,
    outcomes,
    pair_means,
    paired_livelock,
    paired_rmst,
    paired_superiority,
)
from mcoom.analysis.quantile_diff import quantile_difference
from mcoom.analysis.ratio import paired_ratio, unpaired_ratio
from mcoom.analysis.result import CellKey, Contrast, Interval, span
from mcoom.analysis.rows import logrank_of_pairs
from mcoom.analysis.survival import LifeTable, kaplan_meier, quantile
from mcoom.analysis.unpaired import apart_means, case_pairs, unpaired_livelock, unpaired_rmst, unpaired_superiority
from mcoom.tally.status import Bound

LOOKS = ("constant", "early", "late", "middle")
"""Names of the weights of ``mcoom.analysis.crossing.COMBINATION``."""
TablePairs = list[tuple[LifeTable, LifeTable]]
"""Life tables of policy and baseline: values first, then the extremes of exhausted budgets."""


def compare_cell(view: CellView, baseline: CellView, cell: CellKey, level: float = 0.95) -> Contrast:
    """Compare a policy with a baseline.

    Parameters
    ----------
    view, baseline : CellView
        Of one tally, estimand and stratum.
    cell : mapping
        What to call the cell.
    level : float
        Confidence level of all intervals.

    Returns
    -------
    Contrast
        Not adjusted for its family yet.
    """
    is_paired = baseline.policy == view.tally.plan.baseline
    tables = [(view.life_table(), baseline.life_table())]
    tables += [(view.life_table(a), baseline.life_table(b)) for a, b in case_pairs(view, baseline)]
    z, p = _logrank(tables)
    bounds = bounds_of(view, baseline)
    is_exact = view.counts("n_early") == 0 and baseline.counts("n_early") == 0
    if is_paired:
        livelock, livelock_p = paired_livelock(view, bounds, level)
        superiority, superiority_p = paired_superiority(view, bounds, level)
    else:
        livelock, livelock_p = unpaired_livelock(view, baseline, level)
        superiority, superiority_p = unpaired_superiority(view, baseline, level)
    # Where a time is censored before the horizon its restricted value is not known: only the curves are left.
    is_paired_mean = bool(is_paired and is_exact)
    means, ratio, gain = _means(view, baseline, bounds if is_paired_mean else None, level)
    return Contrast(
        cell=cell,
        policy=view.policy,
        baseline=baseline.policy,
        estimand=view.estimand,
        paired=is_paired,
        n=n_members(view),
        n_baseline=n_members(baseline),
        n_pairs=int(view.counts("n_pairs")[Bound.VALUE]) if is_paired else None,
        logrank_z=z,
        logrank_p=p,
        rmst_diff_ns=means[0],
        rmst_p=means[1],
        rmst_paired=is_paired_mean,
        prob_superiority=superiority,
        superiority_p=superiority_p,
        livelock_diff=livelock,
        livelock_p=livelock_p,
        outcomes=outcomes(view) if is_paired else {},
        rmst_ratio=ratio,
        rmst_variance_ratio=gain,
        median_diff_ns=_quantile_diff(tables, 0.5, level),
        p99_diff_ns=_quantile_diff(tables, 0.99, level),
        livelock_mid_p=livelock_mid_p(view, bounds) if is_paired else None,
        curves=_curve_tests(view, baseline, tables, z),
    )


def _means(
    view: CellView, baseline: CellView, bounds: tuple[Bound, ...] | None, level: float
) -> tuple[tuple[Interval, float | None], Interval, float | None]:
    """Difference with its p-value, ratio, and what pairing left of the variance; without bounds not paired."""
    if bounds is None:
        groups = apart_means(view, baseline, level)
        return unpaired_rmst(view, baseline, groups, level), unpaired_ratio(view, baseline, groups, level), None
    pairs = pair_means(view, bounds, level)
    return paired_rmst(pairs, level), *paired_ratio(pairs, level)


def _logrank(tables: TablePairs) -> tuple[float | None, float | None]:
    """Statistic, and a p-value that holds in all cases of exhausted budgets."""
    statistics = [logrank_z(own, other) for own, other in tables]
    return statistics[0], largest_p([(0.0, None) if s is None else (s, two_sided_p(s)) for s in statistics])


def _quantile_diff(tables: TablePairs, prob: float, level: float) -> Interval:
    found = [quantile_difference(*(quantile(kaplan_meier(table, level), prob) for table in pair)) for pair in tables]
    return span(found[0], found[1:])


def _curve_tests(view: CellView, baseline: CellView, tables: TablePairs, z: float | None) -> CurveTests:
    """Max-combo, crossing, pairs; where budgets ran out, the largest p of all cases or nothing."""
    combos = [maxcombo_test(own, other) for own, other in tables]
    p_values = [combo.p if combo is not None else None for combo in combos]
    is_known = len(tables) == 1
    has_one_end = view.has_exact_mean and baseline.has_exact_mean
    crossing = find_crossing(*tables[0]) if is_known else None
    return CurveTests(
        weighted_z=dict(zip(LOOKS, combos[0].z, strict=True)) if combos[0] is not None else {},
        maxcombo_p=None if p_values[0] is None else max(1.0 if p is None else p for p in p_values),
        crossing_p=crossing.p if crossing is not None else None,
        crossing_ns=(crossing.earlier_ns, crossing.later_ns) if crossing is not None else None,
        is_later_first=crossing.is_above_first if crossing is not None else None,
        logrank_z_range=logrank_bounds(*tables[0], has_one_end) if is_known and z is not None else None,
        paired=logrank_of_pairs(view, baseline, z),
    )
