"""Which tasks only compute, and how long one that does not has to wait at least.

Takes tasks of a runqueue. Must not change anything. docs/fast_engine.md.
"""

from mcoom._jit import jit, leaf
from mcoom.engine.fair import delta_v
from mcoom.engine.heap import member, size
from mcoom.engine.layout import INF
from mcoom.engine.memory import min_mark
from mcoom.engine.program import of_class
from mcoom.engine.state import (
    C_LIMIT_PAGES,
    CURR,
    FAIR,
    FREE,
    INV_OPEN,
    KILLED,
    LAST,
    LOCK,
    NEXT,
    OWNER,
    PHASE,
    PREEMPT,
    RECLAIMABLE,
    TAKEN,
    VRUNTIME,
    WAKEUP_GRAN_NS,
    WEIGHT,
)
from mcoom.engine.words import (
    ENTRY,
    FIRST,
    FULL_PREEMPTION,
    HOG,
    OOM,
    PASS,
    RETRY,
    TOUCH,
    TRYLOCK,
    TRYLOCK_SPIN,
)

_LIGHTEST = 3


@leaf
def attempts_are_futile(s):
    """Return whether an attempt now fails, whoever makes it, and its task makes another at once."""
    if s.g[LOCK] != TRYLOCK_SPIN or s.g[PREEMPT] != FULL_PREEMPTION or s.g[OWNER] < 0 or s.g[INV_OPEN] == 0:
        return False
    return s.g[RECLAIMABLE] == 0 and s.g[FREE] <= min_mark(s)


@leaf
def is_futile(s, i, spins):
    """Return whether what runnable task ``i`` does changes nothing but counters and its own stream.

    ``spins`` is what ``attempts_are_futile`` said.
    """
    if s.task[i, KILLED] == 1 or s.task[i, FAIR] == 0:
        return False
    phase = s.task[i, PHASE]
    if phase == HOG:
        return True
    if not spins or i == s.g[OWNER]:
        return False
    if phase == PASS or phase == ENTRY or phase == TRYLOCK or phase == OOM or phase == RETRY:
        return True
    if phase == FIRST or phase == TOUCH:
        limit = of_class(s, i, C_LIMIT_PAGES)
        return limit < 0 or s.task[i, TAKEN] < limit
    return False


@leaf
def ahead_by(s, c, i, v):
    """Return how far the vruntime of task ``i``, waiting on CPU ``c``, is above ``v``, less what a buddy may jump."""
    ahead = s.task[i, VRUNTIME] - v
    if s.cpu[c, LAST] == i or s.cpu[c, NEXT] == i:
        ahead -= delta_v(s.g[WAKEUP_GRAN_NS], _LIGHTEST)
    return ahead


@jit
def wait_ns(s, c, i):
    """Return how long (ns) task ``i``, waiting on CPU ``c``, waits at least: all others must come up to it first."""
    target = s.task[i, VRUNTIME]
    if s.cpu[c, LAST] == i or s.cpu[c, NEXT] == i:
        return 0
    total = 0
    for k in range(-1, size(s, c)):
        j = s.cpu[c, CURR] if k < 0 else member(s, c, k)
        behind = target - s.task[j, VRUNTIME]
        if behind > 0:
            total += (behind * s.task[j, WEIGHT]) >> 10
            if total > INF >> 2:
                return INF >> 2
    return total
