"""The mutex ``oom_lock``: owner, waiters, hand-off.

Takes tasks that want it or give it up, keeps OWNER and the queue of waiters. Must not know what is done under it.
docs/model.md section 9; kernel/locking/mutex.c@v4.13 (__mutex_lock_common, __mutex_unlock_slowpath); FIDELITY(5): no
optimistic spinning.
"""

from mcoom._jit import jit, leaf
from mcoom.engine.burst import set_burst
from mcoom.engine.placement import wake
from mcoom.engine.record import emit
from mcoom.engine.runqueue import stop
from mcoom.engine.state import (
    AFTER,
    BEFORE,
    CPU,
    CPU_AT_ACQUIRE,
    FIRST_WAITER,
    HANDOFF,
    HOLD_MAX,
    HOLD_START,
    LAST_WAITER,
    OWNER,
    STATE,
    WAITS,
)
from mcoom.engine.times import cpu_used
from mcoom.engine.words import BLOCKED, LOCKTRY, T_ACQUIRE, T_BLOCK, T_UNLOCK


@leaf
def join_waiters(s, i):
    """Append task ``i`` to the waiters, if it is not one of them already."""
    if s.task[i, WAITS] == 1:
        return
    last = s.g[LAST_WAITER]
    s.task[i, WAITS] = 1
    s.task[i, BEFORE] = last
    s.task[i, AFTER] = -1
    if last >= 0:
        s.task[last, AFTER] = i
    else:
        s.g[FIRST_WAITER] = i
    s.g[LAST_WAITER] = i


@leaf
def leave_waiters(s, i):
    """Remove task ``i`` from the waiters; the hand-off flag goes with the last of them (mutex_remove_waiter)."""
    before, after = s.task[i, BEFORE], s.task[i, AFTER]
    s.task[i, WAITS] = 0
    if before >= 0:
        s.task[before, AFTER] = after
    else:
        s.g[FIRST_WAITER] = after
    if after >= 0:
        s.task[after, BEFORE] = before
    else:
        s.g[LAST_WAITER] = before
    if s.g[FIRST_WAITER] < 0:
        s.g[HANDOFF] = 0


@leaf
def block(s, now, i):
    """Let running task ``i`` wait for the lock; woken, it tries again (a LOCKTRY burst)."""
    join_waiters(s, i)
    set_burst(s, now, i, LOCKTRY, 0)
    emit(s, now, T_BLOCK, s.task[i, CPU], i, 0)
    stop(s, now, i, BLOCKED)


@leaf
def note_hold(s, now):
    """Bring the longest hold up to now."""
    s.g[HOLD_MAX] = max(s.g[HOLD_MAX], now - s.g[HOLD_START])


@jit
def take(s, now, i):
    """Make task ``i`` the owner."""
    if s.g[OWNER] == i:
        note_hold(s, now)
    s.g[OWNER] = i
    s.g[HANDOFF] = 0
    s.g[HOLD_START] = now
    s.task[i, CPU_AT_ACQUIRE] = cpu_used(s, now, i)
    emit(s, now, T_ACQUIRE, s.task[i, CPU], i, 0)


@jit
def unlock(s, now, i):
    """Give up the lock that task ``i`` owns: hand it over if the first waiter asked for that; wake that one."""
    emit(s, now, T_UNLOCK, s.task[i, CPU], i, 0)
    note_hold(s, now)
    s.g[OWNER] = -1
    first = s.g[FIRST_WAITER]
    if first < 0:
        return
    if s.g[HANDOFF] == 1:
        s.g[OWNER] = first
        s.g[HOLD_START] = now
        s.g[HANDOFF] = 0
    if s.task[first, STATE] == BLOCKED:
        wake(s, now, first)
