"""Tests of raw times seen in pairs: two policies under common random numbers.

Takes two samples in which entry i of the one and entry i of the other saw the same draws, gives tests whose variance
knows that. Must know nothing about tallies; mcoom.analysis.paired does with joint tallies what can be done with them.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr
from scipy.stats import rankdata

from mcoom.analysis.logrank import fleming_harrington_weights, two_sided_p
from mcoom.analysis.proportion import mcnemar_p
from mcoom.analysis.sample import Sample, life_tables
from mcoom.analysis.survival import LifeTable, kaplan_meier


@dataclass(frozen=True)
class PairedTest:
    """The result of a test on pairs."""

    z: float | None
    """Standardised statistic, positive if the first is earlier; None if there was nothing to compare."""
    p: float | None
    """Two-sided p-value."""
    variance_ratio: float | None
    """Variance of the statistic divided by what it would be for independent replicates: below 1 is what pairing
    gained; None where the test has no independent counterpart."""
    method: str
    """How it was computed."""


def _check_pairs(first: Sample, second: Sample) -> None:
    if first.n != second.n or first.n == 0:
        raise ValueError(f"{first.n} and {second.n} times: pairs need the same number, at least one")


def paired_logrank(first: Sample, second: Sample, rho: float = 0.0, gamma: float = 0.0) -> PairedTest:
    """Test whether two laws are one, by the log-rank statistic with the variance of pairs.

    Parameters
    ----------
    first, second : Sample
        Of one length; entry i of both is a pair.
    rho, gamma : float
        Weights of Fleming and Harrington, >= 0.

    Returns
    -------
    PairedTest

    Raises
    ------
    ValueError
        The samples differ in length or are empty.

    Notes
    -----
    The statistic observed - expected is a sum of one martingale term per replicate; the two terms of a pair are added
    before they are squared, so their dependence is in the variance. Asymptotically normal in the number of pairs.

    References
    ----------
    1. Jung (1999), Rank tests for matched survival data, Lifetime Data Anal 5, 67-79.
    """
    _check_pairs(first, second)
    tables = life_tables([first, second])
    terms = []
    for sample, (seen, lost) in zip((first, second), influence(tables, rho, gamma), strict=True):
        rows = np.searchsorted(tables[0].mid_ns, sample.times)
        terms.append(np.where(sample.events, seen[rows], lost[rows]))
    own, other = terms
    method = "log-rank, paired"
    variance = float(np.sum((own + other) ** 2))
    if variance <= 0:
        return PairedTest(None, None, None, method)
    z = float(np.sum(own + other)) / math.sqrt(variance)
    apart = float(np.sum(own**2) + np.sum(other**2))
    return PairedTest(z, two_sided_p(z), variance / apart if apart > 0 else None, method)


def influence(
    tables: list[LifeTable], rho: float = 0.0, gamma: float = 0.0
) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Return the martingale terms of the two-group log-rank statistic of the first group.

    Parameters
    ----------
    tables : list of two LifeTable
        With the same rows.
    rho, gamma : float
        Weights of Fleming and Harrington.

    Returns
    -------
    list of (seen, lost)
        By group: float64[n] each, the term of a replicate that died, or was censored, in each row of the tables. The
        terms of all replicates add up to observed - expected of the first group.
    """
    rows, weights = fleming_harrington_weights(tables, rho, gamma)
    at_risk = [table.at_risk[rows].astype(np.float64) for table in tables]
    y = at_risk[0] + at_risk[1]
    d = (tables[0].deaths + tables[1].deaths)[rows].astype(np.float64)
    out = []
    for sign, rest in ((1.0, at_risk[1]), (-1.0, at_risk[0])):
        weight = weights * rest / y
        spent = np.cumsum(weight * d / y)
        # Everybody has spent the hazard of all rows up to his own; deaths of a row come before its censorings.
        lost = np.zeros(tables[0].mid_ns.size)
        lost[rows] = np.diff(np.concatenate(([0.0], spent)))
        lost = -np.cumsum(lost)
        seen = lost.copy()
        seen[rows] += weight
        out.append((sign * seen, sign * lost))
    return out


