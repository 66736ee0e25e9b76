"""From a design to the integer arrays of the engine: the only place where words become numbers.

Takes a design, a point and a range of replicates, gives ``Inputs`` with one row for each replicate; takes a policy,
gives its row of codes. Must not know how the engine uses them; no Python loop runs over replicates.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mcoom.codes import SchedClass
from mcoom.design.apportion import apportion
from mcoom.design.build import Design
from mcoom.design.draw import Columns
from mcoom.design.shape_table import shape_table
from mcoom.design.watermark import high_pages, min_pages
from mcoom.design.weight import IDLE_MIN_GRANULARITY_NS, IDLE_WEIGHT, NICE_WEIGHTS, scaling_factor
from mcoom.engine.inputs import Inputs
from mcoom.engine.layout import CLASS, CLASS_FIELDS, LONG_AGO, MACHINE, MACHINE_FIELDS, NOFS_ONE, POLICY_FIELDS
from mcoom.spec.law import Law
from mcoom.spec.model import Behaviour, CrowdTable, Table
from mcoom.spec.policy import Policy
from mcoom.spec.scenario import Scenario
from mcoom.spec.shape import CONSTANT, Shape
from mcoom.units import RATIO_ONE

COSTS_NS = {
    "reclaim_pass": "pass_ns",
    "entry": "entry_ns",
    "trylock": "trylock_ns",
    "select_base": "select_base_ns",
    "select_task": "select_task_ns",
    "select_candidate": "select_candidate_ns",
    "report": "report_ns",
    "report_task": "report_task_ns",
    "post_kill": "post_kill_ns",
    "exit_start": "exit_start_ns",
    "exit_base": "exit_base_ns",
    "exit_page": "exit_page_ns",
    "exit_seg": "exit_seg_ns",
    "reap_base": "reap_base_ns",
    "reap_page": "reap_page_ns",
    "gate_wake": "gate_wake_ns",
}
"""Costs that the speed of the machine scales: key of ``[costs]`` and column."""
COSTS_PLAIN = {
    "pass_points": "pass_points",
    "other_tasks": "other_tasks",
    "report_burst": "report_burst",
    "report_interval": "report_interval_ns",
    "gate_batch": "gate_batch",
}
"""Keys of ``[costs]`` that it does not scale, and their column."""


class Block(NamedTuple):
    """A lowered range of replicates of one point."""

    inputs: Inputs
    """What the engine takes."""
    strata: NDArray[np.int64]
    """(R,) int64 index into ``Design.stratum_labels``."""
    drawn: dict[str, NDArray[np.int64]]
    """(R,) int64 values of every drawn parameter, by canonical path, in the unit of its kind."""


def lower_block(design: Design, point_index: int, first: int, count: int) -> Block:
    """Lower a range of replicates of one point.

    Parameters
    ----------
    design : Design
        What is run.
    point_index : int
        0 <= point_index < len(design.points).
    first, count : int
        Replicates ``first`` to ``first + count - 1``; the rows do not depend on where the range is cut.

    Returns
    -------
    Block
        Arrays of ``count`` rows.
    """
    scenario = design.scenario
    columns = Columns(design, point_index, first, count)
    shapes = _Shapes()
    machine = np.zeros((count, len(MACHINE_FIELDS)), np.int64)
    speed = columns.value("machine.speed", scenario.machine.speed)
    n_cpus = columns.value("machine.cpus", scenario.machine.cpus)
    work = _Work(scenario, columns, shapes, speed, n_cpus)
    _lower_machine(machine, work)
    _lower_memory(machine, work)
    _lower_costs(machine, work)
    rows = []
    for table in scenario.classes:
        row = _lower_class(work, table, f"class.{table.name}")
        row[:, CLASS["count"]] = columns.value(f"class.{table.name}.count", table.count)
        rows.append(row)
    for crowd in scenario.crowds:
        rows.extend(_lower_crowd(work, crowd))
    classes = (
        np.ascontiguousarray(np.stack(rows, axis=1)) if rows else np.zeros((count, 0, len(CLASS_FIELDS)), np.int64)
    )
    inputs = Inputs(machine, classes, shapes.rows(), design.seed, point_index, first)
    return Block(inputs, columns.strata(), columns.drawn)


def lower_policy(policy: Policy) -> NDArray[np.int64]:
    """Lower a policy.

    Parameters
    ----------
    policy : Policy
        A record.

    Returns
    -------
    np.ndarray
        (len(POLICY_FIELDS),) int64.
    """
    return np.array([getattr(policy, field) for field in POLICY_FIELDS], np.int64)


class _Shapes:
    """Shape tables in the order of their first use; row 0 is the constant."""

    def __init__(self) -> None:
        self._order: dict[Shape, int] = {CONSTANT: 0}

    def number(self, shape: Shape) -> int:
        return self._order.setdefault(shape, len(self._order))

    def rows(self) -> NDArray[np.int64]:
        return np.array([shape_table(shape) for shape in self._order], np.int64)


class _Work(NamedTuple):
    """What every part of the lowering of one block shares."""

    scenario: Scenario
    columns: Columns
    shapes: _Shapes
    speed: NDArray[np.int64]
    n_cpus: NDArray[np.int64]

    def scaled(self, cost_ns: NDArray[np.int64]) -> NDArray[np.int64]:
        """Divide CPU time by the speed of the machine."""
        return cost_ns * RATIO_ONE // self.speed


def _field(columns: Columns, prefix: str, table: Table, name: str, group: int | None = None) -> NDArray[np.int64]:
    """Give the column of one key that has a law."""
    law: Law = getattr(table, name)
    return columns.value(f"{prefix}.{name}", law, group)


def _lower_machine(machine: NDArray[np.int64], work: _Work) -> None:
    """Fill in CPUs, ticks, scheduler constants and the run."""
    scenario, columns = work.scenario, work.columns

    def get(name: str) -> NDArray[np.int64]:
        return _field(columns, "machine", scenario.machine, name)

    hz = get("hz")
    factor = scaling_factor(work.n_cpus)
    values = {
        "n_cpus": work.n_cpus,
        "hz": hz,
        "tick_ns": 10**9 // hz,
        "preempt": get("preempt"),
        "groups": get("groups"),
        "latency_ns": get("latency") * factor,
        "min_gran_ns": get("min_granularity") * factor,
        "wakeup_gran_ns": get("wakeup_granularity") * factor,
        "idle_min_gran_ns": IDLE_MIN_GRANULARITY_NS,
        "rt_runtime_ns": get("rt_runtime"),
        "rr_slice_ticks": np.maximum(1, get("rr_slice") * hz // 10**9),
        "timer_mode": get("timer"),
        "switch_ns": work.scaled(get("switch")),
        "n_kills": scenario.n_kills,
        "horizon_ns": scenario.horizon_ns,
        "until": scenario.until,
        "max_events": scenario.max_events,
        "engine": scenario.engine,
    }
    for name, value in values.items():
        machine[:, MACHINE[name]] = value


def _lower_memory(machine: NDArray[np.int64], work: _Work) -> None:
    """Fill in pages and watermarks."""
    memory, columns = work.scenario.memory, work.columns

    def get(name: str) -> NDArray[np.int64]:
        return _field(columns, "memory", memory, name)

    if memory.managed is not None:
        managed = get("managed")
        min_mark = min_pages(managed, get("watermarks"), get("thp_zones"))
        high_mark = high_pages(managed, min_mark)
    else:
        managed = np.zeros(columns.count, np.int64)
        min_mark = get("min")
        high_mark = get("high") if memory.high is not None else high_pages(managed, min_mark)
    values = {
        "min_pages": min_mark,
        "high_pages": high_mark,
        "total_pages": get("total") if memory.total is not None else managed,
        "boost_pages": get("boost"),
        "boost_from": get("boost_from"),
        "pcp_pages": get("per_cpu"),
        "free_pages": get("free") if memory.free is not None else min_mark + get("free_above_min"),
        "reclaimable_pages": get("reclaimable"),
        "stuck_lru_pages": get("stuck_lru"),
    }
    for name, value in values.items():
        machine[:, MACHINE[name]] = value


def _lower_costs(machine: NDArray[np.int64], work: _Work) -> None:
    """Fill in the costs."""
    costs, columns = work.scenario.costs, work.columns
    for name, column in COSTS_NS.items():
        machine[:, MACHINE[column]] = work.scaled(_field(columns, "costs", costs, name))
    for name, column in COSTS_PLAIN.items():
        machine[:, MACHINE[column]] = _field(columns, "costs", costs, name)
    machine[:, MACHINE["pass_shape"]] = work.shapes.number(costs.reclaim_pass_shape)


def _lower_class(
    work: _Work, table: Behaviour, prefix: str, inner: Behaviour | None = None, group: int | None = None
) -> NDArray[np.int64]:
    """Make the rows (R, len(CLASS_FIELDS)) of one class, or of group ``group`` (keys in ``inner``) of a crowd."""
    costs, columns, shapes = work.scenario.costs, work.columns, work.shapes

    def owner(name: str) -> tuple[str, Behaviour, int | None]:
        if inner is not None and name in inner.model_fields_set:
            return f"{prefix}.group", inner, group
        return prefix, table, None

    def get(name: str, default: str = "") -> NDArray[np.int64]:
        place, source, number = owner(name)
        if getattr(source, name) is None:
            return _field(columns, "costs", costs, default) if default else np.zeros(columns.count, np.int64)
        return _field(columns, place, source, name, number)

    place, source, number = owner("start")
    start = source.start
    gate = start.gate

    def start_field(name: str) -> NDArray[np.int64]:
        return _field(columns, f"{place}.start", start, name, number)

    touch_shape = owner("touch_shape")[1].touch_shape
    sclass = get("policy")
    values = {
        "program": get("program"),
        "sclass": sclass,
        "rt_prio": np.where(sclass >= int(SchedClass.FIFO), get("rt_priority"), 0),
        "weight": _weight(sclass, get("nice")),
        "affinity": _affinity(owner("affinity")[1].affinity, work.n_cpus),
        "start_kind": start_field("gate") if gate is not None else 0,
        "start_ns": start_field("at"),
        "start_var_ns": start_field("jitter"),
        "start_shape": shapes.number(start.shape),
        "gate_vruntime_ns": start_field("vruntime") if start.vruntime is not None else LONG_AGO,
        "first_ns": work.scaled(get("first")),
        "first_var_ns": work.scaled(get("first_var")),
        "first_shape": shapes.number(owner("first_shape")[1].first_shape),
        "touch_ns": work.scaled(get("touch", "touch")),
        "touch_var_ns": work.scaled(get("touch_var", "touch_var")),
        "touch_shape": shapes.number(costs.touch_shape if touch_shape is None else touch_shape),
        "limit_pages": get("limit"),
        "fault_pages": get("fault_pages"),
        "rss_pages": get("rss"),
        "adj": get("oom_score_adj"),
        "nofs_frac": get("nofs") * NOFS_ONE // RATIO_ONE,
    }
    rows = np.zeros((columns.count, len(CLASS_FIELDS)), np.int64)
    for name, value in values.items():
        rows[:, CLASS[name]] = value
    return rows


def _lower_crowd(work: _Work, crowd: CrowdTable) -> list[NDArray[np.int64]]:
    """Make the rows of every possible group of a crowd; groups that are not there have count 0."""
    columns, prefix = work.columns, f"crowd.{crowd.name}"
    n_groups = crowd.groups.high
    shares = [_field(columns, f"{prefix}.group", crowd.group, "share", g) for g in range(n_groups)]
    counts = apportion(
        columns.value(f"{prefix}.threads", crowd.threads),
        columns.value(f"{prefix}.groups", crowd.groups),
        np.stack(shares, axis=1),
    )
    rows = []
    for g in range(n_groups):
        row = _lower_class(work, crowd, prefix, crowd.group, g)
        row[:, CLASS["count"]] = counts[:, g]
        columns.drawn[f"{prefix}.count[{g}]"] = counts[:, g]
        rows.append(row)
    return rows


def _weight(sclass: NDArray[np.int64], nice: NDArray[np.int64]) -> NDArray[np.int64]:
    """Give the weight of a fair task; real-time tasks carry that of nice 0, which nothing reads."""
    fair = (sclass == int(SchedClass.OTHER)) | (sclass == int(SchedClass.BATCH))
    weight = np.where(fair, NICE_WEIGHTS[nice + 20], NICE_WEIGHTS[20])
    return np.where(sclass == int(SchedClass.IDLE), IDLE_WEIGHT, weight)


def _affinity(cpus: tuple[int, ...] | None, n_cpus: NDArray[np.int64]) -> NDArray[np.int64]:
    """Give the mask of allowed CPUs, bit c = CPU c; CPU 63 is the sign bit."""
    every = (np.uint64(0xFFFFFFFFFFFFFFFF) >> (64 - n_cpus).astype(np.uint64)).view(np.int64)
    if cpus is None:
        return every
    listed = np.array(sum(1 << cpu for cpu in cpus), np.uint64).view(np.int64)
    return np.full(n_cpus.shape, listed)
