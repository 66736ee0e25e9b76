"""Lowering: every word and quantity of a scenario in its column, for each built-in scenario and any cut."""

import numpy as np
import pytest

from mcoom.codes import Preempt, Program, SchedClass, StartKind
from mcoom.design.build import build_design
from mcoom.design.watermark import high_pages, min_pages
from mcoom.design.weight import NICE_WEIGHTS, scaling_factor
from mcoom.engine.layout import CLASS, CLASS_FIELDS, INF, MACHINE, MACHINE_FIELDS, POLICY, POLICY_FIELDS, SHAPE_ONE
from mcoom.lower import lower_block, lower_policy
from mcoom.spec.load import list_policies, list_scenarios, load_policy, load_scenario, parse_scenario

NAMES = [info.name for info in list_scenarios()]


def ints(*values: int) -> np.ndarray:
    return np.array(values, np.int64)


def lowered(name: str, *overrides: str, point: int = 0, first: int = 0, n: int = 20):
    return lower_block(build_design(load_scenario(name, overrides)), point, first, n)


@pytest.mark.parametrize("name", NAMES)
def test_every_built_in_scenario_lowers_to_legal_inputs(name):
    block = lowered(name, n=50)
    machine, classes, shapes = block.inputs.machine, block.inputs.classes, block.inputs.shapes
    assert machine.shape == (50, len(MACHINE_FIELDS))
    assert classes.shape[::2] == (50, len(CLASS_FIELDS))
    assert all(a.dtype == np.int64 and a.flags.c_contiguous for a in (machine, classes, shapes))
    assert (shapes[0] == SHAPE_ONE).all()
    assert (machine[:, MACHINE["pass_shape"]] < len(shapes)).all()
    assert (classes[:, :, CLASS["weight"]] >= 3).all()
    every = (1 << machine[:, MACHINE["n_cpus"]]) - 1
    affinity = classes[:, :, CLASS["affinity"]]
    assert (affinity & ~every[:, None] == 0).all()
    assert (affinity != 0).all()
    assert (machine[:, MACHINE["high_pages"]] > machine[:, MACHINE["min_pages"]]).all()
    assert (machine >= -1).all()
    # No burst overflows: scale times the largest factor stays in 62 bits.
    for column in ("start_var_ns", "first_var_ns", "touch_var_ns"):
        assert int(classes[:, :, CLASS[column]].max()) * int(shapes.max()) < INF
    assert block.strata.shape == (50,)


@pytest.mark.parametrize("name", ["population", "desktop"])
def test_rows_do_not_depend_on_the_cut(name):
    whole = lowered(name, n=60)
    part = lowered(name, first=23, n=7)
    assert (whole.inputs.machine[23:30] == part.inputs.machine).all()
    assert (whole.inputs.classes[23:30] == part.inputs.classes).all()
    assert (whole.inputs.shapes == part.inputs.shapes).all()
    assert (whole.strata[23:30] == part.strata).all()
    assert all((whole.drawn[k][23:30] == v).all() for k, v in part.drawn.items())
    assert part.inputs.first == 23


def test_handa_2017_is_the_mail():
    block = lowered("handa-2017")
    machine = dict(zip(MACHINE_FIELDS, block.inputs.machine[0].tolist(), strict=True))
    owner, victim, storm = (dict(zip(CLASS_FIELDS, row.tolist(), strict=True)) for row in block.inputs.classes[0])
    assert (machine["n_cpus"], machine["hz"], machine["tick_ns"]) == (1, 1000, 10**6)
    assert machine["min_pages"] == 16896  # 67,584 kB; the mail: 67,580
    assert machine["report_ns"] == 2_000_000
    assert (machine["n_kills"], machine["horizon_ns"]) == (3, 30 * 10**9)
    assert (owner["sclass"], owner["weight"], owner["adj"]) == (SchedClass.IDLE, 3, -1000)
    assert (victim["program"], victim["adj"], victim["rss_pages"]) == (Program.SLEEPER, 1, 21)
    assert (storm["count"], storm["limit_pages"], storm["start_kind"]) == (1023, 16, StartKind.FIRST_EXIT)


