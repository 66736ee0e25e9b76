"""Sleeping for jiffies: the timer wheel.

Takes a number of jiffies, gives the tick at which the sleeper wakes; fires timers. Must not know why a task sleeps.
docs/model.md section 6; kernel/time/timer.c@v4.13 (calc_index, enqueue_timer: the last armed of a bucket fires first).

A timer of the next N_BUCKETS ticks lies in the bucket of its CPU and tick, a list to which the last armed is first: a
herd of a thousand sleepers costs one look at one bucket. Timers further away, and the unsynchronised ones of the test
mode, are kept in a heap.
"""

from mcoom._jit import jit, leaf
from mcoom.engine.heap import first, first_key, insert, remove, size
from mcoom.engine.layout import INF
from mcoom.engine.placement import wake
from mcoom.engine.record import emit
from mcoom.engine.rng import draw, fraction
from mcoom.engine.row import timer_row
from mcoom.engine.runqueue import new_stamp, stop
from mcoom.engine.state import (
    ARMED_ON,
    BUCKET,
    BUCKETS,
    CPU,
    KEY,
    KILLABLE,
    LATER,
    N_BUCKETS,
    N_CPUS,
    N_NEAR,
    SOONER,
    TICK_NS,
    TIE,
    TIMER_MODE,
)
from mcoom.engine.whole import quotient
from mcoom.engine.words import DRAW_SLEEP, SLEEPING, T_SLEEP

_CPU_SHIFT = 40


@leaf
def fire_time(s, now, jiffies):
    """Return when a timer of ``jiffies`` >= 0 armed now fires (ns): on a tick, coarser the longer it is."""
    shift = 0
    if jiffies >= 32256:
        shift = 12
    elif jiffies >= 4032:
        shift = 9
    elif jiffies >= 504:
        shift = 6
    elif jiffies >= 63:
        shift = 3
    expires = quotient(now, s.g[TICK_NS]) + jiffies
    return ((expires + (1 << shift)) >> shift << shift) * s.g[TICK_NS]


@leaf
def bucket_of(s, tick_at):
    """Return the column of ``State.cpu`` for the timers of the tick at ``tick_at`` (ns)."""
    return BUCKETS + (quotient(tick_at, s.g[TICK_NS]) & (N_BUCKETS - 1))


@leaf
def arm(s, now, i, at_ns, c):
    """Arm the timer of task ``i``, which fires at ``at_ns`` > ``now``, on CPU ``c``."""
    tick_ns = s.g[TICK_NS]
    s.task[i, KEY] = at_ns
    s.task[i, TIE] = new_stamp(s)
    if s.g[TIMER_MODE] == 0:
        if at_ns - now < N_BUCKETS * tick_ns:
            _add_to_bucket(s, i, c, bucket_of(s, at_ns))
            return
        # All timers of one tick: CPU by CPU, and of one CPU the last armed first.
        s.task[i, TIE] = (c << _CPU_SHIFT) - s.task[i, TIE]
    s.task[i, BUCKET] = -1
    insert(s, timer_row(s), i)


@leaf
def _add_to_bucket(s, i, c, bucket):
    head = s.cpu[c, bucket]
    s.task[i, BUCKET] = bucket
    s.task[i, ARMED_ON] = c
    s.task[i, LATER] = -1
    s.task[i, SOONER] = head
    if head >= 0:
        s.task[head, LATER] = i
    s.cpu[c, bucket] = i
    s.g[N_NEAR] += 1


@jit
def disarm(s, i):
    """Remove the timer of task ``i``, which sleeps."""
    bucket = s.task[i, BUCKET]
    if bucket < 0:
        remove(s, timer_row(s), i)
        return
    sooner, later = s.task[i, SOONER], s.task[i, LATER]
    if sooner >= 0:
        s.task[sooner, LATER] = later
    if later >= 0:
        s.task[later, SOONER] = sooner
    else:
        s.cpu[s.task[i, ARMED_ON], bucket] = sooner
    s.g[N_NEAR] -= 1


@leaf
def sleep(s, now, i, jiffies, killable):
    """Let running task ``i``, whose next burst is set, sleep for ``jiffies``."""
    at = fire_time(s, now, jiffies)
    if s.g[TIMER_MODE] == 1:
        tick = s.g[TICK_NS]
        at = now + jiffies * tick + ((fraction(draw(s, i, DRAW_SLEEP)) * tick) >> 20)
    s.task[i, KILLABLE] = killable
    emit(s, now, T_SLEEP, s.task[i, CPU], i, at)
    stop(s, now, i, SLEEPING)
    arm(s, now, i, at, s.task[i, CPU])


@jit
def next_timer(s, tick_at):
    """Return when the next timer fires (ns), INF if none is armed; no tick before ``tick_at`` has one."""
    at = INF
    if size(s, timer_row(s)) > 0:
        at = first_key(s, timer_row(s))
    if s.g[N_NEAR] > 0:
        tick_ns = s.g[TICK_NS]
        for ahead in range(N_BUCKETS):
            here = tick_at + ahead * tick_ns
            if here >= at:
                break
            bucket = bucket_of(s, here)
            for c in range(s.g[N_CPUS]):
                if s.cpu[c, bucket] >= 0:
                    return here
    return at


@jit
def fire_first(s, now):
    """Wake the sleeper whose timer is first in order of those that are in no bucket."""
    i = first(s, timer_row(s))
    remove(s, timer_row(s), i)
    wake(s, now, i)


@jit
def fire_tick(s, now, c):
    """Wake the sleepers whose timers were armed on CPU ``c`` and fire at this tick, the last armed first.

    Those in no bucket were armed before all that are in one.
    """
    if s.g[N_NEAR] > 0:
        bucket = bucket_of(s, now)
        i = s.cpu[c, bucket]
        s.cpu[c, bucket] = -1
        while i >= 0:
            s.g[N_NEAR] -= 1
            sooner = s.task[i, SOONER]
            wake(s, now, i)
            i = sooner
    row = timer_row(s)
    while size(s, row) > 0:
        i = first(s, row)
        armed_on = (s.task[i, TIE] + (1 << _CPU_SHIFT) - 1) >> _CPU_SHIFT
        if s.task[i, KEY] != now or armed_on != c:
            break
        fire_first(s, now)
