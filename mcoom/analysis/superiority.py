"""The probability that one of two independent times is the earlier, under censoring.

Takes two life tables with the same rows, gives P(first earlier) + P(tie) / 2 up to tau, by the curves, and the bounds
that need no assumption about censoring. Must know nothing about pairs: mcoom.analysis.paired has those.
"""

import numpy as np
from numpy.typing import NDArray

from mcoom.analysis.logrank import two_sided_p
from mcoom.analysis.result import Interval, not_estimable
from mcoom.analysis.share import share_limits
from mcoom.analysis.survival import Curve, LifeTable, kaplan_meier


def censored_superiority(
    table: LifeTable, baseline: LifeTable, tau_ns: float, level: float = 0.95
) -> tuple[Interval, float | None]:
    """Estimate P(first earlier) + P(tie) / 2 from two curves, whatever the censoring, and test it against 1/2.

    Parameters
    ----------
    table, baseline : LifeTable
        With the same rows.
    tau_ns : float
        Restriction: two that are both still waiting at tau tie (0 < tau).
    level : float
        Confidence level.

    Returns
    -------
    Interval, float or None
        The value is None if the last replicate at risk of a group was censored before tau; the limits then span what
        its unknown times may be. Without censoring before tau the value is that of Mann and Whitney (A12 of Vargha
        and Delaney, for the smaller time).

    Notes
    -----
    Estimand: P(min(T1, tau) < min(T0, tau)) + P(equal) / 2 for two independent replicates. Assumption: censoring before
    tau says nothing about the time to come. The variance is that of a linear functional of each curve with the other
    held fixed (Greenwood); the limits are Wilson's with the number of trials that this variance amounts to.

    References
    ----------
    1. Efron (1967), The two sample problem with censored data, Proc 5th Berkeley Symp 4, 831-853.
    2. Vargha and Delaney (2000), A critique and improvement of the CL common language effect size statistics of
       McGraw and Wong, J Educ Behav Stat 25, 101-132.
    """
    method = "curves by Kaplan-Meier, Wilson"
    if table.n < 2 or baseline.n < 2:
        return not_estimable(method, "fewer than two replicates"), None
    own, other = kaplan_meier(table), kaplan_meier(baseline)
    tails = [_has_tail(curve, tau_ns) for curve in (own, other)]
    if any(tails):
        low, high = gehan_bounds(table, baseline, tau_ns)
        return Interval(None, low, high, method, "the last replicate at risk was censored before tau"), None
    value, own_variance = _functional(own, _place(other, own.mid_ns), _end(other, tau_ns), tau_ns)
    _, other_variance = _functional(other, _place(own, other.mid_ns), _end(own, tau_ns), tau_ns)
    variance = own_variance + other_variance
    n_equal = value * (1 - value) / variance if variance > 0 else float(min(table.n, baseline.n))
    low, high = share_limits(value, n_equal, level) if n_equal > 0 else (0.0, 1.0)
    p = two_sided_p((value - 0.5) / variance**0.5) if variance > 0 else None
    return Interval(value, low, high, method), p


def gehan_bounds(table: LifeTable, baseline: LifeTable, tau_ns: float) -> tuple[float, float]:
    """Return the shares of pairs of replicates in which the first is certainly, and possibly, the earlier.

    Parameters
    ----------
    table, baseline : LifeTable
        With the same rows.
    tau_ns : float
        Both still waiting at tau is a tie, and counts one half.

    Returns
    -------
    low, high : float
        No assumption about censoring is made: a pair counts as decided only if the earlier event was seen while the
        other was known to be waiting.

    References
    ----------
    1. Gehan (1965), A generalized Wilcoxon test for comparing arbitrarily singly-censored samples,
       Biometrika 52, 203-223.
    """
    inside = table.mid_ns < tau_ns
    pairs = float(table.n) * float(baseline.n)
    wins, ties = _certain(table, baseline, inside)
    losses, _ = _certain(baseline, table, inside)
    both = float((table.deaths + table.censored)[~inside].sum()) * float(
        (baseline.deaths + baseline.censored)[~inside].sum()
    )
    certain = wins + (ties + both) / 2
    undecided = pairs - wins - losses - ties - both
    return certain / pairs, (certain + undecided) / pairs


def _certain(table: LifeTable, other: LifeTable, inside: NDArray[np.bool_]) -> tuple[float, float]:
    """Pairs in which the first was seen to die earlier, and those seen to die at once."""
    deaths = table.deaths.astype(np.float64)
    still = (other.at_risk - other.deaths).astype(np.float64)
    return float(np.sum((deaths * still)[inside])), float(np.sum((deaths * other.deaths)[inside]))


def _has_tail(curve: Curve, tau_ns: float) -> bool:
    survives = curve.survival[-1] > 0 if curve.survival.size else True
    return bool(survives and curve.last_ns < tau_ns)


def _end(curve: Curve, tau_ns: float) -> float:
    """Probability to be still waiting at tau."""
    place = int(np.searchsorted(curve.mid_ns, tau_ns, side="left")) - 1
    return float(curve.survival[place]) if place >= 0 else 1.0


def _place(curve: Curve, times: NDArray[np.float64]) -> NDArray[np.float64]:
    """(S(t-) + S(t)) / 2: the chance to be beaten by an event at t, ties by half."""
    survival = np.concatenate(([1.0], curve.survival))
    after = survival[np.searchsorted(curve.mid_ns, times, side="right")]
    before = survival[np.searchsorted(curve.mid_ns, times, side="left")]
    return (before + after) / 2


def _functional(curve: Curve, place: NDArray[np.float64], other_end: float, tau_ns: float) -> tuple[float, float]:
    """Mean of ``place`` over the deaths of a curve before tau, ties at tau by half, and its variance."""
    inside = curve.mid_ns < tau_ns
    survival, score = curve.survival[inside], place[inside]
    mass = np.concatenate(([1.0], survival))[:-1] - survival
    gains = score * mass
    last = (float(survival[-1]) if survival.size else 1.0) * other_end / 2
    value = float(gains.sum()) + last
    # What those who survive a death go on to gain, less what they would have gained by it.
    onward = value - np.cumsum(gains)
    effect = onward - score * survival
    risk, deaths = curve.n_at_risk[inside].astype(np.float64), curve.deaths[inside]
    left = risk - deaths
    weights = np.divide(deaths, risk * left, out=np.zeros_like(risk), where=left > 0)
    return value, float(np.sum(effect**2 * weights))
