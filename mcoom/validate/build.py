"""The scenario that was measured: rows of the engine for one configuration.

Takes factors, boots and stage costs, gives ``Inputs`` and a policy row. Must know nothing of outcomes. What the
measured machine had and no column says (pages of a program, processes beside the experiment) is named here once.
"""

import numpy as np

from mcoom.codes import (
    BoostFrom,
    Engine,
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
from mcoom.engine.layout import CLASS, CLASS_FIELDS, LONG_AGO, MACHINE, MACHINE_FIELDS, POLICY_FIELDS
from mcoom.spec.shape import Shape
from mcoom.validate.machine import BOOST_PAGES, MACHINES, draw_unknowns
from mcoom.validate.measured import Boot, Configuration, Factors
from mcoom.validate.stages import MEAN_FIRST_TURNS, TURN_NS, StageCosts

START_PAGES = 1536
"""Pages above the min mark when a round begins: the margin of 6 MiB of the README of the data."""
ROUNDS = 3
"""Rounds of a boot that are simulated: the first, and two that the later ones repeat in turn."""
SELECT_OTHERS_NS, SELECT_TASK_NS, SELECT_CANDIDATE_NS = 626, 169, 142
"""Selection: all other processes together, a thread of the experiment, and what is more for one that may be killed. The
least-squares fit of these to the quantiles of ``selection_per_task`` over the numbers of threads of the boots (factor
columns and k) is within 1.4 % of every quantile; ``tests/validation/test_selection.py`` repeats it."""
SELECT_FIT_TASKS, SELECT_FIT_NS = 32, 99.64102564102564
"""Tasks, and median of ``selection_per_task`` there, in the costs of that fit; other costs scale it by theirs."""
PASS_POINTS = 13
"""Resched points of a pass: one for each priority of reclaim (README of the data)."""
PASSES_PER_ATTEMPT = 17
"""Of the attempts behind ``attempt_beside_reclaim``: 16 failures and one more (MAX_RECLAIM_RETRIES)."""
EXIT_SEGMENT_PAGES = 512
"""Pages between two resched points of an exit: one page table (mm/memory.c@v6.1)."""
GATE_BATCH = 64
MEAN_START_NS = 6_000_000
"""The holder starts uniform 0..12 ms into the round."""
MAX_EVENTS = 50_000_000
"""Event budget of a replicate; 20 s of futile passes on one CPU are about 1e6."""

FORK_DEBIT_NS = 3_000_000
"""How far ahead of its queue a nice-0 process is placed when another forks it: half a latency
(START_DEBIT), which grows with the CPUs as the latency does."""
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
REPORT_TASKS = (9.5, 21.5)
"""Tasks listed by the measured reports: those of the boots with 4 and with 16 storm threads, averaged over k."""
WAKE_RANKS = ((1, 0.04), (2, 0.12), (4, 0.31), (8, 0.55), (16, 0.78), (32, 0.88), (64, 0.95), (128, 0.99))
"""Storm size and its rank among the openings of a gate by openers of one kind, in the public boots (factor columns). A
wake-up puts a task into a red-black tree, so it costs more with more tasks."""
WAKE_RANKS_REALTIME, WAKE_RANKS_NICE_0, WAKE_RANKS_WEIGHTED = (0.0, 0.03), (0.03, 0.40), (0.40, 1.0)
"""Ranks of the openings by the opener, whose run time a wake-up accounts: a real-time one has no vruntime, at nice 0
that is the run time itself, else it is divided by the weight (kernel/sched/fair.c:calc_delta_fair@v6.1). Within a kind
the storm size decides, and the quantile of ``gate_wake_per_thread`` at the rank of an opening is its cost."""
WAKE_RANK_SPAN = 0.5
"""How far the true rank may be from that one, either way."""
_SELECT_BASE, _ROUND_START = 16, 17
"""Purposes of the draws of a boot, in the keys of the streams."""


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


class _Rows:
    """Which boot, machine and round each row of a configuration stands for, and how its costs are scaled."""

    def __init__(self, configuration: Configuration, stages: StageCosts, boots: int, seed: int) -> None:
        self.factors = configuration.factors
        self.stages = stages
        rounds = simulated_rounds(configuration)
        self.boot = np.repeat(np.arange(boots), rounds)
        self.first_round = np.tile(np.arange(rounds), boots) == 0
        self.machine = machine_of(self.boot)
        self.seed, self.point = seed, configuration.factors.point()
        self.unknowns = draw_unknowns(seed, self.point)
        measured = [configuration.boots[b % len(configuration.boots)] for b in self.boot]
        self.horizon_ns = np.array([boot.horizon_ns for boot in measured], dtype=np.int64)
        self.cold = np.ones(len(self.boot))
        """How much more code costs that seldom runs. Instruction-counted time knows no caches."""
        if self.factors.accel == "mttcg":
            self.cold = stages.slowest_pass("mttcg") ** self.unknowns.quantiles["cold"][self.machine]
        self._scale = np.array([_scale(self.factors, boot, stages) for boot in measured])

    def cost(self, standard_ns: np.ndarray | float) -> np.ndarray:
        """Return a cost on the machine of each row, int64[R], ns."""
        return np.rint(self._scale * standard_ns).astype(np.int64)

    def path(self, name: str) -> np.ndarray:
        """Return the cost of a path that nobody measured, int64[R], ns."""
        shortest_ns = self.stages.find("lock_to_kill_beside_selection").median
        return self.cost(shortest_ns * self.unknowns.paths[name][self.machine] * self.cold)

    def uniforms(self, purpose: int) -> np.ndarray:
        """Return the draw of each row's boot for a purpose (task 0), float64[R] in 0..1."""
        return draw(stream_key(self.seed, self.point, self.boot, 0, 0, purpose), 0) / 2.0**64


def machine_of(boot: np.ndarray) -> np.ndarray:
    """Return the simulated machine, 0..MACHINES-1, that runs each simulated boot."""
    return boot % MACHINES


def simulated_rounds(configuration: Configuration) -> int:
    """Return how many rounds of a boot are simulated."""
    return min(ROUNDS, configuration.rounds)


def _scale(factors: Factors, boot: Boot, stages: StageCosts) -> float:
    """Return how slow the machine of a boot is against the standard one."""
    if factors.accel == "icount":
        return 2.0 ** ((factors.shift or 0) - 1)
    pass_ns = boot.pass_ns if boot.pass_ns is not None else stages.find("reclaim_pass", "mttcg").median
    return pass_ns / stages.reclaim_pass().median


def build_inputs(configuration: Configuration, stages: StageCosts, boots: int, seed: int) -> Inputs:
    """Return the inputs of all simulated boots of a configuration.

    Simulated boot b stands for boot b mod B of the configuration: it has that boot's horizon and machine speed. What
    varies from boot to boot (selection, gate, report) is drawn per boot from the quantiles of the stage; what nobody
    measured is drawn per machine (``mcoom.validate.machine``).

    Parameters
    ----------
    configuration : Configuration
        Factors and boots.
    stages : StageCosts
        Costs of the standard machine.
    boots : int
        Simulated boots, at least 1; each makes ``simulated_rounds`` rows, one after the other.
    seed : int
        Root seed. Streams are keyed by it, the factors and the row, by nothing else.

    Returns
    -------
    Inputs
        Of ``boots * simulated_rounds(configuration)`` rows.
    """
    rows = _Rows(configuration, stages, boots, seed)
    values = _constant_columns(rows.factors) | _memory_columns(rows) | _cost_columns(rows)
    values["horizon_ns"] = rows.horizon_ns
    machine = np.empty((len(rows.boot), len(MACHINE_FIELDS)), dtype=np.int64)
    for name, column in MACHINE.items():
        machine[:, column] = values[name]
    shapes = np.array([shape_table(Shape("uniform")), shape_table(stages.reclaim_pass().shape())], dtype=np.int64)
    return Inputs(machine, _class_rows(rows), shapes, seed, rows.point, 0)


def _scaling(factors: Factors) -> int:
    """Return by how much the sysctls of CFS are larger than those of one CPU."""
    return int(scaling_factor(np.array([factors.vcpu]))[0])


def _constant_columns(factors: Factors) -> _Columns:
    """Return the columns of the machine row that are the same for every boot."""
    scaling = _scaling(factors)
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
        "pass_shape": PASS_SHAPE,
        "pass_points": PASS_POINTS,
        "other_tasks": 0,
        "report_burst": 1 << 30,
        "report_interval_ns": 5_000_000_000,
        "gate_batch": GATE_BATCH,
        "n_kills": factors.kills,
        "until": Until.KILLS,
        "max_events": MAX_EVENTS,
        "engine": int(Engine.EXACT),
    }


