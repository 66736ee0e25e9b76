"""The runqueue of one CPU: who is queued, who stops, who is picked, who moves.

Takes tasks that wake, stop or are preempted, keeps queues, load and the running task. Must not know what a task does
with its CPU. docs/model.md section 5; kernel/sched/core.c (__schedule) and fair.c (enqueue_entity, place_entity,
dequeue_entity).
"""

from mcoom._jit import jit, leaf
from mcoom.engine.burst import lower_flag, need, plan, raise_flag
from mcoom.engine.fair import clear_buddies, delta_v, pick_fair, slice_ns, update_curr, update_min, wakeup_check
from mcoom.engine.heap import first, insert, member, remove, size
from mcoom.engine.layout import INF
from mcoom.engine.record import emit
from mcoom.engine.row import rt_row
from mcoom.engine.state import (
    AFFINITY,
    BUSY,
    BUSY_SINCE,
    CPU,
    CURR,
    END,
    EXEC_START,
    FAIR,
    GROUPS,
    KEY,
    LATENCY_NS,
    LEFT,
    LOAD,
    MIN_GRAN_NS,
    MIN_V,
    N_BUSY,
    N_CPUS,
    N_EVENTS,
    N_IDLE,
    N_RT_QUEUED,
    N_SWITCH,
    NEED,
    NR,
    NR_IDLE,
    PRIO,
    RESCHED_AT,
    SCHED,
    SCLASS,
    SHOWN,
    SLICE_START,
    STAMP,
    STATE,
    SUM_EXEC,
    SWITCH_NS,
    THROTTLED,
    TIE,
    TOTAL,
    VRUNTIME,
    WEIGHT,
)
from mcoom.engine.words import CFS61, IDLE_CLASS, NEW, RUNNABLE, T_MIGRATE, T_SWITCH


@leaf
def new_stamp(s):
    """Return the next number of the order of arrival."""
    s.g[STAMP] += 1
    return s.g[STAMP]


@leaf
def queue_task(s, c, i, fresh):
    """Insert runnable task ``i`` into its queue of CPU ``c``, behind its equals if ``fresh``."""
    if s.task[i, FAIR] == 1:
        s.task[i, KEY] = s.task[i, VRUNTIME]
        s.task[i, TIE] = new_stamp(s)
        insert(s, c, i)
        return
    s.task[i, KEY] = 99 - s.task[i, PRIO]
    if fresh:
        s.task[i, TIE] = new_stamp(s)
    insert(s, rt_row(s, c), i)
    s.g[N_RT_QUEUED] += 1


@leaf
def unqueue_task(s, c, i):
    """Remove queued task ``i`` from its queue of CPU ``c``."""
    if s.task[i, FAIR] == 1:
        remove(s, c, i)
    else:
        remove(s, rt_row(s, c), i)
        s.g[N_RT_QUEUED] -= 1


@leaf
def count_in(s, c, i):
    """Add fair task ``i`` to the load of CPU ``c``."""
    s.cpu[c, NR] += 1
    s.cpu[c, LOAD] += s.task[i, WEIGHT]
    if s.task[i, SCLASS] == IDLE_CLASS:
        s.cpu[c, NR_IDLE] += 1
        s.g[N_IDLE] += 1


@leaf
def count_out(s, c, i):
    """Take fair task ``i`` from the load and the buddies of CPU ``c``."""
    s.cpu[c, NR] -= 1
    s.cpu[c, LOAD] -= s.task[i, WEIGHT]
    if s.task[i, SCLASS] == IDLE_CLASS:
        s.cpu[c, NR_IDLE] -= 1
        s.g[N_IDLE] -= 1
    clear_buddies(s, c, i)


@leaf
def check_preempt(s, now, c, p):
    """Ask for a reschedule of CPU ``c`` if task ``p``, just queued there, should run instead of the present one."""
    curr = s.cpu[c, CURR]
    if curr < 0:
        need(s, now, c)
    elif s.task[p, FAIR] == 0:
        if s.task[curr, FAIR] == 1 or s.task[curr, PRIO] < s.task[p, PRIO]:
            need(s, now, c)
    elif s.task[curr, FAIR] == 1:
        wakeup_check(s, now, c, p)


@leaf
def enqueue_woken(s, now, i, c):
    """Queue task ``i`` on CPU ``c``: a sleeper ahead by its credit, a new task behind by a slice (place_entity)."""
    fair = s.task[i, FAIR] == 1
    old = s.task[i, CPU]
    if fair and old != c:
        s.task[i, VRUNTIME] += s.cpu[c, MIN_V] - s.cpu[old, MIN_V]
    s.task[i, CPU] = c
    update_curr(s, now, c)
    is_new = s.task[i, STATE] == NEW
    s.task[i, STATE] = RUNNABLE
    if fair and is_new:
        debit = delta_v(slice_ns(s, c, i, 1), s.task[i, WEIGHT])
        s.task[i, VRUNTIME] = max(s.task[i, VRUNTIME], s.cpu[c, MIN_V] + debit)
        count_in(s, c, i)
    elif fair:
        light = s.g[SCHED] == CFS61 and s.g[GROUPS] == 1 and s.task[i, SCLASS] == IDLE_CLASS
        credit = (s.g[MIN_GRAN_NS] if light else s.g[LATENCY_NS]) // 2
        s.task[i, VRUNTIME] = max(s.task[i, VRUNTIME], s.cpu[c, MIN_V] - credit)
        count_in(s, c, i)
    queue_task(s, c, i, True)
    check_preempt(s, now, c, i)


