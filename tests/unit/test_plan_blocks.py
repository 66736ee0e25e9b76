"""The cut of a run into blocks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcoom.run.plan import plan_blocks


@given(st.integers(1, 5), st.integers(1, 200), st.integers(1, 64))
def test_every_replicate_exactly_once_and_in_order(n_points, replicates, block):
    blocks = plan_blocks(n_points, replicates, block)
    done = [(b.point, r) for b in blocks for r in range(b.first, b.first + b.n_replicates)]
    assert done == [(point, r) for point in range(n_points) for r in range(replicates)]
    assert all(1 <= b.n_replicates <= block for b in blocks)


@given(st.integers(1, 200), st.integers(1, 200), st.integers(1, 64))
def test_more_replicates_keep_the_full_blocks(few, more, block):
    few, more = min(few, more), max(few, more)
    full = [b for b in plan_blocks(1, few, block) if b.n_replicates == block]
    assert list(plan_blocks(1, more, block)[: len(full)]) == full


@pytest.mark.parametrize("numbers", [(0, 1, 1), (1, 0, 1), (1, 1, 0)])
def test_nothing_to_do_is_refused(numbers):
    with pytest.raises(ValueError, match="at least 1"):
        plan_blocks(*numbers)
