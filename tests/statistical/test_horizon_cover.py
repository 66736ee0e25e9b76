"""Coverage of restricted means from exact sums where few times are below the horizon, or few at it.

95 % intervals of one mean, of the difference of pairs and of independent groups, and of the ratio: at least 93.5 %
(alarm at the 1e-6 quantile). They are conservative there. Twin: Student's t.
"""

import numpy as np
import pytest
from scipy import stats

from mcoom.analysis.mean import mean_interval
from mcoom.analysis.pair_sums import PairSums
from mcoom.analysis.paired import pair_difference
from mcoom.analysis.restricted import contrast_means
from mcoom.analysis.result import Interval
from tests.statistical.exponential_pairs import FALSE_ALARM, SEED

TAU = 1_000_000
RATIO = 1.25


def nearly_all_wait(u, factor):
    """Exponential; nine in ten reach the horizon."""
    return np.minimum(TAU, -np.log(u) * factor * TAU / -np.log(0.9)).astype(np.int64)


def few_wait(u, factor):
    """Short times, and one in a hundred at the horizon."""
    return np.where(u < 0.01 * factor, TAU, 1_000 + 300 * np.sin(1e4 * u)).astype(np.int64)


def draw(rng, law, n):
    """Two groups of correlated pairs, and one more, independent, with the law of the second."""
    common, own, other = rng.standard_normal((3, n))
    u, v = (stats.norm.cdf(0.7**0.5 * common + 0.3**0.5 * x) for x in (own, other))
    return law(u, 1.0), law(v, RATIO), law(rng.random(n), RATIO)


def sums(x, y):
    totals = (int(t.sum()) for t in (x, x * x, y, y * y, x * y))
    return PairSums(len(x), *totals, TAU, (int((x == TAU).sum()), int((y == TAU).sum())))


def student(x):
    half = stats.t.ppf(0.975, len(x) - 1) * x.std(ddof=1) / len(x) ** 0.5
    return Interval(x.mean(), x.mean() - half, x.mean() + half, "t")


def truth(law):
    grid = (np.arange(2_000_000) + 0.5) / 2_000_000
    return float(law(grid, 1.0).mean()), float(law(grid, RATIO).mean())


def hits(law, n, repeats):
    rng, (first, second) = np.random.default_rng([SEED, n]), truth(law)
    found = dict.fromkeys(("t", "mean", "pairs", "apart", "ratio"), 0)
    for _ in range(repeats):
        x, y, z = draw(rng, law, n)
        both, apart = sums(x, y), sums(x, z)
        ends = (0.0, float(TAU))
        contrast = contrast_means(*apart.means(0.95), float(TAU))
        limits = {
            "t": (student(x), first),
            "mean": (mean_interval(both.x, both.xx, n, ends, n_top=both.tops[0]), first),
            "pairs": (pair_difference(both, 0.95), first - second),
            "apart": (contrast.difference, first - second),
            "ratio": (contrast.ratio, first / second),
        }
        for name, (interval, value) in limits.items():
            high = np.inf if interval.high is None else interval.high
            found[name] += interval.low is not None and interval.low <= value <= high
    return found


def check_cover(law, n, repeats, is_caught):
    found = hits(law, n, repeats)
    enough = stats.binom.ppf(FALSE_ALARM, repeats, 0.935)
    for name in ("mean", "pairs", "apart", "ratio"):
        assert found[name] >= enough, (name, found[name] / repeats)
    assert not is_caught or found["t"] < enough


@pytest.mark.parametrize(("law", "n"), [(nearly_all_wait, 50), (few_wait, 500)])
def test_cover_and_student_t_is_caught(law, n):
    check_cover(law, n, 1_500, is_caught=True)


@pytest.mark.slow
@pytest.mark.parametrize("n", [50, 100, 200, 400, 1_000])
def test_cover_where_nearly_all_wait(n):
    check_cover(nearly_all_wait, n, 4_000, is_caught=False)


@pytest.mark.slow
@pytest.mark.parametrize("n", [500, 1_000, 3_000, 5_000])
def test_cover_where_few_wait(n):
    check_cover(few_wait, n, 4_000, is_caught=False)


def exponential_hits(make, n, repeats):
    x = np.random.default_rng([SEED, n]).exponential(TAU / 50, (repeats, n)).astype(np.int64)
    found = (make(row) for row in x)
    return sum(i.low <= TAU / 50 <= i.high for i in found)


@pytest.mark.parametrize("n", [20, 30, 50])
def test_few_replicates_without_censoring(n):
    """Exponential, nobody at the horizon. Twin: Student's t with all its degrees of freedom, 92 % with n = 20."""
    ends, repeats = (0.0, float(TAU)), 10_000
    enough = stats.binom.ppf(FALSE_ALARM, repeats, 0.935)
    own = exponential_hits(lambda x: mean_interval(int(x.sum()), int((x * x).sum()), n, ends, n_top=0), n, repeats)
    assert own >= enough
    assert n > 20 or exponential_hits(student, n, repeats) < enough
