"""Ratios of restricted means, and what pairing gained.

Takes a policy and a baseline of one tally, gives the ratio with its interval and the share of the variance that is
left under common random numbers. Must know nothing about differences: mcoom.analysis.paired and unpaired have those.
"""

from dataclasses import replace

from mcoom.analysis.binned import CellView
from mcoom.analysis.estimate import n_members
from mcoom.analysis.pair_sums import PairSums
from mcoom.analysis.restricted import contrast_means
from mcoom.analysis.result import Interval, not_estimable, span
from mcoom.analysis.unpaired import case_pairs, restricted_mean_of
from mcoom.tally.status import Bound, Case

_METHOD = "log, normal"


def paired_ratio(view: CellView, bounds: tuple[Bound, ...], level: float) -> tuple[Interval, float | None]:
    """Estimate the ratio of restricted means, policy by baseline, from the joint sums.

    Parameters
    ----------
    view : CellView
        The policy; the joint tallies know the baseline.
    bounds : tuple of Bound
        Bounds that may differ from ``Bound.VALUE``.
    level : float
        Confidence level.

    Returns
    -------
    Interval, float or None
        The ratio; and Var(x - y) / (Var x + Var y), below 1 where the common random numbers help.
    """
    found = [_paired(view, bound, level) for bound in (Bound.VALUE, *bounds)]
    return span(found[0][0], [interval for interval, _ in found[1:]]), found[0][1]


def _paired(view: CellView, bound: Bound, level: float) -> tuple[Interval, float | None]:
    sums = PairSums.of(view, bound)
    if sums.n < 2:
        return not_estimable("paired, " + _METHOD, "fewer than two pairs"), None
    first, second = sums.means(level)
    ratio = contrast_means(first, second, float(sums.tau), level, sums.covariance).ratio
    interval = replace(ratio, method="paired, " + ratio.method)
    apart = first.variance + second.variance
    return interval.within(0.0), sums.difference[1] / apart if apart > 0 else None


def unpaired_ratio(view: CellView, baseline: CellView, level: float) -> Interval:
    """Estimate the ratio of restricted means, policy by baseline, as if independent."""
    is_exact = view.has_exact_mean and baseline.has_exact_mean
    intervals = []
    for own, other in ((Case.VALUE, Case.VALUE), *case_pairs(view, baseline)):
        if not n_members(view, own) or not n_members(baseline, other):
            return not_estimable("unpaired, " + _METHOD, "no replicates")
        means = [restricted_mean_of(v, c, is_exact, level) for v, c in ((view, own), (baseline, other))]
        ratio = contrast_means(means[0], means[1], float(view.tau_ns), level).ratio
        interval = replace(ratio, method="unpaired, " + ratio.method)
        intervals.append(interval.within(0.0 if is_exact else None))
    return span(intervals[0], intervals[1:])
