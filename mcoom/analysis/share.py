"""Limits of shares, and of differences made of two limits.

Takes a share of a number of trials (which may be an effective one, with a fraction), gives limits that hold for few
successes as for many. Must know nothing about what is shared.
"""

import math

from scipy.special import betaincinv, ndtri

EXACT_UP_TO = 30
"""Up to so many successes or failures the limits are exact ones; with more, Wilson's cover at least 93.9 % of 95 %."""


def share_limits(share: float, n: float, level: float = 0.95) -> tuple[float, float]:
    """Return the limits of a probability from its share of n trials.

    Parameters
    ----------
    share : float
        0..1.
    n : float
        Trials, > 0: the number that would give the share its variance, where it is no count.
    level : float
        Confidence level.

    Returns
    -------
    low, high : float
        Wilson's limits with more than ``EXACT_UP_TO`` successes and failures; else Clopper and Pearson's, which are
        conservative (for a share that is no count, by the incomplete beta function).

    References
    ----------
    1. Wilson (1927), Probable inference, the law of succession, and statistical inference, JASA 22, 209-212.
    2. Clopper and Pearson (1934), The use of confidence or fiducial limits, Biometrika 26, 404-413.
    3. Brown, Cai and DasGupta (2001), Interval estimation for a binomial proportion, Statist Sci 16, 101-133 (where
       Wilson's interval misses).
    """
    k, m = share * n, (1 - share) * n
    if min(k, m) <= EXACT_UP_TO:
        tail = (1 - level) / 2
        low = float(betaincinv(k, m + 1, tail)) if k > 0 else 0.0
        high = float(betaincinv(k + 1, m, 1 - tail)) if m > 0 else 1.0
        return min(low, share), max(high, share)
    return wilson_limits(share, n, level)


def wilson_limits(share: float, n: float, level: float = 0.95) -> tuple[float, float]:
    """Return Wilson's limits as he has them, whatever the number of successes; arguments as for ``share_limits``."""
    z = float(ndtri(0.5 + level / 2))
    center = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return max(0.0, center - half), min(1.0, center + half)


def difference_limits(
    first: tuple[float, float, float], second: tuple[float, float, float], correlation: float = 0.0
) -> tuple[float, float]:
    """Return the limits of a difference from those of its two parts (MOVER).

    Parameters
    ----------
    first, second : (value, low, high)
        Estimates with limits at one level.
    correlation : float
        Of the two estimates.

    References
    ----------
    1. Zou and Donner (2008), Construction of confidence limits about effect measures: a general approach,
       Statistics in Medicine 27, 1693-1702.
    """
    x, x_low, x_high = first
    y, y_low, y_high = second
    down = _length(x - x_low, y_high - y, correlation)
    up = _length(x_high - x, y - y_low, correlation)
    return x - y - down, x - y + up


def _length(a: float, b: float, correlation: float) -> float:
    return math.sqrt(max(0.0, a * a + b * b - 2 * correlation * a * b))
