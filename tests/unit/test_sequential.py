"""Confidence sequences: against brute force, against the definition, and at their edges."""

import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import beta, betabinom

from mcoom.analysis.sequential import (
    MeanSequence,
    _gamma_log_e,
    _one_sided_log_e,
    gamma_boundary,
    mixture_log_e,
    proportion_sequence,
    quantile_ranks,
)


def limits(k, n, alpha=0.05):
    low, high = proportion_sequence(np.array([k]), np.array([k]), np.array([n]), alpha)
    return float(low[0]), float(high[0])


@pytest.mark.parametrize(("k", "n"), [(0, 10), (3, 10), (10, 10), (1, 1000), (500, 1000), (7, 10**8)])
def test_limits_are_where_the_evidence_reaches_the_bar(k, n):
    low, high = limits(k, n)
    assert low <= k / n <= high
    for p in (low, high):
        if 0 < p < 1:
            assert math.exp(mixture_log_e(float(k), float(n), p)) == pytest.approx(20, rel=1e-6)


def test_evidence_is_the_ratio_to_the_beta_binomial():
    """The mixture is the beta-binomial probability over the binomial one; the number of orders cancels."""
    k, n, p = 4, 11, 0.7
    ratio = betabinom.pmf(k, n, 0.5, 0.5) / (math.comb(n, k) * p**k * (1 - p) ** (n - k))
    assert math.exp(mixture_log_e(float(k), float(n), p)) == pytest.approx(ratio)


def test_evidence_is_a_fair_game():
    """Under the truth the evidence is 1 on average: summed over every outcome of n trials."""
    for p, n in ((0.3, 9), (0.01, 20)):
        mean = sum(math.comb(n, k) * p**k * (1 - p) ** (n - k) * math.exp(mixture_log_e(float(k), float(n), p))
                   for k in range(n + 1))  # fmt: skip
        assert mean == pytest.approx(1)


def test_nothing_seen_says_nothing():
    assert limits(0, 0) == (0.0, 1.0)
    assert quantile_ranks(0, 0.5).low == 0
    assert quantile_ranks(0, 0.5).high == 1
    assert MeanSequence(100).interval() == (0.0, 100.0)
    assert MeanSequence(100).value is None


def test_what_is_not_known_widens():
    low, high = proportion_sequence(np.array([5]), np.array([9]), np.array([100]))
    assert float(low[0]) == limits(5, 100)[0]
    assert float(high[0]) == limits(9, 100)[1]


@pytest.mark.parametrize("is_below", [True, False])
def test_one_sided_evidence_is_the_truncated_mixture(is_below):
    k, n, p = 3, 12, 0.4
    ends = (0, p) if is_below else (p, 1)
    weight = quad(beta(0.5, 0.5).pdf, *ends)[0]
    mixed = quad(lambda q: beta(0.5, 0.5).pdf(q) * (q / p) ** k * ((1 - q) / (1 - p)) ** (n - k), *ends)[0] / weight
    assert _one_sided_log_e(k, n, p, is_below=is_below) == pytest.approx(math.log(mixed), rel=1e-5)


@pytest.mark.parametrize(("n", "prob"), [(5, 0.5), (40, 0.5), (500, 0.99), (3000, 0.01)])
def test_ranks_by_trying_all(n, prob):
    bar = math.log(2 / 0.05)
    kept_low = [k for k in range(n + 1) if _one_sided_log_e(k, n, prob, is_below=True) <= bar]
    kept_high = [k for k in range(n + 1) if _one_sided_log_e(k, n, prob, is_below=False) <= bar]
    band = quantile_ranks(n, prob)
    assert (band.low, band.high) == (min(kept_low), max(kept_high) + 1)


@pytest.mark.parametrize(("s", "v", "rho"), [(3.0, 2.0, 1.0), (10.0, 20.0, 1.0), (5.0, 0.0, 2.0)])
def test_gamma_mixture_by_quadrature(s, v, rho):
    weight = quad(lambda t: t ** (rho - 1) * math.exp(-rho * t), 0, 1)[0]
    mixed = quad(lambda t: math.exp((1 - t) * (s + v)) * t ** (v + rho - 1) * math.exp(-rho * t), 0, 1)[0] / weight
    assert _gamma_log_e(s, v, rho) == pytest.approx(math.log(mixed))


def test_boundary_grows_like_a_root():
    ratio = gamma_boundary(1e8, 0.025) / gamma_boundary(1e6, 0.025)
    assert 10 < ratio < 12
    assert gamma_boundary(0.0, 0.025) > 0


def feed(values, cuts, limit):
    sequence = MeanSequence(limit)
    for part in np.split(values, cuts):
        sequence = sequence.feed(len(part), int(part.sum()), int((part * part).sum()))
    return sequence


def test_mean_sums_are_exact_whatever_the_size():
    """10^18 squared times 1000 is beyond every machine word; the sums are Python integers."""
    limit = 10**12
    values = np.array([limit, 0, limit - 1, 5] * 5, dtype=object)
    sequence = feed(values, [4, 10], limit)
    assert sequence.value == pytest.approx(float(sum(values)) / 20)
    c1 = min(2 * (sum(values[:4]) // 4), limit)
    assert sequence.reach == c1
    first = sum(values[:4]) // 4
    second = sum(values[:10]) // 10
    by_hand = sum((v - first) ** 2 for v in values[4:10]) + sum((v - second) ** 2 for v in values[10:])
    assert sequence.square == by_hand


def test_mean_narrows_and_keeps_its_limits():
    rng = np.random.default_rng(5)
    values = rng.integers(0, 1000, 200_000)
    widths = []
    for n in (200, 2_000, 20_000, 200_000):
        low, high = feed(values[:n], [100], 1_000_000).interval()
        assert 0 <= low < 499.5 < high <= 1_000_000
        widths.append(high - low)
    assert widths == sorted(widths, reverse=True)
    # Values lie in the lowest thousandth of their range: the side that this bounds is much the tighter one.
    low, high = feed(values[:2000], [100], 1_000_000).interval()
    assert 499.5 - low < (high - 499.5) / 10


def test_equal_values_still_leave_room_for_others():
    """A thousand equal times do not prove that there are no others."""
    low, high = feed(np.full(1000, 500), [100], 1000).interval()
    assert low < 500 < high
    assert high - low > 1000 / 900
