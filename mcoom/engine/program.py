"""What allocators do outside ``oom_lock``: start, touch pages, reclaim, retry.

Takes a task whose burst has ended, gives it the next one or sends it to the lock. Must not know what happens under
the lock. docs/model.md section 8; mm/page_alloc.c (__alloc_pages_slowpath, __alloc_pages_direct_reclaim,
should_reclaim_retry).
"""

from mcoom._jit import jit, leaf
from mcoom.engine.burst import set_burst
from mcoom.engine.memory import available, mark, reclaim, try_alloc
from mcoom.engine.placement import wake
from mcoom.engine.rng import draw, fraction, scaled
from mcoom.engine.runqueue import stop
from mcoom.engine.state import (
    C_FIRST_NS,
    C_FIRST_SHAPE,
    C_FIRST_VAR_NS,
    C_LIMIT_PAGES,
    C_NOFS_FRAC,
    C_PROGRAM,
    C_TOUCH_NS,
    C_TOUCH_SHAPE,
    C_TOUCH_VAR_NS,
    ENTRY_NS,
    EXIT_START_NS,
    FUTILE_NS,
    IN_SLOW,
    KILLED,
    LOOPS,
    N_FUTILE,
    N_PASS,
    N_SLOW,
    NOFS,
    PASS_COST,
    PASS_NS,
    PASS_SHAPE,
    ROW,
    TAKEN,
)
from mcoom.engine.times import check_recovery
from mcoom.engine.words import (
    DRAW_FIRST,
    DRAW_NOFS,
    DRAW_PASS,
    DRAW_TOUCH,
    ENTRY,
    EXIT_START,
    FIRST,
    HOG,
    HOG_PROGRAM,
    MAX_RECLAIM_RETRIES,
    PARKED,
    PASS,
    TOUCH,
)

_ENDLESS_NS = 1 << 61


@leaf
def of_class(s, i, column):
    """Return the value of ``column`` of the class of task ``i``."""
    return s.g[s.task[i, ROW] + column]


@leaf
def class_burst(s, i, fixed, varying, shape, purpose):
    """Return the drawn length (ns) of a burst whose fixed part, varying part and shape are in these class columns."""
    total = of_class(s, i, fixed)
    scale = of_class(s, i, varying)
    if scale > 0:
        total += scaled(s, scale, of_class(s, i, shape), draw(s, i, purpose))
    return total


@jit
def start(s, now, i):
    """Let task ``i``, which is NEW or GATED, begin its program."""
    if of_class(s, i, C_PROGRAM) == HOG_PROGRAM:
        set_burst(s, now, i, HOG, _ENDLESS_NS)
    else:
        total = class_burst(s, i, C_FIRST_NS, C_FIRST_VAR_NS, C_FIRST_SHAPE, DRAW_FIRST)
        set_burst(s, now, i, FIRST, total)
    wake(s, now, i)


@jit
def exit_begin(s, now, i):
    """Let killed task ``i`` begin to die."""
    set_burst(s, now, i, EXIT_START, s.g[EXIT_START_NS])


@jit
def touch(s, now, i):
    """Let task ``i``, which has its pages, finish the fault and think."""
    total = class_burst(s, i, C_TOUCH_NS, C_TOUCH_VAR_NS, C_TOUCH_SHAPE, DRAW_TOUCH)
    set_burst(s, now, i, TOUCH, max(1, total))


@jit
def leave_slow(s, now, i):
    """Let task ``i`` leave the slow path: to its death if it is killed, else back to touching the page it got."""
    s.task[i, IN_SLOW] = 0
    s.g[N_SLOW] -= 1
    check_recovery(s, now)
    if s.task[i, KILLED] == 1:
        exit_begin(s, now, i)
    else:
        touch(s, now, i)


@leaf
def attempt(s, now, i):
    """Begin an attempt: what it costs beside its passes."""
    s.task[i, LOOPS] = 0
    set_burst(s, now, i, ENTRY, s.g[ENTRY_NS])


@leaf
def try_touch(s, now, i):
    """Let task ``i`` fault its next pages in; without free memory it enters the slow path."""
    if s.task[i, KILLED] == 1:
        exit_begin(s, now, i)
        return
    limit = of_class(s, i, C_LIMIT_PAGES)
    if limit >= 0 and s.task[i, TAKEN] >= limit:
        stop(s, now, i, PARKED)
        return
    if try_alloc(s, now, i, mark(s, i)):
        touch(s, now, i)
        return
    s.task[i, IN_SLOW] = 1
    s.g[N_SLOW] += 1
    nofs_frac = of_class(s, i, C_NOFS_FRAC)
    s.task[i, NOFS] = 1 if nofs_frac > 0 and fraction(draw(s, i, DRAW_NOFS)) < nofs_frac else 0
    attempt(s, now, i)


@leaf
def begin_pass(s, now, i):
    """Begin a reclaim pass of task ``i``."""
    total = s.g[PASS_NS]
    if total > 0:
        total = scaled(s, total, s.g[PASS_SHAPE], draw(s, i, DRAW_PASS))
    # Kept apart from TOTAL, to which context switches are added.
    s.task[i, PASS_COST] = max(1, total)
    set_burst(s, now, i, PASS, s.task[i, PASS_COST])


@leaf
def end_pass(s, now, i):
    """Do what follows a reclaim pass; return whether task ``i`` must go to OOM."""
    s.g[N_PASS] += 1
    progress = reclaim(s)
    if not progress:
        s.g[N_FUTILE] += 1
        s.g[FUTILE_NS] += s.task[i, PASS_COST]
    s.task[i, LOOPS] = 0 if progress else s.task[i, LOOPS] + 1
    # The free list is looked at after progress, or at the top of the next round: not after the last futile pass.
    if s.task[i, LOOPS] > MAX_RECLAIM_RETRIES and s.task[i, KILLED] == 0:
        return True
    if try_alloc(s, now, i, mark(s, i)) or s.task[i, KILLED] == 1:
        leave_slow(s, now, i)
        return False
    if available(s) <= mark(s, i):
        return True
    begin_pass(s, now, i)
    return False


@leaf
def retry_top(s, now, i):
    """Let task ``i`` try the free list again; if that fails a new attempt begins."""
    if try_alloc(s, now, i, mark(s, i)) or s.task[i, KILLED] == 1:
        leave_slow(s, now, i)
    else:
        attempt(s, now, i)
