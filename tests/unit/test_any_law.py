"""Limits for every law, against the law that they approximate and the theorem that they contain."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcoom.analysis.any_law import any_law_limits
from mcoom.analysis.proportion import clopper_pearson


@pytest.mark.parametrize("n", [10, 30, 500, 100_000])
def test_of_two_ends_they_are_those_of_a_share(n):
    for k in (1, 3, n // 2, n - 1):
        found = any_law_limits(np.array([0.0, 1.0]), np.array([n - k, k], dtype=float), (0.0, 1.0))
        assert np.abs(np.array(found) - k / n) == pytest.approx(
            np.abs(np.array(clopper_pearson(k, n)) - k / n), rel=0.003
        )


def test_of_equal_values_they_are_exact():
    low, high = any_law_limits(np.array([7.0]), np.array([50.0]), (0.0, 100.0), 0.9)
    unseen = 1 - 0.05 ** (1 / 50)
    assert (low, high) == pytest.approx((7 - unseen * 7, 7 + unseen * 93))
    assert any_law_limits(np.array([0.0]), np.array([50.0]), (0.0, 100.0))[0] == 0


@pytest.mark.parametrize("top", [8.0, 100.0, 1e5])
@pytest.mark.parametrize("n", [20, 200])
def test_against_drawn_weights(n, top):
    """The gaps between n uniform draws are Dirichlet; quantiles of 100,000 of them are known to 0.5 %."""
    rng = np.random.default_rng(3)
    values = np.minimum(rng.exponential(1, n), 8)
    weights = rng.dirichlet(np.ones(n + 1), 100_000)
    low, high = any_law_limits(values, np.ones(n), (0.0, top))
    mean = values.mean()
    assert high - mean == pytest.approx(np.quantile(weights @ np.append(values, top), 0.975) - mean, rel=0.02)
    assert mean - low == pytest.approx(mean - np.quantile(weights @ np.append(values, 0.0), 0.025), rel=0.02)


@given(
    st.lists(st.tuples(st.floats(0, 1e9), st.integers(1, 10**6)), min_size=1, max_size=30),
    st.floats(1e9, 1e13),
)
def test_they_hold_the_mean_and_stay_in_the_range(rows, top):
    values, counts = (np.array(x, dtype=float) for x in zip(*rows, strict=True))
    low, high = any_law_limits(values, counts, (0.0, top))
    mean = float(values @ counts / counts.sum())
    assert 0 <= low <= mean * (1 + 1e-9) and mean * (1 - 1e-9) <= high <= top


def test_a_farther_end_and_fewer_values_make_them_wider():
    values, counts = np.array([1.0, 2.0, 3.0]), np.array([10.0, 20.0, 10.0])
    highs = [any_law_limits(values, counts, (0.0, top))[1] for top in (3.0, 10.0, 1000.0)]
    assert highs == sorted(highs) and highs[0] < highs[-1]
    assert any_law_limits(values, 10 * counts, (0.0, 10.0))[1] < highs[1]


def test_both_sides_are_mirrors():
    values, counts = np.array([1.0, 2.0, 9.0]), np.array([10.0, 20.0, 10.0])
    low, high = any_law_limits(values, counts, (0.0, 10.0))
    assert any_law_limits(10 - values, counts, (0.0, 10.0)) == pytest.approx((10 - high, 10 - low))
