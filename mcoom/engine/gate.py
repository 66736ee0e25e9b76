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
    GATE_WAKE_NS,
    GATES_OPEN,
    N_TASKS,
    OPENS,
    STATE,
)
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


@jit
def begin_batch(s, now, i):
    """Give opener ``i`` the burst that wakes the next batch."""
    kind = s.task[i, OPENS]
    waiting = s.task[i, GATE_NEXT]
    n = 0
    while waiting >= 0 and n < s.g[GATE_BATCH]:
        n += 1
        waiting = next_at(s, kind, waiting + 1)
    set_burst(s, now, i, GATE, n * s.g[GATE_WAKE_NS])


@jit
def open_gate(s, now, i, kind):
    """Let task ``i`` open gate ``kind`` if it is shut and somebody waits there; return whether it has begun to."""
    if (s.g[GATES_OPEN] >> kind) & 1 == 1:
        return False
    first = next_at(s, kind, 0)
    if first < 0:
        return False
    s.g[GATES_OPEN] |= 1 << kind
    emit(s, now, T_GATE, s.task[i, CPU], i, kind)
    s.task[i, OPENS] = kind
    s.task[i, GATE_NEXT] = first
    begin_batch(s, now, i)
    return True


@jit
def end_batch(s, now, i):
    """Start the tasks of the batch that opener ``i`` has paid for; return whether another batch has begun."""
    kind = s.task[i, OPENS]
    waiting = s.task[i, GATE_NEXT]
    n = 0
    while waiting >= 0 and n < s.g[GATE_BATCH]:
        if s.task[waiting, STATE] == GATED:
            start(s, now, waiting)
        n += 1
        waiting = next_at(s, kind, waiting + 1)
    if waiting < 0:
        return False
    s.task[i, GATE_NEXT] = waiting
    begin_batch(s, now, i)
    return True
