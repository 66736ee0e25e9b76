"""The OOM reaper: a kernel thread that frees the memory of victims that do not come to it themselves.

Takes victims from its queue, frees them, with or without ``oom_lock``. Must not know who killed them.
docs/model.md section 10; mm/oom_kill.c (oom_reaper, wake_oom_reaper, queue_oom_reaper@v5.18).
"""

from mcoom._jit import jit, leaf
from mcoom.engine.burst import set_burst
from mcoom.engine.lock import block, take, unlock
from mcoom.engine.placement import wake
from mcoom.engine.runqueue import stop
from mcoom.engine.state import (
    CPU,
    HZ,
    MM_EXITING,
    N_DYING,
    N_TASKS,
    OWNER,
    REAP_BASE_NS,
    REAP_DELAY_MS,
    REAP_EXITING,
    REAP_HEAD,
    REAP_PAGE_NS,
    REAP_TAIL,
    REAP_TIME,
    REAP_VICTIM,
    RELEASE,
    RELEASED,
    RSS,
    SKIPPED,
    STATE,
)
from mcoom.engine.timer import arm, fire_time
from mcoom.engine.victim import release
from mcoom.engine.words import EXIT_ONLY, PARKED, REAP, REAP_WAKE, REAPER_DELAYED, REAPER_WITH_LOCK, SLEEPING


@leaf
def reaper(s):
    """Return the task that is the reaper: the last one."""
    return s.g[N_TASKS] - 1


@jit
def queue_victim(s, now, victim, killer):
    """Queue ``victim`` for the reaper, if the policy has one, and see that it wakes in time."""
    if s.g[RELEASE] == EXIT_ONLY:
        return
    i = reaper(s)
    ready = now
    if s.g[RELEASE] == REAPER_DELAYED:
        ready = fire_time(s, now, s.g[REAP_DELAY_MS] * s.g[HZ] // 1000)
    s.task[s.g[REAP_TAIL], REAP_VICTIM] = victim
    s.task[s.g[REAP_TAIL], REAP_TIME] = ready
    s.g[REAP_TAIL] += 1
    if s.task[i, STATE] != PARKED:
        return
    set_burst(s, now, i, REAP_WAKE, 0)
    if ready > now:
        s.task[i, STATE] = SLEEPING
        arm(s, now, i, ready, s.task[killer, CPU])
    else:
        wake(s, now, i)


@leaf
def drop_head(s):
    """Be done with the first victim of the queue: others may be killed."""
    victim = s.task[s.g[REAP_HEAD], REAP_VICTIM]
    s.task[victim, SKIPPED] = 1
    if s.task[victim, RELEASED] == 0:
        s.g[N_DYING] -= 1
    s.g[REAP_HEAD] += 1


@leaf
def head_is_settled(s):
    """Return whether the reaper leaves its first victim alone: memory is free, or (up to 4.13) it is exiting."""
    victim = s.task[s.g[REAP_HEAD], REAP_VICTIM]
    return s.task[victim, RELEASED] == 1 or (s.task[victim, MM_EXITING] == 1 and s.g[REAP_EXITING] == 0)


@jit
def begin_reap(s, now):
    """Begin to free the memory of the first victim of the queue."""
    victim = s.task[s.g[REAP_HEAD], REAP_VICTIM]
    set_burst(s, now, reaper(s), REAP, s.g[REAP_BASE_NS] + s.g[REAP_PAGE_NS] * s.task[victim, RSS])


@jit
def reap_next(s, now):
    """Let the reaper, which runs, turn to the next victim, wait for its time or for the lock, or go to sleep.

    Woken as a waiter of the lock it comes here as its owner.
    """
    i = reaper(s)
    while s.g[REAP_HEAD] < s.g[REAP_TAIL]:
        ready = s.task[s.g[REAP_HEAD], REAP_TIME]
        if ready > now:
            set_burst(s, now, i, REAP_WAKE, 0)
            stop(s, now, i, SLEEPING)
            arm(s, now, i, ready, s.task[i, CPU])
            return
        with_lock = s.g[RELEASE] == REAPER_WITH_LOCK
        if with_lock and s.g[OWNER] != i:
            if s.g[OWNER] >= 0:
                block(s, now, i)
                return
            take(s, now, i)
        if not head_is_settled(s):
            begin_reap(s, now)
            return
        # Looked at with the lock held: an owner that sleeps under it keeps the reaper from hiding a victim.
        if with_lock:
            unlock(s, now, i)
        drop_head(s)
    stop(s, now, i, PARKED)


@jit
def end_reap(s, now):
    """Free the memory that was reaped and go on with the next victim."""
    release(s, now, s.task[s.g[REAP_HEAD], REAP_VICTIM], reaper(s))
    drop_head(s)
    if s.g[RELEASE] == REAPER_WITH_LOCK:
        unlock(s, now, reaper(s))
    reap_next(s, now)
