"""Sleep storms: skip gives the exact engine's bytes, fast its law, and the tests see a bias of a thousandth."""

import random

import numpy as np
import pytest

from mcoom.codes import Engine, Trace
from mcoom.engine.layout import MACHINE, OUT
from mcoom.engine.replicates import run_block, trace_replicate
from tests.fast_engine.cells import (
    UNGATED,
    Cell,
    herd_cells,
    inputs_of,
    outputs,
    p_value,
    p_values,
    random_herd,
    rejected,
    with_engine,
)
from tests.fast_engine.test_law import FAMILY, compare

STUCK = Cell("linux-4.13", ("machine.hz=1000", "class.storm.count=100", "scenario.horizon=1 s"))
ONE_COST = "costs.reclaim_pass_shape=constant"
N_RANDOM = 45


def has_jump(cell, engine, seed=1):
    inputs, policy = inputs_of(cell, 1, 0, seed)
    trace, out = trace_replicate(with_engine(inputs, engine), policy, 0, 200_000)
    assert np.array_equal(out, run_block(with_engine(inputs, engine), policy)[0]), "tracing changes the outputs"
    return bool((trace[:, 1] == Trace.JUMP).any())


@pytest.mark.parametrize("cell", herd_cells(), ids=str)
def test_skipping_changes_no_byte_of_a_sleep_storm(cell):
    assert np.array_equal(outputs(cell, Engine.EXACT, 3), outputs(cell, Engine.SKIP, 3))


def test_skipping_changes_no_byte_of_random_sleep_storms(base_seed):
    n_jumped = 0
    for seed in range(base_seed, base_seed + N_RANDOM):
        cell = random_herd(random.Random(seed))
        exact, skipped = outputs(cell, Engine.EXACT, 1, 0, seed), outputs(cell, Engine.SKIP, 1, 0, seed)
        assert np.array_equal(exact, skipped), f"seed {seed}: {cell}"
        n_jumped += has_jump(cell, Engine.SKIP, seed)
    assert n_jumped >= N_RANDOM // 10


@pytest.mark.parametrize("cell", herd_cells()[::4], ids=str)
def test_one_cost_of_a_pass_makes_fast_sleep_storms_equal_to_the_byte(cell):
    constant = Cell(cell.policy, (*cell.changes, ONE_COST))
    assert np.array_equal(outputs(constant, Engine.EXACT, 3), outputs(constant, Engine.FAST, 3))


def test_most_sleep_storms_are_jumped_over():
    jumped = [cell for cell in herd_cells() if has_jump(cell, Engine.FAST)]
    assert len(jumped) >= len(herd_cells()) * 2 // 3


def test_a_few_sleep_storms_are_equal_in_law(base_seed):
    p = compare(herd_cells()[:8:3] + herd_cells()[-3:], 100, base_seed, np.random.default_rng(base_seed))
    assert len(p) > 25
    assert rejected(p, FAMILY) == []


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_all_sleep_storms_are_equal_in_law(base_seed):
    p = compare(herd_cells(), 1500, base_seed, np.random.default_rng(base_seed))
    assert len(p) > 250
    assert rejected(p, FAMILY) == []


def biased(cell, n):
    """Run replicates that the exact engine does not, with passes that cost a thousandth more."""
    inputs, policy = inputs_of(cell, n, n)
    longer = inputs.machine[:, MACHINE["pass_ns"]] * 1001 // 1000
    return run_block(with_engine(inputs, Engine.FAST, pass_ns=longer), policy)


def test_a_bias_of_a_thousandth_is_seen_at_the_horizon(base_seed):
    p = p_values(outputs(STUCK, Engine.EXACT, 200), biased(STUCK, 200), np.random.default_rng(base_seed))
    assert {"n_pass", "n_entry", "n_tryfail", "n_switch"} <= set(rejected(p, FAMILY))


def test_a_bias_of_a_thousandth_is_seen_before_the_horizon(base_seed):
    """Where the owner gets on, how many passes there are is up to it; what one costs is not."""
    rng = np.random.default_rng(base_seed)
    cell = Cell("linux-4.13", ("machine.hz=1000", "class.storm.count=400", "class.owner.policy=other", UNGATED))
    exact, fast, wrong = (
        1000 * rows[:, OUT["futile_ns"]] // rows[:, OUT["n_pass"]]
        for rows in (outputs(cell, Engine.EXACT, 200), outputs(cell, Engine.FAST, 200, 200), biased(cell, 200))
    )
    assert p_value(exact, fast, rng) > FAMILY
    assert p_value(exact, wrong, rng) < FAMILY
