"""What a measured configuration becomes: exact rows of two known ones, and rules of the others."""

import dataclasses

import numpy as np
import pytest

from mcoom import codes
from mcoom.engine.layout import CLASS_FIELDS, MACHINE_FIELDS, POLICY_FIELDS
from mcoom.validate.build import build_inputs, build_policy, unmodelled
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
    drawn = {name: row.pop(name) for name in ("select_base_ns", "select_task_ns", "gate_wake_ns", "report_ns")}
    assert row == {
        "n_cpus": 1, "hz": 250, "tick_ns": 4_000_000, "preempt": 1, "groups": 0,
        "latency_ns": 6_000_000, "min_gran_ns": 750_000, "wakeup_gran_ns": 1_000_000, "idle_min_gran_ns": 750_000,
        "rt_runtime_ns": -1, "rr_slice_ticks": 25, "timer_mode": 0, "switch_ns": 0,
        "free_pages": 1718, "reclaimable_pages": 0, "stuck_lru_pages": 0,
        "min_pages": 182, "high_pages": 272, "total_pages": 3470,
        "boost_pages": 0, "pass_ns": 44_808, "pass_shape": 1, "pass_points": 13, "entry_ns": 29_117,
        "other_tasks": 22, "report_burst": 1 << 30, "report_interval_ns": 5_000_000_000, "post_kill_ns": 0,
        "exit_start_ns": 0, "exit_base_ns": 27_864, "exit_page_ns": 1_182, "exit_seg_ns": 605_214,
        "reap_base_ns": 27_864, "reap_page_ns": 1_182, "gate_batch": 64,
        "n_kills": 4, "horizon_ns": 4_000_000_000, "until": 0, "max_events": 50_000_000,
    }  # fmt: skip
    assert 3_260 <= drawn["select_base_ns"] <= 3_730
    assert 80 <= drawn["select_task_ns"] <= 125
    assert 1_637 <= drawn["gate_wake_ns"] <= 1_982


def test_policy_row_of_a_standard_cell():
    assert policy_row(SLEEP) == {
        "sched": 1, "lock": 1, "lock_k": 1, "holder": 1, "holder_k": 1, "report": 0, "release": 3,
        "reap_delay_ms": 2000, "reserves": 2, "selection": 1, "lru_fallback": 1, "reap_exiting": 1, "rt_reserve": 2,
    }  # fmt: skip


def test_class_rows_of_a_standard_cell():
    touch = {"touch_ns": 11_169, "touch_var_ns": 2_000, "touch_shape": 0, "limit_pages": -1, "fault_pages": 1}
    common = {
        "affinity": 1, "start_ns": 0, "start_shape": 0, "first_ns": 0, "first_shape": 0, "nofs_frac": 0, "rt_prio": 0,
    }  # fmt: skip
    assert class_row(SLEEP, 0) == common | touch | {
        "count": 1, "program": 0, "sclass": 2, "weight": 3, "start_kind": 0, "start_var_ns": 6_000_000,
        "first_var_ns": 0, "rss_pages": 0, "adj": -1000,
    }  # fmt: skip
    assert class_row(SLEEP, 1) == common | touch | {
        "count": 4, "program": 0, "sclass": 0, "weight": 1024, "start_kind": 1, "start_var_ns": 0,
        "first_var_ns": 4_000, "rss_pages": 0, "adj": -1000,
    }  # fmt: skip
    assert class_row(SLEEP, 2)["count"] == 0
    victims = class_row(SLEEP, 3)
    assert {name: victims[name] for name in ("count", "program", "weight", "rss_pages", "adj")} == {
        "count": 6, "program": 2, "weight": 1024, "rss_pages": 292, "adj": 1000,
    }  # fmt: skip


def test_rows_of_a_fast_machine_with_two_cpus():
    boots = (Boot("A", 6_000_000_000, 22_404), Boot("B", 8_000_000_000, 44_808))
    row = machine_row(MUTEX, 0, 3, *boots)
    expected = {
        "n_cpus": 2, "preempt": 0, "latency_ns": 12_000_000, "min_gran_ns": 1_500_000, "wakeup_gran_ns": 2_000_000,
        "pass_ns": 22_404, "entry_ns": 14_558, "other_tasks": 28, "horizon_ns": 6_000_000_000,
    }  # fmt: skip
    assert {name: row[name] for name in expected} == expected
    assert 476_042 <= row["report_ns"] <= 651_639
    second = machine_row(MUTEX, 1, 3, *boots)
    assert (second["pass_ns"], second["horizon_ns"]) == (44_808, 8_000_000_000)
    assert machine_row(MUTEX, 2, 3, *boots)["pass_ns"] == 22_404
    policy = policy_row(MUTEX)
    expected = {"lock": 2, "lock_k": 1, "holder": 0, "holder_k": 0, "report": 1, "release": 0}
    assert {name: policy[name] for name in expected} == expected


def test_classes_of_a_fast_machine_with_two_cpus():
    holder, storm, hogs, victims = (class_row(MUTEX, i) for i in range(4))
    assert (holder["sclass"], holder["rt_prio"], holder["affinity"]) == (codes.SchedClass.FIFO, 10, 3)
    assert (storm["count"], storm["weight"], storm["start_kind"]) == (64, 335, codes.StartKind.TIME)
    assert (hogs["count"], hogs["program"], hogs["start_kind"]) == (3, codes.Program.HOG, codes.StartKind.TIME)
    assert (victims["sclass"], victims["weight"], victims["rss_pages"]) == (codes.SchedClass.IDLE, 3, 1060)


@pytest.mark.parametrize(("shift", "factor"), [(0, 0.5), (1, 1), (2, 2)])
def test_speed_scales_every_cost(shift, factor):
    factors = dataclasses.replace(SLEEP, shift=shift)
    standard, scaled = machine_row(SLEEP), machine_row(factors)
    assert scaled["pass_ns"] == factor * 44_808
    assert scaled["tick_ns"] == standard["tick_ns"]
    assert scaled["latency_ns"] == standard["latency_ns"]
    assert class_row(factors, 0)["touch_var_ns"] == factor * 2_000
    assert class_row(factors, 0)["start_var_ns"] == 6_000_000
    assert class_row(factors, 1)["first_var_ns"] == factor * 4_000


@pytest.mark.parametrize(("gate", "kind"), [(0, 0), (1, 1), (2, 2), (3, 3)])
def test_gates(gate, kind):
    assert class_row(dataclasses.replace(SLEEP, gate=gate), 1)["start_kind"] == kind


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
    other = build_inputs(configuration(SLEEP), STAGES, 50, 8)
    column = MACHINE_FIELDS.index("select_base_ns")
    assert len(np.unique(long.machine[:, column])) > 25
    assert (long.machine[:, column] != other.machine[:, column]).any()
    assert short.point == SLEEP.point()
    assert (short.seed, short.first) == (7, 0)
