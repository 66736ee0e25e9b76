"""What a tally tells of the shape of restricted times, and of x - r y for two policies.

Takes cells, gives the skewness of an estimated mean and the degrees of freedom of its variance. Must know nothing of
limits; means and variances come from the exact sums.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from mcoom.analysis.any_law import any_law_limits
from mcoom.analysis.binned import CellView
from mcoom.analysis.hall import SHARE, box_freedom
from mcoom.analysis.rows import MIN_ROWS, raw_sample
from mcoom.analysis.spread import Floats, Spread, skewness_and_excess
from mcoom.analysis.survival import LifeTable
from mcoom.tally.status import Case


def spread_of(view: CellView, case: Case = Case.VALUE) -> Spread:
    """Return how the restricted times of a cell are spread.

    From the bins; where they are too coarse, from the kept rows, if those are all replicates or ``MIN_ROWS``.
    """
    found = spread_of_table(view.life_table(case), float(view.tau_ns))
    if found.is_fine or case != Case.VALUE or not view.has_rows:
        return found
    sample, counts = raw_sample(view)
    times = sample.times[counts]
    if not times.size or times.size < min(found.n, MIN_ROWS):
        return found
    return Spread(times, np.full(times.size, found.n / times.size), np.zeros(times.size))


def spread_of_table(table: LifeTable, tau_ns: float) -> Spread:
    """Return how min(time, tau) is spread, of a table in which nobody is censored before tau."""
    is_below = table.mid_ns < tau_ns
    deaths = np.where(is_below, table.deaths, 0)
    found = Spread.of_bins(table.low_ns, np.minimum(table.high_ns, tau_ns), deaths)
    n_top = float(table.n - deaths.sum())
    if not n_top:
        return found
    return Spread(np.append(found.values, tau_ns), np.append(found.counts, n_top), np.append(found.widths, 0.0))


def any_law_of(table: LifeTable, tau_ns: float, level: float) -> tuple[float, float] | None:
    """Return the limits of a restricted mean that hold for every law; None if somebody is censored before tau."""
    if not table.n or tau_ns <= 0 or table.censored[table.mid_ns < tau_ns].any():
        return None
    spread = spread_of_table(table, tau_ns)
    return any_law_limits(spread.values, spread.counts, (0.0, tau_ns), level)


class Shape(Protocol):
    """How x - r y varies."""

    def of_ratio(self, r: float) -> tuple[float, float]:
        """Return the skewness of the estimate of its mean, and the degrees of freedom of that estimate's variance."""


@dataclass(frozen=True, eq=False)
class PairShape:
    """Of n pairs, some of which were kept."""

    n: int
    """Pairs."""
    x: Floats
    """float64[k], of the policy."""
    y: Floats
    """float64[k], of the baseline."""

    @classmethod
    def of(cls, view: CellView, baseline: CellView, n: int) -> "PairShape":
        """Return the shape of n pairs from the rows that were kept."""
        (own, own_counts), (other, other_counts) = raw_sample(view), raw_sample(baseline)
        both = own_counts & other_counts
        return cls(n, own.times[both], other.times[both])

    def of_ratio(self, r: float) -> tuple[float, float]:
        """Return skewness and degrees of freedom; 0 and a third of n - 1 where too few pairs were kept to tell."""
        most = (self.n - 1) / SHARE
        if self.x.size < min(self.n, MIN_ROWS):
            return 0.0, most
        skewness, excess = skewness_and_excess(self.x - r * self.y)
        return skewness / self.n**0.5, min(most, box_freedom(1.0, (excess + 2) / self.n))


@dataclass(frozen=True, eq=False)
class ApartShape:
    """Of two independent groups."""

    n: tuple[int, int]
    """Values of either."""
    variance: tuple[float, float]
    """Of either mean."""
    skewness: tuple[float, float]
    """Of a value of either."""
    excess: tuple[float, float]
    """Excess kurtosis of a value of either."""

    def of_ratio(self, r: float) -> tuple[float, float]:
        """Return skewness and degrees of freedom: cumulants of independent means add up."""
        (n, m), (v, w) = self.n, (self.variance[0], r * r * self.variance[1])
        total = v + w
        if total <= 0 or n < 2 or m < 2:
            return 0.0, max(1.0, min(n, m) - 1.0) / SHARE
        third = self.skewness[0] * v**1.5 / n**0.5 - self.skewness[1] * w**1.5 / m**0.5
        welch = total**2 / (v * v / (n - 1) + w * w / (m - 1))
        noise = v * v * (self.excess[0] + 2) / n + w * w * (self.excess[1] + 2) / m
        return third / total**1.5, min(welch / SHARE, box_freedom(total, noise))
