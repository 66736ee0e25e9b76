"""Spinners that a jump left behind: they are brought up to date when they are picked or when something changes.

Takes the event that comes next, settles whoever it concerns. Must not know how a jump is made. docs/fast_engine.md.

While attempts are futile it does not matter when the passes of a queued spinner are drawn. BEHIND says that some task
has LEFT below 0.
"""

from mcoom._jit import jit
from mcoom.engine.gate import waits_at
from mcoom.engine.heap import member, size
from mcoom.engine.jump_pass import settle, settle_one, short_law, whole_law
from mcoom.engine.jump_task import is_futile
from mcoom.engine.state import (
    BEHIND,
    CURR,
    END,
    ENGINE,
    GATE_NEXT,
    LEFT,
    LIMIT,
    MAX_EVENTS,
    N_CPUS,
    N_EVENTS,
    N_SKIPPED,
    N_TASKS,
    OPENS,
    PHASE,
    SWITCH_NS,
)
from mcoom.engine.words import EXIT_START, FAST, GATE, REAP_WAKE


@jit
def settle_all(s):
    """Bring every spinner that is queued up to date."""
    events = s.g[N_EVENTS]
    law = whole_law(s) if s.g[ENGINE] == FAST else short_law(s)
    for c in range(s.g[N_CPUS]):
        for k in range(size(s, c)):
            i = member(s, c, k)
            if s.task[i, LEFT] < 0:
                settle(s, i, 0, law)
    s.g[BEHIND] = 0
    s.g[N_SKIPPED] += s.g[N_EVENTS] - events


@jit
def changes_nothing(s, i):
    """Return whether the end of the burst of task ``i`` leaves memory, lock and life of all spinners as they are."""
    phase = s.task[i, PHASE]
    if phase == GATE:
        following = s.task[i, GATE_NEXT] + 1
        return following < s.g[N_TASKS] - 1 and waits_at(s, following, s.task[i, OPENS])
    return is_futile(s, i, True) or phase == EXIT_START or phase == REAP_WAKE


@jit
def settle_before(s, at, is_burst_end, c):
    """Settle all if the next event, at ``at``, may change what spinners find, or if the episode ends."""
    ends = at >= s.g[LIMIT] or s.g[N_EVENTS] - s.g[N_SKIPPED] >= s.g[MAX_EVENTS]
    if ends or (is_burst_end and not changes_nothing(s, s.cpu[c, CURR])):
        settle_all(s)


@jit
def settle_picked(s, now, c, prev):
    """Bring the task that CPU ``c`` has just picked after ``prev`` up to date."""
    i = s.cpu[c, CURR]
    if i < 0 or i == prev:
        return
    left = s.task[i, LEFT] - s.g[SWITCH_NS]
    if left < 0:
        events = s.g[N_EVENTS]
        s.task[i, LEFT] = left
        settle_one(s, i, 0)
        s.task[i, LEFT] += s.g[SWITCH_NS]
        s.cpu[c, END] = now + s.task[i, LEFT]
        s.g[N_SKIPPED] += s.g[N_EVENTS] - events
