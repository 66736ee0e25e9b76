"""How values are spread about their mean, as far as bins or kept rows tell.

Takes values with counts, gives standardised moments. Must know nothing of intervals; means and variances come from the
exact sums, this is for what sums do not hold.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
"""Array of doubles."""
COARSE = 0.25
"""Bins tell the shape of a law if no more than this share of the variance may lie within them."""


@dataclass(frozen=True, eq=False)
class Spread:
    """Values with counts."""

    values: Floats
    """float64[k], ns."""
    counts: Floats
    """float64[k], > 0."""
    widths: Floats
    """float64[k] of the bins whose middles the values are, ns; 0 for values as they are."""

    @classmethod
    def of_bins(cls, low: Floats, high: Floats, counts: NDArray[np.int64]) -> "Spread":
        """Return the spread of counts in bins with these edges; empty bins and endless ones have no width."""
        rows = counts > 0
        low, high = low[rows], high[rows]
        high = np.where(np.isfinite(high), high, low)
        return cls((low + high) / 2, counts[rows].astype(np.float64), high - low)

    @classmethod
    def of_values(cls, values: NDArray[np.int64] | Floats) -> "Spread":
        """Return the spread of values as they are."""
        found = np.asarray(values, dtype=np.float64)
        return cls(found, np.ones_like(found), np.zeros_like(found))

    @property
    def n(self) -> float:
        """How many values."""
        return float(self.counts.sum())

    @property
    def is_fine(self) -> bool:
        """Whether the bins are fine beside the spread."""
        if not self.n:
            return False
        within = float(self.counts @ self.widths**2) / 12 / self.n
        return within <= COARSE * self._central(2)

    def below(self, top: float) -> "Spread":
        """Return the values below one."""
        rows = self.values < top
        return Spread(self.values[rows], self.counts[rows], self.widths[rows])

    def with_mean(self, mean: float, top: float) -> "Spread":
        """Return the values stretched to have this mean, those at or above ``top`` left where they are."""
        is_below = self.values < top
        below, above = float((self.counts * self.values)[is_below].sum()), float(self.counts[~is_below].sum()) * top
        factor = (mean * self.n - above) / below if below > 0 else 1.0
        moved = np.where(is_below, np.minimum(self.values * factor, top), self.values)
        return Spread(moved, self.counts, self.widths)

    @property
    def skewness(self) -> float:
        """Third standardised cumulant of the law, corrected for the number of values; 0 where there is no telling."""
        return _corrected(self.n, self._central(2), self._central(3), 0.0)[0]

    @property
    def excess(self) -> float:
        """Fourth standardised cumulant (excess kurtosis), corrected likewise; 0 where there is no telling."""
        return _corrected(self.n, self._central(2), 0.0, self._central(4))[1]

    def _central(self, power: int) -> float:
        if not self.n:
            return 0.0
        mean = float(self.counts @ self.values) / self.n
        return float(self.counts @ (self.values - mean) ** power) / self.n


def skewness_and_excess(values: Floats) -> tuple[float, float]:
    """Return both of values as they are; values is overwritten."""
    n = values.size
    if n < 3:
        return 0.0, 0.0
    values -= values.sum() / n
    square = values * values
    return _corrected(n, float(square.sum()) / n, float(square @ values) / n, float(square @ square) / n)


def _corrected(n: float, second: float, third: float, fourth: float) -> tuple[float, float]:
    """Standardised third and fourth cumulants from central moments.

    References
    ----------
    1. Joanes and Gill (1998), Comparing measures of sample skewness and kurtosis, The Statistician 47, 183-189
       (G1, G2).
    """
    if n < 3 or second <= 0:
        return 0.0, 0.0
    skewness = third / second**1.5 * math.sqrt(n * (n - 1)) / (n - 2)
    if n < 4:
        return skewness, 0.0
    raw = fourth / second**2 - 3
    return skewness, (n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * raw + 6)
