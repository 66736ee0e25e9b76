"""Log-rank tests on life tables: two groups or many, weighted, stratified.

Takes life tables with the same rows, gives statistics and p-values, in a time that does not depend on the number of
replicates (``scipy.stats.logrank`` wants one number per replicate: 1.5 s and 0.6 GB for a million). Must know nothing
about policies.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc, ndtr

from mcoom.analysis.survival import LifeTable


@dataclass(frozen=True, eq=False)
class RankTest:
    """The result of a log-rank test of k groups."""

    chisq: float | None
    """Statistic; None if there was nothing to compare (no deaths while two groups were at risk)."""
    df: int
    """Degrees of freedom: groups that were at risk when somebody died, less one."""
    p: float | None
    """p-value of no difference."""
    z: float | None
    """With two groups: signed root of ``chisq``, positive if the first dies earlier."""
    observed: NDArray[np.float64]
    """float64[k], weighted deaths."""
    expected: NDArray[np.float64]
    """float64[k], weighted deaths to be expected without a difference."""
    covariance: NDArray[np.float64]
    """float64[k, k], of ``observed - expected``."""


def fleming_harrington_weights(
    tables: Sequence[LifeTable], rho: float = 0.0, gamma: float = 0.0
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return the rows with deaths and the weight of each, S(t-)^rho (1 - S(t-))^gamma of the pooled curve.

    Raises
    ------
    ValueError
        rho or gamma is negative.
    """
    if rho < 0 or gamma < 0:
        raise ValueError(f"rho = {rho!r}, gamma = {gamma!r}: must be >= 0")
    deaths = np.sum([table.deaths for table in tables], axis=0)
    rows = np.flatnonzero(deaths)
    at_risk = np.sum([table.at_risk for table in tables], axis=0)[rows]
    before = np.concatenate(([1.0], np.cumprod(1.0 - deaths[rows] / at_risk.astype(np.float64))))[: rows.size]
    return rows, before**rho * (1.0 - before) ** gamma


def logrank_test(*tables: LifeTable, rho: float = 0.0, gamma: float = 0.0) -> RankTest:
    """Test whether groups have one law.

    Parameters
    ----------
    *tables : LifeTable
        Two or more, with the same rows.
    rho, gamma : float
        Weights of Fleming and Harrington, >= 0: (0, 0) is the log-rank test, (1, 0) looks early (Peto and Peto),
        (0, 1) late, (1, 1) in the middle.

    Returns
    -------
    RankTest

    Raises
    ------
    ValueError
        Fewer than two tables, or rho or gamma is negative.

    Notes
    -----
    Estimand: none; the hypothesis is equal hazards. The variance is that of independent replicates. Under common
    random numbers two arms are mostly alike, which makes the true variance smaller and the test conservative:
    ``mcoom.analysis.pairs.paired_logrank`` has the other variance.

    References
    ----------
    1. Mantel (1966), Evaluation of survival data and two new rank order statistics, Cancer Chemother Rep 50, 163-170.
    2. Harrington and Fleming (1982), A class of rank test procedures for censored survival data,
       Biometrika 69, 553-566.
    """
    return stratified_logrank([tables], rho=rho, gamma=gamma)


def stratified_logrank(strata: Sequence[Sequence[LifeTable]], rho: float = 0.0, gamma: float = 0.0) -> RankTest:
    """Test whether groups have one law within every stratum.

    Parameters
    ----------
    strata : sequence of sequences of LifeTable
        The same groups in the same order in each stratum; tables of one stratum have the same rows.
    rho, gamma : float
        As for ``logrank_test``; the pooled curve of the weights is that of the stratum.

    Returns
    -------
    RankTest
        Observed, expected and covariance are sums over the strata (R: ``survdiff`` with ``strata()``).

    Raises
    ------
    ValueError
        Strata differ in their number of groups, or have fewer than two.
    """
    sizes = {len(tables) for tables in strata}
    if len(sizes) != 1 or min(sizes) < 2:
        raise ValueError(f"groups by stratum: {sorted(sizes)}: must be one number, at least 2")
    return rank_test(sum((rank_sums(tables, rho, gamma) for tables in strata), start=RankSums.zero(min(sizes))))


@dataclass(frozen=True, eq=False)
class RankSums:
    """What a log-rank test needs of a stratum; strata add up."""

    observed: NDArray[np.float64]
    """float64[k], weighted deaths."""
    expected: NDArray[np.float64]
    """float64[k], weighted deaths to be expected."""
    covariance: NDArray[np.float64]
    """float64[k, k]."""

    @classmethod
    def zero(cls, k: int) -> "RankSums":
        """Return the sums of no strata, for k groups."""
        return cls(np.zeros(k), np.zeros(k), np.zeros((k, k)))

    def __add__(self, other: "RankSums") -> "RankSums":
        return RankSums(
            self.observed + other.observed, self.expected + other.expected, self.covariance + other.covariance
        )


def rank_test(sums: RankSums) -> RankTest:
    """Return the test that belongs to the sums over all strata."""
    observed, expected, covariance = sums.observed, sums.expected, sums.covariance
    present = np.flatnonzero(np.diag(covariance) > 0)
    df = max(present.size - 1, 0)
    if df == 0:
        return RankTest(None, 0, None, None, observed, expected, covariance)
    # One group follows from the others; leaving it out makes the covariance regular.
    kept = present[:-1]
    excess = (observed - expected)[kept]
    chisq = float(excess @ np.linalg.solve(covariance[np.ix_(kept, kept)], excess))
    z = math.copysign(math.sqrt(chisq), observed[0] - expected[0]) if observed.size == 2 else None
    p = two_sided_p(z) if z is not None else float(chdtrc(df, chisq))
    return RankTest(chisq, df, p, z, observed, expected, covariance)


def rank_sums(tables: Sequence[LifeTable], rho: float = 0.0, gamma: float = 0.0) -> RankSums:
    """Return observed, expected and covariance of one stratum; tables have the same rows."""
    rows, weights = fleming_harrington_weights(tables, rho, gamma)
    deaths = np.array([table.deaths[rows] for table in tables], dtype=np.float64)
    at_risk = np.array([table.at_risk[rows] for table in tables], dtype=np.float64)
    d, y = deaths.sum(axis=0), at_risk.sum(axis=0)
    share = at_risk / y
    shrink = np.divide(y - d, y - 1, out=np.zeros_like(d), where=y > 1)
    spread = weights**2 * d * shrink
    covariance = np.diag(share @ spread) - (share * spread) @ share.T
    # A group alone at risk has no variance; rounding must not make it some.
    covariance[np.abs(covariance) <= 1e-13 * float(spread.sum())] = 0.0
    return RankSums(deaths @ weights, (share * d) @ weights, covariance)


def logrank_z(table: LifeTable, baseline: LifeTable) -> float | None:
    """Return the two-group log-rank statistic, (observed - expected) / sqrt(variance), of the first table.

    Parameters
    ----------
    table, baseline : LifeTable
        With the same rows.

    Returns
    -------
    float or None
        About standard normal if the two laws are one; positive if the first dies earlier; None if there is nothing
        to compare.
    """
    return logrank_test(table, baseline).z


def two_sided_p(z: float) -> float:
    """Return the two-sided p-value of a standard normal statistic."""
    return float(2 * ndtr(-abs(z)))
