"""Attempts of a herd: tasks that try, fail and sleep, on one CPU that always has one of them to run.

Takes tasks whose attempts run whole, lets them make attempts: each on its own up to a level of vruntime, or all in
turn up to a time. Must not know when this may be done (``jump_herd``). docs/fast_engine.md.

An attempt that runs whole costs its task the same vruntime whoever runs before it, so up to a level the tasks are
independent renewal processes.
"""

import numpy as np

from mcoom._jit import jit, leaf
from mcoom.engine.heap import first, first_key, insert, remove
from mcoom.engine.jump_pass import PASS_DRAWS, WHOLE_FROM, take_whole
from mcoom.engine.layout import SHAPE_BINS
from mcoom.engine.rng import draw_number, fold_key, quantile
from mcoom.engine.state import (
    BUSY,
    BUSY_SINCE,
    CURR,
    END,
    ENGINE,
    ENTRY_NS,
    EXEC_START,
    FUTILE_NS,
    KEY,
    KILLABLE,
    LEFT,
    LIMIT,
    LOCK_K,
    LOOPS,
    MIN_V,
    N_ENTRY,
    N_EVENTS,
    N_FUTILE,
    N_NEAR,
    N_PASS,
    N_SWITCH,
    N_TRYFAIL,
    PASS_COST,
    PASS_NS,
    PASS_SHAPE,
    PHASE,
    SHAPES_AT,
    SHOWN,
    SLICE_START,
    SOONER,
    STAMP,
    STATE,
    STREAM,
    SUM_EXEC,
    SWITCH_NS,
    TICK_NS,
    TIE,
    TOTAL,
    TRYLOCK_NS,
    VRUNTIME,
)
from mcoom.engine.timer import arm, bucket_of, fire_time
from mcoom.engine.words import DRAW_PASS, ENTRY, FAST, PASS, RETRY, RUNNABLE, SLEEPING, TRYLOCK


@jit
def draw_passes(s, i, n):
    """Return the cost (ns) of the next ``n`` passes of task ``i``, drawn one by one."""
    key = fold_key(np.uint64(s.task[i, STREAM]), DRAW_PASS, 5)
    shape = s.g[SHAPES_AT] + s.g[PASS_SHAPE] * (SHAPE_BINS + 1)
    number = s.task[i, PASS_DRAWS]
    s.task[i, PASS_DRAWS] = number + n
    total = 0
    for k in range(n):
        total += max(1, (s.g[PASS_NS] * quantile(s, shape, draw_number(key, number + k + 1))) >> 20)
    return total


@leaf
def count_attempts(s, n_attempts, n_passes, passes_ns):
    """Count attempts that failed, and their passes, which took ``passes_ns``."""
    s.g[N_PASS] += n_passes
    s.g[N_FUTILE] += n_passes
    s.g[FUTILE_NS] += passes_ns
    s.g[N_ENTRY] += n_attempts
    s.g[N_TRYFAIL] += n_attempts


@jit
def finish_attempt(s, now, c, law):
    """Return what is left (ns) of the attempt that runs on CPU ``c``; it is counted, and its passes are drawn."""
    i = s.cpu[c, CURR]
    phase = s.task[i, PHASE]
    rest_ns = s.cpu[c, END] - now
    s.g[N_EVENTS] += 1
    if phase == TRYLOCK:
        s.g[N_TRYFAIL] += 1
        return rest_ns
    n_passes = law.loops
    begun, begun_ns = 0, 0
    if phase == PASS:
        n_passes -= s.task[i, LOOPS] + 1
        begun, begun_ns = 1, s.task[i, PASS_COST]
    elif phase != ENTRY:
        rest_ns += s.g[ENTRY_NS]
        s.g[N_EVENTS] += 1
    passes_ns = draw_passes(s, i, n_passes)
    count_attempts(s, 1, begun + n_passes, begun_ns + passes_ns)
    s.g[N_EVENTS] += n_passes + (1 if s.g[TRYLOCK_NS] > 0 else 0)
    return rest_ns + passes_ns + s.g[TRYLOCK_NS]


