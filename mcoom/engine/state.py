"""The scratch memory of one episode: columns of its arrays and their allocation.

Takes the sizes of a block, gives one ``State`` that is reset for each replicate. Must stay free of Numba and know no
rule of the kernel.

Four arrays and no more: a named tuple of arrays is passed to a compiled function as some eight words per array.
"""

from typing import NamedTuple

import numpy as np

from mcoom.engine.inputs import Inputs
from mcoom.engine.layout import (
    CLASS,
    CLASS_FIELDS,
    INF,
    MACHINE,
    MACHINE_FIELDS,
    MAX_KILLS,
    OUT_FIELDS,
    POLICY,
    POLICY_FIELDS,
)

# ---- columns of State.task --------------------------------------------------------------------------------------
(
    STATE, PHASE, LEFT, TOTAL, CPU, WEIGHT, VRUNTIME, SUM_EXEC, KEY, TIE, FAIR, SCLASS, ROW, KILLED, LOOPS,
    STREAM, PASS_COST, DRAWS,
) = range(18)  # fmt: skip
(
    AFFINITY, PRIO, BUCKET, ARMED_ON, LATER, SOONER, KILLABLE, IN_SLOW, NOFS, WAITS, BEFORE, AFTER, RSS, TAKEN, ADJ,
    RR_LEFT, MM_EXITING, RELEASED, SKIPPED, VICTIM, CPU_AT_ACQUIRE, REAP_VICTIM, REAP_TIME, OPENS, GATE_NEXT, GATE_POS,
) = range(DRAWS + 7, DRAWS + 33)  # fmt: skip
N_TASK_COLUMNS = 56
"""Columns of ``State.task``, those that a pass or a wake-up touches first; seven lines of 64 bytes. From DRAWS on one
counter of draws for each purpose. ROW is where the task's class begins in ``State.g``; BUCKET to SOONER are its place
among the timers; REAP_* are the reaper's queue, which happens to live here, indexed by position and not by task."""

# ---- columns of State.cpu ---------------------------------------------------------------------------------------
(
    CURR, NEED, RESCHED_AT, END, MIN_V, LOAD, NR, NR_IDLE, NEXT, LAST, EXEC_START, SLICE_START, RT_TIME, THROTTLED,
    RT_NEXT, BUSY, BUSY_SINCE, SHOWN,
) = range(18)  # fmt: skip
N_BUCKETS = 16
"""Ticks ahead, a power of two, within which timers are kept in buckets and not in a heap."""
BUCKETS = 18
N_CPU_COLUMNS = BUCKETS + N_BUCKETS
"""Columns of ``State.cpu``. CURR is -1 when idle, SHOWN the task of the last SWITCH record; from BUCKETS on the last
armed timer of each bucket, or -1."""

# ---- columns of State.heap --------------------------------------------------------------------------------------
AT_KEY, AT_TIE, AT_TASK = range(3)
N_HEAP_COLUMNS = 3
"""Columns of ``State.heap``; the first line of a row has its number of entries in AT_KEY, the others are entries."""

# ---- entries of State.g: what there is one of, then the rows of the inputs --------------------------------------
(
    FREE, PCP, BOOST, RECLAIMABLE, OWNER, HOLD_START, HOLD_MAX, HANDOFF, FIRST_WAITER, LAST_WAITER, STAMP, DONE,
    N_TASKS, N_BUSY, N_RT_QUEUED, N_SLOW, N_LIVE, TICK_AT, TICK_CPU, LIMIT, INV, INV_OPEN, INV_T0, INV_VICTIM,
    INV_BUSY, LAST_KILL, RECOVERY, REPORTS, REPORT_SINCE, GATES_OPEN, REAP_HEAD,
    REAP_TAIL, KILLS, NEEDLESS, N_ENTRY, N_TRYFAIL, N_PASS, N_FUTILE, FUTILE_NS, N_SWITCH, N_EVENTS, N_DYING, N_NEAR,
    N_NEED, N_IDLE, N_SKIPPED, JUMP_AT, BEHIND, FORK_AT, N_CLASSES, SHAPES_AT, TRACE_AT, TRACE_CAP, TRACE_N,
    HEAP_STRIDE, PLACES_AT, ADDRESS_TASK, ADDRESS_CPU, ADDRESS_HEAP, TURNS,
) = range(60)  # fmt: skip
INVOCATIONS = 60
"""t0, kill, release and owner's CPU of each recorded invocation: 4 x MAX_KILLS entries."""
OUT_AT = INVOCATIONS + 4 * MAX_KILLS
"""The row of outputs, written at the end of the episode."""
MACHINE_AT = OUT_AT + len(OUT_FIELDS)
POLICY_AT = MACHINE_AT + len(MACHINE_FIELDS)
CLASSES_AT = POLICY_AT + len(POLICY_FIELDS)
"""The classes; behind them (SHAPES_AT) the shape tables, then (TRACE_AT) the trace records, five entries each."""
N_CLASS_COLUMNS = len(CLASS_FIELDS)

