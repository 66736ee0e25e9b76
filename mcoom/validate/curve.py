"""Survival curves of small censored samples.

Takes times and whether each was censored, gives the Kaplan-Meier curve, its quantiles, and the largest gap between two
curves. Must know nothing of cells and of kernels.

Source: Kaplan and Meier, J. Am. Stat. Assoc. 53 (1958) 457-481.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Curve:
    """Kaplan-Meier estimate of P(T > t)."""

    times_ns: np.ndarray
    """int64[m]: distinct times at which something ended, rising."""
    survival: np.ndarray
    """float64[m]: P(T > t) just after each of them."""
    horizon_ns: int
    """Last time that was watched; the curve says nothing beyond."""

    @classmethod
    def from_sample(cls, time_ns: np.ndarray, censored: np.ndarray) -> "Curve":
        """Estimate the curve of a sample of at least one time.

        Parameters
        ----------
        time_ns : ndarray
            int64[n], times.
        censored : ndarray
            bool[n]. Someone censored at t was still at risk at t.

        Returns
        -------
        Curve
            Of the distinct uncensored times.
        """
        order = np.sort(time_ns)
        times, ended = np.unique(time_ns[~censored], return_counts=True)
        at_risk = len(order) - np.searchsorted(order, times, side="left")
        return cls(times, np.cumprod(1.0 - ended / at_risk), int(order[-1]))

    def at(self, t_ns: np.ndarray) -> np.ndarray:
        """Return P(T > t) for each t up to the horizon, float64."""
        steps = np.concatenate([[1.0], self.survival])
        return steps[np.searchsorted(self.times_ns, t_ns, side="right")]

    def quantile(self, p: float) -> "Quantile":
        """Return the first time at which at least a share ``p`` (0 < p <= 1) has ended."""
        reached = np.flatnonzero(self.survival <= 1.0 - p + 1e-12)
        if reached.size:
            return Quantile(int(self.times_ns[reached[0]]), False)
        return Quantile(self.horizon_ns, True)


@dataclass(frozen=True)
class Quantile:
    """A quantile of a time, or a bound on it."""

    value_ns: int
    """The quantile; if ``at_least``, the horizon that it lies beyond."""
    at_least: bool
    """Whether censoring hides it."""


def ks_distance(a: Curve, b: Curve) -> float:
    """Return the largest gap between two curves on the times that both watched: 0..1."""
    horizon = min(a.horizon_ns, b.horizon_ns)
    times = np.concatenate([a.times_ns, b.times_ns])
    times = times[times <= horizon]
    if not times.size:
        return 0.0
    return float(np.abs(a.at(times) - b.at(times)).max())