@jit
def raise_to(s, i, level, attempt):
    """Let task ``i``, which begins an attempt, make attempts until its vruntime is ``level`` or more.

    Returns
    -------
    int
        Their CPU time (ns).
    """
    law = attempt.law
    begun_v = s.task[i, VRUNTIME]
    v = begun_v
    n_entries = s.g[N_ENTRY]
    if s.g[ENGINE] == FAST and level - v > WHOLE_FROM * s.g[PASS_NS]:
        v += take_whole(s, i, level - v, law)
        # It has counted their events already, but for the end of the sleep and the switch.
        s.g[N_EVENTS] += 2 * (s.g[N_ENTRY] - n_entries)
        s.g[N_SWITCH] += s.g[N_ENTRY] - n_entries
    key = fold_key(np.uint64(s.task[i, STREAM]), DRAW_PASS, 5)
    shape = s.g[SHAPES_AT] + s.g[PASS_SHAPE] * (SHAPE_BINS + 1)
    pass_ns, loops, beside_ns = s.g[PASS_NS], law.loops, law.beside_ns
    number = s.task[i, PASS_DRAWS]
    n, passes_ns = 0, 0
    while v < level:
        n += 1
        cost = 0
        for _ in range(loops):
            number += 1
            cost += max(1, (pass_ns * quantile(s, shape, draw_number(key, number))) >> 20)
        passes_ns += cost
        v += cost + beside_ns
    s.task[i, PASS_DRAWS] = number
    count_attempts(s, n, n * loops, passes_ns)
    s.g[N_EVENTS] += n * (attempt.n_events + 1)
    s.g[N_SWITCH] += n
    s.task[i, VRUNTIME] = v
    s.task[i, SUM_EXEC] += v - begun_v
    return v - begun_v


@jit
def run_to_limit(s, c, now, attempt):
    """Count what the herd of CPU ``c``, which picks a task at ``now``, does up to the end of the episode.

    Whoever has its turn, attempts follow upon each other and cost the same in law: they are drawn as those of one
    task. Nothing else of the CPU is kept.
    """
    i, limit, law = s.cpu[c, CURR], s.g[LIMIT], attempt.law
    n_entries = s.g[N_ENTRY]
    now += take_whole(s, i, limit - now, law)
    n = s.g[N_ENTRY] - n_entries
    s.g[N_EVENTS] += 2 * n
    s.g[N_SWITCH] += n
    while now < limit:
        s.g[N_SWITCH] += 1
        s.g[N_EVENTS] += 1
        now = run_one(s, i, now, limit, law.loops)


@jit
def run_one(s, i, now, limit, loops):
    """Let task ``i`` make the attempt for which it is picked at ``now``, as far as its bursts end before ``limit``.

    Returns
    -------
    int
        When it ends, or ``limit``.
    """
    now += s.g[SWITCH_NS]
    for k in range(loops + 2):
        if now >= limit:
            return limit
        s.g[N_EVENTS] += 1
        if k == 0:
            now += s.g[ENTRY_NS]
            continue
        if k > 1:
            count_attempts(s, 0, 1, s.task[i, PASS_COST])
        if k <= loops:
            s.task[i, PASS_COST] = draw_passes(s, i, 1)
            now += s.task[i, PASS_COST]
    s.g[N_ENTRY] += 1
    now += s.g[TRYLOCK_NS]
    if s.g[TRYLOCK_NS] > 0:
        if now >= limit:
            return limit
        s.g[N_EVENTS] += 1
    s.g[N_TRYFAIL] += 1
    return now