(
    N_CPUS, HZ, TICK_NS, PREEMPT, GROUPS, LATENCY_NS, MIN_GRAN_NS, WAKEUP_GRAN_NS, IDLE_MIN_GRAN_NS, RT_RUNTIME_NS,
    RR_SLICE_TICKS, TIMER_MODE, SWITCH_NS, FREE_PAGES, RECLAIMABLE_PAGES, STUCK_LRU_PAGES, MIN_PAGES, HIGH_PAGES,
    TOTAL_PAGES, BOOST_PAGES, BOOST_FROM, PCP_PAGES, PASS_NS, PASS_SHAPE, PASS_POINTS, ENTRY_NS, TRYLOCK_NS,
    SELECT_BASE_NS, SELECT_TASK_NS, SELECT_CANDIDATE_NS, OTHER_TASKS, REPORT_NS, REPORT_TASK_NS,
    REPORT_BURST, REPORT_INTERVAL_NS, POST_KILL_NS, EXIT_START_NS, EXIT_BASE_NS, EXIT_PAGE_NS, EXIT_SEG_NS,
    REAP_BASE_NS, REAP_PAGE_NS, GATE_WAKE_NS, GATE_BATCH, N_KILLS, HORIZON_NS, UNTIL, MAX_EVENTS,
    ENGINE,
) = range(MACHINE_AT, POLICY_AT)  # fmt: skip
(
    SCHED, LOCK, LOCK_K, HOLDER, HOLDER_K, REPORT, RELEASE, REAP_DELAY_MS, RESERVES, SELECTION, LRU_FALLBACK,
    REAP_EXITING,
    RT_RESERVE,
) = range(POLICY_AT, CLASSES_AT)  # fmt: skip
(
    C_COUNT, C_PROGRAM, C_SCLASS, C_RT_PRIO, C_WEIGHT, C_AFFINITY, C_START_KIND, C_START_NS, C_START_VAR_NS,
    C_START_SHAPE, C_GATE_VRUNTIME_NS, C_FIRST_NS, C_FIRST_VAR_NS, C_FIRST_SHAPE, C_TOUCH_NS, C_TOUCH_VAR_NS,
    C_TOUCH_SHAPE, C_LIMIT_PAGES, C_FAULT_PAGES, C_RSS_PAGES, C_ADJ, C_NOFS_FRAC,
) = range(N_CLASS_COLUMNS)  # fmt: skip


def _check_names() -> None:
    """Assert that the unpacked names above stand in the order of the layout: a shifted column would be silent."""
    for fields, start, prefix in ((MACHINE, MACHINE_AT, ""), (POLICY, POLICY_AT, ""), (CLASS, 0, "C_")):
        for name, column in fields.items():
            if globals()[prefix + name.upper()] != start + column:
                raise AssertionError(f"engine/state.py and engine/layout.py disagree on {name}")
    if N_EVENTS - KILLS != OUT_FIELDS.index("n_events") - OUT_FIELDS.index("n_kills_seen"):
        raise AssertionError("engine/state.py and engine/layout.py disagree on the counters")


_check_names()


class State(NamedTuple):
    """Arrays of one episode, all int64; T tasks at most, M CPUs at most."""

    g: np.ndarray
    """(G,) what there is one of, the outputs, and the inputs of this replicate."""
    task: np.ndarray
    """(T, N_TASK_COLUMNS)."""
    cpu: np.ndarray
    """(M, N_CPU_COLUMNS)."""
    heap: np.ndarray
    """((2 M + 2) (T + 4) + T, N_HEAP_COLUMNS) heaps of tasks, each a row of T + 4 lines: fair runqueue of CPU c in
    row c, RT runqueue in row M + c, then timers, then starts; behind them (PLACES_AT) a line for each task."""


def max_sizes(machine: np.ndarray, classes: np.ndarray) -> tuple[int, int]:
    """Return the largest number of tasks (reaper included) and of CPUs of a block.

    Parameters
    ----------
    machine : (R, len(MACHINE_FIELDS)) int64
    classes : (R, C, len(CLASS_FIELDS)) int64
    """
    n_tasks = int(classes[:, :, CLASS["count"]].sum(axis=1).max()) + 1
    return n_tasks, int(machine[:, MACHINE["n_cpus"]].max())


_LINE_BYTES = 64


def _aligned_zeros(n_rows: int, n_columns: int) -> np.ndarray:
    """Return an (n_rows, n_columns) int64 array of zeros that begins with a line of the cache."""
    room = np.zeros(n_rows * n_columns + _LINE_BYTES // 8, np.int64)
    start = -room.ctypes.data % _LINE_BYTES // 8
    return room[start : start + n_rows * n_columns].reshape(n_rows, n_columns)


def allocate(inputs: Inputs, n_trace: int = 0) -> State:
    """Return a ``State`` with room for each replicate of ``inputs`` and ``n_trace`` trace records; shapes included."""
    n_tasks, n_cpus = max_sizes(inputs.machine, inputs.classes)
    n_classes = inputs.classes.shape[1]
    shapes_at = CLASSES_AT + n_classes * N_CLASS_COLUMNS
    trace_at = shapes_at + inputs.shapes.size
    g = np.zeros(trace_at + 5 * n_trace, np.int64)
    g[shapes_at:trace_at] = inputs.shapes.ravel()
    g[N_CLASSES], g[SHAPES_AT], g[TRACE_AT], g[TRACE_CAP] = n_classes, shapes_at, trace_at, n_trace
    stride = n_tasks + 4
    g[PLACES_AT] = (2 * n_cpus + 2) * stride
    heap = _aligned_zeros(g[PLACES_AT] + n_tasks, N_HEAP_COLUMNS)
    heap[:, AT_KEY] = INF
    heap[: g[PLACES_AT] : stride, AT_KEY] = 0
    g[HEAP_STRIDE] = stride
    return State(
        g=g,
        task=_aligned_zeros(n_tasks, N_TASK_COLUMNS),
        cpu=_aligned_zeros(n_cpus, N_CPU_COLUMNS),
        heap=heap,
    )
