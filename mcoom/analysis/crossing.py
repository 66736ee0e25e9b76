"""Curves that cross.

Takes two life tables, gives the max-combo test, which keeps its power where the log-rank test is blind, and says
whether the data show that the curves cross and between which times. Must know nothing about policies.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc, ndtr, ndtri

from mcoom.analysis.logrank import fleming_harrington_weights
from mcoom.analysis.survival import Curve, LifeTable, kaplan_meier

COMBINATION = ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0))
"""Weights (rho, gamma) of the max-combo test: constant, early, late, middle."""
LOOKS = 15
"""Times at which two curves are compared for a crossing."""
_POINTS = 4_096
"""Directions in which the normal law is integrated: p-values to about 0.1 % of themselves."""
_STEPS = np.sqrt(np.array([2.0, 3.0, 5.0, 7.0, 11.0, 13.0]))
"""Richtmyer's lattice: roots of primes; up to six weights."""


@dataclass(frozen=True)
class MaxCombo:
    """The largest of several weighted log-rank statistics."""

    z: tuple[float, ...]
    """Statistic by weight, in the order of the weights; positive if the first group dies earlier."""
    correlation: tuple[tuple[float, ...], ...]
    """Correlation of the statistics without a difference."""
    p: float
    """p-value of no difference, for the largest |z|."""
    weights: tuple[tuple[float, float], ...]
    """(rho, gamma) by statistic."""

    @property
    def best(self) -> tuple[float, float]:
        """The weights with the largest |z|: where the curves differ most."""
        return self.weights[int(np.argmax(np.abs(self.z)))]


def maxcombo_test(
    table: LifeTable, baseline: LifeTable, weights: Sequence[tuple[float, float]] = COMBINATION
) -> MaxCombo | None:
    """Test two groups by the largest of several weighted log-rank statistics.

    Parameters
    ----------
    table, baseline : LifeTable
        With the same rows.
    weights : sequence of (rho, gamma)
        Weights of Fleming and Harrington, two to six.

    Returns
    -------
    MaxCombo or None
        None if there is nothing to compare under one of the weights.

    Notes
    -----
    The statistics are jointly normal without a difference; the p-value is that of the largest under this law, so it
    needs no adjustment for their number.

    References
    ----------
    1. Karrison (2016), Versatile tests for comparing survival curves based on weighted log-rank statistics,
       Stata Journal 16, 678-690.
    """
    excess, covariance = _weighted_sums(table, baseline, weights)
    scale = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    if np.any(scale <= 0):
        return None
    correlation = covariance / np.outer(scale, scale)
    z = (excess / scale).tolist()
    largest = max(abs(value) for value in z)
    p = _outside_cube(correlation, largest)
    return MaxCombo(tuple(z), tuple(tuple(row) for row in correlation.tolist()), p, tuple(weights))


def _weighted_sums(
    table: LifeTable, baseline: LifeTable, weights: Sequence[tuple[float, float]]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weighted observed - expected of the first group, by weight, and their covariance without a difference."""
    tables = (table, baseline)
    rows, _ = fleming_harrington_weights(tables)
    if not rows.size:
        return np.zeros(len(weights)), np.zeros((len(weights), len(weights)))
    d = (table.deaths + baseline.deaths)[rows].astype(np.float64)
    y_own, y_other = (t.at_risk[rows].astype(np.float64) for t in tables)
    y = y_own + y_other
    spread = d * y_own * y_other / y**2 * np.divide(y - d, y - 1, out=np.zeros_like(d), where=y > 1)
    columns = np.array([fleming_harrington_weights(tables, rho, gamma)[1] for rho, gamma in weights])
    return columns @ (table.deaths[rows] - d * y_own / y), (columns * spread) @ columns.T


def _outside_cube(correlation: NDArray[np.float64], limit: float) -> float:
    """P(any |Z| > limit) for a standard normal vector of this correlation, by directions (Deak).

    In every direction the distance to the cube is known and the rest is a chi law, so that small probabilities keep
    their digits, and correlations need not be regular: constant weights are early plus late ones.

    References
    ----------
    1. Deak (1980), Three digit accurate multiple normal probabilities, Numer Math 35, 369-380.
    """
    values, vectors = np.linalg.eigh(correlation)
    kept = values > 1e-9
    root = vectors[:, kept] * np.sqrt(values[kept])
    reach = np.max(np.abs(root @ _directions(int(kept.sum()))), axis=0)
    return float(np.mean(chdtrc(int(kept.sum()), (limit / reach) ** 2)))


@lru_cache(maxsize=8)
def _directions(dim: int) -> NDArray[np.float64]:
    """Unit vectors, float64[dim, points], spread evenly by a fixed lattice."""
    lattice = np.modf(np.outer(_STEPS[:dim], np.arange(1, _POINTS + 1)) + 0.5)[0]
    normal = ndtri(lattice)
    directions: NDArray[np.float64] = normal / np.sqrt(np.sum(normal**2, axis=0))
    return directions


@dataclass(frozen=True)
class Crossing:
    """Whether one curve is above the other first and below it later."""

    p: float
    """p-value of curves that do not cross (one of them is nowhere below the other)."""
    earlier_ns: float
    """Time at which the curves differ most in the one direction."""
    later_ns: float
    """The same for the other direction, after it."""
    is_above_first: bool
    """Whether the first group survives longer at the earlier time and shorter at the later."""


def find_crossing(table: LifeTable, baseline: LifeTable, looks: int = LOOKS) -> Crossing | None:
    """Look for a crossing of two survival curves.

    Parameters
    ----------
    table, baseline : LifeTable
        With the same rows.
    looks : int
        Times at which the curves are compared: quantiles of the pooled times of death.

    Returns
    -------
    Crossing or None
        None if the estimated curves do not cross at these times.

    Notes
    -----
    The curves cross if S1 > S0 somewhere *and* S1 < S0 elsewhere. Each half is tested by the largest of the ``looks``
    standardised differences (Greenwood), times their number (Bonferroni); both must hold, so the p-value is the
    larger of the two (intersection-union test) and no further adjustment is due. Samples that are positively
    dependent, as under common random numbers, make it conservative.

    References
    ----------
    1. Berger (1982), Multiparameter hypothesis testing and acceptance sampling, Technometrics 24, 295-300.
    """
    curves = kaplan_meier(table), kaplan_meier(baseline)
    deaths = table.deaths + baseline.deaths
    total = int(deaths.sum())
    if total == 0 or not curves[0].n or not curves[1].n:
        return None
    counts = (np.arange(1, looks + 1) * total) // (looks + 1)
    rows = np.unique(np.searchsorted(np.cumsum(deaths), counts, side="left"))
    times = table.mid_ns[rows]
    times = times[times <= min(curve.last_ns for curve in curves)]
    s_own, e_own = _values(curves[0], times)
    s_other, e_other = _values(curves[1], times)
    error = np.sqrt(e_own**2 + e_other**2)
    z = np.divide(s_own - s_other, error, out=np.zeros_like(error), where=error > 0)
    if not times.size or z.max() <= 0 or z.min() >= 0:
        return None
    above, below = int(np.argmax(z)), int(np.argmin(z))
    p = max(float(ndtr(-z[above])), float(ndtr(z[below]))) * times.size
    first, second = sorted((above, below))
    return Crossing(min(1.0, p), float(times[first]), float(times[second]), above < below)


def _values(curve: Curve, times: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Survival and standard error at each time."""
    places = np.searchsorted(curve.mid_ns, times, side="right")
    survival, error = np.concatenate(([1.0], curve.survival)), np.concatenate(([0.0], curve.std_error))
    return survival[places], error[places]