def _memory_columns(rows: _Rows) -> _Columns:
    """Return the columns of the machine row that are pages, int64[R] where machines differ."""
    min_pages = rows.unknowns.min_pages[rows.machine]
    boosted = rows.unknowns.boosted[rows.machine] & rows.first_round
    victims = (rows.factors.kills + 2) * _victim_pages(rows)
    return {
        "free_pages": min_pages + START_PAGES,
        "reclaimable_pages": 0,
        "stuck_lru_pages": 0,
        "min_pages": min_pages,
        "high_pages": high_pages(np.zeros_like(min_pages), min_pages),
        "total_pages": min_pages + START_PAGES + victims,
        "boost_pages": np.where(boosted, BOOST_PAGES, 0),
        "boost_from": BoostFrom.FIRST_KILL,
        "pcp_pages": rows.unknowns.pcp_pages[rows.machine],
    }


def _cost_columns(rows: _Rows) -> _Columns:
    """Return the columns of the machine row that are costs, int64[R] each."""
    stages = rows.stages
    exit_base_ns, exit_page_ns = stages.exit_line()
    selection = stages.selection_per_task(SELECT_FIT_TASKS).median / SELECT_FIT_NS
    # The engine counts the holder with the threads of the experiment; here it is among the others.
    select_others_ns = selection * (SELECT_OTHERS_NS - SELECT_TASK_NS)
    select_base_ns = stages.find("lock_to_kill_beside_selection").at(rows.uniforms(_SELECT_BASE), KILL_CAP)
    report_ns, report_task_ns = stages.report_line(REPORT_TASKS, rows.unknowns.quantiles["report"][rows.machine])
    pass_ns = stages.reclaim_pass().at(rows.unknowns.quantiles["pass"])[rows.machine]
    # What an attempt costs beside its passes it pays pass by pass (README of the data: with one pass, 47 us in all).
    # Measured per waiter, it holds a share of what happens once, the less the more waiters: the lower half is nearer.
    unknowns = rows.unknowns
    attempt_ns = stages.attempt_ns(0.5 * unknowns.quantiles["attempt"], unknowns.fault_share)[rows.machine]
    beside_ns = np.maximum(0, rows.cost(attempt_ns) - rows.path("trylock") - rows.path("switch"))
    return {
        "pass_ns": rows.cost(pass_ns) + beside_ns // PASSES_PER_ATTEMPT,
        "entry_ns": 0,
        "trylock_ns": rows.path("trylock"),
        "select_base_ns": rows.cost((select_base_ns + select_others_ns) * rows.cold),
        "select_task_ns": rows.cost(selection * SELECT_TASK_NS * rows.cold),
        "select_candidate_ns": rows.cost(selection * SELECT_CANDIDATE_NS * rows.cold),
        "report_ns": rows.cost(report_ns),
        "report_task_ns": rows.cost(report_task_ns),
        "post_kill_ns": rows.path("post_kill"),
        "exit_start_ns": rows.path("exit_start"),
        "switch_ns": rows.path("switch"),
        "exit_base_ns": rows.cost(exit_base_ns),
        "exit_page_ns": rows.cost(exit_page_ns),
        "exit_seg_ns": rows.cost(exit_page_ns * EXIT_SEGMENT_PAGES),
        # No stage of the reaper was measured: it does what an exit does.
        "reap_base_ns": rows.cost(exit_base_ns),
        "reap_page_ns": rows.cost(exit_page_ns),
        "gate_wake_ns": rows.cost(stages.find("gate_wake_per_thread").at(_wake_rank(rows)) * rows.cold),
    }


