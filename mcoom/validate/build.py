"""The scenario that was measured: rows of the engine for one configuration.

Takes factors, boots and stage costs, gives ``Inputs`` and a policy row. Must know nothing of outcomes. What the
measured machine had and no column says (pages of a program, processes beside the experiment) is named here once.
"""

from dataclasses import dataclass

import numpy as np

from mcoom.codes import (
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
    Until,
)
from mcoom.design.shape_table import shape_table
from mcoom.design.stream import draw, stream_key
from mcoom.design.watermark import high_pages
from mcoom.design.weight import IDLE_MIN_GRANULARITY_NS, IDLE_WEIGHT, NICE_WEIGHTS, scaling_factor
from mcoom.engine.inputs import Inputs
from mcoom.engine.layout import CLASS, CLASS_FIELDS, MACHINE, MACHINE_FIELDS, POLICY_FIELDS
from mcoom.spec.shape import Shape
from mcoom.validate.measured import Boot, Configuration, Factors
from mcoom.validate.stages import MEAN_FIRST_TURNS, TURN_NS, StageCosts

MIN_PAGES = 182
"""Min mark: the middle of the 154..210 pages of the README of the data. It depends on the memory, which no column says;
nothing hangs on it, as reclaim never yields a page and the retry test passes at any mark."""
START_PAGES = 1536
"""Pages above the min mark when a round begins: the margin of 6 MiB of the README of the data."""
BOOST_PAGES = 0
"""Watermark boost. Some boots got 1,024 pages in their first round; which ones, no factor says, so none is assumed."""
OWN_PAGES = 36
"""Pages of a victim besides the ``vkb`` KiB that it touches: stack, data and page tables of the test program."""
OTHER_PROCESSES, PROCESSES_PER_CPU = 16, 6
"""Processes that selection scans besides those of the experiment: kernel threads, some of them one per CPU."""
PASS_POINTS = 13
"""Resched points of a pass: one for each priority of reclaim (README of the data)."""
EXIT_SEGMENT_PAGES = 512
"""Pages between two resched points of an exit: one page table (mm/memory.c@v6.1)."""
GATE_BATCH = 64
MEAN_START_NS = 6_000_000
"""The holder starts uniform 0..12 ms into the round."""
MAX_EVENTS = 50_000_000
"""Event budget of a replicate; 20 s of futile passes on one CPU are about 1e6."""

LATENCY_NS, MIN_GRANULARITY_NS, WAKEUP_GRANULARITY_NS = 6_000_000, 750_000, 1_000_000
"""CFS sysctls of one CPU (README of the data)."""

KILL_CAP = 0.75
"""Quantile of ``lock_to_kill_beside_selection`` that stands for those above it: they hold the opening of the gate,
which falls between lock and first kill and which the engine charges apart."""

PASS_SHAPE = 1
"""Number of the shape table of a pass; table 0 is uniform on 0..2."""
_LOCKS = {
    "sleep": Lock.TRYLOCK_SLEEP,
    "spin": Lock.TRYLOCK_SPIN,
    "mutex": Lock.LOCK_KILLABLE,
    # Inheritance moves priorities, not weights: it changes nothing between fair tasks. With a FIFO waiter it would.
    "pi": Lock.LOCK_KILLABLE,
}
_STARTS = {0: StartKind.TIME, 1: StartKind.FIRST_LOCK, 2: StartKind.FIRST_KILL, 3: StartKind.FIRST_EXIT}
_CLASSES = {
    "o": SchedClass.OTHER,
    "b": SchedClass.BATCH,
    "i": SchedClass.IDLE,
    "f": SchedClass.FIFO,
    "r": SchedClass.RR,
}
_Columns = dict[str, int | np.ndarray]
"""Values of columns: the same for every replicate, or int64[R]."""
_PURPOSES = {"select_base": 16, "select_task": 17, "gate_wake": 18, "report": 19}


def unmodelled(factors: Factors) -> tuple[str, ...]:
    """Return one note for each factor whose effect the model does not have."""
    notes = []
    if factors.npthrottle:
        notes.append("npthrottle=1: predicted without 6.1's own throttle")
    if factors.fail == "pi":
        notes.append("fail=pi: predicted as mutex, inheritance does not move weights")
    if factors.uart:
        notes.append("uart: the console cost did not reach the lock (README of the data), ignored")
    return tuple(notes)


