"""Which tasks only compute, and how long one that does not has to wait at least.

Takes tasks of a runqueue. Must not change anything. docs/fast_engine.md.
"""

from mcoom._jit import jit, leaf
from mcoom.engine.fair import delta_v, slice_ns
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
    SCLASS,
    TAKEN,
    TICK_NS,
    VRUNTIME,
    WAKEUP_GRAN_NS,
    WEIGHT,
)
from mcoom.engine.words import (
    ENTRY,
    FIRST,
    FULL_PREEMPTION,
    HOG,
    IDLE_CLASS,
    OOM,
    PASS,
    RETRY,
    TOUCH,
    TRYLOCK,
    TRYLOCK_SPIN,
)

_LIGHTEST = 3
_NICE_0_WEIGHT = 1024


@leaf
def attempts_are_futile(s):
    """Return whether an attempt now fails, whoever makes it, and its task makes another at once."""
    if s.g[LOCK] != TRYLOCK_SPIN or s.g[PREEMPT] != FULL_PREEMPTION or s.g[OWNER] < 0 or s.g[INV_OPEN] == 0:
        return False
    return s.g[RECLAIMABLE] == 0 and s.g[FREE] <= min_mark(s)


@jit
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
def target_v(s, c, i):
    """Return the vruntime that all others must reach before task ``i``, waiting on CPU ``c``, can be picked."""
    if s.cpu[c, LAST] == i or s.cpu[c, NEXT] == i:
        return s.task[i, VRUNTIME] - delta_v(s.g[WAKEUP_GRAN_NS], _LIGHTEST)
    return s.task[i, VRUNTIME]


@jit
def wait_ns(s, c, i, even_ns):
    """Return how long (ns) task ``i``, waiting on CPU ``c``, waits at least: all others must come up to it first.

    Parameters
    ----------
    even_ns : int
        What each task that is picked runs, if that is the same for all of them and their weight is 1024; else 0.
    """
    target = target_v(s, c, i)
    # Rounded down before the product, which would not fit 63 bits after long.
    total = (max(0, target - s.task[s.cpu[c, CURR], VRUNTIME]) >> 10) * s.task[s.cpu[c, CURR], WEIGHT]
    for k in range(size(s, c)):
        j = member(s, c, k)
        behind = target - s.task[j, VRUNTIME]
        if behind > 0:
            if even_ns > 0:
                total += (behind + even_ns - 1) // even_ns * even_ns
            else:
                total += (behind >> 10) * s.task[j, WEIGHT]
            if total > INF >> 2:
                return INF >> 2
    return total


@jit
def even_slice_ns(s, c, spins):
    """Return how long (ns) each task that computes on CPU ``c`` runs when it is picked, or 0 if they differ.

    Tasks of weight 1024 that are picked because they are behind all others run to the first tick after their ideal
    runtime, which is the same for all.
    """
    n, example = 0, 0
    for k in range(-1, size(s, c)):
        i = s.cpu[c, CURR] if k < 0 else member(s, c, k)
        if is_futile(s, i, spins):
            n += 1
            if s.task[i, WEIGHT] != _NICE_0_WEIGHT or s.task[i, SCLASS] == IDLE_CLASS:
                return 0
            example = i
    # With groups the only one that is picked again goes on with its slice.
    if n < 2:
        return 0
    return (slice_ns(s, c, example, 0) // s.g[TICK_NS] + 1) * s.g[TICK_NS]
