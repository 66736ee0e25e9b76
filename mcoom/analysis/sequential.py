"""Intervals that stay valid however often one looks: confidence sequences.

Takes counts and exact sums in the order in which they came, gives limits that hold at all times at once with the stated
confidence, so that a run may stop whenever it likes what it sees. Must know nothing about what is counted or when
somebody looks. docs/stopping.md says how they are used.

A sequence of intervals C_1, C_2, ... is a confidence sequence of level 1 - alpha if the truth is in *all* of them with
probability at least 1 - alpha. It comes from a process that starts at 1, cannot grow on average while the truth is the
truth (a test martingale), and so reaches 1 / alpha with probability at most alpha (Ville 1939).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, betaln, gammainc, gammaln, xlog1py, xlogy

Floats = NDArray[np.float64]
"""Array of doubles."""
PRIOR = 0.5
"""Both parameters of the beta mixture: half a success and half a failure seen before the first replicate."""
_STEPS = 100
"""Halvings of a bracket; 60 exhaust the digits of a double next to 1, more are needed next to 0."""


def proportion_sequence(
    k_low: NDArray[np.int64] | Floats, k_high: NDArray[np.int64] | Floats, n: NDArray[np.int64], alpha: float = 0.05
) -> tuple[Floats, Floats]:
    """Give the confidence sequence of a probability after n trials.

    The limits are those p at which the beta-binomial mixture against p reaches 1 / alpha:
    B(k + 1/2, n - k + 1/2) / B(1/2, 1/2) / (p^k (1 - p)^(n - k)).

    Parameters
    ----------
    k_low, k_high : int64[...] or float64[...]
        Successes at least and at most (they differ by what is not known), 0 <= k_low <= k_high <= n; or sums of
        values in 0..1, for whose mean the sequence holds as well.
    n : int64[...]
        Trials, >= 0; without any the limits are 0 and 1.
    alpha : float
        Chance that any limit is ever wrong.

    Returns
    -------
    low, high : float64[...]
        Limits, 0 <= low <= high <= 1.

    Source
    ------
    Robbins (1970), Statistical methods related to the law of the iterated logarithm, Ann. Math. Statist. 41;
    Howard, Ramdas, McAuliffe, Sekhon (2021), Ann. Statist. 49, 1055-1080, proposition 7 in its Bernoulli form.
    """
    least, most, trials = (np.asarray(x, dtype=np.float64) for x in (k_low, k_high, n))
    bar = -math.log(alpha)
    share_low = np.divide(least, trials, out=np.zeros_like(trials), where=trials > 0)
    share_high = np.divide(most, trials, out=np.ones_like(trials), where=trials > 0)
    low = _cross(lambda p: mixture_log_e(least, trials, p) - bar, share_low, np.zeros_like(trials))
    high = _cross(lambda p: mixture_log_e(most, trials, p) - bar, share_high, np.ones_like(trials))
    return np.where(least > 0, low, 0.0), np.where(most < trials, high, 1.0)


def mixture_log_e(k: Floats | float, n: Floats | float, p: Floats | float) -> Floats:
    """Give the logarithm of the evidence of k in n against the probability p, by the beta mixture over all others."""
    marginal = betaln(k + PRIOR, n - k + PRIOR) - betaln(PRIOR, PRIOR)
    log_e: Floats = marginal - xlogy(k, p) - xlog1py(n - k, -p)
    return log_e


def same_probability_p(first: tuple[float, float], second: tuple[float, float]) -> float:
    """Give a p-value, valid at all times, of two probabilities (or means of values in 0..1) being the same.

    Parameters
    ----------
    first, second : (k, n)
        Successes of trials, or the sum of n values in 0..1; the two may have to do with one another.

    Returns
    -------
    float
        Twice the level at which the confidence sequences of both stop having a value in common: between the two shares
        the evidence against one rises and that against the other falls, and where they meet both are just rejected.
    """
    (k, n), (j, m) = first, second
    if not n or not m or k / n == j / m:
        return 1.0
    own, other = (k, n), (j, m)
    a, b = sorted((k / n, j / m))
    low, high = (own, other) if k / n < j / m else (other, own)
    left, right = a, b
    for _ in range(_STEPS):
        middle = (left + right) / 2
        if middle in (left, right):
            break
        is_before = mixture_log_e(*low, middle) < mixture_log_e(*high, middle)
        left, right = (middle, right) if is_before else (left, middle)
    evidence = min(float(mixture_log_e(*low, left)), float(mixture_log_e(*high, left)))
    return min(1.0, 2 * math.exp(-max(0.0, evidence)))


def even_odds_p(k: int, j: int) -> float:
    """Give a p-value, valid at all times, of k successes and j failures coming with even odds."""
    return min(1.0, math.exp(-float(mixture_log_e(float(k), float(k + j), 0.5)))) if k + j else 1.0


def _cross(excess: Callable[[Floats], Floats], inside: Floats, outside: Floats) -> Floats:
    """Find where ``excess`` (<= 0 at ``inside``) crosses 0 on the way to ``outside``; the outer end of the bracket."""
    a, b = inside.copy(), outside.copy()
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        for _ in range(_STEPS):
            middle = (a + b) / 2
            is_out = excess(middle) > 0
            a, b = np.where(is_out, a, middle), np.where(is_out, middle, b)
    return b


@dataclass(frozen=True)
class RankBand:
    """Which order statistics enclose a quantile at all times."""

    low: int
    """The quantile is at least the ``low``-th smallest value (1, 2, ...); 0: no lower limit."""
    high: int
    """The quantile is at most the ``high``-th smallest value; n + 1: no upper limit."""


def quantile_ranks(n: int, prob: float, alpha: float = 0.05) -> RankBand:
    """Give the ranks of the confidence sequence of a quantile.

    Of n values, those at or below the true quantile number Bernoulli sums with a chance of at least ``prob``, those
    below it at most ``prob``; each side is tested by a mixture over the other side, at alpha / 2.

    Parameters
    ----------
    n : int
        Values, >= 0; those that never come count as larger than all others.
    prob : float
        Probability of the quantile, 0 < prob < 1.
    alpha : float
        Chance that any limit is ever wrong.

    Returns
    -------
    RankBand

    Source
    ------
    Howard, Ramdas (2022), Sequential estimation of quantiles, Bernoulli 28, 1704-1728; truncated-beta mixture.
    """
    bar = -math.log(alpha / 2)
    # Too few at or below the quantile: first k that is not rejected. Too many below it: last k that is not.
    low = _first(lambda k: _one_sided_log_e(k, n, prob, is_below=True) <= bar, n)
    high = n - _first(lambda k: _one_sided_log_e(n - k, n, prob, is_below=False) <= bar, n)
    return RankBand(low, high + 1)


def _first(is_true: Callable[[int], bool], n: int) -> int:
    """Give the least k in 0..n with ``is_true(k)``, which stays true from there on; n if there is none."""
    a, b = 0, n
    while a < b:
        k = (a + b) // 2
        a, b = (a, k) if is_true(k) else (k + 1, b)
    return a


def _one_sided_log_e(k: int, n: int, p: float, *, is_below: bool) -> float:
    """Log evidence of k in n that the probability is below (above) p, by a beta mixture cut off at p."""
    if is_below:
        share, prior = betainc(k + PRIOR, n - k + PRIOR, p), betainc(PRIOR, PRIOR, p)
    else:
        share = betainc(n - k + PRIOR, k + PRIOR, 1 - p)
        prior = betainc(PRIOR, PRIOR, 1 - p)
    if share <= 0:
        return -math.inf
    return float(mixture_log_e(k, n, p)) + math.log(share) - math.log(prior)


@dataclass(frozen=True)
class MeanSequence:
    """The confidence sequence of the mean of integers from 0 to ``limit``, fed block by block with exact sums.

    The first block only shows where the values lie (it is the pilot); from the second on the values count. Each block
    is measured from a centre that the blocks before it have set, which is what keeps the process a martingale.
    """

    limit: int
    """Largest possible value, > 0."""
    n_pilot: int = 0
    """Values of the pilot."""
    total: int = 0
    """Exact sum of all values, the pilot's included."""
    n: int = 0
    """Values after the pilot."""
    excess: int = 0
    """Exact sum of value - centre after the pilot."""
    square: int = 0
    """Exact sum of (value - centre)^2 after the pilot."""
    shift: int = 0
    """Exact sum of the centres, one for each value after the pilot."""
    reach: int = 0
    """Bound on every centre, set by the pilot: no value lies further below its centre than this."""
    centre: int = 0
    """Centre of the next block."""

    def feed(self, n: int, total: int, total_sq: int) -> "MeanSequence":
        """Take the next block.

        Parameters
        ----------
        n : int
            Values of the block; 0 changes nothing.
        total, total_sq : int
            Their exact sum and sum of squares.

        Returns
        -------
        MeanSequence
            With the block counted; sums are exact, so the same blocks in the same order give the same numbers.
        """
        if n == 0:
            return self
        if self.n_pilot == 0:
            centre = total // n
            reach = min(self.limit, max(2 * centre, self.limit // 1_000_000, 1))
            return MeanSequence(self.limit, n, total, reach=reach, centre=centre)
        c = self.centre
        seen, sum_all = self.n_pilot + self.n + n, self.total + total
        return MeanSequence(
            self.limit,
            self.n_pilot,
            sum_all,
            self.n + n,
            self.excess + total - n * c,
            self.square + total_sq - 2 * c * total + n * c * c,
            self.shift + n * c,
            self.reach,
            min(self.reach, sum_all // seen),
        )

    @property
    def value(self) -> float | None:
        """Mean of all values; None without any."""
        n = self.n_pilot + self.n
        return self.total / n if n else None

    def interval(self, alpha: float = 0.05) -> tuple[float, float]:
        """Give the limits now.

        Parameters
        ----------
        alpha : float
            Chance that any limit is ever wrong; each side gets half.

        Returns
        -------
        low, high : float
            Between 0 and ``limit``; these two before the second block.

        Source
        ------
        Fan, Grama, Liu (2015), Electron. J. Probab. 20, lemma 4.1, exp(l x - psi(l) x^2) <= 1 + l x for x >= -1;
        Howard et al. (2021), theorem 4 and proposition 9 (gamma-exponential mixture).
        """
        if self.n == 0:
            return 0.0, float(self.limit)
        below, above = self.reach, self.limit
        mean = (self.excess + self.shift) / self.n
        down = below * gamma_boundary(self.square / below**2, alpha / 2) / self.n
        up = above * gamma_boundary(self.square / above**2, alpha / 2) / self.n
        return max(0.0, mean - down), min(float(self.limit), mean + up)


GAMMA_RHO = 1.0
"""Parameter of the gamma mixture: the boundary is tightest where the sum of squares is about 10 scales squared."""


def gamma_boundary(v: float, alpha: float, rho: float = GAMMA_RHO) -> float:
    """Give the bound that a sum with values above -1 exceeds at no time with probability above alpha.

    Parameters
    ----------
    v : float
        Sum of squares so far, >= 0, in units of the scale squared.
    alpha : float
        Chance that the bound is ever exceeded.
    rho : float
        Of the mixing law, > 0.

    Returns
    -------
    float
        In units of the scale.
    """
    bar = -math.log(alpha)
    high = 1.0
    while _gamma_log_e(high, v, rho) < bar:
        high *= 2
    low = 0.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        low, high = (low, middle) if _gamma_log_e(middle, v, rho) >= bar else (middle, high)
    return high


def _gamma_log_e(s: float, v: float, rho: float) -> float:
    """Log of the mixture of exp(l s - psi(l) v) over l in (0, 1), psi(l) = -log(1 - l) - l."""
    shape, rate = v + rho, s + v + rho
    prior = rho * math.log(rho) - gammaln(rho) - math.log(gammainc(rho, rho))
    return float(prior + gammaln(shape) + math.log(gammainc(shape, rate)) - shape * math.log(rate) + s + v)
