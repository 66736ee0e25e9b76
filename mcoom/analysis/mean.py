"""Means from exact sums.

Takes integer sums and sums of squares, gives a mean with its interval; the subtraction that loses digits is done in
integers. Must know nothing about what was summed.
"""

import math
from dataclasses import replace

import numpy as np

from mcoom.analysis.any_law import any_law_limits
from mcoom.analysis.hall import SHARE, hall_limits
from mcoom.analysis.result import Interval, not_estimable
from mcoom.analysis.share import EXACT_UP_TO, share_limits
from mcoom.analysis.spread import Spread

EXACT_SUMS = "exact sums, Hall"
"""Method of ``mean_interval``."""
UNSKEWED = "exact sums, t"
"""The same where nothing tells the skewness."""
BY_VARIANCE = (EXACT_SUMS, UNSKEWED)
"""Methods whose limits are made of the variance."""
TWO_PARTS = "exact sums, Hall or t, exact share at the horizon"
"""The same where few are at the horizon, or all but few."""


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
    *,
    n_top: int | None = None,
    spread: Spread | None = None,
) -> Interval:
    """Estimate a mean of values that lie between 0 and a horizon.

    Parameters
    ----------
    total, total_sq : int
        Exact sum and sum of squares.
    n : int
        Number of values.
    support : (float, float)
        Smallest and largest possible value.
    level : float
        Confidence level.
    n_top : int, optional
        How many of the values are the largest possible one (the horizon).
    spread : Spread, optional
        The values as bins know them.

    Returns
    -------
    Interval
        Hall's limits, with a third of the degrees of freedom; Student's t where the skewness is not known. They take
        a largest value that was never seen for one that is not; ``any_law`` has limits that do not.
        Where all values are equal the limits are those that hold for every law.
        Where few values, or all but few, are the largest possible one (1 to 30), both miss: the limits are then put
        together from those of the share at the top (exact) and of the mean of the others.
    """
    found = seen_interval(total, total_sq, n, support, level, n_top=n_top, spread=spread)
    if spread is None or found.any_law is not None or found.value is None:
        return found
    exact = spread.with_mean(found.value, support[1])
    return replace(found, any_law=any_law_limits(exact.values, exact.counts, support, level)).spanning_any_law()


def seen_interval(
    total: int,
    total_sq: int,
    n: int,
    support: tuple[float, float],
    level: float = 0.95,
    *,
    n_top: int | None = None,
    spread: Spread | None = None,
) -> Interval:
    """Estimate a mean, taking for granted that a largest value that was not seen never comes.

    ``mean_interval`` without its ``any_law``, which takes most of the time; arguments as there.
    """
    if n == 0:
        return not_estimable(EXACT_SUMS, "no replicates")
    mean, variance = mean_and_variance(total, total_sq, n)
    if variance <= 0:
        low, high = any_law_limits(np.array([mean]), np.array([float(n)]), support, level)
        return Interval(mean, low, high, EXACT_SUMS + ", all equal: unseen share bounded", any_law=(low, high))
    if n_top is not None and 1 <= min(n_top, n - n_top) <= EXACT_UP_TO:
        low, high = _two_parts(total, total_sq, n, n_top, int(support[1]), level, spread)
        return Interval(mean, low, high, TWO_PARTS)
    skewness, method = (spread.skewness, EXACT_SUMS) if spread is not None and spread.is_fine else (0.0, UNSKEWED)
    low, high = hall_limits(mean, variance**0.5, skewness / n**0.5, (n - 1) / SHARE, level)
    return Interval(mean, max(support[0], low), min(support[1], high), method)


def _two_parts(
    total: int, total_sq: int, n: int, n_top: int, top: int, level: float, spread: Spread | None
) -> tuple[float, float]:
    """Limits of the mean m (1 - s) + top s from those of s, the share at the top, and of m, the mean of the others.

    Those of m are the wider of Hall's and Student's on each side: few values tell their skewness badly.
    """
    n_below, share = n - n_top, n_top / n
    below, variance = mean_and_variance(total - n_top * top, total_sq - n_top * top * top, n_below)
    body = None if spread is None else spread.below(float(top))
    skewness = body.skewness / n_below**0.5 if body is not None and body.is_fine else 0.0
    least, most = 0.0, float(top)
    if n_below > 1:
        found = [hall_limits(below, variance**0.5, g, n_below - 1, level) for g in (skewness, 0.0)]
        least, most = max(0.0, min(x for x, _ in found)), min(float(top), max(x for _, x in found))
    low, high = share_limits(share, n, level)
    mean, room = total / n, top - below
    down = math.hypot((1 - share) * (below - least), room * (share - low))
    up = math.hypot((1 - share) * (most - below), room * (high - share))
    return max(0.0, mean - down), min(float(top), mean + up)


def equal_values_p(total: int, n: int) -> float | None:
    """Return the two-sided p-value of a mean of 0 from n equal values: that of the sign test.

    There is no variance to test with; 1 if the values are 0, None without any.
    """
    if n == 0:
        return None
    return 0.5 ** (n - 1) if total else 1.0
