"""One CPU over an interval in which nothing but its own ticks touches its schedule: tick by tick, then whole rounds.

Takes a CPU whose runnable tasks all compute, lets its ticks pass up to a time. Must not know why nothing else happens.
docs/fast_engine.md.

Slices end at ticks, so the schedule does not depend on where passes end, and no pass is looked at here: END and LEFT of
a spinner sink below what they can be, by the CPU time that it had beyond its burst, until ``settle`` brings it up to
date.
"""

from mcoom._jit import jit, leaf
from mcoom.engine.fair import check_tick, delta_v, update_curr, update_min
from mcoom.engine.heap import member, size
from mcoom.engine.jump_pass import settle_one
from mcoom.engine.jump_task import even_slice_ns, is_futile, target_v
from mcoom.engine.runqueue import schedule
from mcoom.engine.state import (
    AT_KEY,
    BUSY,
    BUSY_SINCE,
    CURR,
    END,
    EXEC_START,
    GROUPS,
    HEAP_STRIDE,
    KEY,
    LAST,
    LEFT,
    MIN_V,
    N_EVENTS,
    N_SWITCH,
    NEED,
    NEXT,
    SLICE_START,
    STAMP,
    SUM_EXEC,
    SWITCH_NS,
    TICK_NS,
    TIE,
    VRUNTIME,
    WEIGHT,
)


@leaf
def run_alone(s, c, now, until):
    """Let the only runnable task of CPU ``c`` run through its ticks before ``until``."""
    i = s.cpu[c, CURR]
    n = (until - 1 - now) // s.g[TICK_NS]
    s.task[i, VRUNTIME] += n * delta_v(s.g[TICK_NS], s.task[i, WEIGHT])
    s.task[i, SUM_EXEC] += n * s.g[TICK_NS]
    s.cpu[c, EXEC_START] += n * s.g[TICK_NS]
    update_min(s, c)


