"""Comparisons of policies that were not counted pair by pair.

Takes two cells, gives differences as if their replicates were independent. Must know nothing about the joint tallies.
"""

from dataclasses import replace

import numpy as np

from mcoom.analysis.binned import CellView
from mcoom.analysis.binning import superiority_bound
from mcoom.analysis.estimate import exact_mean, n_members
from mcoom.analysis.logrank import two_sided_p
from mcoom.analysis.mean import BY_VARIANCE, mean_and_variance
from mcoom.analysis.multiplicity import largest_p
from mcoom.analysis.proportion import fisher_p, unpaired_difference
from mcoom.analysis.restricted import RestrictedMean, contrast_means
from mcoom.analysis.result import Interval, not_estimable, span
from mcoom.analysis.shape import ApartShape, any_law_of, spread_of
from mcoom.analysis.share import share_limits
from mcoom.analysis.superiority import censored_superiority
from mcoom.analysis.survival import LifeTable, kaplan_meier
from mcoom.analysis.two_means import TwoMeans, with_method
from mcoom.tally.status import Case, Status

CasePair = tuple[Case, Case]
"""Case of the policy and of the baseline."""


def case_pairs(view: CellView, baseline: CellView) -> tuple[CasePair, ...]:
    """Return the two extremes, or nothing where no budget ran out."""
    if not (view.cases or baseline.cases):
        return ()
    return ((Case.BEST, Case.WORST), (Case.WORST, Case.BEST))


ApartMeans = list[TwoMeans | tuple[RestrictedMean, RestrictedMean] | None]
"""Both means, of exact sums or as areas, values first, then the extremes of exhausted budgets; None: nobody counts."""


def apart_means(view: CellView, baseline: CellView, level: float) -> ApartMeans:
    """Return both restricted means of two cells, as if independent.

    Parameters
    ----------
    view, baseline : CellView
    level : float
        Confidence level of limits that a mean has of its own.
    """
    is_exact = view.has_exact_mean and baseline.has_exact_mean
    found: ApartMeans = []
    for cases in ((Case.VALUE, Case.VALUE), *case_pairs(view, baseline)):
        if not n_members(view, cases[0]) or not n_members(baseline, cases[1]):
            found.append(None)
        elif is_exact:
            found.append(exact_means(view, baseline, cases, level))
        else:
            found.append((area_of(view, cases[0], level), area_of(baseline, cases[1], level)))
    return found


def unpaired_rmst(view: CellView, baseline: CellView, found: ApartMeans, level: float) -> tuple[Interval, float | None]:
    """Estimate the difference of restricted means, policy minus baseline, in ns, as if independent, and test it.

    Parameters
    ----------
    view, baseline : CellView
    found : list
        From ``apart_means``.
    level : float
        Confidence level.
    """
    is_exact = view.has_exact_mean and baseline.has_exact_mean
    method = "unpaired, exact sums" if is_exact else "unpaired, areas under Kaplan-Meier"
    intervals: list[Interval] = []
    tests: list[tuple[float, float | None]] = []
    for means in found:
        if means is None:
            interval, effect, p = not_estimable(method, "no replicates"), 0.0, None
        elif isinstance(means, TwoMeans):
            interval, effect, p = means.difference(level), means.first.mean - means.second.mean, means.p()
        else:
            contrast = contrast_means(*means, float(view.tau_ns), level)
            interval, p = contrast.difference, contrast.p_difference
            effect = 0.0 if interval.value is None else means[0].mean - means[1].mean
        intervals.append(interval if means is None else with_method(interval, method))
        tests.append((effect, p))
    return span(intervals[0], intervals[1:]), largest_p(tests)


def exact_means(view: CellView, baseline: CellView, cases: CasePair, level: float) -> TwoMeans:
    """Return both means of two cells that count somebody, from their exact sums, as if independent."""
    sides = tuple(zip((view, baseline), cases, strict=True))
    means = [_exact_mean_of(v, case, level) for v, case in sides]
    spreads = [spread_of(v, case) for v, case in sides]
    fine = [spread if spread.is_fine else None for spread in spreads]
    skewness, excess = ([0.0 if s is None else getattr(s, name) for s in fine] for name in ("skewness", "excess"))
    n, m = (n_members(v, case) for v, case in sides)
    shape = ApartShape(
        (n, m), (means[0].variance, means[1].variance), (skewness[0], skewness[1]), (excess[0], excess[1])
    )
    return TwoMeans(means[0], means[1], 0.0, shape, float(view.tau_ns))


