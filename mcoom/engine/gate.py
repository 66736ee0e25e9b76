"""Gates: classes of tasks that wait for the first lock, the first kill or the first exit.

Takes the task that opens a gate, charges it for waking the waiting ones. Must not know what the opener does next.
docs/model.md section 10.
"""

from mcoom._jit import jit, leaf
from mcoom.engine.burst import set_burst
from mcoom.engine.program import of_class, start
from mcoom.engine.record import emit
from mcoom.engine.state import (
    C_PROGRAM,
    C_START_KIND,
    CPU,
    GATE_BATCH,
    GATE_NEXT,
    GATE_POS,
    GATE_WAKE_NS,
    GATES_OPEN,
    N_TASKS,
    OPENS,
    STATE,
)
from mcoom.engine.whole import remainder
from mcoom.engine.words import GATE, GATED, SLEEPER, T_GATE


@leaf
def waits_at(s, i, kind):
    """Return whether task ``i`` is of a class that gate ``kind`` lets in."""
    return of_class(s, i, C_START_KIND) == kind and of_class(s, i, C_PROGRAM) != SLEEPER


@jit
def next_at(s, kind, i):
    """Return the first task from ``i`` on that waits at gate ``kind``, or -1."""
    while i < s.g[N_TASKS] - 1:
        if waits_at(s, i, kind):
            return i
        i += 1
    return -1


@leaf
def begin_wake(s, now, i):
    """Give opener ``i`` the burst that wakes the next task."""
    set_burst(s, now, i, GATE, s.g[GATE_WAKE_NS])


@jit
def open_gate(s, now, i, kind):
    """Let task ``i`` open gate ``kind`` if it is shut and somebody waits there; return whether it has begun to."""
    if (s.g[GATES_OPEN] >> kind) & 1 == 1:
        return False
    # Open from now on, waiters or not: nobody comes to wait later, and this is asked at each acquisition of the lock.
    s.g[GATES_OPEN] |= 1 << kind
    first = next_at(s, kind, 0)
    if first < 0:
        return False
    emit(s, now, T_GATE, s.task[i, CPU], i, kind)
    s.task[i, OPENS] = kind
    s.task[i, GATE_NEXT] = first
    s.task[i, GATE_POS] = 0
    begin_wake(s, now, i)
    return True


@jit
def end_wake(s, now, i):
    """Start the task that opener ``i`` has paid for; return whether the burst for another one has begun."""
    waiting = s.task[i, GATE_NEXT]
    if s.task[waiting, STATE] == GATED:
        start(s, now, waiting)
    following = next_at(s, s.task[i, OPENS], waiting + 1)
    if following < 0:
        return False
    s.task[i, GATE_NEXT] = following
    s.task[i, GATE_POS] = remainder(s.task[i, GATE_POS] + 1, s.g[GATE_BATCH])
    begin_wake(s, now, i)
    return True