@jit
def whole_rounds(s, c, spins, since, round_ns, slice_v, until):
    """Return how many more rounds of ``round_ns`` CPU ``c`` surely repeats before ``until``.

    A round is one slice for each task that computes, all of them equal and of ``slice_v`` of vruntime; ``since`` is the
    stamp at its beginning. A task that waits further ahead must stay ahead of all of them.
    """
    i = s.cpu[c, CURR]
    room = (until - 1 - s.cpu[c, EXEC_START]) // round_ns
    most_v = s.task[i, VRUNTIME]
    for k in range(size(s, c)):
        j = member(s, c, k)
        if is_futile(s, j, spins):
            if s.task[j, TIE] <= since or s.task[j, WEIGHT] != s.task[i, WEIGHT]:
                return 0
            most_v = max(most_v, s.task[j, VRUNTIME])
    for k in range(size(s, c)):
        j = member(s, c, k)
        if not is_futile(s, j, spins):
            room = min(room, (target_v(s, c, j) - most_v - 1) // slice_v)
    return max(0, room)


@jit
def steady_rounds(s, c, spins, round_ns, even_ns, until):
    """Return how many rounds CPU ``c``, whose current task has just been picked, surely makes before ``until``.

    Tasks of weight 1024 that run ``even_ns`` when they are picked take turns in the order in which they stand now, if
    none is further ahead of the current one than that. 0: they are not in step yet.
    """
    i = s.cpu[c, CURR]
    most_v = s.task[i, VRUNTIME]
    if not is_futile(s, i, spins) or s.cpu[c, MIN_V] > most_v or s.cpu[c, SLICE_START] != s.task[i, SUM_EXEC]:
        return 0
    limit_v = most_v + even_ns
    room = (until - 1 - s.cpu[c, EXEC_START]) // round_ns
    for k in range(size(s, c)):
        j = member(s, c, k)
        if is_futile(s, j, spins):
            most_v = max(most_v, s.task[j, VRUNTIME])
            if most_v > limit_v or s.cpu[c, LAST] == j or s.cpu[c, NEXT] == j:
                return 0
    for k in range(size(s, c)):
        j = member(s, c, k)
        if not is_futile(s, j, spins):
            room = min(room, (target_v(s, c, j) - most_v - 1) // even_ns)
    return max(0, room)


@leaf
def settle_due(s, i):
    """Let the burst of preempted spinner ``i`` end if it was used up to the nanosecond.

    It could not be told from a burst of no length that is not due before its task runs.
    """
    if s.task[i, LEFT] == 0:
        settle_one(s, i, 0)


@jit
def skip_rounds(s, c, spins, n_rounds, n_tasks, slice_ns, slice_v):
    """Let ``n_rounds`` rounds of ``n_tasks`` slices pass on CPU ``c``, whose current task has just been picked."""
    used_ns = n_rounds * slice_ns
    used_v = n_rounds * slice_v
    wall_ns = n_tasks * used_ns
    switch_ns = n_rounds * s.g[SWITCH_NS] if n_tasks > 1 else 0
    for k in range(size(s, c)):
        i = member(s, c, k)
        if is_futile(s, i, spins):
            s.task[i, SUM_EXEC] += used_ns
            s.task[i, LEFT] += switch_ns - used_ns
            s.task[i, VRUNTIME] += used_v
            s.task[i, KEY] += used_v
            # All that move stay before all that do not: the row is still a heap.
            s.heap[c * s.g[HEAP_STRIDE] + 1 + k, AT_KEY] += used_v
            settle_due(s, i)
    i = s.cpu[c, CURR]
    s.task[i, SUM_EXEC] += used_ns
    s.task[i, VRUNTIME] += used_v
    s.cpu[c, END] += wall_ns + switch_ns - used_ns
    s.cpu[c, EXEC_START] += wall_ns
    s.cpu[c, MIN_V] += used_v
    s.cpu[c, BUSY] += wall_ns
    s.cpu[c, BUSY_SINCE] += wall_ns
    # With groups the slice of a task that is picked again goes on.
    if n_tasks > 1 or s.g[GROUPS] == 0:
        s.cpu[c, SLICE_START] += used_ns
    if n_tasks > 1:
        s.g[N_SWITCH] += n_rounds * n_tasks
        s.g[N_EVENTS] += n_rounds * n_tasks


@jit
def pass_tick(s, now, c):
    """Let the tick of CPU ``c`` decide on its current task; return whether it ended a slice."""
    update_curr(s, now, c)
    check_tick(s, now, c)
    if s.cpu[c, NEED] == 0:
        return False
    schedule(s, now, c)
    return True


@jit
def run_slices(s, c, now, until, spins):
    """Let the ticks of CPU ``c`` pass one by one up to ``until``, settling each spinner that is preempted.

    Returns
    -------
    int
        When another task was last picked (ns), or -1.
    """
    switched = -1
    while now + s.g[TICK_NS] < until:
        now += s.g[TICK_NS]
        prev = s.cpu[c, CURR]
        if pass_tick(s, now, c) and s.cpu[c, CURR] != prev:
            switched = now
            if is_futile(s, prev, spins):
                settle_one(s, prev, 0)
    return switched


@jit
def run_rounds(s, c, now, until, spins, n_tasks):
    """Let the ticks of CPU ``c`` pass up to ``until``; once a round of its ``n_tasks`` repeats, all of them at once.

    Returns
    -------
    int
        When another task was last picked (ns), or -1.
    """
    switched = -1
    head, since, min_v, begun_v, slice_from = -1, 0, 0, 0, now
    n_picks, slice_ns = 0, 0
    even_ns, n_more, pause = even_slice_ns(s, c, spins), 0, 4
    while now + s.g[TICK_NS] < until:
        now += s.g[TICK_NS]
        prev = s.cpu[c, CURR]
        if not pass_tick(s, now, c):
            continue
        i = s.cpu[c, CURR]
        if i != prev:
            switched = now
            if is_futile(s, prev, spins):
                settle_due(s, prev)
        if even_ns > 0:
            n_more -= 1
            if n_more > 0:
                continue
            n_rounds = steady_rounds(s, c, spins, n_tasks * even_ns, even_ns, until)
            if n_rounds > 0:
                skip_rounds(s, c, spins, n_rounds, n_tasks, even_ns, even_ns)
                s.cpu[c, MIN_V] = s.task[i, VRUNTIME]
                now += n_rounds * n_tasks * even_ns
                switched = now
            # What is left is less than a round, or they are not in step yet.
            pause = 2 * n_tasks if n_rounds > 0 else 2 * pause
            n_more = pause
            continue
        ended_ns, slice_from = now - slice_from, now
        slice_ns = ended_ns if n_picks == 1 else slice_ns
        even = head >= 0 and ended_ns == slice_ns
        if even and n_picks < n_tasks and i != head:
            n_picks += 1
            continue
        slice_v = s.task[i, VRUNTIME] - begun_v
        if even and n_picks == n_tasks and i == head and s.cpu[c, MIN_V] - min_v == slice_v and slice_v > 0:
            round_ns = n_tasks * slice_ns
            n_rounds = whole_rounds(s, c, spins, since, round_ns, slice_v, until)
            if n_rounds > 0:
                skip_rounds(s, c, spins, n_rounds, n_tasks, slice_ns, slice_v)
                now += n_rounds * round_ns
                slice_from = now
                switched = now if n_tasks > 1 else switched
        head, since, min_v, begun_v = i, s.g[STAMP], s.cpu[c, MIN_V], s.task[i, VRUNTIME]
        n_picks = 1 if is_futile(s, i, spins) else 0
    return switched


@jit
def settle_current(s, c, switched, until, spins):
    """Bring the current task of CPU ``c``, picked at ``switched`` (-1: before), up to date with ``until``."""
    i = s.cpu[c, CURR]
    if not is_futile(s, i, spins):
        return
    # A switch costs the task that is picked, before it goes on: up to then it is no further than it was.
    ahead_ns = max(0, s.g[SWITCH_NS] - (until - switched)) if switched >= 0 else 0
    s.task[i, LEFT] = s.cpu[c, END] - until - ahead_ns
    settle_one(s, i, -1)
    s.task[i, LEFT] += ahead_ns
    s.cpu[c, END] = until + s.task[i, LEFT]


@jit
def n_futile(s, c, spins):
    """Return how many tasks of CPU ``c`` compute, the current one included."""
    n = 1 if is_futile(s, s.cpu[c, CURR], spins) else 0
    for k in range(size(s, c)):
        if is_futile(s, member(s, c, k), spins):
            n += 1
    return n
