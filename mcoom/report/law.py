"""The starvation law beside what was simulated.

Takes raw rows and the classes of a point, gives the wait that the law predicts and the wait that was seen. Must know
nothing of policies. The law: on one CPU, a fair task of weight w that has just used c ns of CPU while others of total
weight W compete waits about c * W / w.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mcoom.codes import Program, SchedClass
from mcoom.design.build import build_design
from mcoom.engine.layout import CLASS, MACHINE, OUT
from mcoom.lower import lower_block
from mcoom.report.quantity import time_text
from mcoom.report.table import table_lines
from mcoom.spec.load import parse_scenario
from mcoom.store.record import PointRecord, Results


@dataclass(frozen=True)
class Contest:
    """A light owner against a crowd on one CPU."""

    owner_weight: int
    """Weight of the one SCHED_IDLE allocator."""
    n_crowd: int
    """Other allocators."""
    crowd_weight: int
    """Sum of their weights."""

    def wait_ns(self, used_ns: float) -> float:
        """Return the wait of the owner after it used ``used_ns`` of CPU, ns."""
        return used_ns * self.crowd_weight / self.owner_weight

    def used_ns(self, wait_ns: float) -> float:
        """Return the CPU after which the owner waits ``wait_ns``, ns: the law turned round."""
        return wait_ns * self.owner_weight / self.crowd_weight


def find_contest(machine: NDArray[np.int64], classes: NDArray[np.int64]) -> Contest | None:
    """Return the contest that a replicate is, None if the law does not speak of it.

    Parameters
    ----------
    machine : (len(MACHINE_FIELDS),) int64
        One replicate.
    classes : (C, len(CLASS_FIELDS)) int64
        Its classes.

    Returns
    -------
    Contest or None
        Where there is one CPU, exactly one SCHED_IDLE allocator, and fair allocators beside it.
    """
    allocators = classes[(classes[:, CLASS["program"]] == Program.ALLOCATOR) & (classes[:, CLASS["count"]] > 0)]
    is_idle = allocators[:, CLASS["sclass"]] == SchedClass.IDLE
    owners, crowd = allocators[is_idle], allocators[~is_idle]
    if machine[MACHINE["n_cpus"]] != 1 or owners[:, CLASS["count"]].sum() != 1 or not len(crowd):
        return None
    if np.any(crowd[:, CLASS["sclass"]] >= SchedClass.FIFO):
        return None
    counts = crowd[:, CLASS["count"]]
    return Contest(
        owner_weight=int(owners[0, CLASS["weight"]]),
        n_crowd=int(counts.sum()),
        crowd_weight=int((counts * crowd[:, CLASS["weight"]]).sum()),
    )


def contest_of(results: Results, point: PointRecord) -> Contest | None:
    """Return the contest of a point of a result file, from the scenario that the file holds.

    Raises
    ------
    SpecError
        If this version cannot read that scenario.
    """
    record = results.provenance
    scenario = parse_scenario(str(record["scenario_text"]), str(record["scenario_name"]))
    inputs = lower_block(build_design(scenario, 1, int(record["seed"])), point.index, 0, 1).inputs
    return find_contest(inputs.machine[0], inputs.classes[0])


def law_text(results: Results, point: PointRecord, contest: Contest) -> str:
    """Return a table: for each policy the CPU that the first killer used, the law, and the second kill as seen.

    Parameters
    ----------
    results : Results
        The file.
    point : PointRecord
        A point with raw rows.
    contest : Contest
        What competes there.

    Returns
    -------
    str
        Empty where no raw row has a first kill.
    """
    rows = []
    for p, policy in enumerate(results.plan.policies):
        outputs = point.tally.rows.outputs[p]
        used = outputs[outputs[:, OUT["owner_cpu_ns_0"]] >= 0, OUT["owner_cpu_ns_0"]]
        opened = outputs[outputs[:, OUT["t0_ns_1"]] >= 0]
        if not used.size:
            continue
        c_used = float(np.median(used))
        seen = opened[opened[:, OUT["kill_ns_1"]] >= 0, OUT["kill_ns_1"]]
        median = float(np.median(seen)) if seen.size else None
        rows.append(
            (
                policy,
                f"{len(outputs):,}",
                time_text(c_used),
                time_text(contest.wait_ns(c_used)),
                f"{len(opened):,}",
                f"{len(opened) - len(seen):,}",
                time_text(median),
                time_text(None if median is None else contest.used_ns(median)),
            )
        )
    if not rows:
        return ""
    header = (
        "policy",
        "raw rows",
        "c used",
        "law",
        "2nd reached",
        "not killed",
        "median if killed",
        "c that would give it",
    )
    return "\n".join(
        [
            f"starvation law: c_used * {contest.n_crowd} * {contest.crowd_weight // contest.n_crowd}"
            f" / {contest.owner_weight}, c_used the CPU of the first killer from taking the lock to its SIGKILL",
            *table_lines(header, rows),
        ]
    )
