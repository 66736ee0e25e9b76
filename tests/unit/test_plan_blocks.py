"""The cut of a run into blocks, of blocks into tasks, of a run into shards."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcoom.errors import SpecError
from mcoom.run.cut import TaskCutter, missing_ranges, ranges_text
from mcoom.run.plan import BlockPlan
from mcoom.run.shard import Shard, parse_shard


@given(st.integers(1, 5), st.integers(1, 200), st.integers(1, 64))
def test_every_replicate_exactly_once_and_in_order(n_points, replicates, block):
    blocks = list(BlockPlan(n_points, replicates, block))
    done = [(b.point, r) for b in blocks for r in range(b.first, b.first + b.n_replicates)]
    assert done == [(point, r) for point in range(n_points) for r in range(replicates)]
    assert all(1 <= b.n_replicates <= block for b in blocks)


@given(st.integers(1, 200), st.integers(1, 200), st.integers(1, 64))
def test_more_replicates_keep_the_full_blocks(few, more, block):
    few, more = min(few, more), max(few, more)
    full = [b for b in BlockPlan(1, few, block) if b.n_replicates == block]
    assert list(BlockPlan(1, more, block))[: len(full)] == full


@pytest.mark.parametrize("numbers", [(0, 1, 1), (1, 0, 1), (1, 1, 0)])
def test_nothing_to_do_is_refused(numbers):
    with pytest.raises(ValueError, match="at least 1"):
        BlockPlan(*numbers)


def test_too_many_blocks_are_refused_and_a_large_plan_costs_nothing():
    with pytest.raises(SpecError, match="larger block"):
        BlockPlan(10**6, 10**9, 1)
    plan = BlockPlan(10**6, 200, 1)
    assert plan[len(plan) - 1] == (10**6 - 1, 199, 1)
    with pytest.raises(IndexError):
        plan[len(plan)]


DONE = st.lists(st.booleans(), min_size=1, max_size=60).map(lambda bits: np.array(bits, np.bool_))


@given(DONE, st.integers(1, 7), st.integers(1, 4), st.lists(st.floats(1e-6, 100), min_size=1, max_size=9))
def test_tasks_of_all_shards_are_what_is_missing(done, count, workers, seconds):
    """Whatever the shards, the workers and the times: every missing block in exactly one task."""
    todo = []
    for index in range(count):
        cutter = TaskCutter(missing_ranges(done, index, count), workers)
        for i, task in enumerate(cutter):
            assert task.step == count
            cutter.learn(len(task.blocks), seconds[i % len(seconds)])
            todo += task.blocks
    assert sorted(todo) == np.flatnonzero(~done).tolist()


def test_tasks_grow_with_what_they_take():
    cutter = TaskCutter([range(10**6)], 2)
    sizes = []
    for task in cutter:
        sizes.append(len(task.blocks))
        cutter.learn(len(task.blocks), 0.001 * len(task.blocks))
        if len(sizes) == 40:
            break
    assert sizes[0] == 1
    assert sizes == sorted(sizes)
    assert max(sizes) == 1000


def test_tasks_of_a_given_size_stay_so():
    cutter = TaskCutter([range(10), range(20, 25)], 2, n_blocks=4)
    sizes = []
    for task in cutter:
        sizes.append(len(task.blocks))
        cutter.learn(len(task.blocks), 100.0)
    assert sizes == [4, 4, 2, 4, 1]


def test_missing_blocks_in_words():
    assert ranges_text([range(3), range(7, 8)]) == "0-2, 7"
    assert "and 5 more ranges" in ranges_text([range(2 * i, 2 * i + 1) for i in range(25)])


SLURM = {"SLURM_ARRAY_TASK_ID": "7", "SLURM_ARRAY_TASK_COUNT": "4", "SLURM_ARRAY_TASK_MIN": "1",
         "SLURM_ARRAY_TASK_MAX": "10", "SLURM_ARRAY_TASK_STEP": "3"}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "environment", "shard"),
    [("0/1", {}, Shard()), ("2/8", {}, Shard(2, 8)), ("auto", SLURM, Shard(2, 4)),
     ("auto", {"LSB_JOBINDEX": "5", "LSB_JOBINDEX_END": "9", "LSB_JOBINDEX_STEP": "2"}, Shard(2, 5)),
     ("auto", {"SGE_TASK_ID": "3", "SGE_TASK_FIRST": "1", "SGE_TASK_LAST": "4", "SGE_TASK_STEPSIZE": "1"}, Shard(2, 4)),
     ("auto/8", {"PBS_ARRAY_INDEX": "0"}, Shard(0, 8)), ("auto/9", SLURM, Shard(2, 9))],
)  # fmt: skip
def test_shards_and_arrays(text, environment, shard):
    assert parse_shard(text, environment) == shard


@pytest.mark.parametrize(
    ("text", "environment", "says"),
    [("8/8", {}, "out of range"), ("x", {}, "not a share"), ("3", {}, "not a share"), ("1/0", {}, "out of range"),
     ("auto", {}, "no job of an array"), ("auto", {"PBS_ARRAY_INDEX": "3"}, "auto/n"),
     ("auto/2", {"PBS_ARRAY_INDEX": "3"}, "out of range"),
     ("auto", SLURM | {"SLURM_ARRAY_TASK_ID": "x"}, "not a number"),
     ("auto", {"SGE_TASK_ID": "undefined"}, "no job of an array")],
)  # fmt: skip
def test_wrong_shards(text, environment, says):
    with pytest.raises(SpecError, match=says):
        parse_shard(text, environment)
