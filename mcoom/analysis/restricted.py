"""Contrasts of restricted means: difference, ratio, ratio of the time lost.

Takes two means with their variances (and covariance, where the replicates are pairs), gives effects with limits and
p-values. Must know nothing about whether a mean came from exact sums or from a curve.
"""

import math
from dataclasses import dataclass, replace
from typing import Literal

from scipy.special import ndtri

from mcoom.analysis.logrank import two_sided_p
from mcoom.analysis.result import Interval, not_estimable
from mcoom.analysis.share import difference_limits
from mcoom.analysis.survival import FEW_EVENTS, Curve, restricted_area, restricted_mean


@dataclass(frozen=True)
class RestrictedMean:
    """E min(T, tau) of one group."""

    mean: float
    """Estimate, in the unit of the times."""
    variance: float
    """Variance of the estimate."""
    tail: float = 0.0
    """Part of 0..tau about which censoring leaves nothing known, times the share still waiting; 0 if all is known."""
    limits: tuple[float, float] | None = None
    """Limits at the level of the contrast, where the variance alone is no guide; None where it is."""
    is_sparse: bool = True
    """Whether limits, if any, take the place of the variance in every contrast, or in that of the time lost only."""
    any_law: tuple[float, float] | None = None
    """Limits that hold whatever the law, at the level of the contrast; None where there are none."""

    @classmethod
    def of_curve(cls, curve: Curve, tau_ns: float, level: float | None = None) -> "RestrictedMean":
        """Return the area under a curve up to tau, with the variance of survRM2.

        Parameters
        ----------
        curve : Curve
        tau_ns : float
            Restriction.
        level : float, optional
            Confidence level of the limits that a mean gets with fewer than ``LITTLE`` events before tau; without it
            there are none.
        """
        area = restricted_area(curve, tau_ns)
        n_events = int(curve.deaths[curve.mid_ns < tau_ns].sum())
        if level is None or n_events >= LITTLE or area[2] > 0:
            return cls(*area)
        found = restricted_mean(curve, tau_ns, level)
        limits = float(found.low or 0.0), float(found.high or 0.0)
        return cls(*area, limits, n_events < FEW_EVENTS)


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


def any_difference(
    first: RestrictedMean, second: RestrictedMean, tau_ns: float, covariance: float = 0.0
) -> tuple[float, float] | None:
    """Return the limits of a difference of restricted means from those that hold for every law (MOVER).

    What nobody saw is not taken to be correlated: a positive covariance makes them no narrower. None where a mean has
    no such limits.
    """
    if first.any_law is None or second.any_law is None:
        return None
    own, other = (first.mean, *first.any_law), (second.mean, *second.any_law)
    low, high = difference_limits(own, other, _opposed(first, second, covariance))
    return max(-tau_ns, low), min(tau_ns, high)


def any_ratio(first: RestrictedMean, second: RestrictedMean, covariance: float = 0.0) -> tuple[float, float] | None:
    """Return the limits of a ratio likewise; high may be infinite."""
    if first.any_law is None or second.any_law is None or first.mean <= 0 or second.mean <= 0:
        return None
    own, other = (first.mean, *first.any_law), (second.mean, *second.any_law)
    found = limited_ratio(own, other, _opposed(first, second, covariance))
    return float(found.low or 0.0), math.inf if found.high is None else found.high


def _opposed(first: RestrictedMean, second: RestrictedMean, covariance: float) -> float:
    """Correlation of two estimates, if it is negative."""
    spread = math.sqrt(first.variance * second.variance)
    return min(0.0, covariance / spread) if spread > 0 else 0.0


LITTLE = 20
"""With fewer events before tau a ratio of time lost is made of limits of each mean, not of its variance; with fewer
than ``FEW_EVENTS`` every contrast is."""
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
        Normal limits; those of the ratios on the log scale (delta method). Where a mean has limits of its own they are
        put together instead (MOVER). Not estimable where a tail is unknown.

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
    p = two_sided_p((x - y) / error) if error else None
    has_limits = first.limits is not None or second.limits is not None
    difference = Interval(x - y, x - y - z * error, x - y + z * error, "normal")
    ratio, p_ratio = _ratio(x, y, first.variance, second.variance, covariance, z)
    lost, p_lost = _ratio(tau_ns - x, tau_ns - y, first.variance, second.variance, covariance, z)
    if has_limits:
        spread = math.sqrt(first.variance * second.variance)
        correlation = covariance / spread if spread > 0 else 0.0
        own, other = _limited(first, z), _limited(second, z)
        lost = limited_ratio(_lost(own, tau_ns), _lost(other, tau_ns), correlation)
        if any(mean.limits is not None and mean.is_sparse for mean in (first, second)):
            difference = Interval(x - y, *difference_limits(own, other, correlation), "MOVER")
            ratio = limited_ratio(own, other, correlation)
    difference = replace(difference, any_law=any_difference(first, second, tau_ns, covariance)).spanning_any_law()
    ratio = replace(ratio, any_law=any_ratio(first, second, covariance)).spanning_any_law()
    return MeanContrast(difference, ratio, lost, p, p_ratio, p_lost)


_Limited = tuple[float, float, float]
"""Value, low, high."""


def _limited(mean: RestrictedMean, z: float) -> _Limited:
    half = z * math.sqrt(mean.variance)
    low, high = mean.limits or (mean.mean - half, mean.mean + half)
    return mean.mean, min(low, mean.mean), max(high, mean.mean)


def _lost(mean: _Limited, tau: float) -> _Limited:
    value, low, high = (max(0.0, tau - x) for x in mean)
    return value, high, low


def limited_ratio(own: _Limited, other: _Limited, correlation: float) -> Interval:
    """Return a ratio on the log scale from value, low and high of both (MOVER); unbounded where the second may be 0."""
    method = "log, MOVER"
    if own[0] <= 0 or other[0] <= 0:
        return not_estimable(method, "a mean is 0")
    x, y = ([math.log(max(limit, 1e-300)) for limit in limited] for limited in (own, other))
    low, high = difference_limits((x[0], x[1], x[2]), (y[0], y[1], y[2]), correlation)
    is_bounded = other[1] > 0
    return Interval(
        own[0] / other[0], math.exp(low) if own[1] > 0 else 0.0, math.exp(high) if is_bounded else None, method,
        None if is_bounded else "the second may be 0",
    )  # fmt: skip


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


def compare_restricted_means(
    first: Curve, second: Curve, tau_ns: float, level: float = 0.95, scale: Literal["share", "plain"] = "share"
) -> MeanContrast:
    """Compare the areas under two curves up to tau.

    Parameters
    ----------
    first, second : Curve
    tau_ns : float
        In the unit of the times, > 0.
    level : float
        Confidence level.
    scale : {"share", "plain"}
        ``plain``: normal limits whatever the number of events, as survRM2's ``rmst2``; ``share``: where a
        group has few events before tau, from the limits of each mean (``restricted_mean``).

    Raises
    ------
    ValueError
        tau is not positive.
    """
    if tau_ns <= 0:
        raise ValueError(f"tau = {tau_ns!r}: must be > 0")
    own = level if scale == "share" else None
    means = RestrictedMean.of_curve(first, tau_ns, own), RestrictedMean.of_curve(second, tau_ns, own)
    return contrast_means(*means, tau_ns, level)