def _victim_pages(rows: _Rows) -> np.ndarray:
    """Return the pages of a victim, int64[R]."""
    pages: np.ndarray = rows.factors.vkb // 4 + rows.unknowns.own_pages[rows.machine]
    return pages


def _wake_rank(rows: _Rows) -> np.ndarray:
    """Return the rank of the opening of the gate among the measured ones, float64[R] in 0..1."""
    factors = rows.factors
    sizes, ranks = np.array(WAKE_RANKS).T
    low, high = WAKE_RANKS_WEIGHTED
    if factors.hpol in "fr":
        low, high = WAKE_RANKS_REALTIME
    elif factors.hpol in "ob" and factors.hnice == 0:
        low, high = WAKE_RANKS_NICE_0
    rank = low + (high - low) * float(np.interp(np.log(max(1, factors.n)), np.log(sizes), ranks))
    off: np.ndarray = WAKE_RANK_SPAN * (2 * rows.unknowns.quantiles["gate_wake"][rows.machine] - 1)
    return np.asarray(np.clip(rank + off, 0.0, 1.0))


def _class_rows(rows: _Rows) -> np.ndarray:
    """Return the class rows, int64[R, 4, len(CLASS_FIELDS)]: holder, storm, hogs, victims."""
    factors = rows.factors
    touch: _Columns = {
        "touch_ns": rows.cost(rows.stages.touch_ns()),
        "touch_var_ns": rows.cost(factors.uwork * TURN_NS),
    }
    # Forked before the first round and not run since; later they slept through what ran between the rounds.
    debit_ns = FORK_DEBIT_NS * _scaling(factors)
    forked: _Columns = {"gate_vruntime_ns": np.where(rows.first_round, debit_ns, LONG_AGO)}
    gate: _Columns = {"start_kind": _STARTS[factors.gate], "start_ns": _round_start(rows)}
    gate |= forked
    holder: _Columns = {"count": 1, "start_ns": _round_start(rows), "start_var_ns": MEAN_START_NS}
    storm: _Columns = {
        "count": factors.n,
        # Of its first fault a thread pays the part before the allocator here; later ones are in the touches.
        "first_ns": rows.cost(rows.unknowns.fault_share[rows.machine] * rows.stages.touch_ns()),
        "first_var_ns": rows.cost(MEAN_FIRST_TURNS * TURN_NS),
    }
    hogs: _Columns = {"count": factors.hogs, "program": Program.HOG}
    victims: _Columns = {"count": factors.kills + 2, "program": Program.SLEEPER, "rss_pages": _victim_pages(rows)}
    holder |= touch | _schedule(factors.hpol, factors.hnice)
    storm |= touch | gate | _schedule(factors.spol, factors.snice)
    hogs |= gate | _schedule(factors.gpol, 0)
    victims |= {"adj": 1000} | forked | _schedule(factors.vpol, 0)
    default: _Columns = {"affinity": (1 << factors.vcpu) - 1, "limit_pages": -1, "fault_pages": 1, "adj": -1000}
    table = np.zeros((len(rows.boot), 4, len(CLASS_FIELDS)), dtype=np.int64)
    for i, values in enumerate((holder, storm, hogs, victims)):
        for name, value in (default | values).items():
            table[:, i, CLASS[name]] = value
    return table


def _round_start(rows: _Rows) -> np.ndarray:
    """Return when the round of each row begins, ns after a tick, int64[R].

    The storm that starts with the round (``gate`` 0) uses up its first slices from there. Else only the holder starts
    at a time, and its pause, uniform over 12 ms, says where in a tick.
    """
    if rows.factors.gate != 0:
        return np.zeros(len(rows.boot), dtype=np.int64)
    return (rows.uniforms(_ROUND_START) * (1_000_000_000 // rows.factors.hz)).astype(np.int64)


def _schedule(policy: str, nice: int) -> _Columns:
    """Return the scheduling columns of a class; ``nice`` is the priority of a FIFO or RR class."""
    sclass = _CLASSES[policy]
    realtime = sclass in (SchedClass.FIFO, SchedClass.RR)
    return {
        "sclass": sclass,
        "rt_prio": max(1, nice) if realtime else 0,
        "weight": 1024 if realtime else IDLE_WEIGHT if sclass is SchedClass.IDLE else int(NICE_WEIGHTS[nice + 20]),
    }