def test_population_covers_what_it_says():
    block = lowered("population", n=4000)
    machine, classes = block.inputs.machine, block.inputs.classes
    assert set(machine[:, MACHINE["n_cpus"]]) == {1, 2, 4, 8}
    assert set(machine[:, MACHINE["hz"]]) == {100, 250, 1000}
    assert set(machine[:, MACHINE["preempt"]]) == {Preempt.NONE, Preempt.FULL}
    crowd = classes[:, 2:, :]
    threads = crowd[:, :, CLASS["count"]].sum(axis=1)
    assert threads.min() == 1
    assert 900 < threads.max() <= 1024
    assert (threads == block.drawn["crowd.storm.threads"]).all()
    assert set((crowd[:, :, CLASS["count"]] > 0).sum(axis=1)) == {1, 2, 3, 4, 5, 6}
    used = crowd[crowd[:, :, CLASS["count"]] > 0]
    assert set(used[:, CLASS["sclass"]]) == {0, 1, 2, 3, 4}
    fair = used[used[:, CLASS["sclass"]] <= 1]
    assert set(fair[:, CLASS["weight"]]) == set(NICE_WEIGHTS.tolist())
    assert (used[used[:, CLASS["sclass"]] == SchedClass.IDLE][:, CLASS["weight"]] == 3).all()
    assert (used[used[:, CLASS["sclass"]] >= SchedClass.FIFO][:, CLASS["rt_prio"]] > 0).all()
    assert (used[used[:, CLASS["sclass"]] < SchedClass.FIFO][:, CLASS["rt_prio"]] == 0).all()
    # Drawn once for the crowd, so the same in all its groups.
    assert (crowd[:, :, CLASS["fault_pages"]].std(axis=1) == 0).all()
    # Drawn for each group, so not always.
    assert (crowd[:, :, CLASS["weight"]].std(axis=1) > 0).any()


def test_points_set_the_swept_columns():
    design = build_design(load_scenario("sweep-livelock-map"))
    assert len(design.points) == 4 * 3 * 2 * 11
    point = next(
        p
        for p in design.points
        if p.label == "machine.cpus=4 machine.hz=100 class.owner.policy=other class.storm.count=64"
    )
    block = lower_block(design, point.index, 0, 3)
    assert block.inputs.point == point.index
    assert (block.inputs.machine[:, MACHINE["n_cpus"]] == 4).all()
    assert (block.inputs.machine[:, MACHINE["hz"]] == 100).all()
    assert (block.inputs.classes[:, 0, CLASS["weight"]] == 1024).all()
    assert (block.inputs.classes[:, 1, CLASS["count"]] == 64).all()


