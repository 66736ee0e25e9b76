"""Ratios of restricted means, and what pairing gained.

Takes a policy and a baseline of one tally, gives the ratio with its interval and the share of the variance that is
left under common random numbers. Must know nothing about differences: mcoom.analysis.paired and unpaired have those.
"""

from mcoom.analysis.binned import CellView
from mcoom.analysis.estimate import n_members
from mcoom.analysis.pair_sums import PairSums
from mcoom.analysis.paired import pair_means
from mcoom.analysis.restricted import contrast_means
from mcoom.analysis.result import Interval, not_estimable, span
from mcoom.analysis.two_means import with_method
from mcoom.analysis.unpaired import area_of, case_pairs, exact_means
from mcoom.tally.status import Bound, Case


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
    means = pair_means(view, sums, level)
    if means is None:
        return not_estimable("paired", "fewer than two pairs"), None
    apart = means.first.variance + means.second.variance
    ratio = with_method(means.ratio(level), "paired").within(0.0)
    return ratio, sums.difference[1] / apart if apart > 0 else None


def unpaired_ratio(view: CellView, baseline: CellView, level: float) -> Interval:
    """Estimate the ratio of restricted means, policy by baseline, as if independent."""
    is_exact = view.has_exact_mean and baseline.has_exact_mean
    intervals = []
    for own, other in ((Case.VALUE, Case.VALUE), *case_pairs(view, baseline)):
        if not n_members(view, own) or not n_members(baseline, other):
            return not_estimable("unpaired", "no replicates")
        if is_exact:
            ratio = exact_means(view, baseline, (own, other), level).ratio(level)
        else:
            means = [area_of(v, c, level) for v, c in ((view, own), (baseline, other))]
            ratio = contrast_means(means[0], means[1], float(view.tau_ns), level).ratio
        intervals.append(with_method(ratio, "unpaired").within(0.0 if is_exact else None))
    return span(intervals[0], intervals[1:])
