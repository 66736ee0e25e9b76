"""Which CPU a task goes to: wake-up placement and the periodic balance.

Takes a waking task or a tick, moves tasks between runqueues. Must not know why a task wakes. docs/model.md section 5;
FIDELITY(1): one flat domain, no cache affinity beyond "the previous CPU first" (kernel/sched/fair.c:
select_task_rq_fair, load_balance).
"""

from mcoom._jit import jit, leaf
from mcoom.engine.burst import need
from mcoom.engine.heap import member, size
from mcoom.engine.record import emit
from mcoom.engine.row import rt_row
from mcoom.engine.runqueue import allowed, check_preempt, enqueue_woken, migrate, pull_fair
from mcoom.engine.state import (
    CPU,
    CURR,
    FAIR,
    HZ,
    KEY,
    LOAD,
    N_BUSY,
    N_CPUS,
    N_IDLE,
    NEED,
    NR,
    NR_IDLE,
    PRIO,
    SCHED,
    STATE,
    TICK_NS,
    TIE,
    WEIGHT,
)
from mcoom.engine.whole import quotient, remainder
from mcoom.engine.words import CFS61, EXITED, RUNNABLE, T_WAKE

IMBALANCE_PCT = 125
"""Load of the source, in percent of that of the target, above which tasks are moved."""
_NR_MIGRATE = 32


@leaf
def idle_like(s, c):
    """Return whether a waking fair task would run on CPU ``c`` at once: idle, or (6.1) with SCHED_IDLE tasks only."""
    curr = s.cpu[c, CURR]
    if curr < 0 and size(s, c) == 0 and size(s, rt_row(s, c)) == 0:
        return True
    if s.g[SCHED] != CFS61 or s.cpu[c, NR] == 0 or s.cpu[c, NR] != s.cpu[c, NR_IDLE] or size(s, rt_row(s, c)) > 0:
        return False
    return curr < 0 or s.task[curr, FAIR] == 1


@leaf
def next_cpu(s, c):
    """Return the CPU after ``c`` in cyclic order."""
    return c + 1 if c + 1 < s.g[N_CPUS] else 0


@leaf
def nobody_is_idle(s):
    """Return whether it is plain that no CPU is idle-like: all have a task to run, and none a SCHED_IDLE one."""
    return s.g[N_BUSY] == s.g[N_CPUS] and (s.g[SCHED] != CFS61 or s.g[N_IDLE] == 0)


@leaf
def select_cpu_fair(s, i):
    """Return the CPU for waking fair task ``i``: the previous if idle-like or if no other is, else the next."""
    n = s.g[N_CPUS]
    prev = s.task[i, CPU]
    if n == 1 or nobody_is_idle(s) or idle_like(s, prev):
        return prev
    c = next_cpu(s, prev)
    while c != prev:
        if allowed(s, i, c) and idle_like(s, c):
            return c
        c = next_cpu(s, c)
    return prev


@jit
def select_cpu_rt(s, i):
    """Return the CPU for waking RT task ``i``: the previous one if it can preempt there, else the least urgent one."""
    n = s.g[N_CPUS]
    prev = s.task[i, CPU]
    best = prev
    best_prio = s.task[i, PRIO]
    for step in range(n):
        c = remainder(prev + step, n)
        if not allowed(s, i, c):
            continue
        curr = s.cpu[c, CURR]
        prio = -1 if curr < 0 else (0 if s.task[curr, FAIR] == 1 else s.task[curr, PRIO])
        if step == 0 and prio < best_prio:
            return prev
        if prio < best_prio:
            best, best_prio = c, prio
    return best


@jit
def wake(s, now, i):
    """Make task ``i`` runnable on the CPU that placement chooses; its burst is set. No effect if it is runnable."""
    if s.task[i, STATE] == RUNNABLE or s.task[i, STATE] == EXITED:
        return
    c = select_cpu_fair(s, i) if s.task[i, FAIR] == 1 else select_cpu_rt(s, i)
    emit(s, now, T_WAKE, c, i, 0)
    enqueue_woken(s, now, i, c)


@jit
def next_in_order(s, row, key, tie):
    """Return the task of heap ``row`` that follows (key, tie) in its order, or -1."""
    best = -1
    for k in range(size(s, row)):
        i = member(s, row, k)
        here = (s.task[i, KEY], s.task[i, TIE])
        if here > (key, tie) and (best < 0 or here < (s.task[best, KEY], s.task[best, TIE])):
            best = i
    return best


@jit
def balance_busy(s, now, c):
    """Pull tasks to busy CPU ``c`` from the most loaded one until half of the difference in load is moved."""
    source = -1
    for other in range(s.g[N_CPUS]):
        if other != c and (source < 0 or s.cpu[other, LOAD] > s.cpu[source, LOAD]):
            source = other
    if 100 * s.cpu[source, LOAD] <= IMBALANCE_PCT * s.cpu[c, LOAD]:
        return
    imbalance = (s.cpu[source, LOAD] - s.cpu[c, LOAD]) // 2
    moved = 0
    i = next_in_order(s, source, -(1 << 62), -1)
    while i >= 0 and imbalance > 0 and moved < _NR_MIGRATE:
        key, tie = s.task[i, KEY], s.task[i, TIE]
        if allowed(s, i, c) and s.task[i, WEIGHT] // 2 <= imbalance:
            migrate(s, now, i, source, c)
            imbalance -= s.task[i, WEIGHT]
            moved += 1
            check_preempt(s, now, c, i)
        i = next_in_order(s, source, key, tie)


@leaf
def balance_every(s, c):
    """Return how many ticks lie between two balances of CPU ``c`` (busy factor 32 in 4.13, 16 in 6.1)."""
    every = max(1, quotient(s.g[N_CPUS] * s.g[HZ], 1000))
    if s.cpu[c, CURR] >= 0:
        every *= 16 if s.g[SCHED] == CFS61 else 32
    return every


@jit
def balance(s, now, c):
    """Do the periodic balance of CPU ``c`` if this tick is its turn."""
    if s.g[N_CPUS] == 1:
        return
    idle = s.cpu[c, CURR] < 0
    every = balance_every(s, c)
    if remainder(quotient(now, s.g[TICK_NS]), every) != remainder(c, every):
        return
    if not idle:
        balance_busy(s, now, c)
    elif s.cpu[c, NEED] == 0 and size(s, c) == 0 and pull_fair(s, now, c):
        need(s, now, c)