@jit
def wake_bucket(s, c, at):
    """Queue the tasks of CPU ``c`` whose sleep ends at the tick ``at``."""
    bucket = bucket_of(s, at)
    i = s.cpu[c, bucket]
    s.cpu[c, bucket] = -1
    while i >= 0:
        s.g[N_NEAR] -= 1
        make_runnable(s, c, i)
        i = s.task[i, SOONER]


@leaf
def make_runnable(s, c, i):
    """Queue task ``i`` of a herd, which begins an attempt, on CPU ``c``; loads are not kept."""
    s.g[STAMP] += 1
    s.task[i, STATE] = RUNNABLE
    s.task[i, KEY] = s.task[i, VRUNTIME]
    s.task[i, TIE] = s.g[STAMP]
    insert(s, c, i)


@jit
def run_in_turn(s, c, now, rest_ns, until, attempt):
    """Let the herd of CPU ``c`` take turns from ``now`` until one is picked after ``until``, a tick.

    At ``now`` the current task of ``c``, charged up to then, has ``rest_ns`` of its attempt, which is counted, before
    it. The ticks before ``now`` have passed. Loads are not kept.
    """
    tick_ns, law = s.g[TICK_NS], attempt.law
    tick_at = (now + tick_ns - 1) // tick_ns * tick_ns
    i = s.cpu[c, CURR]
    n, total_ns, min_v = 0, 0, s.cpu[c, MIN_V]
    while True:
        end = now + rest_ns
        while tick_at < end:
            min_v = max(min_v, min(s.task[i, VRUNTIME] + tick_at - now, first_key(s, c)))
            wake_bucket(s, c, tick_at)
            tick_at += tick_ns
        s.task[i, VRUNTIME] += rest_ns
        s.task[i, SUM_EXEC] += rest_ns
        min_v = max(min_v, first_key(s, c))
        fall_asleep(s, end, c, i)
        i = first(s, c)
        remove(s, c, i)
        now = end
        if now > until:
            break
        n += 1
        cost = draw_passes(s, i, law.loops)
        total_ns += cost
        rest_ns = cost + law.beside_ns
    s.cpu[c, MIN_V] = min_v
    count_attempts(s, n, n * law.loops, total_ns)
    s.g[N_SWITCH] += n + 1
    s.g[N_EVENTS] += n * (attempt.n_events + 1) + 1
    begin_attempt(s, now, c, i)


@jit
def pick_first(s, c, attempt):
    """Let CPU ``c`` pick the first of its herd; return what its attempt, which is counted, takes (ns)."""
    i = first(s, c)
    remove(s, c, i)
    s.cpu[c, CURR] = i
    cost = draw_passes(s, i, attempt.law.loops)
    count_attempts(s, 1, attempt.law.loops, cost)
    s.g[N_SWITCH] += 1
    s.g[N_EVENTS] += attempt.n_events + 1
    return cost + attempt.law.beside_ns


@leaf
def fall_asleep(s, now, c, i):
    """Let task ``i``, whose attempt has failed, sleep."""
    s.task[i, STATE] = SLEEPING
    s.task[i, PHASE] = RETRY
    s.task[i, LEFT] = 0
    s.task[i, TOTAL] = 0
    s.task[i, KILLABLE] = 0
    arm(s, now, i, fire_time(s, now, s.g[LOCK_K]), c)


@leaf
def begin_attempt(s, now, c, i):
    """Make task ``i``, which has been picked at ``now``, the current task of CPU ``c``, which was busy until then."""
    s.task[i, LEFT] = s.g[SWITCH_NS]
    s.task[i, TOTAL] = s.g[SWITCH_NS]
    s.cpu[c, CURR] = i
    s.cpu[c, SHOWN] = i
    s.cpu[c, EXEC_START] = now
    s.cpu[c, SLICE_START] = s.task[i, SUM_EXEC]
    s.cpu[c, BUSY] += now - s.cpu[c, BUSY_SINCE]
    s.cpu[c, BUSY_SINCE] = now
    s.cpu[c, END] = now + s.g[SWITCH_NS]
