"""The first instant of an episode: every task, CPU, queue and counter at its initial value.

Takes a ``State`` whose inputs are in place and the numbers of seed, point and replicate; resets the rest. Must not
process events. docs/model.md sections 1, 8 and 11.
"""

import numpy as np

from mcoom._jit import jit
from mcoom.engine.heap import clear, insert
from mcoom.engine.layout import INF, LONG_AGO, MAX_KILLS
from mcoom.engine.program import class_burst
from mcoom.engine.rng import fold_key
from mcoom.engine.row import start_row
from mcoom.engine.runqueue import allowed
from mcoom.engine.state import (
    ADJ,
    AFFINITY,
    BOOST,
    BOOST_FROM,
    BOOST_PAGES,
    BUCKETS,
    C_ADJ,
    C_AFFINITY,
    C_COUNT,
    C_GATE_VRUNTIME_NS,
    C_PROGRAM,
    C_RSS_PAGES,
    C_RT_PRIO,
    C_SCLASS,
    C_START_KIND,
    C_START_NS,
    C_START_SHAPE,
    C_START_VAR_NS,
    C_WEIGHT,
    CLASSES_AT,
    CPU,
    CURR,
    END,
    ENGINE,
    FAIR,
    FIRST_WAITER,
    FORK_AT,
    FREE,
    FREE_PAGES,
    HORIZON_NS,
    INVOCATIONS,
    JUMP_AT,
    KEY,
    LAST,
    LAST_WAITER,
    LIMIT,
    N_CLASS_COLUMNS,
    N_CLASSES,
    N_CPU_COLUMNS,
    N_CPUS,
    N_LIVE,
    N_TASK_COLUMNS,
    N_TASKS,
    NEXT,
    OWNER,
    PRIO,
    RECLAIMABLE,
    RECLAIMABLE_PAGES,
    RECOVERY,
    REPORT_SINCE,
    RESCHED_AT,
    ROW,
    RR_LEFT,
    RR_SLICE_TICKS,
    RSS,
    RT_NEXT,
    SCLASS,
    SHOWN,
    STATE,
    STREAM,
    TICK_AT,
    TICK_NS,
    TIE,
    TRACE_N,
    VRUNTIME,
    WEIGHT,
)
from mcoom.engine.tick import RT_PERIOD_NS
from mcoom.engine.whole import remainder
from mcoom.engine.words import AT_TIME, DRAW_START, EXACT, FIFO, FROM_START, GATED, NEVER, NEW, OTHER, PARKED, SLEEPER

_ALL_CPUS = -1


@jit
def reset_globals(s):
    """Reset what there is one of; sizes and places of the input areas, which come from ``allocate``, stay."""
    for at in range(N_CLASSES):
        s.g[at] = 0
    s.g[TRACE_N] = 0
    for at in range(4 * MAX_KILLS):
        s.g[INVOCATIONS + at] = -1
    s.g[OWNER] = -1
    s.g[FIRST_WAITER] = -1
    s.g[LAST_WAITER] = -1
    s.g[RECOVERY] = -1
    s.g[REPORT_SINCE] = -1
    s.g[FREE] = s.g[FREE_PAGES]
    s.g[RECLAIMABLE] = s.g[RECLAIMABLE_PAGES]
    if s.g[BOOST_FROM] == FROM_START:
        s.g[BOOST] = s.g[BOOST_PAGES]
    s.g[LIMIT] = s.g[HORIZON_NS]
    s.g[TICK_AT] = s.g[TICK_NS]
    s.g[FORK_AT] = NEVER
    s.g[JUMP_AT] = INF if s.g[ENGINE] == EXACT else 0


@jit
def reset_cpus(s):
    """Reset the CPUs, idle and without queues, and the heaps."""
    for c in range(s.g[N_CPUS]):
        for column in range(BUCKETS):
            s.cpu[c, column] = 0
        s.cpu[c, CURR] = -1
        for bucket in range(BUCKETS, N_CPU_COLUMNS):
            s.cpu[c, bucket] = -1
        s.cpu[c, SHOWN] = -1
        s.cpu[c, NEXT] = -1
        s.cpu[c, LAST] = -1
        s.cpu[c, END] = INF
        s.cpu[c, RESCHED_AT] = INF
        s.cpu[c, RT_NEXT] = RT_PERIOD_NS
    for row in range(2 * s.g[N_CPUS] + 2):
        clear(s, row)


@jit
def reset_task(s, i, prefix, sclass, weight, affinity):
    """Reset task ``i``: never ran, of this class and weight, on the first CPU allowed from ``i`` mod n_cpus on."""
    for column in range(N_TASK_COLUMNS):
        s.task[i, column] = 0
    s.task[i, SCLASS] = sclass
    s.task[i, FAIR] = 0 if sclass >= FIFO else 1
    s.task[i, WEIGHT] = weight
    s.task[i, AFFINITY] = affinity
    s.task[i, VRUNTIME] = LONG_AGO
    s.task[i, RR_LEFT] = s.g[RR_SLICE_TICKS]
    s.task[i, STREAM] = np.int64(fold_key(prefix, i, 4))
    n = s.g[N_CPUS]
    for step in range(n):
        c = remainder(i + step, n)
        if allowed(s, i, c):
            s.task[i, CPU] = c
            break


@jit
def add_class(s, row, i, prefix):
    """Add the tasks of the class that begins at ``row`` of ``g``, numbered from ``i`` on; return the next number."""
    program = s.g[row + C_PROGRAM]
    kind = s.g[row + C_START_KIND]
    for _ in range(s.g[row + C_COUNT]):
        reset_task(s, i, prefix, s.g[row + C_SCLASS], s.g[row + C_WEIGHT], s.g[row + C_AFFINITY])
        s.task[i, ROW] = row
        s.task[i, PRIO] = s.g[row + C_RT_PRIO]
        s.task[i, RSS] = s.g[row + C_RSS_PAGES]
        s.task[i, ADJ] = s.g[row + C_ADJ]
        if program == SLEEPER:
            s.task[i, STATE] = PARKED
            s.task[i, VRUNTIME] = s.g[row + C_GATE_VRUNTIME_NS]
        elif kind != AT_TIME:
            s.task[i, STATE] = GATED
            s.task[i, VRUNTIME] = s.g[row + C_GATE_VRUNTIME_NS]
        else:
            s.task[i, STATE] = NEW
            s.task[i, KEY] = class_burst(s, i, C_START_NS, C_START_VAR_NS, C_START_SHAPE, DRAW_START)
            s.task[i, TIE] = i
            insert(s, start_row(s), i)
        i += 1
    return i


@jit
def set_up(s, seed, point, replicate):
    """Reset everything but the inputs for this replicate; ``seed``, ``point`` and ``replicate`` are int64 >= 0."""
    reset_globals(s)
    reset_cpus(s)
    prefix = np.uint64(0)
    prefix = fold_key(prefix, seed, 0)
    prefix = fold_key(prefix, point, 1)
    prefix = fold_key(prefix, replicate, 2)
    prefix = fold_key(prefix, 0, 3)
    i = 0
    for k in range(s.g[N_CLASSES]):
        i = add_class(s, CLASSES_AT + k * N_CLASS_COLUMNS, i, prefix)
    s.g[N_LIVE] = i
    reset_task(s, i, prefix, OTHER, 1024, _ALL_CPUS)
    s.task[i, STATE] = PARKED
    s.task[i, ROW] = CLASSES_AT
    s.g[N_TASKS] = i + 1
