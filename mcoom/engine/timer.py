"""Sleeping for jiffies: the timer wheel.

Takes a number of jiffies, gives the tick at which the sleeper wakes; fires timers. Must not know why a task sleeps.
docs/model.md section 6; kernel/time/timer.c@v4.13 (calc_index, enqueue_timer: the last armed of a bucket fires first).
"""

from mcoom._jit import jit, leaf
from mcoom.engine.heap import first, insert, remove, size
from mcoom.engine.placement import wake
from mcoom.engine.record import emit
from mcoom.engine.rng import draw, fraction
from mcoom.engine.row import timer_row
from mcoom.engine.runqueue import new_stamp, stop
from mcoom.engine.state import CPU, KEY, KILLABLE, TICK_NS, TIE, TIMER_MODE
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
    expires = now // s.g[TICK_NS] + jiffies
    return ((expires + (1 << shift)) >> shift << shift) * s.g[TICK_NS]


@leaf
def arm(s, i, at_ns, c):
    """Arm the timer of task ``i`` on CPU ``c``."""
    stamp = new_stamp(s)
    s.task[i, KEY] = at_ns
    # All timers of one tick: CPU by CPU, and of one CPU the last armed first.
    s.task[i, TIE] = stamp if s.g[TIMER_MODE] == 1 else (c << _CPU_SHIFT) - stamp
    insert(s, timer_row(s), i)


@jit
def disarm(s, i):
    """Remove the timer of task ``i``, which sleeps."""
    remove(s, timer_row(s), i)


@jit
def sleep(s, now, i, jiffies, killable):
    """Let running task ``i``, whose next burst is set, sleep for ``jiffies``."""
    at = fire_time(s, now, jiffies)
    if s.g[TIMER_MODE] == 1:
        tick = s.g[TICK_NS]
        at = now + jiffies * tick + ((fraction(draw(s, i, DRAW_SLEEP)) * tick) >> 20)
    s.task[i, KILLABLE] = killable
    emit(s, now, T_SLEEP, s.task[i, CPU], i, at)
    stop(s, now, i, SLEEPING)
    arm(s, i, at, s.task[i, CPU])


@jit
def fire_first(s, now):
    """Wake the sleeper whose timer is first in order."""
    i = first(s, timer_row(s))
    remove(s, timer_row(s), i)
    wake(s, now, i)


@jit
def fire_tick(s, now, c):
    """Wake the sleepers whose timers were armed on CPU ``c`` and fire at this tick."""
    row = timer_row(s)
    while size(s, row) > 0:
        i = first(s, row)
        armed_on = (s.task[i, TIE] + (1 << _CPU_SHIFT) - 1) >> _CPU_SHIFT
        if s.task[i, KEY] != now or armed_on != c:
            break
        fire_first(s, now)
