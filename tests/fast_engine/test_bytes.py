"""The skip engine gives the exact engine's bytes, and so does the fast one where passes have one cost."""

import random

import numpy as np
import pytest

from mcoom.codes import Engine, Trace
from mcoom.engine.layout import MACHINE, OUT_FIELDS
from mcoom.engine.replicates import run_block, trace_replicate
from tests.fast_engine.cells import Cell, cells, inputs_of, outputs, with_engine
from tests.oracle.scenario import random_scenario
from tests.oracle_match.test_traces import lower

MS = 10**6
N_RANDOM = 600
CHUNK = 100
ONE_COST = "costs.reclaim_pass_shape=constant"


def with_storms(rng, scenario):
    """Change one of the oracle's random scenarios so that there is more often something to jump over."""
    machine, policy, classes, _ = scenario
    machine.update(max_events=1 << 60, preempt=int(rng.random() < 0.85), pass_ns=max(machine["pass_ns"], 5000))
    machine["horizon_ns"] = rng.choice((300, 1000, 3000, 10000)) * MS
    policy["lock"] = rng.choice((0, 0, 0, 0, 1, 2))
    if rng.random() < 0.6:
        machine["rt_runtime_ns"] = 950 * MS
    if rng.random() < 0.7:
        machine["reclaimable_pages"] = 0
    for row in classes:
        if row["program"] == 2:
            row["adj"] = rng.choice((0, 500, 1000))
        if row["sclass"] >= 3 and rng.random() < 0.85:
            row["sclass"] = 0
        if row["sclass"] != 2 and rng.random() < 0.7:
            row["weight"] = 1024
        if rng.random() < 0.5:
            row["affinity"] = (1 << machine["n_cpus"]) - 1
        if row["program"] == 0 and rng.random() < 0.6:
            row.update(adj=-1000, limit_pages=-1)
        if rng.random() < 0.3:
            row["count"] *= rng.choice((1, 2, 5))
    return scenario


def differences(a, b):
    return {name: (int(x), int(y)) for name, x, y in zip(OUT_FIELDS, a, b, strict=True) if x != y}


@pytest.mark.parametrize("chunk", range(N_RANDOM // CHUNK))
def test_skipping_changes_no_byte_of_random_scenarios(chunk, base_seed):
    n_jumped = 0
    for seed in range(base_seed + chunk * CHUNK, base_seed + (chunk + 1) * CHUNK):
        rng = random.Random(seed)
        inputs, policy = lower(*with_storms(rng, random_scenario(rng)), seed, 0, 0)
        skipping = with_engine(inputs, Engine.SKIP)
        exact, skipped = run_block(inputs, policy)[0], run_block(skipping, policy)[0]
        assert differences(exact, skipped) == {}, f"scenario {seed}"
        trace, out = trace_replicate(skipping, policy, 0)
        assert differences(out, skipped) == {}, "tracing changes the outputs"
        n_jumped += bool((trace[:, 1] == Trace.JUMP).any())
    assert n_jumped >= CHUNK // 20


@pytest.mark.parametrize("cell", cells(), ids=str)
def test_skipping_changes_no_byte_of_a_storm(cell):
    assert np.array_equal(outputs(cell, Engine.EXACT, 5), outputs(cell, Engine.SKIP, 5))


@pytest.mark.parametrize("cell", cells()[::5], ids=str)
def test_one_cost_of_a_pass_makes_the_fast_engine_equal_to_the_byte(cell):
    constant = Cell(cell.policy, (*cell.changes, ONE_COST))
    assert np.array_equal(outputs(constant, Engine.EXACT, 5), outputs(constant, Engine.FAST, 5))


def test_a_trace_skips_what_a_jump_passed_over():
    inputs, policy = inputs_of(Cell("trylock_spin", ("class.storm.count=24",)), 1)
    exact, _ = trace_replicate(inputs, policy, 0)
    skipped, _ = trace_replicate(with_engine(inputs, Engine.SKIP), policy, 0)
    jumps = skipped[skipped[:, 1] == Trace.JUMP]
    assert jumps.size
    inside = np.zeros(len(exact), bool)
    for begin, end in jumps[:, [0, 4]]:
        inside |= (exact[:, 0] > begin) & (exact[:, 0] < end)
    n_passed = {int(code): int((exact[inside, 1] == code).sum()) for code in Trace}
    assert n_passed[Trace.KILL] == n_passed[Trace.ACQUIRE] == n_passed[Trace.UNLOCK] == 0
    kept = skipped[skipped[:, 1] != Trace.JUMP]
    rare = (Trace.ACQUIRE, Trace.KILL, Trace.UNLOCK, Trace.RELEASE, Trace.EXIT, Trace.GATE, Trace.SLEEP)
    for code in rare:
        assert np.array_equal(exact[exact[:, 1] == code], kept[kept[:, 1] == code])


def test_the_budget_is_spent_on_events_alone():
    cell = Cell("trylock_spin", ("class.storm.count=64", "machine.hz=1000"))
    inputs, policy = inputs_of(cell, 2)
    tight = with_engine(inputs, Engine.SKIP, max_events=20_000)
    assert np.array_equal(run_block(tight, policy), run_block(inputs, policy))
    assert MACHINE["engine"] == max(MACHINE.values())
