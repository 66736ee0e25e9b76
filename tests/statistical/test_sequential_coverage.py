"""Confidence sequences hold at all times at once; the usual intervals, looked at as often, do not.

Each test follows many independent runs from the first replicate on, looks at the interval again and again, and counts
the runs in which it was wrong at any look. At most 5 % may be, by theorem; a test fails if the count is above the
1 - 1e-6 quantile of a binomial law at 5 %, so its false-alarm rate is below 1e-6. Seeds are fixed. Twins: the exact
interval for a fixed n, and Student's t, must be wrong in far more runs.
"""

import numpy as np
import pytest
from scipy.special import betaincinv
from scipy.stats import binom

from mcoom.analysis.sequential import MeanSequence, proportion_sequence, quantile_ranks

ALPHA = 0.05
FALSE_ALARM = 1e-6


def check_misses(n_missed, repeats):
    """At most alpha of the runs are ever wrong."""
    assert n_missed <= binom.ppf(1 - FALSE_ALARM, repeats, ALPHA), f"{n_missed} of {repeats} runs were wrong"


def check_twin(n_missed, repeats, at_least=0.15):
    """A twin that is wrong in fewer runs than this would make the test above toothless."""
    assert n_missed >= at_least * repeats, f"only {n_missed} of {repeats}"


def looks_up_to(n, factor=1.03):
    """Every n up to 30, then rising by a factor."""
    looks = list(range(1, 31))
    while looks[-1] < n:
        looks.append(min(n, max(looks[-1] + 1, int(looks[-1] * factor))))
    return np.array(looks)


def counts_at(rng, p, looks, repeats):
    """(repeats, looks) successes so far."""
    steps = np.diff(looks, prepend=0)
    return np.cumsum(rng.binomial(steps, p, (repeats, len(steps))), axis=1)


def proportion_misses(p, n, repeats, seed):
    """Runs in which a limit was ever wrong: of the sequence, and of Clopper and Pearson's interval."""
    looks = looks_up_to(n)
    k = counts_at(np.random.default_rng(seed), p, looks, repeats)
    n_all = np.broadcast_to(looks, k.shape)
    low, high = proportion_sequence(k, k, n_all, ALPHA)
    with np.errstate(invalid="ignore"):
        exact_low = np.where(k > 0, betaincinv(np.maximum(k, 1), n_all - k + 1, ALPHA / 2), 0)
        exact_high = np.where(k < n_all, betaincinv(k + 1, np.maximum(n_all - k, 1), 1 - ALPHA / 2), 1)
    ours = ((low > p) | (high < p)).any(axis=1).sum()
    theirs = ((exact_low > p) | (exact_high < p)).any(axis=1).sum()
    return int(ours), int(theirs)


def test_proportion_smoke():
    ours, theirs = proportion_misses(0.1, 3_000, 500, 1)
    check_misses(ours, 500)
    check_twin(theirs, 500)


@pytest.mark.slow
@pytest.mark.parametrize(("p", "n"), [(0.5, 100_000), (0.1, 100_000), (0.01, 200_000), (0.001, 1_000_000)])
def test_proportion(p, n):
    repeats = 4_000
    ours, theirs = proportion_misses(p, n, repeats, 2)
    check_misses(ours, repeats)
    check_twin(theirs, repeats)


def quantile_misses(prob, n, repeats, seed):
    """Runs in which the true quantile was ever outside its ranks: of the sequence, and of the binomial interval."""
    looks = looks_up_to(n, 1.1)
    at_or_below = counts_at(np.random.default_rng(seed), prob, looks, repeats)
    bands = [quantile_ranks(int(m), prob, ALPHA) for m in looks]
    low, high = np.array([b.low for b in bands]), np.array([b.high for b in bands])
    # The true quantile of a continuous law lies between the values number at_or_below and at_or_below + 1.
    ours = ((at_or_below < low) | (at_or_below >= high)).any(axis=1).sum()
    fixed_low, fixed_high = binom.ppf(ALPHA / 2, looks, prob), binom.ppf(1 - ALPHA / 2, looks, prob)
    theirs = ((at_or_below < fixed_low) | (at_or_below > fixed_high)).any(axis=1).sum()
    return int(ours), int(theirs)


def test_quantile_smoke():
    ours, theirs = quantile_misses(0.5, 3_000, 500, 3)
    check_misses(ours, 500)
    check_twin(theirs, 500)


@pytest.mark.slow
@pytest.mark.parametrize(("prob", "n"), [(0.5, 100_000), (0.9, 100_000), (0.99, 100_000)])
def test_quantile(prob, n):
    repeats = 4_000
    ours, theirs = quantile_misses(prob, n, repeats, 4)
    check_misses(ours, repeats)
    check_twin(theirs, repeats)


LIMIT = 1_000_000


def uniform(rng, size):
    return rng.integers(0, LIMIT + 1, size), LIMIT / 2


def short_times(rng, size):
    """Times of a thousandth of the horizon."""
    return rng.integers(500, 1_500, size, endpoint=True), 1_000.0


def rare_horizon(rng, size):
    """Short times, and one in two hundred that reaches the horizon: a rare livelock."""
    return np.where(rng.random(size) < 0.005, LIMIT, 1_000), 1_000 + 0.005 * (LIMIT - 1_000)


def two_points(rng, size):
    return np.where(rng.random(size) < 0.5, LIMIT, 0), LIMIT / 2


def mean_misses(law, n_blocks, repeats, seed):
    """Runs in which a limit was ever wrong: of the sequence, and of Student's t (normal) after each block."""
    rng = np.random.default_rng(seed)
    sizes = np.unique(np.geomspace(20, 20 * 1.25**n_blocks, n_blocks).astype(int))
    ours = theirs = 0
    for _ in range(repeats):
        sequence, n, total, square = MeanSequence(LIMIT), 0, 0, 0
        wrong = fixed_wrong = False
        for size in sizes:
            values, mean = law(rng, size)
            block = int(values.sum()), int((values * values).sum())
            sequence = sequence.feed(int(size), *block)
            low, high = sequence.interval(ALPHA)
            wrong |= not low <= mean <= high
            n, total, square = n + size, total + block[0], square + block[1]
            half = 1.96 * np.sqrt(max(0.0, square / n - (total / n) ** 2) / n)
            fixed_wrong |= abs(total / n - mean) > half
        ours, theirs = ours + wrong, theirs + fixed_wrong
    return ours, theirs


def test_mean_smoke():
    ours, theirs = mean_misses(rare_horizon, 12, 100, 5)
    check_misses(ours, 100)
    check_twin(theirs, 100)


@pytest.mark.slow
@pytest.mark.parametrize("law", [uniform, short_times, rare_horizon, two_points])
def test_mean(law):
    repeats = 2_000
    ours, theirs = mean_misses(law, 25, repeats, 6)
    check_misses(ours, repeats)
    check_twin(theirs, repeats)
