"""Limits of a mean whose law is skewed.

Takes an estimate, its standard error and the skewness of the estimate, gives limits and a p-value. Must know nothing
about where the skewness comes from.

Student's ratio of a skewed law is skewed the other way, for a sample with a small mean has a small variance too: to
order 1 / sqrt(n) its law is P(T <= x) = Phi(x) + g (2 x^2 + 1) / 6 phi(x), g the skewness of the mean. A cubic of T
takes that term away, and can be turned round.
"""

import math

from scipy.special import cbrt, stdtr, stdtrit

SHARE = 3
"""Student's t has a third of its degrees of freedom: what n values say of a variance is less than n normal ones do.
Conservative for few values of a symmetric law, and of no consequence for many."""


def hall_limits(
    value: float, error: float, skewness: float, freedom: float, level: float = 0.95
) -> tuple[float, float]:
    """Return the limits of a mean.

    Parameters
    ----------
    value : float
        Estimate.
    error : float
        Its standard error, >= 0.
    skewness : float
        Of the estimate: that of a value divided by sqrt(n); 0 gives the limits of Student's t.
    freedom : float
        Degrees of freedom of t, > 0.
    level : float
        Confidence level.

    References
    ----------
    1. Hall (1992), On the removal of skewness by transformation, J R Statist Soc B 54, 221-228.
    2. Johnson (1978), Modified t tests and confidence intervals for asymmetrical populations, JASA 73, 536-544.
    """
    t = -float(stdtrit(freedom, (1 - level) / 2))
    return value - error * _back(t, skewness), value - error * _back(-t, skewness)


def hall_p(ratio: float, skewness: float, freedom: float) -> float:
    """Return the two-sided p-value of an estimate that is ``ratio`` standard errors from what is tested.

    The level at which a limit of ``hall_limits`` lies there; other arguments as there.
    """
    return min(1.0, 2 * float(stdtr(freedom, -abs(_there(ratio, skewness)))))


def _there(t: float, skewness: float) -> float:
    """Hall's cubic: increasing, and 0 where half of the ratios are below."""
    a = skewness / 3
    return t + a * t * t + a * a * t**3 / 3 + skewness / 6


def _back(y: float, skewness: float) -> float:
    """Its inverse."""
    a, centred = skewness / 3, y - skewness / 6
    # The cube root loses the digits of a small skewness; the quadratic that it tends to does not.
    if abs(a * centred) < 1e-5:
        return centred - a * centred**2
    return float(cbrt(1 + 3 * a * centred) - 1) / a


def box_freedom(variance: float, noise: float) -> float:
    """Return the degrees of freedom that a variance is known with; infinite if it is known.

    Parameters
    ----------
    variance : float
        Estimate, > 0.
    noise : float
        Variance of that estimate, >= 0.

    References
    ----------
    1. Box (1953), Non-normality and tests on variances, Biometrika 40, 318-335.
    2. Satterthwaite (1946), An approximate distribution of estimates of variance components, Biometrics 2, 110-114.
    """
    return 2 * variance**2 / noise if noise > 0 else math.inf
