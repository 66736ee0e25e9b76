"""Evenly spread keys: each as random as before, together evenly spread."""

import numpy as np
from scipy import stats

from mcoom.design.stream import draw
from mcoom.rare.strata import even_keys
from mcoom.rare.system import segment_keys


def test_first_draws_of_a_group_lie_one_in_each_part():
    group = np.array([3, 1, 1, 3, 1, 2, 1])
    keys = even_keys(segment_keys(1, 0, 0, 7), group)
    u = draw(keys, 0).astype(float) / 2**64
    for number in (1, 2, 3):
        m = (group == number).sum()
        assert sorted((u[group == number] * m).astype(int)) == list(range(m))
    assert len(np.unique(keys)) == 7
    assert not len(even_keys(segment_keys(1, 0, 0, 0), group[:0]))


def test_each_key_by_itself_is_uniform():
    """Kolmogorov and Smirnov, 1e-6: first and second draw of one copy of five, over 4,000 fronts."""
    group = np.zeros(5, np.int64)
    keys = np.array([even_keys(segment_keys(2, 0, 5 * i, 5), group)[1] for i in range(4_000)])
    for number in (0, 1):
        assert stats.kstest(draw(keys, number).astype(float) / 2**64, "uniform").pvalue > 1e-6


def test_later_draws_are_independent():
    """The second draws of two copies of a pair are uncorrelated (5 standard errors), the first ones are not."""
    group = np.zeros(2, np.int64)
    keys = np.array([even_keys(segment_keys(3, 0, 2 * i, 2), group) for i in range(4_000)])
    first, second = (draw(keys.ravel(), k).reshape(-1, 2).astype(float) for k in (0, 1))
    assert abs(np.corrcoef(second.T)[0, 1]) < 5 / 4_000**0.5
    assert np.corrcoef(first.T)[0, 1] < -0.5