def build_policy(factors: Factors) -> np.ndarray:
    """Return the policy row of a configuration.

    Parameters
    ----------
    factors : Factors
        What was set.

    Returns
    -------
    ndarray
        int64[len(POLICY_FIELDS)].
    """
    values = {
        "sched": Sched.CFS61,
        "lock": _LOCKS[factors.fail],
        "lock_k": 1,
        "holder": Holder.SLEEP_UNDER_LOCK if factors.hold > 0 else Holder.NONE,
        "holder_k": factors.hold,
        "report": int(factors.dump > 0),
        "release": Release.REAPER_DELAYED if factors.reaper else Release.EXIT_ONLY,
        "reap_delay_ms": factors.reapdelay,
        "reserves": Reserves.HALF,
        "selection": Selection.BADNESS_5_9,
        "lru_fallback": 1,
        "reap_exiting": 1,
        "rt_reserve": 2,
    }
    return np.array([values[name] for name in POLICY_FIELDS], dtype=np.int64)


@dataclass(frozen=True)
class _Machine:
    """Costs of the replicates of one configuration, in order: one machine each."""

    scale: np.ndarray
    """CPU cost of anything over that on the standard machine, float64[R]."""

    def cost(self, standard_ns: np.ndarray | float) -> np.ndarray:
        """Return a cost on each machine, int64[R], ns."""
        return np.rint(self.scale * standard_ns).astype(np.int64)


def _scale(factors: Factors, boot: Boot, stages: StageCosts) -> float:
    """Return how slow the machine of a boot is against the standard one."""
    if factors.accel == "icount":
        return 2.0 ** ((factors.shift or 0) - 1)
    pass_ns = boot.pass_ns if boot.pass_ns is not None else stages.find("reclaim_pass", "mttcg").median
    return pass_ns / stages.reclaim_pass().median


def _uniforms(seed: int, point: int, replicates: int, purpose: int) -> np.ndarray:
    """Return the first draw of each replicate for a purpose (task 0), float64[R] in 0..1."""
    return draw(stream_key(seed, point, np.arange(replicates), 0, 0, purpose), 0) / 2.0**64


def n_processes(factors: Factors) -> int:
    """Return how many processes a selection scans while all victims of a round live."""
    experiment = 1 + factors.n + factors.hogs + factors.kills + 2
    return experiment + OTHER_PROCESSES + PROCESSES_PER_CPU * factors.vcpu


def build_inputs(configuration: Configuration, stages: StageCosts, replicates: int, seed: int) -> Inputs:
    """Return the inputs of all replicates of a configuration.

    Replicate r stands for boot r mod B of the configuration: it has that boot's horizon and machine speed. What varies
    from boot to boot (selection, gate, report) is drawn per replicate from the quantiles of the stage.

    Parameters
    ----------
    configuration : Configuration
        Factors and boots.
    stages : StageCosts
        Costs of the standard machine.
    replicates : int
        R, at least 1.
    seed : int
        Root seed. Streams are keyed by it, the factors and the replicate, by nothing else.

    Returns
    -------
    Inputs
        Of R rows.
    """
    factors = configuration.factors
    boots = [configuration.boots[r % len(configuration.boots)] for r in range(replicates)]
    machine = _Machine(np.array([_scale(factors, boot, stages) for boot in boots]))
    point = factors.point()
    u = {name: _uniforms(seed, point, replicates, purpose) for name, purpose in _PURPOSES.items()}
    values = _constant_columns(factors) | _cost_columns(factors, stages, machine, u)
    values["horizon_ns"] = np.array([boot.horizon_ns for boot in boots], dtype=np.int64)
    rows = np.empty((replicates, len(MACHINE_FIELDS)), dtype=np.int64)
    for name, column in MACHINE.items():
        rows[:, column] = values[name]
    shapes = np.array([shape_table(Shape("uniform")), shape_table(stages.reclaim_pass().shape())], dtype=np.int64)
    return Inputs(rows, _class_rows(factors, stages, machine), shapes, seed, point, 0)


