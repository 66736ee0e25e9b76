"""CPU bursts and resched points: when a task's work ends, and when it may be interrupted.

Takes a task and an amount of CPU time, keeps END and RESCHED_AT of its CPU. Must not know why a reschedule is wanted
or who runs next. docs/model.md section 4.
"""

from mcoom._jit import jit, leaf
from mcoom.engine.layout import INF
from mcoom.engine.state import (
    CPU,
    CURR,
    END,
    EXIT_SEG_NS,
    LEFT,
    N_NEED,
    NEED,
    PASS_COST,
    PASS_POINTS,
    PHASE,
    PREEMPT,
    RESCHED_AT,
    TOTAL,
)
from mcoom.engine.whole import quotient
from mcoom.engine.words import ENTRY, EXIT_MM, FIRST, FULL_PREEMPTION, GATE, HOG, PASS, REAP, TOUCH


@leaf
def set_burst(s, now, i, phase, total_ns):
    """Give task ``i``, running or not, a new burst of ``total_ns`` >= 0; for a PASS, its PASS_COST is set."""
    s.task[i, PHASE] = phase
    s.task[i, TOTAL] = total_ns
    s.task[i, LEFT] = total_ns
    c = s.task[i, CPU]
    if s.cpu[c, CURR] == i:
        s.cpu[c, END] = now + total_ns


@leaf
def segment_ns(s, i, phase):
    """Return the time between resched points of the burst of task ``i``, which is in ``phase``; 0: there are none."""
    if phase == PASS:
        return max(1, quotient(s.task[i, PASS_COST], s.g[PASS_POINTS]))
    if phase == EXIT_MM or phase == REAP:
        return s.g[EXIT_SEG_NS]
    return 0


@leaf
def has_end_point(phase):
    """Return whether the end of a burst of this phase is a resched point of a kernel without preemption."""
    return phase == PASS or phase == TOUCH or phase == ENTRY or phase == FIRST or phase == EXIT_MM or phase == REAP


@jit
def plan(s, now, c):
    """Set RESCHED_AT of CPU ``c``: the next moment at which its pending reschedule can take effect."""
    at = now
    i = s.cpu[c, CURR]
    if i >= 0:
        phase = s.task[i, PHASE]
        if phase == GATE:
            at = INF
        elif s.g[PREEMPT] != FULL_PREEMPTION and phase != FIRST and phase != HOG:
            at = INF
            seg = segment_ns(s, i, phase)
            if seg > 0:
                total = s.task[i, TOTAL]
                used = total - (s.cpu[c, END] - now)
                point = max(1, quotient(used + seg - 1, seg)) * seg
                if point < total:
                    at = now + (point - used)
    s.cpu[c, RESCHED_AT] = at


@leaf
def raise_flag(s, c):
    """Note that a reschedule of CPU ``c`` is pending; its RESCHED_AT must be set."""
    s.g[N_NEED] += 1 - s.cpu[c, NEED]
    s.cpu[c, NEED] = 1


@leaf
def lower_flag(s, c):
    """Note that no reschedule of CPU ``c`` is pending."""
    s.g[N_NEED] -= s.cpu[c, NEED]
    s.cpu[c, NEED] = 0
    s.cpu[c, RESCHED_AT] = INF


@leaf
def need(s, now, c):
    """Ask for a reschedule of CPU ``c`` at its next resched point; asking twice changes nothing."""
    if s.cpu[c, NEED] == 0:
        raise_flag(s, c)
        plan(s, now, c)
