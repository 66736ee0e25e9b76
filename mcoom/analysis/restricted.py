"""Contrasts of restricted means: difference, ratio, ratio of the time lost.

Takes two means with their variances (and covariance, where the replicates are pairs), gives effects with limits and
p-values. Must know nothing about whether a mean came from exact sums or from a curve.
"""

import math
from dataclasses import dataclass

from scipy.special import ndtri

from mcoom.analysis.logrank import two_sided_p
from mcoom.analysis.result import Interval, not_estimable
from mcoom.analysis.survival import Curve, restricted_area


@dataclass(frozen=True)
class RestrictedMean:
    """E min(T, tau) of one group."""

    mean: float
    """Estimate, in the unit of the times."""
    variance: float
    """Variance of the estimate."""
    tail: float = 0.0
    """Part of 0..tau about which censoring leaves nothing known, times the share still waiting; 0 if all is known."""

    @classmethod
    def of_curve(cls, curve: Curve, tau_ns: float) -> "RestrictedMean":
        """Return the area under a curve up to tau, with the variance of survRM2."""
        return cls(*restricted_area(curve, tau_ns))


@dataclass(frozen=True)
class MeanContrast:
    """Two restricted means compared."""

    difference: Interval
    """First less second."""
    ratio: Interval
    """First divided by second."""
    lost_ratio: Interval
    """(tau - first) divided by (tau - second): ratio of the time that an early event leaves over."""
    p_difference: float | None
    """Two-sided p-value of no difference."""
    p_ratio: float | None
    """Two-sided p-value of a ratio of 1."""
    p_lost_ratio: float | None
    """Two-sided p-value of a ratio of time lost of 1."""


_UNKNOWN = "the last replicate at risk was censored before tau"


def contrast_means(
    first: RestrictedMean, second: RestrictedMean, tau_ns: float, level: float = 0.95, covariance: float = 0.0
) -> MeanContrast:
    """Compare two restricted means.

    Parameters
    ----------
    first, second : RestrictedMean
    tau_ns : float
        Restriction of both.
    level : float
        Confidence level.
    covariance : float
        Of the two estimates; 0 for independent groups.

    Returns
    -------
    MeanContrast
        Normal limits; those of the ratios on the log scale (delta method). Not estimable where a tail is unknown.

    References
    ----------
    1. Uno et al. (2014), Moving beyond the hazard ratio, J Clin Oncol 32, 2380-2385 (R: survRM2).
    """
    z = float(ndtri(0.5 + level / 2))
    x, y = first.mean, second.mean
    error = math.sqrt(max(0.0, first.variance + second.variance - 2 * covariance))
    if first.tail > 0 or second.tail > 0:
        low, high = x - y - second.tail - z * error, x + first.tail - y + z * error
        difference = Interval(None, low, high, "normal", _UNKNOWN)
        lacking = not_estimable("log, normal", _UNKNOWN)
        return MeanContrast(difference, lacking, lacking, None, None, None)
    difference = Interval(x - y, x - y - z * error, x - y + z * error, "normal")
    ratio, p_ratio = _ratio(x, y, first.variance, second.variance, covariance, z)
    lost, p_lost = _ratio(tau_ns - x, tau_ns - y, first.variance, second.variance, covariance, z)
    return MeanContrast(difference, ratio, lost, two_sided_p((x - y) / error) if error else None, p_ratio, p_lost)


def _ratio(
    x: float, y: float, x_variance: float, y_variance: float, covariance: float, z: float
) -> tuple[Interval, float | None]:
    method = "log, normal"
    if x <= 0 or y <= 0:
        return not_estimable(method, "a mean is 0"), None
    variance = x_variance / x**2 + y_variance / y**2 - 2 * covariance / (x * y)
    error = math.sqrt(max(0.0, variance))
    log_ratio = math.log(x / y)
    interval = Interval(x / y, math.exp(log_ratio - z * error), math.exp(log_ratio + z * error), method)
    return interval, two_sided_p(log_ratio / error) if error else None


def compare_restricted_means(first: Curve, second: Curve, tau_ns: float, level: float = 0.95) -> MeanContrast:
    """Compare the areas under two curves up to tau, as survRM2's ``rmst2`` does.

    Parameters
    ----------
    first, second : Curve
    tau_ns : float
        In the unit of the times, > 0.
    level : float
        Confidence level.

    Raises
    ------
    ValueError
        tau is not positive.
    """
    if tau_ns <= 0:
        raise ValueError(f"tau = {tau_ns!r}: must be > 0")
    means = RestrictedMean.of_curve(first, tau_ns), RestrictedMean.of_curve(second, tau_ns)
    return contrast_means(*means, tau_ns, level)
