"""What policies share is run once, and every policy's outputs are what they are when it is run alone."""

import random

import numpy as np
import pytest

from mcoom.codes import Engine
from mcoom.engine import kin
from mcoom.engine.kin import find_kin
from mcoom.engine.layout import CLASS, POLICY, POLICY_FIELDS
from mcoom.engine.replicates import run_block, run_policies
from mcoom.engine.words import AT_KILL, AT_SELECT, AT_SET_UP, NEVER
from tests.fast_engine.cells import with_engine
from tests.fast_engine.test_bytes import with_storms
from tests.oracle.scenario import FLAVOURS, random_policy, random_scenario
from tests.oracle_match.test_traces import lower

N_RANDOM = 600
CHUNK = 100
N_POLICIES = 7


def relatives(rng, policy):
    """Return policies of which many differ from others in one to three columns."""
    found = [policy]
    while len(found) < N_POLICIES:
        other = random_policy(rng, rng.choice(FLAVOURS))
        columns = rng.sample(list(other), rng.randint(1, 3))
        found.append({**rng.choice(found), **{name: other[name] for name in columns}})
    rng.shuffle(found)
    return found


def scenario_of(seed):
    """Return inputs of a random scenario and policies for it."""
    rng = random.Random(seed)
    scenario = random_scenario(rng)
    if seed % 2:
        scenario = with_storms(rng, scenario)
    machine, policy, classes, shapes = scenario
    if rng.random() < 0.2:
        machine[rng.choice(("report_ns", "report_burst", "select_base_ns"))] = 0
    lowered = [lower(machine, relative, classes, shapes, seed, 0, 0) for relative in relatives(rng, policy)]
    return with_engine(lowered[0][0], rng.choice(list(Engine))), np.stack([row for _, row in lowered])


def is_as_alone(inputs, policies):
    alone = np.stack([run_block(inputs, policy) for policy in policies])
    return np.array_equal(run_policies(inputs, policies), alone)


@pytest.mark.parametrize("chunk", range(N_RANDOM // CHUNK))
def test_no_byte_depends_on_the_other_policies(chunk, base_seed):
    n_shared = 0
    for seed in range(base_seed + chunk * CHUNK, base_seed + (chunk + 1) * CHUNK):
        inputs, policies = scenario_of(seed)
        assert is_as_alone(inputs, policies), f"scenario {seed}"
        n_shared += int((find_kin(policies, inputs.classes).forks > AT_SET_UP).sum())
    assert n_shared >= CHUNK


@pytest.mark.parametrize("column", ["lock", "selection", "sched", "rt_reserve", "lru_fallback", "report"])
def test_a_column_that_is_looked_at_sooner_would_be_noticed(column, monkeypatch):
    monkeypatch.setitem(kin._LATER, column, AT_KILL)
    noticed = next((seed for seed in range(3 * N_RANDOM) if not is_as_alone(*scenario_of(seed))), None)
    assert noticed is not None, f"{column} is looked at before a kill, and no scenario shows it"
    monkeypatch.undo()
    assert is_as_alone(*scenario_of(noticed)), "the stage of the column made the difference, nothing else"


def row_with(**columns):
    row = np.zeros(len(POLICY_FIELDS), np.int64)
    for name, value in columns.items():
        row[POLICY[name]] = value
    return row


def test_relatives_are_next_to_each_other_and_part_in_order():
    rows = np.stack([row_with(lock=1, release=2), row_with(), row_with(lock=1), row_with(report=1), row_with(lock=1)])
    found = find_kin(rows, np.zeros((1, 1, len(CLASS)), np.int64))
    assert found.order.tolist() == [1, 3, 2, 4, 0]
    assert found.forks.tolist() == [-1, AT_SELECT, AT_SET_UP, NEVER, AT_KILL]
    assert found.kept.tolist() == [1 << AT_SET_UP | 1 << AT_SELECT, 0, 1 << AT_KILL, 0, 0]


def test_a_task_without_fs_looks_at_the_holder_before_a_kill():
    classes = np.zeros((1, 1, len(CLASS)), np.int64)
    rows = np.stack([row_with(), row_with(holder=1)])
    assert find_kin(rows, classes).forks[1] == AT_KILL
    classes[0, 0, CLASS["nofs_frac"]] = 1
    assert find_kin(rows, classes).forks[1] == AT_SET_UP
