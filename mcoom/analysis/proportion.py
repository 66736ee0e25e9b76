"""Probabilities from counts.

Takes counts, gives exact intervals and exact tests of probabilities and of their differences. Must know nothing about
what is counted.
"""

import math

from scipy.special import bdtr, betaincinv
from scipy.stats import fisher_exact

from mcoom.analysis.result import Interval, not_estimable
from mcoom.analysis.share import difference_limits, share_limits

EXACT = "Clopper-Pearson"
"""Method of ``exact_interval``."""
WILSON = "Wilson, exact where few"
"""Method of ``wilson_interval``."""


def clopper_pearson(k: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """Return the exact limits for a probability from k successes in n trials, n >= 1.

    By quantiles of the beta law: the same limits as ``scipy.stats.binomtest(k, n).proportion_ci(level, "exact")``,
    whose search takes 4 ms where this takes 2 us, and there is one for every cell of a sweep.

    References
    ----------
    1. Clopper and Pearson (1934), The use of confidence or fiducial limits, Biometrika 26, 404-413.
    """
    tail = (1 - level) / 2
    low = 0.0 if k == 0 else float(betaincinv(k, n - k + 1, tail))
    high = 1.0 if k == n else float(betaincinv(k + 1, n - k, 1 - tail))
    return low, high


def exact_interval(k_low: int, k: int, k_high: int, n_low: int, n: int, level: float = 0.95) -> Interval:
    """Estimate a probability, with an exact interval that covers what is not known.

    Parameters
    ----------
    k_low, k, k_high : int
        Successes at least, taken for the value, and at most.
    n_low : int
        Trials if those of which nothing is known are counted in (the limits are computed with it), >= n.
    n : int
        Trials, for the value.
    level : float
        Confidence level.
    """
    if n == 0:
        return not_estimable(EXACT, "no replicates")
    low, high = clopper_pearson(k_low, n_low, level)[0], clopper_pearson(k_high, n_low, level)[1]
    is_known = k_low == k_high and n_low == n
    return Interval(k / n, low, high, EXACT if is_known else EXACT + ", spanning exhausted budgets")


def wilson_interval(k_low: int, k: int, k_high: int, n_low: int, n: int, level: float = 0.95) -> Interval:
    """Estimate a probability with the score interval; arguments as for ``exact_interval``.

    Shorter than Clopper-Pearson's with more than 30 successes and failures, and those very limits with fewer, where
    Wilson's own miss (down to 84 % of 95 %). Never below 93.5 % for any n and p (tests/statistical enumerates them).
    """
    if n == 0:
        return not_estimable(WILSON, "no replicates")
    low, high = share_limits(k_low / n_low, n_low, level)[0], share_limits(k_high / n_low, n_low, level)[1]
    is_known = k_low == k_high and n_low == n
    return Interval(k / n, low, high, WILSON if is_known else WILSON + ", spanning exhausted budgets")


def mcnemar_p(n_policy_only: int, n_baseline_only: int) -> float:
    """Return the exact two-sided p-value of McNemar's test from the discordant pairs; 1 if there are none."""
    n, k = n_policy_only + n_baseline_only, min(n_policy_only, n_baseline_only)
    return min(1.0, 2 * float(bdtr(k, n, 0.5))) if n else 1.0


def mcnemar_mid_p(n_policy_only: int, n_baseline_only: int) -> float:
    """Return the mid-p value of McNemar's test: half the probability of what was seen counts, and no more.

    Less conservative than the exact test; its size may pass the nominal level by little.

    References
    ----------
    1. Fagerland, Lydersen and Laake (2013), The McNemar test for binary matched-pairs data: mid-p and asymptotic are
       better than exact conditional, BMC Med Res Methodol 13, 91.
    """
    n, k = n_policy_only + n_baseline_only, min(n_policy_only, n_baseline_only)
    if not n or 2 * k == n:
        return 1.0
    before = float(bdtr(k - 1, n, 0.5)) if k else 0.0
    return float(bdtr(k, n, 0.5)) + before


def paired_difference(n_policy_only: int, n_baseline_only: int, n_pairs: int, level: float = 0.95) -> Interval:
    """Estimate the difference of two probabilities seen on the same replicates.

    Parameters
    ----------
    n_policy_only, n_baseline_only : int
        Discordant pairs.
    n_pairs : int
        All pairs.
    level : float
        Confidence level.

    Notes
    -----
    Limits of the two kinds of discordant pairs, put together with their correlation. Conservative where they are few;
    the interval of Agresti and Min (2005), Statistics in Medicine 24, 729-740, covers 86 % of 95 % there.
    """
    method = "paired, MOVER of the discordant pairs"
    if n_pairs == 0:
        return not_estimable(method, "no pairs")
    p, q = n_policy_only / n_pairs, n_baseline_only / n_pairs
    # Where every pair is discordant one kind is what the other is not.
    has_others = n_policy_only + n_baseline_only < n_pairs
    odds = p * q / ((1 - p) * (1 - q)) if has_others else 1.0
    own, other = ((x, *share_limits(x, n_pairs, level)) for x in (p, q))
    low, high = difference_limits(own, other, -math.sqrt(odds))
    return Interval(p - q, max(-1.0, low), min(1.0, high), method)


def unpaired_difference(k: int, n: int, k_baseline: int, n_baseline: int, level: float = 0.95) -> Interval:
    """Estimate the difference of two probabilities seen on different replicates.

    Conservative where one of the shares has few successes or failures (``share_limits``).

    References
    ----------
    1. Newcombe (1998), Interval estimation for the difference between independent proportions,
       Statistics in Medicine 17, 873-890 (method 10, with Wilson's limits throughout).
    """
    method = "Newcombe-Wilson"
    if n == 0 or n_baseline == 0:
        return not_estimable(method, "no replicates")
    own, other = ((j / m, *share_limits(j / m, m, level)) for j, m in ((k, n), (k_baseline, n_baseline)))
    low, high = difference_limits(own, other)
    return Interval(own[0] - other[0], max(-1.0, low), min(1.0, high), method)


def fisher_p(k: int, n: int, k_baseline: int, n_baseline: int) -> float:
    """Return the two-sided p-value of Fisher's exact test."""
    return float(fisher_exact([[k, n - k], [k_baseline, n_baseline - k_baseline]]).pvalue)
