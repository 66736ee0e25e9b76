"""Two-limb sums against Python integers, which have no limit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcoom.tally.limbs import (
    add_limbs,
    int_from_limbs,
    ints_from_limbs,
    limbs_from_ints,
    sum_limbs,
    sum_product_limbs,
)

wide = st.integers(0, 2**127 - 1)
times = st.integers(0, 2**62)


@given(st.lists(wide, min_size=1, max_size=5))
def test_limbs_and_integers_are_one_to_one(values):
    limbs = limbs_from_ints(values)
    assert ints_from_limbs(limbs) == values
    assert int_from_limbs(limbs) == sum(values)


@given(wide, wide)
def test_addition_carries(a, b):
    assert ints_from_limbs(add_limbs(limbs_from_ints([a]), limbs_from_ints([b]))) == [a + b]


@pytest.mark.parametrize("value", [-1, 2**128])
def test_what_does_not_fit_is_refused(value):
    with pytest.raises(OverflowError):
        limbs_from_ints([value])


@settings(deadline=None)
@given(st.lists(st.tuples(times, times), min_size=1, max_size=20), st.data())
def test_sums_of_groups_are_exact(pairs, data):
    n = len(pairs)
    starts = sorted({0} | set(data.draw(st.lists(st.integers(0, n - 1), max_size=4))))
    x, y = np.array(pairs, dtype=np.int64).T
    ends = [*starts[1:], n]
    groups = [pairs[a:b] for a, b in zip(starts, ends, strict=True)]
    at = np.array(starts)
    assert ints_from_limbs(sum_limbs(x, at)) == [sum(a for a, _ in g) for g in groups]
    assert ints_from_limbs(sum_product_limbs(x, y, at)) == [sum(a * b for a, b in g) for g in groups]
    assert ints_from_limbs(sum_product_limbs(x, x, at)) == [sum(a * a for a, _ in g) for g in groups]


def test_the_case_that_needs_two_limbs():
    x = np.full(100_000, 10**12, dtype=np.int64)
    total = int_from_limbs(sum_product_limbs(x, x, np.array([0])))
    assert total == 10**24 * 100_000
    assert total > 2**64
