"""What a measured configuration becomes: exact rows of two known ones, and rules of the others."""

import dataclasses

import numpy as np
import pytest

from mcoom import codes
from mcoom.engine.layout import CLASS_FIELDS, MACHINE_FIELDS, POLICY_FIELDS
from mcoom.validate.build import build_inputs, build_policy, unmodelled
from mcoom.validate.machine import BOOST_SHARE, MACHINES, draw_unknowns
from mcoom.validate.measured import Boot, Configuration, Factors
from mcoom.validate.stages import read_stage_costs

STAGES = read_stage_costs()
SLEEP = Factors(
    accel="icount", shift=1, vcpu=1, hz=250, preempt="full", fail="sleep", hold=1, hpol="i", hnice=0, n=4, spol="o",
    snice=0, hogs=0, gpol="o", gate=1, kills=4, vkb=1024, vpol="o", reaper=1, reapdelay=2000, dump=0, uart=0,
    npthrottle=0, uwork=500,
)  # fmt: skip
MUTEX = dataclasses.replace(
    SLEEP, accel="mttcg", shift=None, vcpu=2, preempt="none", fail="mutex", hold=0, hpol="f", hnice=10, n=64, snice=5,
    hogs=3, gate=0, vkb=4096, vpol="i", reaper=0, dump=2,
)  # fmt: skip


def configuration(factors: Factors, *boots: Boot) -> Configuration:
    return Configuration(factors, boots or (Boot("A", 4_000_000_000, None),))


def machine_row(factors: Factors, row: int = 0, replicates: int = 1, *boots: Boot) -> dict[str, int]:
    inputs = build_inputs(configuration(factors, *boots), STAGES, replicates, 1)
    return dict(zip(MACHINE_FIELDS, inputs.machine[row].tolist(), strict=True))


def class_row(factors: Factors, i: int) -> dict[str, int]:
    inputs = build_inputs(configuration(factors), STAGES, 1, 1)
    return dict(zip(CLASS_FIELDS, inputs.classes[0, i].tolist(), strict=True))


def policy_row(factors: Factors) -> dict[str, int]:
    return dict(zip(POLICY_FIELDS, build_policy(factors).tolist(), strict=True))


