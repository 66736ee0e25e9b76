"""Limits of a mean that hold for every law in a known range.

Takes values with their counts and the ends of the range, gives limits. Must know nothing about times or policies.

A mean of values between 0 and the horizon cannot be bounded by its variance alone: what moves it most may not have come
yet. Gaffke's bound adds one value at the far end of the range and asks how large the mean is when the gaps between the
order statistics of n uniform draws are its weights.
"""

import math

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import ndtri

Floats = NDArray[np.float64]
"""Array of doubles."""
_STEPS = 200
"""Newton steps, or halvings where they leave the bracket; ten or so are needed."""


def any_law_limits(
    values: Floats, counts: Floats, support: tuple[float, float], level: float = 0.95
) -> tuple[float, float]:
    """Return the limits of the mean of a law of which nothing is known but its range.

    Parameters
    ----------
    values : float64[k]
        Within the support, k >= 1.
    counts : float64[k]
        How often each was seen, > 0.
    support : (float, float)
        Smallest and largest possible value.
    level : float
        Confidence level; each side has half of what is left.

    Returns
    -------
    low, high : float
        Clopper and Pearson's limits where the values are the two ends. The law of the weighted mean is taken from its
        saddlepoint approximation: off by at most 0.6 % of the distance between mean and limit, n >= 10.

    References
    ----------
    1. Gaffke (2005), Three test statistics for a nonparametric one-sided hypothesis on the mean of a nonnegative
       variable, Math Methods Statist 14, 451-467 (the bound; that it holds for every n and law is a conjecture that
       nobody could refute, and a theorem where values are the two ends).
    2. Learned-Miller and Thomas (2020), A new confidence interval for the mean of a bounded random variable,
       arXiv:1905.06208 (the same bound, as a limit of the mean, and the search for counterexamples).
    3. Lugannani and Rice (1980), Saddle point approximation for the distribution of the sum of independent random
       variables, Adv Appl Probab 12, 475-490; Barndorff-Nielsen (1986), Biometrika 73, 307-322 (the form used).
    """
    smallest, largest = support
    tail = (1 - level) / 2
    # From below is from above, looked at in a mirror.
    high = _upper(values, counts, largest, tail)
    low = -_upper(-values, counts, -smallest, tail)
    return max(smallest, low), min(largest, high)


def _upper(values: Floats, counts: Floats, top: float, tail: float) -> float:
    """Give the value that the weighted mean, one more value standing at the top, exceeds with this probability."""
    least, n = float(values.min()), float(counts.sum())
    if top <= least:
        return top
    if float(values.max()) <= least:
        # The weight at the top is beta(1, n).
        return least + (top - least) * -math.expm1(math.log(tail) / n)
    scale = top - least
    points = np.append((values - least) / scale, 1.0)
    weights = np.append(counts, 1.0)
    mean = float(points @ weights) / (n + 1)
    spread = math.sqrt(float(weights @ (points - mean) ** 2)) / (n + 1)
    z = -float(ndtri(tail))

    tilt = 0.0

    def excess(distance: float) -> float:
        nonlocal tilt
        score, tilt = _normal_score(points - (mean + distance), weights, tilt)
        return score - z

    # Next to the mean the score is 0 divided by 0; the limit is far from there.
    room = (1 - mean) * (1 - 1e-9)
    inner, outer = 0.1 * min(spread, room), min(z * spread, room)
    while outer < room and excess(outer) < 0:
        inner, outer = outer, min(2 * outer, room)
    if excess(inner) >= 0 or excess(outer) <= 0:
        return top
    return least + scale * (mean + float(brentq(excess, inner, outer, xtol=1e-12, rtol=1e-7)))


def _normal_score(points: Floats, weights: Floats, start: float) -> tuple[float, float]:
    """Give the normal quantile of P(sum of G x <= 0), G independent gamma of shape ``weights``; mean of x < 0.

    And the saddlepoint, whose search begins at ``start``: that of a point nearby.
    """
    farthest = float(points.max())
    if farthest <= 0:
        return math.inf, start
    low, high = 0.0, 1.0 / farthest
    t = start if 0 < start < high else 0.5 * high
    for _ in range(_STEPS):
        ratio = points / (1 - t * points)
        scaled = weights * ratio
        slope = float(scaled.sum())
        low, high = (t, high) if slope < 0 else (low, t)
        curve = float(scaled @ ratio)
        new = t - slope / curve
        new = new if low < new < high else (low + high) / 2
        if abs(new - t) <= 1e-7 * t:
            break
        t = new
    left = 1 - t * points
    root = math.sqrt(max(0.0, 2 * float(weights @ np.log(left))))
    speed = t * math.sqrt(float(weights @ (points / left) ** 2))
    if root < 1e-8 or speed <= 0:
        return 0.0, t
    return root + math.log(speed / root) / root, t
