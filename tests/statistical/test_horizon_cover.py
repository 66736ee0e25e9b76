"""Coverage of restricted means from exact sums where few times are below the horizon, or few at it.

95 % intervals of one mean, of the difference of pairs and of independent groups, and of the ratio: at least 93.5 %
(alarm at the 1e-6 quantile). They are conservative there. Twin: Student's t.
"""

import numpy as np
import pytest
from scipy import stats

from mcoom.analysis.mean import seen_interval
from mcoom.analysis.result import Interval
from tests.statistical.exponential_pairs import FALSE_ALARM, SEED
from tests.statistical.skewed_laws import seen_of, two_apart, two_paired

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
        both, apart = two_paired(x, y, TAU, seen_interval), two_apart(x, z, TAU, seen_interval)
        limits = {
            "t": (student(x), first),
            "mean": (seen_of(x, TAU), first),
            "pairs": (both.difference(), first - second),
            "apart": (apart.difference(), first - second),
            "ratio": (apart.ratio(), first / second),
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