def sign_test(first: Sample, second: Sample) -> PairedTest:
    """Test whether either of a pair is mostly the earlier, exactly.

    Only pairs whose order is certain count: the earlier of the two was seen.

    Raises
    ------
    ValueError
        The samples differ in length or are empty.
    """
    _check_pairs(first, second)
    win = first.events & ((first.times < second.times) | ((first.times == second.times) & ~second.events))
    loss = second.events & ((second.times < first.times) | ((first.times == second.times) & ~first.events))
    n_win, n_loss = int(win.sum()), int(loss.sum())
    n = n_win + n_loss
    z = (n_win - n_loss) / math.sqrt(n) if n else None
    return PairedTest(z, mcnemar_p(n_win, n_loss) if n else None, None, "sign test, exact")


def signed_rank_test(first: Sample, second: Sample, tau: float) -> PairedTest:
    """Test by Wilcoxon's signed ranks whether the differences of the restricted times lie about 0.

    Parameters
    ----------
    first, second : Sample
    tau : float
        Both times of a pair are cut at tau, which makes the difference of a pair known: nobody may be censored before.

    Returns
    -------
    PairedTest
        Normal, ties by mid-ranks, differences of 0 ranked but not counted (Pratt).

    Raises
    ------
    ValueError
        The samples differ in length, or a time is censored before tau: the size of that difference is not known, and
        ``prentice_wilcoxon_test`` is the test that does without.

    References
    ----------
    1. Pratt (1959), Remarks on zeros and ties in the Wilcoxon signed rank procedures, JASA 54, 655-667.
    """
    _check_pairs(first, second)
    for name, sample in (("first", first), ("second", second)):
        early = np.flatnonzero(~sample.events & (sample.times < tau))
        if early.size:
            raise ValueError(f"{name}.times[{early[0]}] = {sample.times[early[0]]:g}: censored before tau = {tau:g}")
    differences = np.minimum(second.times, tau) - np.minimum(first.times, tau)
    ranks = rankdata(np.abs(differences))
    return _signed(np.where(differences != 0, np.sign(differences) * ranks, 0.0), "signed ranks, Pratt")


def prentice_wilcoxon_test(first: Sample, second: Sample) -> PairedTest:
    """Test pairs by the differences of their Prentice-Wilcoxon scores, whatever the censoring.

    Returns
    -------
    PairedTest
        Scores 1 - 2 S(t) for a death at t and 1 - S(t) for a censoring, S the pooled curve; positive if the first
        is earlier.

    Raises
    ------
    ValueError
        The samples differ in length or are empty.

    References
    ----------
    1. O'Brien and Fleming (1987), A paired Prentice-Wilcoxon test for censored paired data, Biometrics 43, 169-180.
    """
    _check_pairs(first, second)
    pooled = Sample(np.concatenate((first.times, second.times)), np.concatenate((first.events, second.events)))
    curve = kaplan_meier(pooled.table())
    survival = np.concatenate(([1.0], curve.survival))
    scores = []
    for sample in (first, second):
        s = survival[np.searchsorted(curve.mid_ns, sample.times, side="right")]
        scores.append(np.where(sample.events, 1 - 2 * s, 1 - s))
    return _signed(scores[1] - scores[0], "Prentice-Wilcoxon scores, paired")


def _signed(terms: NDArray[np.float64], method: str) -> PairedTest:
    """Normal test of a sum of terms whose signs are symmetric without a difference."""
    variance = float(np.sum(terms**2))
    if variance <= 0:
        return PairedTest(None, None, None, method)
    z = float(np.sum(terms)) / math.sqrt(variance)
    return PairedTest(z, float(2 * ndtr(-abs(z))), None, method)


def variance_reduction(first: Sample, second: Sample, tau: float) -> float | None:
    """Return Var(x - y) / (Var x + Var y) of the restricted times: what pairing leaves of the variance.

    Returns
    -------
    float or None
        Below 1 where common random numbers help; None with fewer than two pairs or without any variance.
    """
    _check_pairs(first, second)
    x, y = np.minimum(first.times, tau), np.minimum(second.times, tau)
    if x.size < 2:
        return None
    apart = float(x.var(ddof=1) + y.var(ddof=1))
    return float((x - y).var(ddof=1)) / apart if apart > 0 else None