@leaf
def leave_cpu(s, now, c):
    """Leave CPU ``c`` without a running task; its busy time ends."""
    s.cpu[c, CURR] = -1
    s.cpu[c, END] = INF
    s.cpu[c, BUSY] += now - s.cpu[c, BUSY_SINCE]
    s.g[N_BUSY] -= 1


@leaf
def stop(s, now, i, state):
    """Take running task ``i`` off its CPU for good or for a while: it sleeps, blocks, parks or exits."""
    c = s.task[i, CPU]
    update_curr(s, now, c)
    s.task[i, STATE] = state
    leave_cpu(s, now, c)
    if s.task[i, FAIR] == 1:
        count_out(s, c, i)
        update_min(s, c)
    raise_flag(s, c)
    s.cpu[c, RESCHED_AT] = now


@jit
def migrate(s, now, i, source, target):
    """Move queued fair task ``i``; its vruntime keeps its distance from MIN_V."""
    update_curr(s, now, source)
    unqueue_task(s, source, i)
    count_out(s, source, i)
    update_min(s, source)
    s.task[i, VRUNTIME] += s.cpu[target, MIN_V] - s.cpu[source, MIN_V]
    update_curr(s, now, target)
    s.task[i, CPU] = target
    queue_task(s, target, i, True)
    count_in(s, target, i)
    emit(s, now, T_MIGRATE, target, i, source)


@leaf
def allowed(s, i, c):
    """Return whether the affinity of task ``i`` has CPU ``c``."""
    return (s.task[i, AFFINITY] >> c) & 1 == 1


@jit
def pull_rt(s, now, c):
    """Move the most urgent RT task that waits elsewhere to CPU ``c``; return it or -1 (pull_rt_task)."""
    best = -1
    best_cpu = -1
    for other in range(s.g[N_CPUS]):
        row = rt_row(s, other)
        for k in range(size(s, row)) if other != c else range(0):
            i = member(s, row, k)
            if not allowed(s, i, c):
                continue
            if best < 0 or (s.task[i, KEY], s.task[i, TIE]) < (s.task[best, KEY], s.task[best, TIE]):
                best, best_cpu = i, other
    if best >= 0:
        unqueue_task(s, best_cpu, best)
        s.task[best, CPU] = c
        queue_task(s, c, best, False)
        emit(s, now, T_MIGRATE, c, best, best_cpu)
    return best


@jit
def first_allowed(s, source, c):
    """Return the first task of the fair queue of CPU ``source`` that may run on CPU ``c``, or -1."""
    if size(s, source) == 0:
        return -1
    if allowed(s, first(s, source), c):
        return first(s, source)
    best = -1
    for k in range(1, size(s, source)):
        i = member(s, source, k)
        if allowed(s, i, c) and (best < 0 or (s.task[i, KEY], s.task[i, TIE]) < (s.task[best, KEY], s.task[best, TIE])):
            best = i
    return best


@jit
def pull_fair(s, now, c):
    """Move one waiting fair task from the CPU with most of them to idle CPU ``c``; return whether one came."""
    best = -1
    source = -1
    for other in range(s.g[N_CPUS]):
        if other != c and s.cpu[other, NR] >= 2 and (source < 0 or s.cpu[other, NR] > s.cpu[source, NR]):
            i = first_allowed(s, other, c)
            if i >= 0:
                best, source = i, other
    if best < 0:
        return False
    migrate(s, now, best, source, c)
    return True


@leaf
def put_back(s, now, c):
    """Queue the running task of CPU ``c``, which is preempted."""
    i = s.cpu[c, CURR]
    update_curr(s, now, c)
    s.task[i, LEFT] = s.cpu[c, END] - now
    leave_cpu(s, now, c)
    queue_task(s, c, i, False)


@leaf
def pick(s, now, c):
    """Return the task that CPU ``c`` should run now, still queued there, or -1."""
    if s.cpu[c, THROTTLED] == 0:
        if size(s, rt_row(s, c)) > 0:
            return first(s, rt_row(s, c))
        if s.g[N_RT_QUEUED] > 0:
            i = pull_rt(s, now, c)
            if i >= 0:
                return i
    if size(s, c) == 0 and not pull_fair(s, now, c):
        return -1
    return pick_fair(s, c)


@jit
def schedule(s, now, c):
    """Put back the running task of CPU ``c``, pick the next one and run it."""
    prev = s.cpu[c, CURR]
    if prev >= 0:
        put_back(s, now, c)
    lower_flag(s, c)
    i = pick(s, now, c)
    if i >= 0:
        unqueue_task(s, c, i)
        if i != prev:
            s.task[i, LEFT] += s.g[SWITCH_NS]
            s.task[i, TOTAL] += s.g[SWITCH_NS]
            s.g[N_EVENTS] += 1
        s.cpu[c, CURR] = i
        s.cpu[c, EXEC_START] = now
        # With groups compiled in, a task that is picked again goes on with its slice (pick_next_task_fair).
        if i != prev or s.g[GROUPS] == 0 or s.task[i, FAIR] == 0:
            s.cpu[c, SLICE_START] = s.task[i, SUM_EXEC]
        s.cpu[c, BUSY_SINCE] = now
        s.cpu[c, END] = now + s.task[i, LEFT]
        s.g[N_BUSY] += 1
    if i != s.cpu[c, SHOWN]:
        emit(s, now, T_SWITCH, c, i, s.cpu[c, SHOWN])
        s.cpu[c, SHOWN] = i
        s.g[N_SWITCH] += 1
    if s.cpu[c, NEED] == 1:
        plan(s, now, c)