def test_speed_scales_every_cpu_cost_and_nothing_else():
    plain, fast = lowered("ci-farm", "machine.speed=1"), lowered("ci-farm", "machine.speed=2")
    scaled = {"switch_ns", "pass_ns", "entry_ns", "select_base_ns", "select_task_ns", "report_ns", "post_kill_ns"}
    scaled |= {
        "trylock_ns",
        "select_candidate_ns",
        "report_task_ns",
        "exit_start_ns",
        "exit_base_ns",
        "exit_page_ns",
        "exit_seg_ns",
        "reap_base_ns",
        "reap_page_ns",
        "gate_wake_ns",
    }
    for name, column in MACHINE.items():
        factor = 2 if name in scaled else 1
        assert (plain.inputs.machine[:, column] // factor == fast.inputs.machine[:, column]).all(), name
    for name, column in CLASS.items():
        factor = 2 if name in {"first_ns", "first_var_ns", "touch_ns", "touch_var_ns"} else 1
        assert (plain.inputs.classes[:, :, column] // factor == fast.inputs.classes[:, :, column]).all(), name


def test_granularities_grow_with_the_cpus():
    assert scaling_factor(ints(1, 2, 3, 4, 7, 8, 64)).tolist() == [1, 2, 2, 3, 3, 4, 4]
    machine = lowered("handa-2017", "machine.cpus=4").inputs.machine[0]
    assert machine[MACHINE["latency_ns"]] == 18_000_000
    assert machine[MACHINE["min_gran_ns"]] == 2_250_000
    assert machine[MACHINE["wakeup_gran_ns"]] == 3_000_000
    assert machine[MACHINE["idle_min_gran_ns"]] == 750_000
    assert lowered("handa-2017", "machine.hz=250").inputs.machine[0, MACHINE["rr_slice_ticks"]] == 25


def test_watermarks_are_the_kernels():
    gib = 1 << 18
    managed = ints(1, 2, 4, 8, 16, 64) * gib
    zero, off = np.zeros(6, np.int64), np.zeros(6, np.int64)
    assert (min_pages(managed, zero, off) * 4).tolist() == [4096, 5792, 8192, 11584, 16384, 32768]
    huge = ints(4096) * gib
    assert (min_pages(huge, ints(0), ints(0)) * 4).tolist() == [65536]
    assert (min_pages(huge, ints(1), ints(0)) * 4).tolist() == [262144]
    assert (min_pages(ints(2) * gib, ints(0), ints(2)) * 4).tolist() == [45056]
    assert (min_pages(ints(4) * gib, ints(0), ints(3)) * 4).tolist() == [67584]
    assert high_pages(ints(0), ints(400)).tolist() == [600]
    assert high_pages(ints(1_000_000), ints(400)).tolist() == [2400]


def test_affinity_of_64_cpus_uses_the_sign_bit():
    block = lowered("ci-farm", "machine.cpus=64", "class.agent.affinity=[0, 63]")
    assert (block.inputs.classes[:, 0, CLASS["affinity"]] == -1).all()
    assert (block.inputs.classes[:, 2, CLASS["affinity"]] == 1 - (1 << 63)).all()


def test_touch_comes_from_the_costs_unless_the_class_says():
    block = lowered("desktop", "machine.speed=1", "class.build.touch=7 us", "class.build.touch_shape=exponential")
    tabs, build = block.inputs.classes[0, 0], block.inputs.classes[0, 1]
    assert (tabs[CLASS["touch_ns"]], build[CLASS["touch_ns"]]) == (11_000, 7_000)
    assert tabs[CLASS["touch_shape"]] != build[CLASS["touch_shape"]]


def test_min_watermark_can_be_given():
    scenario = load_scenario("sweep-livelock-map", ["memory.boost=1024 pages", "memory.reclaimable=3 pages"])
    machine = lower_block(build_design(scenario), 0, 0, 1).inputs.machine[0]
    names = ("min_pages", "high_pages", "total_pages", "free_pages", "boost_pages", "reclaimable_pages")
    assert [int(machine[MACHINE[n]]) for n in names] == [192, 288, 16384, 256, 1024, 3]


@pytest.mark.parametrize("policy", list_policies(), ids=lambda p: p.name)
def test_policies_lower_to_their_codes(policy):
    row = lower_policy(policy)
    assert row.dtype == np.int64
    assert row.shape == (len(POLICY_FIELDS),)
    assert all(int(row[POLICY[name]]) == getattr(policy, name) for name in POLICY_FIELDS)


def test_equal_policies_with_other_names_lower_alike():
    text = load_scenario("handa-2017").text + '\n[[policy]]\nname = "same"\nbase = "linux-4.13"\n'
    same = parse_scenario(text, "x", ['scenario.policies=["linux-4.13", "same"]']).policies[1]
    assert (lower_policy(same) == lower_policy(load_policy("linux-4.13"))).all()
