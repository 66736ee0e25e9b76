"""Ratios of restricted means, and what pairing gained.

Takes a policy and a baseline of one tally, gives the ratio with its interval and the share of the variance that is
left under common random numbers. Must know nothing about differences: mcoom.analysis.paired and unpaired have those.
"""

from mcoom.analysis.binned import CellView
from mcoom.analysis.pair_sums import PairSums
from mcoom.analysis.paired import PairMeans
from mcoom.analysis.restricted import contrast_means
from mcoom.analysis.result import Interval, not_estimable, span
from mcoom.analysis.two_means import TwoMeans, with_method
from mcoom.analysis.unpaired import ApartMeans


def paired_ratio(found: PairMeans, level: float) -> tuple[Interval, float | None]:
    """Estimate the ratio of restricted means, policy by baseline, from the joint sums.

    Parameters
    ----------
    found : list
        From ``pair_means``.
    level : float
        Confidence level.

    Returns
    -------
    Interval, float or None
        The ratio; and Var(x - y) / (Var x + Var y), below 1 where the common random numbers help.
    """
    ratios = [_paired(sums, means, level) for sums, means in found]
    return span(ratios[0][0], [interval for interval, _ in ratios[1:]]), ratios[0][1]


def _paired(sums: PairSums, means: TwoMeans | None, level: float) -> tuple[Interval, float | None]:
    if means is None:
        return not_estimable("paired", "fewer than two pairs"), None
    apart = means.first.variance + means.second.variance
    ratio = with_method(means.ratio(level), "paired").within(0.0)
    return ratio, sums.difference[1] / apart if apart > 0 else None


def unpaired_ratio(view: CellView, baseline: CellView, found: ApartMeans, level: float) -> Interval:
    """Estimate the ratio of restricted means, policy by baseline, as if independent.

    Parameters
    ----------
    view, baseline : CellView
    found : list
        From ``apart_means``.
    level : float
        Confidence level.
    """
    is_exact = view.has_exact_mean and baseline.has_exact_mean
    intervals = []
    for means in found:
        if means is None:
            return not_estimable("unpaired", "no replicates")
        ratio = means.ratio(level) if isinstance(means, TwoMeans) else contrast_means(*means, view.tau_ns, level).ratio
        intervals.append(with_method(ratio, "unpaired").within(0.0 if is_exact else None))
    return span(intervals[0], intervals[1:])
