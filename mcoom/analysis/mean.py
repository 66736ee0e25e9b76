"""Means from exact sums.

Takes integer sums and sums of squares, gives a mean with its interval; the subtraction that loses digits is done in
integers. Must know nothing about what was summed.
"""

import math

from scipy.special import stdtr, stdtrit

from mcoom.analysis.result import Interval, not_estimable
from mcoom.analysis.share import EXACT_UP_TO, share_limits

EXACT_SUMS = "exact sums, t"
"""Method of ``mean_interval``."""
SMALL = 100
"""With fewer values Student's t has a third of its degrees of freedom: conservative for symmetric laws."""


def mean_and_variance(total: int, total_sq: int, n: int) -> tuple[float, float]:
    """Return the mean and the variance of the mean.

    Parameters
    ----------
    total, total_sq : int
        Exact sum and sum of squares.
    n : int
        Number of values, >= 1; with one value the variance is 0.
    """
    if n < 2:
        return total / n, 0.0
    return total / n, (n * total_sq - total * total) / (n * n * (n - 1))


def mean_interval(
    total: int,
    total_sq: int,
    n: int,
    support: tuple[float, float],
    level: float = 0.95,
    method: str = EXACT_SUMS,
    n_top: int | None = None,
) -> Interval:
    """Estimate a mean of values that lie in a known range.

    Parameters
    ----------
    total, total_sq : int
        Exact sum and sum of squares.
    n : int
        Number of values.
    support : (float, float)
        Smallest and largest possible value; the smallest has to be 0 where ``n_top`` is given.
    level : float
        Confidence level.
    method : str
        Name of the method.
    n_top : int, optional
        How many of the values are the largest possible one (the horizon).

    Returns
    -------
    Interval
        Student's t, with fewer degrees of freedom below ``SMALL`` values. It takes a largest value that was never
        seen for one that is not.
        If all values are equal there is no variance to speak of: the limits are then those of the largest share of
        other values, anywhere in the range, that would have stayed unseen with this confidence.
        Where few values, or all but few, are the largest possible one (1 to 30), t misses: the limits are then put
        together from those of the share at the top (exact) and of the mean of the others (t).
    """
    if n == 0:
        return not_estimable(method, "no replicates")
    mean, variance = mean_and_variance(total, total_sq, n)
    smallest, largest = support
    if variance <= 0:
        unseen = 1 - ((1 - level) / 2) ** (1 / n)
        low, high = mean - unseen * (mean - smallest), mean + unseen * (largest - mean)
        return Interval(mean, low, high, method + ", all equal: unseen share bounded")
    if n_top is not None and 1 <= min(n_top, n - n_top) <= EXACT_UP_TO:
        low, high = _two_parts(total, total_sq, n, n_top, int(largest), level)
        return Interval(mean, low, high, method + ", exact share at the horizon")
    # A skewed law makes t too short: 92.6 % for an exponential one and n = 30 (docs/statistics.md).
    freedom = n - 1 if n >= SMALL else (n - 1) / 3
    half = float(stdtrit(freedom, 0.5 + level / 2)) * variance**0.5
    return Interval(mean, max(smallest, mean - half), min(largest, mean + half), method)


def _two_parts(total: int, total_sq: int, n: int, n_top: int, top: int, level: float) -> tuple[float, float]:
    """Limits of the mean m (1 - s) + top s from those of s, the share at the top, and of m, the mean of the others."""
    n_below, share = n - n_top, n_top / n
    below, variance = mean_and_variance(total - n_top * top, total_sq - n_top * top * top, n_below)
    half = float(stdtrit(n_below - 1, 0.5 + level / 2)) * variance**0.5 if n_below > 1 else float(top)
    low, high = share_limits(share, n, level)
    mean, room = total / n, top - below
    down = math.hypot((1 - share) * min(half, below), room * (share - low))
    up = math.hypot((1 - share) * min(half, room), room * (high - share))
    return max(0.0, mean - down), min(float(top), mean + up)


def mean_p(total: int, total_sq: int, n: int) -> float | None:
    """Return the two-sided p-value of a mean of 0, by Student's t.

    If all values are equal, t does not exist: the p-value is then that of the sign test, 1 if they are 0. None
    without values.
    """
    if n == 0:
        return None
    mean, variance = mean_and_variance(total, total_sq, n)
    if variance <= 0:
        return 0.5 ** (n - 1) if total else 1.0
    return float(2 * stdtr(n - 1, -abs(mean) / variance**0.5))