def _exact_mean_of(view: CellView, case: Case, level: float) -> RestrictedMean:
    sums = view.total("restricted_sum", case), view.total("restricted_sumsq", case)
    mean, variance = mean_and_variance(*sums, n_members(view, case))
    found = exact_mean(view, case, level)
    limits = None if found.method in BY_VARIANCE else (float(found.low or 0.0), float(found.high or 0.0))
    return RestrictedMean(mean, variance, 0.0, limits, any_law=found.any_law)


def area_of(view: CellView, case: Case, level: float) -> RestrictedMean:
    """Return the restricted mean of a cell as the area under its curve."""
    table = view.life_table(case)
    mean = RestrictedMean.of_curve(kaplan_meier(table, level), view.tau_ns, level)
    return replace(mean, any_law=any_law_of(table, view.tau_ns, level))


def unpaired_superiority(view: CellView, baseline: CellView, level: float) -> tuple[Interval, float | None]:
    """Estimate P(policy earlier) + P(tie) / 2 for two independent replicates, both at the horizon being a tie.

    The test is Brunner and Munzel's, with the normal law. Where times are censored before the horizon, the curves
    take the place of the counts (``mcoom.analysis.superiority``).
    """
    is_exact = view.has_exact_mean and baseline.has_exact_mean
    tau = float(min(view.tau_ns, baseline.tau_ns))
    intervals, tests = [], []
    for own, other in ((Case.VALUE, Case.VALUE), *case_pairs(view, baseline)):
        tables = view.life_table(own), baseline.life_table(other)
        interval, p = superiority_of_tables(*tables, level) if is_exact else censored_superiority(*tables, tau, level)
        bound = superiority_bound(*tables) if is_exact else None
        intervals.append(interval.within(bound))
        tests.append(((interval.value or 0.5) - 0.5, p))
    return span(intervals[0], intervals[1:]), largest_p(tests)


def superiority_of_tables(table: LifeTable, baseline: LifeTable, level: float = 0.95) -> tuple[Interval, float | None]:
    """Estimate P(first earlier) + P(tie) / 2 from two tables with the same rows, censored at a common end; test it.

    Parameters
    ----------
    table, baseline : LifeTable
        With the same rows; a row is one value, and all who are censored tie with one another.
    level : float
        Confidence level.

    References
    ----------
    1. DeLong, DeLong and Clarke-Pearson (1988), Comparing the areas under two or more correlated receiver operating
       characteristic curves, Biometrics 44, 837-845 (the variance).
    2. Newcombe (2006), Confidence intervals for an effect size measure based on the Mann-Whitney statistic,
       Statistics in Medicine 25, 559-573.
    """
    method = "unpaired, Mann-Whitney, DeLong, Wilson"
    if table.n < 2 or baseline.n < 2:
        return not_estimable(method, "fewer than two replicates"), None
    x = np.append(table.deaths, table.censored.sum()).astype(np.float64)
    y = np.append(baseline.deaths, baseline.censored.sum()).astype(np.float64)
    n, m = x.sum(), y.sum()
    x_place = (m - np.cumsum(y) + y / 2) / m
    y_place = (np.cumsum(x) - x / 2) / n
    value = float(np.sum(x * x_place) / n)
    x_variance = np.sum(x * (x_place - value) ** 2) / (n - 1)
    y_variance = np.sum(y * (y_place - value) ** 2) / (m - 1)
    variance = float(x_variance / n + y_variance / m)
    n_equal = min(n, m) if variance <= 0 else value * (1 - value) / variance
    low, high = share_limits(value, n_equal, level) if n_equal > 0 else (0.0, 1.0)
    p = two_sided_p((value - 0.5) / variance**0.5) if variance > 0 else None
    return Interval(value, low, high, method), p


def unpaired_livelock(view: CellView, baseline: CellView, level: float) -> tuple[Interval, float | None]:
    """Estimate the difference of livelock probabilities and test it by Fisher, the largest p of all cases."""
    intervals, tests = [], []
    for pair in ((Case.VALUE, Case.VALUE), *case_pairs(view, baseline)):
        (k, n), (j, m) = _livelocks(view, pair[0]), _livelocks(baseline, pair[1])
        if not n or not m:
            return not_estimable("Newcombe-Wilson", "no replicates"), None
        intervals.append(unpaired_difference(k, n, j, m, level))
        tests.append((float(k * m - j * n), fisher_p(k, n, j, m)))
    return span(intervals[0], intervals[1:]), largest_p(tests)


def _livelocks(view: CellView, case: Case) -> tuple[int, int]:
    k, n, status = int(view.counts("n_livelock")), n_members(view, case), view.status()
    return (k + status[Status.BUDGET] + status[Status.BUDGET_BEFORE] if case == Case.WORST else k), n