def test_machine_row_of_a_standard_cell():
    row = machine_row(SLEEP)
    low_high = {
        "min_pages": (154, 210), "pcp_pages": (166, 202), "pass_ns": (45_800, 47_400), "switch_ns": (0, 7_292),
        "trylock_ns": (0, 7_292), "post_kill_ns": (0, 7_292), "exit_start_ns": (0, 7_292),
        "select_base_ns": (3_717, 4_187), "gate_wake_ns": (1_637, 1_982), "report_ns": (600_000, 900_000),
        "report_task_ns": (15_000, 30_000),
    }  # fmt: skip
    drawn = {name: row.pop(name) for name in low_high}
    for name, (low, high) in low_high.items():
        assert low <= drawn[name] <= high, name
    assert row.pop("free_pages") == drawn["min_pages"] + 1536
    assert row.pop("high_pages") == drawn["min_pages"] + 2 * (drawn["min_pages"] // 4)
    assert 0 <= row.pop("total_pages") - drawn["min_pages"] - 1536 - 6 * 256 <= 6 * 40
    assert row.pop("boost_pages") in (0, 1024)
    assert row == {
        "n_cpus": 1, "hz": 250, "tick_ns": 4_000_000, "preempt": 1, "groups": 0,
        "latency_ns": 6_000_000, "min_gran_ns": 750_000, "wakeup_gran_ns": 1_000_000, "idle_min_gran_ns": 750_000,
        "rt_runtime_ns": -1, "rr_slice_ticks": 25, "timer_mode": 0,
        "reclaimable_pages": 0, "stuck_lru_pages": 0, "boost_from": 1,
        "pass_shape": 1, "pass_points": 13, "entry_ns": 0, "select_task_ns": 169, "select_candidate_ns": 142,
        "other_tasks": 0, "report_burst": 1 << 30, "report_interval_ns": 5_000_000_000,
        "exit_base_ns": 27_864, "exit_page_ns": 1_182, "exit_seg_ns": 605_214,
        "reap_base_ns": 27_864, "reap_page_ns": 1_182, "gate_batch": 64,
        "n_kills": 4, "horizon_ns": 4_000_000_000, "until": 0, "max_events": 50_000_000, "engine": 0,
    }  # fmt: skip


def test_policy_row_of_a_standard_cell():
    assert policy_row(SLEEP) == {
        "sched": 1, "lock": 1, "lock_k": 1, "holder": 1, "holder_k": 1, "report": 0, "release": 3,
        "reap_delay_ms": 2000, "reserves": 2, "selection": 1, "lru_fallback": 1, "reap_exiting": 1, "rt_reserve": 2,
    }  # fmt: skip


def test_class_rows_of_a_standard_cell():
    touch = {"touch_ns": 11_169, "touch_var_ns": 2_000, "touch_shape": 0, "limit_pages": -1, "fault_pages": 1}
    common = {
        "affinity": 1, "start_ns": 0, "start_shape": 0, "first_shape": 0, "nofs_frac": 0, "rt_prio": 0,
    }  # fmt: skip
    assert class_row(SLEEP, 0) == common | touch | {
        "count": 1, "program": 0, "sclass": 2, "weight": 3, "start_kind": 0, "start_var_ns": 6_000_000,
        "first_ns": 0, "first_var_ns": 0, "rss_pages": 0, "adj": -1000, "gate_vruntime_ns": 0,
    }  # fmt: skip
    storm = class_row(SLEEP, 1)
    # The part of a fault that comes before the allocator, which a thread pays once before it gets there.
    assert 0 <= storm.pop("first_ns") <= 11_169
    assert storm == common | touch | {
        "count": 4, "program": 0, "sclass": 0, "weight": 1024, "start_kind": 1, "start_var_ns": 0,
        "first_var_ns": 4_000, "rss_pages": 0, "adj": -1000, "gate_vruntime_ns": 3_000_000,
    }  # fmt: skip
    assert class_row(SLEEP, 2)["count"] == 0
    victims = class_row(SLEEP, 3)
    assert {name: victims[name] for name in ("count", "program", "weight", "adj", "gate_vruntime_ns")} == {
        "count": 6, "program": 2, "weight": 1024, "adj": 1000, "gate_vruntime_ns": 3_000_000,
    }  # fmt: skip
    assert 256 <= victims["rss_pages"] <= 296


def test_rows_of_a_fast_machine_with_two_cpus():
    boots = (Boot("A", 6_000_000_000, 22_404), Boot("B", 8_000_000_000, 44_808))
    row = machine_row(MUTEX, 0, 3, *boots)
    expected = {
        "n_cpus": 2, "preempt": 0, "latency_ns": 12_000_000, "min_gran_ns": 1_500_000, "wakeup_gran_ns": 2_000_000,
        "horizon_ns": 6_000_000_000,
    }  # fmt: skip
    assert {name: row[name] for name in expected} == expected
    assert 22_000 <= row["pass_ns"] <= 24_000
    # Code that seldom runs may cost up to as many times more as the slowest pass did: here 845 over 29.
    assert 85 <= row["select_task_ns"] <= 85 * 30
    second = machine_row(MUTEX, 1, 3, *boots)
    assert 44_000 <= second["pass_ns"] <= 48_000
    assert second["horizon_ns"] == 8_000_000_000
    assert 22_000 <= machine_row(MUTEX, 2, 3, *boots)["pass_ns"] <= 24_000
    policy = policy_row(MUTEX)
    expected = {"lock": 2, "lock_k": 1, "holder": 0, "holder_k": 0, "report": 1, "release": 0}
    assert {name: policy[name] for name in expected} == expected


def test_classes_of_a_fast_machine_with_two_cpus():
    holder, storm, hogs, victims = (class_row(MUTEX, i) for i in range(4))
    assert (holder["sclass"], holder["rt_prio"], holder["affinity"]) == (codes.SchedClass.FIFO, 10, 3)
    assert (storm["count"], storm["weight"], storm["start_kind"]) == (64, 335, codes.StartKind.TIME)
    assert (hogs["count"], hogs["program"], hogs["start_kind"]) == (3, codes.Program.HOG, codes.StartKind.TIME)
    assert (victims["sclass"], victims["weight"]) == (codes.SchedClass.IDLE, 3)
    assert 1024 <= victims["rss_pages"] <= 1064


@pytest.mark.parametrize(("shift", "factor"), [(0, 0.5), (1, 1), (2, 2)])
def test_speed_scales_every_cost(shift, factor):
    factors = dataclasses.replace(SLEEP, shift=shift)
    standard, scaled = machine_row(SLEEP), machine_row(factors)
    assert factor * 45_800 <= scaled["pass_ns"] <= factor * 47_400
    assert scaled["exit_page_ns"] == round(factor * 1_182.05)
    assert scaled["tick_ns"] == standard["tick_ns"]
    assert scaled["latency_ns"] == standard["latency_ns"]
    assert class_row(factors, 0)["touch_var_ns"] == factor * 2_000
    assert class_row(factors, 0)["start_var_ns"] == 6_000_000
    assert class_row(factors, 1)["first_var_ns"] == factor * 4_000


@pytest.mark.parametrize(("gate", "kind"), [(0, 0), (1, 1), (2, 2), (3, 3)])
def test_gates(gate, kind):
    assert class_row(dataclasses.replace(SLEEP, gate=gate), 1)["start_kind"] == kind


def test_a_round_that_begins_with_its_storm_begins_anywhere_in_a_tick():
    inputs = build_inputs(configuration(dataclasses.replace(SLEEP, gate=0, hz=1000)), STAGES, 200, 1)
    holder, storm = (inputs.classes[:, i, CLASS_FIELDS.index("start_ns")] for i in (0, 1))
    assert (holder == storm).all()
    assert storm.min() >= 0
    assert storm.max() < 1_000_000
    assert 400_000 < storm.mean() < 600_000
    assert class_row(SLEEP, 0)["start_ns"] == 0


@pytest.mark.parametrize(("fail", "lock"), [("sleep", 1), ("spin", 0), ("mutex", 2), ("pi", 2)])
def test_locks(fail, lock):
    assert policy_row(dataclasses.replace(SLEEP, fail=fail))["lock"] == lock


def test_what_is_not_modelled_is_said():
    assert unmodelled(SLEEP) == ()
    assert len(unmodelled(dataclasses.replace(SLEEP, fail="pi", npthrottle=1, uart=87))) == 3


def test_draws_vary_and_depend_on_the_key_alone():
    short = build_inputs(configuration(SLEEP), STAGES, 5, 7)
    long = build_inputs(configuration(SLEEP), STAGES, 50, 7)
    np.testing.assert_array_equal(short.machine, long.machine[:5])
    np.testing.assert_array_equal(short.classes, long.classes[:5])
    other = build_inputs(configuration(SLEEP), STAGES, 50, 8)
    column = MACHINE_FIELDS.index("select_base_ns")
    assert len(np.unique(long.machine[:, column])) > 25
    assert (long.machine[:, column] != other.machine[:, column]).any()
    assert short.point == SLEEP.point()
    assert (short.seed, short.first) == (7, 0)


def test_rounds_follow_each_other_and_only_the_first_can_be_boosted():
    rounds = dataclasses.replace(configuration(SLEEP), rounds=7)
    machine = build_inputs(rounds, STAGES, MACHINES, 1).machine.reshape(MACHINES, 3, -1)
    boost = machine[:, :, MACHINE_FIELDS.index("boost_pages")]
    assert set(boost[:, 0].tolist()) == {0, 1024}
    assert abs(np.count_nonzero(boost[:, 0]) - BOOST_SHARE * MACHINES) <= 1
    assert not boost[:, 1:].any()
    same = [MACHINE_FIELDS.index(name) for name in ("min_pages", "switch_ns", "pass_ns", "select_base_ns")]
    np.testing.assert_array_equal(machine[:, 0, same], machine[:, 2, same])


def test_machines_cover_the_range_of_what_is_unknown():
    unknowns = draw_unknowns(1, 2)
    for values in (*unknowns.paths.values(), *(2 * u for u in unknowns.quantiles.values())):
        assert np.array_equal(np.sort((values / 2 * MACHINES).astype(int)), np.arange(MACHINES))
    assert unknowns.min_pages.min() < 160 and unknowns.min_pages.max() > 204
    assert (draw_unknowns(1, 3).min_pages != unknowns.min_pages).any()
