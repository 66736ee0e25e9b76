"""Made-up runs for the tests of figures and pages: their answers are known without any simulation."""

import itertools
from dataclasses import replace

import numpy as np

from mcoom.spec.load import load_scenario
from mcoom.store.record import PointRecord, Results
from tests.unit.episode_rows import HORIZON_NS, kill_tally

MS = 1_000_000
N = 40
STORMS = (1, 4, 16)
CPUS = (1, 2)
OWNERS = ("idle", "other")
BASELINE, CURE = "linux-4.13", "linux-4.13+seed"
N_STUCK = 38
SCENARIO = load_scenario(
    "sweep-livelock-map",
    ("machine.cpus={ axis = [1, 2] }", "machine.hz=1000", "class.storm.count={ axis = [1, 4, 16] }"),
)
RECORD = {
    "scenario_name": "made-up", "scenario_title": "<A> run & its \"title\"", "scenario_text": SCENARIO.text,
    "spec_id": "0123456789abcdef", "seed": 7, "replicates": N, "engine_digest": "fedcba9876543210",
    "mcoom_version": "0.1.0", "command": "mcoom run made-up --set machine.cpus='{ axis = [1, 2] }'",
}  # fmt: skip


def tally(n_stuck):
    """The baseline takes 1, 2, .. ms and is stuck in the last n_stuck replicates; the cure takes half of that."""
    first = np.arange(1, N + 1) * MS
    first[N - n_stuck :] = HORIZON_NS
    made = kill_tally(np.array([first, np.arange(1, N + 1) * MS // 2]))
    return replace(made, plan=replace(made.plan, policies=(BASELINE, CURE), baseline=BASELINE))


def one_point(n_stuck=10):
    made = tally(n_stuck)
    return Results(made.plan, (PointRecord(0, "all", {}, made),), RECORD)


def is_stuck(owner, cpus, storm):
    """Where the baseline livelocks: the owner is idle and the storm is 4 per CPU or more. 3 of 12 cells."""
    return owner == "idle" and storm >= 4 * cpus


def sweep():
    """Two CPUs x two owners x three storms, in the order of SCENARIO."""
    points = []
    for i, (cpus, owner, storm) in enumerate(itertools.product(CPUS, OWNERS, STORMS)):
        values = {"machine.cpus": cpus, "class.owner.policy": owner, "class.storm.count": storm}
        label = " ".join(f"{key}={value}" for key, value in values.items())
        points.append(PointRecord(i, label, values, tally(N_STUCK if is_stuck(owner, cpus, storm) else 0)))
    return Results(points[0].tally.plan, tuple(points), RECORD)
