"""The tick of one CPU: throttling period, slices, timers, balance.

Takes a CPU and a tick time, in the order of docs/model.md section 5 (kernel/sched/core.c scheduler_tick, then the
timer and the scheduler softirq). Must not know what the woken tasks do.
"""

from mcoom._jit import jit
from mcoom.engine.burst import need
from mcoom.engine.fair import check_tick, update_curr
from mcoom.engine.heap import member, size
from mcoom.engine.placement import balance
from mcoom.engine.row import rt_row
from mcoom.engine.runqueue import new_stamp
from mcoom.engine.state import (
    CURR,
    FAIR,
    NR,
    PRIO,
    RR_LEFT,
    RR_SLICE_TICKS,
    RT_NEXT,
    RT_RUNTIME_NS,
    RT_TIME,
    SCLASS,
    THROTTLED,
    TIE,
    TIMER_MODE,
)
from mcoom.engine.timer import fire_tick
from mcoom.engine.whole import quotient
from mcoom.engine.words import RR

RT_PERIOD_NS = 1_000_000_000


@jit
def roll_rt_period(s, now, c):
    """Begin the RT periods that are due on CPU ``c`` (do_sched_rt_period_timer)."""
    if now < s.cpu[c, RT_NEXT]:
        return
    periods = quotient(now - s.cpu[c, RT_NEXT], RT_PERIOD_NS) + 1
    s.cpu[c, RT_NEXT] += periods * RT_PERIOD_NS
    runtime = s.g[RT_RUNTIME_NS]
    if runtime < 0:
        return
    s.cpu[c, RT_TIME] = max(0, s.cpu[c, RT_TIME] - periods * runtime)
    if s.cpu[c, THROTTLED] == 1 and s.cpu[c, RT_TIME] < runtime:
        s.cpu[c, THROTTLED] = 0
        curr = s.cpu[c, CURR]
        if size(s, rt_row(s, c)) > 0 and (curr < 0 or s.task[curr, FAIR] == 1):
            need(s, now, c)


@jit
def tick_rr(s, now, c, i):
    """Count down the slice of RR task ``i`` running on CPU ``c``; at 0 it goes behind its equals (task_tick_rt)."""
    s.task[i, RR_LEFT] -= 1
    if s.task[i, RR_LEFT] > 0:
        return
    s.task[i, RR_LEFT] = s.g[RR_SLICE_TICKS]
    row = rt_row(s, c)
    for k in range(size(s, row)):
        if s.task[member(s, row, k), PRIO] == s.task[i, PRIO]:
            s.task[i, TIE] = new_stamp(s)
            need(s, now, c)
            return


@jit
def tick(s, now, c):
    """Handle the tick of CPU ``c``."""
    roll_rt_period(s, now, c)
    i = s.cpu[c, CURR]
    if i >= 0:
        update_curr(s, now, c)
        if s.task[i, FAIR] == 1:
            if s.cpu[c, NR] >= 2:
                check_tick(s, now, c)
        elif s.task[i, SCLASS] == RR:
            tick_rr(s, now, c, i)
    if s.g[TIMER_MODE] == 0:
        fire_tick(s, now, c)
    balance(s, now, c)
