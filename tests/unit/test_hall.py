"""Hall's limits against the cubic that they come from."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, stats

from mcoom.analysis.hall import box_freedom, hall_limits, hall_p


def cubic(t, skewness):
    """Hall (1992), equation (4) with g / sqrt(n) = skewness."""
    return t + skewness * t**2 / 3 + skewness**2 * t**3 / 27 + skewness / 6


@given(skewness=st.floats(-3, 3), freedom=st.floats(1.5, 1e6))
def test_limits_solve_the_cubic(skewness, freedom):
    t = stats.t.ppf(0.975, freedom)
    low, high = hall_limits(10.0, 2.0, skewness, freedom)
    for limit, target in ((low, t), (high, -t)):
        ratio = optimize.brentq(lambda x, y=target: cubic(x, skewness) - y, -1e5, 1e5, xtol=1e-13)
        assert limit == pytest.approx(10 - 2 * ratio, rel=1e-5, abs=1e-5)


def test_without_skewness_they_are_students():
    assert hall_limits(1.0, 0.5, 0.0, 12.0) == pytest.approx(stats.t.interval(0.95, 12, 1.0, 0.5))
    assert hall_p(2.0, 0.0, 12.0) == pytest.approx(2 * stats.t.sf(2.0, 12))


def test_a_small_skewness_loses_no_digits():
    steps = [hall_limits(0.0, 1.0, g, 30.0) for g in (9e-6, 1.1e-5, 1.3e-5)]
    assert np.diff([low for low, _ in steps]) == pytest.approx(np.full(2, np.diff([low for low, _ in steps]).mean()))


def test_a_skewed_law_is_further_up_than_down():
    low, high = hall_limits(0.0, 1.0, 0.5, 30.0)
    assert high > -low
    assert hall_limits(0.0, 1.0, -0.5, 30.0) == pytest.approx((-high, -low))


@given(skewness=st.floats(-2, 2), level=st.floats(0.5, 0.999))
def test_p_is_the_level_at_which_a_limit_is_there(skewness, level):
    for limit in hall_limits(0.0, 1.0, skewness, 20.0, level):
        assert hall_p(-limit, skewness, 20.0) == pytest.approx(1 - level, rel=1e-3)


def test_degrees_of_freedom_of_a_normal_variance():
    """The variance of s^2 is 2 sigma^4 / (n - 1)."""
    assert box_freedom(3.0, 2 * 9 / 11) == pytest.approx(11)
    assert box_freedom(1.0, 0.0) == float("inf")
