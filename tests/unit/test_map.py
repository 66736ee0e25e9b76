"""Livelock maps: the grid, what is pooled, and the closed-form boundary beside it."""

import itertools
import json
from dataclasses import dataclass

import numpy as np
import pytest

from mcoom.analysis.map import livelock_map
from mcoom.analysis.proportion import clopper_pearson
from mcoom.analysis.saturation import axis_boundary, saturation, saturation_of
from mcoom.design.build import build_design
from mcoom.engine.layout import MACHINE
from mcoom.errors import SpecError
from mcoom.lower import lower_block, lower_policy
from mcoom.spec.load import load_scenario
from mcoom.tally.plan import TallyPlan
from mcoom.tally.tally import PointTally
from tests.unit.episode_rows import HORIZON_NS, kill_tally

MS = 1_000_000


@dataclass
class Point:
    index: int
    label: str
    values: dict[str, int | float | str]
    tally: PointTally


@dataclass
class Run:
    plan: TallyPlan
    points: list[Point]


def share_tally(k, n):
    """Two policies: the first livelocks in k of n replicates, the second never."""
    times = np.full((2, n), MS)
    times[0, :k] = HORIZON_NS
    return kill_tally(times)


def sweep(numbers=(1, 2, 4), hz=(100, 1000), owners=("idle", "other"), n=20):
    """A grid in which k = storm + (hz == 100) of n replicates of the first policy livelock."""
    points = []
    for i, (h, owner, count) in enumerate(itertools.product(hz, owners, numbers)):
        values = {"machine.hz": h, "class.owner.policy": owner, "class.storm.count": count}
        points.append(Point(i, "p", values, share_tally(count + (h == 100), n)))
    return Run(points[0].tally.plan, points)


def test_grid_by_facet():
    found = livelock_map(sweep())
    assert (found.y.path, found.x.path) == ("class.storm.count", "machine.hz")
    assert [(p.policy, p.facet["class.owner.policy"]) for p in found.panels] == [
        ("p0", "idle"), ("p1", "idle"), ("p0", "other"), ("p1", "other"),
    ]  # fmt: skip
    values = [[cell.value for cell in row] for row in found.panels[0].probability]
    assert values == [[2 / 20, 1 / 20], [3 / 20, 2 / 20], [5 / 20, 4 / 20]]
    cell = found.panels[0].probability[2][0]
    assert (cell.low, cell.high) == clopper_pearson(5, 20)
    assert {cell.value for row in found.panels[1].probability for cell in row} == {0.0}
    json.dumps(found.to_json(), allow_nan=False)


def test_pooled_points_add_up():
    found = livelock_map(sweep(), pool=("class.owner.policy",))
    assert len(found.panels) == 2
    assert found.panels[0].n == ((40, 40),) * 3
    cell = found.panels[0].probability[0][1]
    assert (cell.value, cell.low, cell.high) == (2 / 40, *clopper_pearson(2, 40))


def test_axes_can_be_chosen_and_numbers_rise():
    run = sweep(numbers=(4, 1, 2))
    found = livelock_map(run, x="class.storm.count", y="machine.hz", policies=["p1"])
    assert found.x.values == (1, 2, 4)
    assert [p.policy for p in found.panels] == ["p1", "p1"]


def test_a_point_that_was_not_run_is_no_probability():
    run = sweep()
    del run.points[0]
    found = livelock_map(run)
    cell = found.panels[0].probability[0][0]
    assert (cell.value, cell.low, cell.high) == (None, None, None)
    assert "1 cells" in found.notes[0]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"x": "machine.cpus"}, "not swept"),
        ({"x": "machine.hz", "y": "machine.hz"}, "used twice"),
        ({"pool": ("machine.hz", "class.storm.count")}, "no two axes"),
        ({"estimand": "release"}, "not in this run"),
        ({"policies": ["p9"]}, "not in this run"),
    ],
)
def test_wrong_requests_are_refused(options, words):
    with pytest.raises(SpecError, match=words):
        livelock_map(sweep(), **options)


def test_one_axis_is_no_map():
    run = sweep(hz=(100,), owners=("idle",))
    with pytest.raises(SpecError, match="two swept parameters"):
        livelock_map(run)


def test_boundary_of_the_built_in_sweep():
    """N* = M (k + 1) tau / c of the built-in map, by hand from the costs of its file."""
    design = build_design(load_scenario("sweep-livelock-map", ["machine.switch=0 ns"]))
    point = next(p for p in design.points if p.values["machine.hz"] == 250 and p.values["class.storm.count"] == 64)
    found = saturation_of(design, point.index, "linux-4.13")
    inputs = lower_block(design, point.index, 0, 1).inputs
    table = inputs.shapes[inputs.machine[0, MACHINE["pass_shape"]]] / 2**20
    mean_pass = 46_869 * float(np.trapezoid(table, dx=1 / 256))
    law = point.values["machine.cpus"] * 2 * 4_000_000 / mean_pass
    assert found.n_star == pytest.approx(law, rel=1e-9)
    assert found.n_losers == 64
    assert axis_boundary(found, 64) == pytest.approx(law)
    spin = saturation_of(design, point.index, "trylock_spin")
    assert spin.n_star == point.values["machine.cpus"]
    waiting = saturation_of(design, point.index, "linux-4.13+seed")
    assert waiting.n_star is None
    assert axis_boundary(waiting, 64) is None
    assert waiting.reason is not None


def test_lru_fallback_makes_an_attempt_seventeen_passes():
    design = build_design(load_scenario("sweep-livelock-map", ['scenario.policies=["linux-4.19", "linux-6.1"]',
                                                               "scenario.baseline="]))  # fmt: skip
    inputs = lower_block(design, 0, 0, 1).inputs
    one, many = (saturation(inputs, lower_policy(policy)).n_star for policy in design.scenario.policies)
    machine = inputs.machine[0]
    wait = 2 * machine[MACHINE["tick_ns"]] * machine[MACHINE["n_cpus"]]
    pass_ns = (wait / many - wait / one) / 16
    assert wait / one == pytest.approx(machine[MACHINE["entry_ns"]] + machine[MACHINE["switch_ns"]] + pass_ns)


def test_boundary_reaches_the_panels():
    found = livelock_map(sweep(), boundary=lambda point, policy: 7.5 if policy == "p0" else None)
    assert found.panels[0].boundary == (7.5, 7.5)
    assert found.panels[1].boundary == (None, None)
