"""Difference and ratio of two restricted means from exact sums.

Takes two means with their variances and covariance, and the shape of x - r y, gives limits and a p-value. Must know
nothing about tallies; areas under curves are compared by ``mcoom.analysis.restricted``.

A difference is often less skewed than its parts, and a sample tells the skewness of heavy tails badly: so both limits,
with the skewness taken out (Hall) and without (Student), are asked, and the wider one is given on each side. The ratio
is the set of all r for which x - r y may have the mean 0 (Fieller).
"""

import math
from dataclasses import dataclass, replace

from scipy.optimize import brentq

from mcoom.analysis.hall import hall_limits, hall_p
from mcoom.analysis.restricted import RestrictedMean, any_difference, any_ratio, contrast_means
from mcoom.analysis.result import Interval, not_estimable
from mcoom.analysis.shape import Shape

HALL_OR_T = "wider of Hall and t"
"""Method of the limits."""
_FAR = 1e6
"""A ratio that may be so many times what was seen is not bounded."""


@dataclass(frozen=True, eq=False)
class TwoMeans:
    """Two restricted means from exact sums."""

    first: RestrictedMean
    """Of the policy."""
    second: RestrictedMean
    """Of the baseline."""
    covariance: float
    """Of the two estimates; 0 for independent groups."""
    shape: Shape
    """How x - r y varies."""
    tau_ns: float
    """Restriction of both."""

    def difference(self, level: float = 0.95) -> Interval:
        """Estimate first less second, ns.

        Where few times are at the horizon, or all but few, the limits of both means put together (MOVER) are asked
        too, and again the wider ones given. ``any_law`` are those of both means that hold for every law, put together
        likewise; what nobody saw is not taken to be correlated.
        """
        x, y = self.first, self.second
        low, high = self._limits(1.0, level)
        method = HALL_OR_T
        if self._is_limited:
            mover = contrast_means(x, y, self.tau_ns, level, self.covariance).difference
            low, high = min(low, float(mover.low or 0.0)), max(high, float(mover.high or 0.0))
            method = "wider of Hall, t and MOVER"
        low, high = max(-self.tau_ns, low), min(self.tau_ns, high)
        any_law = any_difference(x, y, self.tau_ns, self.covariance)
        return Interval(x.mean - y.mean, low, high, method, any_law=any_law).spanning_any_law()

    def ratio(self, level: float = 0.95) -> Interval:
        """Estimate first divided by second; likewise."""
        x, y = self.first, self.second
        if x.mean <= 0 or y.mean <= 0:
            return not_estimable(HALL_OR_T, "a mean is 0")
        value = x.mean / y.mean
        low, high = self._low_ratio(value, level), self._high_ratio(value, level)
        method = HALL_OR_T
        if self._is_limited:
            mover = contrast_means(x, y, self.tau_ns, level, self.covariance).ratio
            low = min(low, float(mover.low or 0.0))
            high = None if high is None or mover.high is None else max(high, mover.high)
            method = "wider of Hall, t and MOVER"
        reason = None if high is not None else "the second may be 0"
        any_law = any_ratio(x, y, self.covariance)
        return Interval(value, low, high, method, reason, any_law=any_law).spanning_any_law()

    def p(self) -> float | None:
        """Return the p-value of no difference: the larger of those of Hall and t; None without a variance."""
        variance = self._variance(1.0)
        if variance <= 0:
            return None
        skewness, freedom = self.shape.of_ratio(1.0)
        ratio = (self.first.mean - self.second.mean) / math.sqrt(variance)
        return max(hall_p(ratio, skewness, freedom), hall_p(ratio, 0.0, freedom))

    @property
    def _is_limited(self) -> bool:
        return self.first.limits is not None or self.second.limits is not None

    def _variance(self, r: float) -> float:
        variance = self.first.variance + r * r * self.second.variance - 2 * r * self.covariance
        return max(0.0, variance)

    def _limits(self, r: float, level: float) -> tuple[float, float]:
        """Limits of x - r y."""
        value, error = self.first.mean - r * self.second.mean, math.sqrt(self._variance(r))
        skewness, freedom = self.shape.of_ratio(r)
        found = [hall_limits(value, error, s, freedom, level) for s in (skewness, 0.0)]
        return min(low for low, _ in found), max(high for _, high in found)

    def _low_ratio(self, value: float, level: float) -> float:
        def least(r: float) -> float:
            return self._limits(r, level)[0]

        if least(value) >= 0:
            return value
        return float(brentq(least, 0.0, value, xtol=1e-9 * value)) if least(0.0) > 0 else 0.0

    def _high_ratio(self, value: float, level: float) -> float | None:
        def most(r: float) -> float:
            return self._limits(r, level)[1]

        near, far = value, 2 * value
        if most(value) <= 0:
            return value
        while most(far) > 0:
            near, far = far, 2 * far
            if far > _FAR * value:
                return None
        return float(brentq(most, near, far, xtol=1e-9 * value))


def with_method(interval: Interval, prefix: str) -> Interval:
    """Return an interval whose method begins with how its means were made."""
    return replace(interval, method=f"{prefix}, {interval.method}")