def _constant_columns(factors: Factors) -> _Columns:
    """Return the columns of the machine row that no cost enters."""
    scaling = int(scaling_factor(np.array([factors.vcpu]))[0])
    mark = np.array([MIN_PAGES])
    return {
        "n_cpus": factors.vcpu,
        "hz": factors.hz,
        "tick_ns": 1_000_000_000 // factors.hz,
        "preempt": Preempt.FULL if factors.preempt == "full" else Preempt.NONE,
        "groups": 0,
        "latency_ns": LATENCY_NS * scaling,
        "min_gran_ns": MIN_GRANULARITY_NS * scaling,
        "wakeup_gran_ns": WAKEUP_GRANULARITY_NS * scaling,
        "idle_min_gran_ns": IDLE_MIN_GRANULARITY_NS,
        "rt_runtime_ns": -1,
        "rr_slice_ticks": factors.hz // 10,
        "timer_mode": 0,
        "free_pages": MIN_PAGES + START_PAGES,
        "reclaimable_pages": 0,
        "stuck_lru_pages": 0,
        "min_pages": MIN_PAGES,
        "high_pages": int(high_pages(np.zeros_like(mark), mark)[0]),
        "total_pages": MIN_PAGES + START_PAGES + (factors.kills + 2) * _victim_pages(factors),
        "boost_pages": BOOST_PAGES,
        "pass_shape": PASS_SHAPE,
        "pass_points": PASS_POINTS,
        "other_tasks": OTHER_PROCESSES + PROCESSES_PER_CPU * factors.vcpu,
        "report_burst": 1 << 30,
        "report_interval_ns": 5_000_000_000,
        "gate_batch": GATE_BATCH,
        "n_kills": factors.kills,
        "until": Until.KILLS,
        "max_events": MAX_EVENTS,
        # Not measured apart: part of the attempt or of the stage that they surround.
        "switch_ns": 0,
        "post_kill_ns": 0,
        "exit_start_ns": 0,
    }


def _cost_columns(factors: Factors, stages: StageCosts, machine: _Machine, u: dict[str, np.ndarray]) -> _Columns:
    """Return the columns of the machine row that are costs, int64[R] each."""
    exit_base_ns, exit_page_ns = stages.exit_line()
    return {
        "pass_ns": machine.cost(stages.reclaim_pass().median),
        "entry_ns": machine.cost(stages.attempt_ns()),
        "select_base_ns": machine.cost(stages.find("lock_to_kill_beside_selection").at(u["select_base"], KILL_CAP)),
        "select_task_ns": machine.cost(stages.selection_per_task(n_processes(factors)).at(u["select_task"])),
        "report_ns": machine.cost(stages.find("report", "dump=2, uart=0").at(u["report"])),
        "exit_base_ns": machine.cost(exit_base_ns),
        "exit_page_ns": machine.cost(exit_page_ns),
        "exit_seg_ns": machine.cost(exit_page_ns * EXIT_SEGMENT_PAGES),
        # No stage of the reaper was measured: it does what an exit does.
        "reap_base_ns": machine.cost(exit_base_ns),
        "reap_page_ns": machine.cost(exit_page_ns),
        "gate_wake_ns": machine.cost(stages.find("gate_wake_per_thread").at(u["gate_wake"])),
    }


def _victim_pages(factors: Factors) -> int:
    """Return the pages of a victim."""
    return factors.vkb // 4 + OWN_PAGES


def _class_rows(factors: Factors, stages: StageCosts, machine: _Machine) -> np.ndarray:
    """Return the class rows, int64[R, 4, len(CLASS_FIELDS)]: holder, storm, hogs, victims."""
    touch: _Columns = {
        "touch_ns": machine.cost(stages.touch_ns()),
        "touch_var_ns": machine.cost(factors.uwork * TURN_NS),
    }
    gate: _Columns = {"start_kind": _STARTS[factors.gate]}
    holder: _Columns = {"count": 1, "start_var_ns": MEAN_START_NS}
    storm: _Columns = {"count": factors.n, "first_var_ns": machine.cost(MEAN_FIRST_TURNS * TURN_NS)}
    hogs: _Columns = {"count": factors.hogs, "program": Program.HOG}
    victims: _Columns = {"count": factors.kills + 2, "program": Program.SLEEPER, "rss_pages": _victim_pages(factors)}
    holder |= touch | _schedule(factors.hpol, factors.hnice)
    storm |= touch | gate | _schedule(factors.spol, factors.snice)
    hogs |= gate | _schedule(factors.gpol, 0)
    victims |= {"adj": 1000} | _schedule(factors.vpol, 0)
    default: _Columns = {"affinity": (1 << factors.vcpu) - 1, "limit_pages": -1, "fault_pages": 1, "adj": -1000}
    rows = np.zeros((len(machine.scale), 4, len(CLASS_FIELDS)), dtype=np.int64)
    for i, values in enumerate((holder, storm, hogs, victims)):
        for name, value in (default | values).items():
            rows[:, i, CLASS[name]] = value
    return rows


def _schedule(policy: str, nice: int) -> _Columns:
    """Return the scheduling columns of a class; ``nice`` is the priority of a FIFO or RR class."""
    sclass = _CLASSES[policy]
    realtime = sclass in (SchedClass.FIFO, SchedClass.RR)
    return {
        "sclass": sclass,
        "rt_prio": max(1, nice) if realtime else 0,
        "weight": 1024 if realtime else IDLE_WEIGHT if sclass is SchedClass.IDLE else int(NICE_WEIGHTS[nice + 20]),
    }
