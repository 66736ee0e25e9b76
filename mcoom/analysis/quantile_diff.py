"""Differences of quantiles.

Takes two quantiles with their intervals, gives the difference with limits. Must know nothing about curves.
"""

import math

from mcoom.analysis.result import Interval, not_estimable


def quantile_difference(first: Interval, second: Interval) -> Interval:
    """Estimate the difference of two quantiles, first less second.

    Parameters
    ----------
    first, second : Interval
        Quantiles of independent groups, with limits at one level.

    Returns
    -------
    Interval
        Limits by recovery of the variances from the two intervals (MOVER), which keeps their asymmetry. A limit that
        one of the intervals lacks is lacking here. Under common random numbers it is conservative.

    References
    ----------
    1. Zou and Donner (2008), Construction of confidence limits about effect measures: a general approach,
       Statistics in Medicine 27, 1693-1702.
    """
    method = "quantiles by Kaplan-Meier, MOVER"
    x, y = first.value, second.value
    if x is None or y is None:
        return not_estimable(method, (first.reason if x is None else second.reason) or "a quantile is not estimable")
    low = None if None in (first.low, second.high) else x - y - math.hypot(x - _f(first.low), _f(second.high) - y)
    high = None if None in (first.high, second.low) else x - y + math.hypot(_f(first.high) - x, y - _f(second.low))
    reason = "one of the quantiles is not bounded" if None in (low, high) else None
    return Interval(x - y, low, high, method, reason)


def _f(x: float | None) -> float:
    return math.nan if x is None else x
