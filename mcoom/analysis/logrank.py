"""The log-rank test on life tables.

Takes two life tables with the same rows, gives the statistic and its p-value, in a time that does not depend on the
number of replicates (``scipy.stats.logrank`` wants one number per replicate: 1.5 s and 0.6 GB for a million). Must
know nothing about policies.
"""

import math

import numpy as np
from scipy.special import ndtr

from mcoom.analysis.survival import LifeTable


def logrank_z(table: LifeTable, baseline: LifeTable) -> float | None:
    """Return the log-rank statistic, (observed - expected) / sqrt(variance), of the first table.

    Parameters
    ----------
    table, baseline : LifeTable
        With the same rows.

    Returns
    -------
    float or None
        About standard normal if the two laws are one; positive if the first dies earlier; None if there is nothing
        to compare (no deaths while both are at risk).

    Notes
    -----
    The variance is that of independent replicates. Under common random numbers the two arms are mostly alike, which
    makes the true variance smaller and the test conservative.

    References
    ----------
    1. Mantel (1966), Evaluation of survival data and two new rank order statistics, Cancer Chemother Rep 50, 163-170.
    """
    deaths = table.deaths + baseline.deaths
    rows = np.flatnonzero(deaths)
    if rows.size == 0:
        return None
    d = deaths[rows].astype(np.float64)
    y_own = _at_risk(table)[rows]
    y = y_own + _at_risk(baseline)[rows]
    share = y_own / y
    shrink = np.divide(y - d, y - 1, out=np.zeros_like(d), where=y > 1)
    variance = float(np.sum(d * share * (1 - share) * shrink))
    if variance <= 0:
        return None
    return float(np.sum(table.deaths[rows] - d * share)) / math.sqrt(variance)


def _at_risk(table: LifeTable) -> np.ndarray:
    leaving = table.deaths + table.censored
    at_risk: np.ndarray = (leaving.sum() - np.cumsum(leaving) + leaving).astype(np.float64)
    return at_risk


def two_sided_p(z: float) -> float:
    """Return the two-sided p-value of a standard normal statistic."""
    return float(2 * ndtr(-abs(z)))
