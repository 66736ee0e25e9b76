"""The engine gives the oracle's trace and outputs, event for event, on random small scenarios.

The oracle (tests/oracle) was written from docs/model.md alone. Equality, not closeness: there is no error rate. The
coverage test makes sure that every code of every mechanism took part in an episode with a kill.
"""

import collections
import random

import numpy as np
import pytest

from mcoom.codes import (
    EndReason,
    Holder,
    Lock,
    Preempt,
    Program,
    Release,
    Reserves,
    Sched,
    SchedClass,
    Selection,
    StartKind,
    Trace,
)
from mcoom.engine.inputs import Inputs
from mcoom.engine.layout import CLASS_FIELDS, MACHINE_FIELDS, OUT_FIELDS, POLICY_FIELDS
from mcoom.engine.replicates import run_block, trace_replicate
from tests.oracle import run_episode
from tests.oracle.scenario import random_scenario

N_SCENARIOS = 400
CHUNK = 40


def lower(machine, policy, classes, shapes, seed, point, replicate):
    """Give the oracle's plain dictionaries as the engine's arrays."""
    inputs = Inputs(
        np.array([[machine.get(name, 0) for name in MACHINE_FIELDS]], np.int64),
        np.array([[[row[name] for name in CLASS_FIELDS] for row in classes]], np.int64),
        np.array(shapes, np.int64),
        seed,
        point,
        replicate,
    )
    return inputs, np.array([policy[name] for name in POLICY_FIELDS], np.int64)


def first_difference(engine, oracle):
    """Say where two traces part, with the three records before."""
    for n, (a, b) in enumerate(zip(engine, oracle, strict=False)):
        if a != b:
            before = [(Trace(code).name, at, *rest) for at, code, *rest in engine[max(0, n - 3) : n]]
            return f"record {n}: engine {Trace(a[1]).name} {a}, oracle {Trace(b[1]).name} {b}; before: {before}"
    return f"lengths {len(engine)} and {len(oracle)}"


def assert_equal(scenario, seed, point, replicate):
    """Assert that engine and oracle agree on a scenario, with and without a trace."""
    machine, policy, classes, shapes = scenario
    inputs, policy_row = lower(*scenario, seed, point, replicate)
    trace, out = trace_replicate(inputs, policy_row, 0)
    expected = run_episode(machine, policy, classes, shapes, seed, point, replicate)
    got = [tuple(record) for record in trace.tolist()]
    assert got == [tuple(record) for record in expected.trace], (
        f"scenario {seed}: {first_difference(got, expected.trace)}"
    )
    assert dict(zip(OUT_FIELDS, out.tolist(), strict=True)) == expected.out, f"scenario {seed}"
    assert run_block(inputs, policy_row)[0].tolist() == out.tolist(), "tracing changes the outputs"


@pytest.mark.parametrize("chunk", range(N_SCENARIOS // CHUNK))
def test_engine_gives_the_oracles_trace(chunk, base_seed):
    for n in range(chunk * CHUNK, (chunk + 1) * CHUNK):
        assert_equal(random_scenario(random.Random(base_seed + n)), base_seed + n, n % 3, n % 7)


def test_engine_gives_the_oracles_trace_with_timers_between_ticks(base_seed):
    """Sleeps that end before whatever the engine looked at last: few of the scenarios above have them."""
    for n in range(N_SCENARIOS, N_SCENARIOS + 2 * CHUNK):
        machine, policy, *tasks = random_scenario(random.Random(base_seed + n))
        machine = {**machine, "timer_mode": 1}
        policy = {**policy, "lock": int(Lock.TRYLOCK_SLEEP), "lock_k": n % 3}
        assert_equal((machine, policy, *tasks), base_seed + n, 0, 0)


def test_every_code_takes_part(base_seed):
    """Each value of each mechanism occurs in at least five of the compared episodes in which somebody was killed."""
    seen = collections.Counter()
    for n in range(N_SCENARIOS):
        seed = base_seed + n
        machine, policy, classes, shapes = random_scenario(random.Random(seed))
        inputs, policy_row = lower(machine, policy, classes, shapes, seed, n % 3, n % 7)
        trace, out = trace_replicate(inputs, policy_row, 0)
        seen.update((Trace, int(code)) for code in set(trace[:, 1].tolist()))
        seen[EndReason, int(out[0])] += 1
        if out[OUT_FIELDS.index("n_kills_seen")] == 0:
            continue
        for enum, name in (
            (Sched, "sched"), (Lock, "lock"), (Holder, "holder"), (Release, "release"), (Reserves, "reserves"),
            (Selection, "selection"),
        ):  # fmt: skip
            seen[enum, policy[name]] += 1
        seen[Preempt, machine["preempt"]] += 1
        live = [row for row in classes if row["count"] > 0]
        for enum, name in ((Program, "program"), (SchedClass, "sclass"), (StartKind, "start_kind")):
            seen.update({(enum, row[name]) for row in live})
        for name in ("lru_fallback", "reap_exiting", "report"):
            seen[name, policy[name]] += 1
        for name in ("groups", "timer_mode", "hz"):
            seen[name, machine[name]] += 1
    enums = (
        Sched,
        Lock,
        Holder,
        Release,
        Reserves,
        Selection,
        Preempt,
        Program,
        SchedClass,
        StartKind,
        Trace,
        EndReason,
    )
    wanted = [(enum, code) for enum in enums for code in enum if code is not Trace.JUMP]
    wanted += [
        (name, code) for name in ("lru_fallback", "reap_exiting", "report", "groups", "timer_mode") for code in (0, 1)
    ]
    wanted += [("hz", hz) for hz in (100, 250, 300, 1000)]
    assert {key: seen[key] for key in wanted if seen[key] < 5} == {}
