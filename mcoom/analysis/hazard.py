"""Hazards from life tables.

Takes a life table, gives the cumulative hazard (Nelson and Aalen) and rates over intervals of time, each with limits.
Must know nothing about where the table came from.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincinv, ndtri

from mcoom.analysis.result import Interval, not_estimable
from mcoom.analysis.survival import LifeTable


@dataclass(frozen=True, eq=False)
class CumulativeHazard:
    """The Nelson-Aalen estimate; arrays have one entry per row of the table in which somebody died."""

    mid_ns: NDArray[np.float64]
    """float64[m], time of the step."""
    hazard: NDArray[np.float64]
    """float64[m], cumulative hazard just after, dimensionless."""
    std_error: NDArray[np.float64]
    """float64[m]."""
    band_low: NDArray[np.float64]
    """float64[m], pointwise lower limit."""
    band_high: NDArray[np.float64]
    """float64[m], pointwise upper limit."""


def nelson_aalen(table: LifeTable, level: float = 0.95) -> CumulativeHazard:
    """Estimate the cumulative hazard.

    Parameters
    ----------
    table : LifeTable
    level : float
        Confidence level of the pointwise limits, symmetric on the log scale.

    Returns
    -------
    CumulativeHazard
        Step d / Y, variance d / Y^2 (R: ``survfit(...)$cumhaz``).

    References
    ----------
    1. Aalen (1978), Nonparametric inference for a family of counting processes, Ann Statist 6, 701-726.
    2. Bie, Borgan and Liestol (1987), Confidence intervals and confidence bands for the cumulative hazard rate
       function and their small sample properties, Scand J Statist 14, 221-233 (the log scale).
    """
    rows = np.flatnonzero(table.deaths)
    deaths, at_risk = table.deaths[rows].astype(np.float64), table.at_risk[rows].astype(np.float64)
    hazard = np.cumsum(deaths / at_risk)
    error = np.sqrt(np.cumsum(deaths / at_risk**2))
    factor = np.exp(float(ndtri(0.5 + level / 2)) * error / hazard)
    return CumulativeHazard(table.mid_ns[rows], hazard, error, hazard / factor, hazard * factor)


def cumulative_hazard(table: LifeTable, time_ns: float, level: float = 0.95) -> Interval:
    """Estimate the cumulative hazard up to one time.

    Returns
    -------
    Interval
        Without a death so far: 0, and as upper limit the exact one of the probability to die, as a hazard.
    """
    method = "Nelson-Aalen, log"
    if table.n == 0:
        return not_estimable(method, "no replicates")
    curve = nelson_aalen(table, level)
    place = int(np.searchsorted(curve.mid_ns, time_ns, side="right")) - 1
    if place < 0:
        row = int(np.searchsorted(table.mid_ns, time_ns, side="left"))
        n_left = int(table.at_risk[row]) if row < table.mid_ns.size else 0
        high = -np.log((1 - level) / 2) / n_left if n_left else None
        return Interval(0.0, 0.0, high, method + ", none seen: exact upper limit")
    return Interval(float(curve.hazard[place]), float(curve.band_low[place]), float(curve.band_high[place]), method)


@dataclass(frozen=True)
class Rate:
    """The hazard over one interval of time, taken as constant there."""

    start_ns: float
    """Start of the interval."""
    end_ns: float
    """End of the interval."""
    n_deaths: int
    """Deaths in it."""
    exposure_ns: float
    """Time at risk in it, summed over the replicates."""
    per_ns: Interval
    """Deaths per unit of time at risk."""


def hazard_rates(table: LifeTable, edges_ns: Sequence[float], level: float = 0.95) -> tuple[Rate, ...]:
    """Estimate the hazard over intervals: deaths divided by the time at risk.

    Parameters
    ----------
    table : LifeTable
        Rows count at their ``mid_ns``; with bins of 2 % this moves the time at risk by 1 % of the time at most.
    edges_ns : sequence of float
        Increasing, at least two; interval k holds the times edges[k] < t <= edges[k + 1].
    level : float
        Confidence level.

    Returns
    -------
    tuple of Rate
        Limits are those of a Poisson count (exact, conservative). Not estimable where nobody was at risk.

    Raises
    ------
    ValueError
        The edges do not increase.

    References
    ----------
    1. Garwood (1936), Fiducial limits for the Poisson distribution, Biometrika 28, 437-442.
    """
    edges = np.asarray(edges_ns, dtype=np.float64)
    if edges.size < 2 or np.any(np.diff(edges) <= 0):
        raise ValueError(f"edges {list(edges_ns)}: must increase, at least two")
    leaving = (table.deaths + table.censored).astype(np.float64)
    tail = (1 - level) / 2
    rates = []
    for start, end in pairwise(edges):
        inside = (table.mid_ns > start) & (table.mid_ns <= end)
        d = int(table.deaths[inside].sum())
        exposure = float(np.sum(leaving * np.clip(table.mid_ns - start, 0.0, end - start)))
        rates.append(Rate(float(start), float(end), d, exposure, _poisson_rate(d, exposure, tail)))
    return tuple(rates)


def _poisson_rate(d: int, exposure: float, tail: float) -> Interval:
    method = "deaths / time at risk, Garwood"
    if exposure <= 0:
        return not_estimable(method, "nobody at risk")
    low = float(gammaincinv(d, tail)) if d else 0.0
    high = float(gammaincinv(d + 1, 1 - tail))
    return Interval(d / exposure, low / exposure, high / exposure, method)
