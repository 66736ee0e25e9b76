"""Coverage of intervals for counts, by enumeration: the laws themselves, no simulation and so no false alarm.

Probabilities, differences of probabilities on pairs and apart, and the probability to be sooner on pairs: 95 %
intervals never cover below 93.5 %, whatever the probabilities. Few successes make all of them conservative. Twins: the
intervals of Wilson, Newcombe, Wald, and Agresti and Min as published.
"""

from functools import lru_cache

import numpy as np
import pytest
from scipy import stats

from mcoom.analysis.paired import superiority_interval
from mcoom.analysis.proportion import exact_interval, paired_difference, unpaired_difference, wilson_interval
from mcoom.analysis.share import difference_limits, share_limits, wilson_limits

FLOOR = 0.935
TINY = 1e-12


def worst_of_probability(limits, n):
    """Smallest coverage over all p: just inside and just outside every limit, where it jumps."""
    low, high = np.array([limits(k, n) for k in range(n + 1)]).T
    edges = np.concatenate([low, high])
    p = np.concatenate([edges - TINY, edges + TINY])
    p = p[(p > 0) & (p < 1)]
    mass = stats.binom.pmf(np.arange(n + 1)[:, None], n, p)
    return (mass * ((low[:, None] <= p) & (p <= high[:, None]))).sum(axis=0).min()


def of_interval(make):
    def limits(k, n):
        found = make(k, k, k, n, n)
        return found.low, found.high

    return limits


@pytest.mark.parametrize("n", [1, 2, 5, 17, 61, 62, 64, 80, 134, 200, 331])
def test_probabilities(n):
    assert worst_of_probability(of_interval(wilson_interval), n) >= FLOOR
    assert worst_of_probability(of_interval(exact_interval), n) >= 0.95 - 1e-9


@pytest.mark.slow
def test_probabilities_for_every_number_of_trials():
    for n in [*range(1, 400), 500, 700, 1_000, 2_000]:
        assert worst_of_probability(of_interval(wilson_interval), n) >= FLOOR, n


def test_wilson_as_published_is_caught():
    """Twin: 84 % near n p = 0.2."""
    assert worst_of_probability(lambda k, n: wilson_limits(k / n, n), 200) < 0.85


def test_many_successes_are_at_the_level_itself():
    """Where they are counted in hundreds the interval is neither short nor long."""
    n, p = 1_000, np.linspace(0.1, 0.9, 81)
    low, high = np.array([of_interval(wilson_interval)(k, n) for k in range(n + 1)]).T
    mass = stats.binom.pmf(np.arange(n + 1)[:, None], n, p)
    cover = (mass * ((low[:, None] <= p) & (p <= high[:, None]))).sum(axis=0)
    assert cover.min() >= FLOOR
    assert cover.max() <= 0.965
    assert abs(cover.mean() - 0.95) < 0.005


EXPECTED = [0.0, 0.3, 1.0, 1.5, 2.0, 3.0, 5.0, 8.0, 12.0, 25.0, 33.0, 45.0]
"""Discordant pairs of a kind that are expected."""


def cover_of_pairs(make, n, own, other):
    """Coverage of the difference own / n - other / n over all tables that matter."""
    p, q = own / n, other / n
    most = [int(stats.binom.isf(1e-8, n, x)) for x in (p, q)]
    b, c = (x.ravel() for x in np.meshgrid(*(np.arange(m + 1) for m in most), indexing="ij"))
    fits = b + c <= n
    b, c = b[fits], c[fits]
    mass = stats.multinomial.pmf(np.stack([b, c, n - b - c], axis=1), n, [p, q, max(0.0, 1 - p - q)])
    kept = mass > 1e-9
    low, high = np.array([make(int(i), int(j), n) for i, j in zip(b[kept], c[kept], strict=True)]).T
    return float(mass[kept][(low <= p - q + TINY) & (p - q - TINY <= high)].sum())


def worst_of_pairs(make, n, expected=EXPECTED):
    make = lru_cache(maxsize=None)(make)
    return min(cover_of_pairs(make, n, x, y) for x in expected for y in expected if x + y <= n)


def own_pairs(b, c, n):
    found = paired_difference(b, c, n)
    return found.low, found.high


def own_superiority(b, c, n):
    found = superiority_interval(b, n - b - c, c)
    return 2 * found.low - 1, 2 * found.high - 1


def agresti_min(b, c, n):
    center, half = (b - c) / (n + 2), 1.959964 * np.sqrt(b + c + 1 - (b - c) ** 2 / (n + 2)) / (n + 2)
    return center - half, center + half


@pytest.mark.parametrize("n", [20, 200])
@pytest.mark.parametrize("make", [own_pairs, own_superiority])
def test_differences_of_pairs(make, n):
    assert worst_of_pairs(make, n, EXPECTED[::2] + [33.0]) >= FLOOR


@pytest.mark.slow
@pytest.mark.parametrize("n", [10, 50, 90, 1_000])
@pytest.mark.parametrize("make", [own_pairs, own_superiority])
def test_differences_of_pairs_for_more_numbers(make, n):
    assert worst_of_pairs(make, n) >= FLOOR


@pytest.mark.parametrize("other", [0.05, 0.18, 0.5, 1.5, 4.0])
def test_pairs_without_ties_are_a_probability(other):
    """Wins and losses only, and few losses: the limits are those of a share."""
    n = 60
    assert cover_of_pairs(own_superiority, n, n - other, other) >= FLOOR
    share = share_limits(57 / 60, n)
    assert own_pairs(57, 3, n) == pytest.approx((2 * share[0] - 1, 2 * share[1] - 1))
    assert own_pairs(60, 0, n)[0] == pytest.approx(2 * share_limits(1.0, n)[0] - 1)


def test_agresti_and_min_are_caught():
    """Twin: two discordant pairs expected of one kind, none of the other: 86 %."""
    assert cover_of_pairs(agresti_min, 200, 2.0, 0.0) < 0.88


def cover_apart(limits, n, p, m, q):
    """Coverage of p - q over all pairs of counts that matter."""
    shares = [(k / size, *limits(k / size, size)) for size in (n, m) for k in range(size + 1)]
    k, j = ([int(x) for x in stats.binom.ppf([1e-8, 1 - 1e-8], size, r)] for size, r in ((n, p), (m, q)))
    total = 0.0
    for a in range(k[0], k[1] + 1):
        mass = stats.binom.pmf(a, n, p)
        for b in range(j[0], j[1] + 1):
            low, high = difference_limits(shares[a], shares[n + 1 + b])
            total += mass * stats.binom.pmf(b, m, q) * (low <= p - q + TINY and p - q - TINY <= high)
    return total


APART = [(30, 26.35 / 30, 30, 3.07 / 30), (100, 0.208, 100, 0.714), (60, 0.02, 60, 0.0), (200, 0.01, 50, 0.04)]
APART += [(100, 0.35, 100, 0.42), (40, 0.5, 40, 0.9)]


@pytest.mark.parametrize(("n", "p", "m", "q"), APART)
def test_differences_apart(n, p, m, q):
    assert cover_apart(share_limits, n, p, m, q) >= FLOOR
    found = unpaired_difference(5, n, 2, m)
    assert (found.low, found.high) == difference_limits(
        (5 / n, *share_limits(5 / n, n)), (2 / m, *share_limits(2 / m, m))
    )


def test_newcombe_as_published_is_caught():
    """Twin: 92.6 %."""
    assert cover_apart(wilson_limits, *APART[0]) < FLOOR
