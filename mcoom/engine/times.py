"""What is measured: invocations, recovery, and the end of the episode.

Takes the moments at which something happened, keeps the row of outputs. Must not change the course of the episode but
for ending it. docs/model.md section 11.
"""

from mcoom._jit import jit, leaf
from mcoom.engine.layout import MAX_KILLS, OUT
from mcoom.engine.memory import high_mark, min_mark
from mcoom.engine.record import emit
from mcoom.engine.state import (
    BUSY,
    BUSY_SINCE,
    CPU,
    CPU_AT_ACQUIRE,
    CURR,
    DONE,
    EXEC_START,
    FREE,
    HOLD_MAX,
    HOLD_START,
    HORIZON_NS,
    INV,
    INV_BUSY,
    INV_OPEN,
    INV_T0,
    INV_VICTIM,
    INVOCATIONS,
    KILLS,
    LAST_KILL,
    LIMIT,
    N_CPUS,
    N_EVENTS,
    N_KILLS,
    N_SLOW,
    N_TASKS,
    NEEDLESS,
    OUT_AT,
    OWNER,
    RECOVERY,
    SUM_EXEC,
    UNTIL,
)
from mcoom.engine.words import HORIZON, KILLS_DONE, RECOVERED, T_END, UNTIL_RECOVERY

_KILL_AT = INVOCATIONS + MAX_KILLS
_RELEASE_AT = INVOCATIONS + 2 * MAX_KILLS
_OWNER_CPU_AT = INVOCATIONS + 3 * MAX_KILLS
_END_REASON, _END_NS, _RECOVERY_NS = OUT["end_reason"], OUT["end_ns"], OUT["recovery_ns"]
_HOLD_MAX_NS, _HOLD_OPEN, _LIVELOCK, _N_INV = OUT["hold_max_ns"], OUT["hold_open"], OUT["livelock"], OUT["n_inv"]
_BUSY_NS, _COUNTS, _T0 = OUT["busy_ns"], OUT["n_kills_seen"], OUT["t0_ns_0"]
_N_TASKS_OUT = OUT["n_tasks"]


@leaf
def cpu_used(s, now, i):
    """Return the CPU time (ns) that task ``i`` has used up to now."""
    c = s.task[i, CPU]
    used = s.task[i, SUM_EXEC]
    if s.cpu[c, CURR] == i:
        used += now - s.cpu[c, EXEC_START]
    return used


@leaf
def busy_ns(s, now):
    """Return the time (ns), summed over CPUs, in which some task ran."""
    busy = 0
    for c in range(s.g[N_CPUS]):
        busy += s.cpu[c, BUSY]
        if s.cpu[c, CURR] >= 0:
            busy += now - s.cpu[c, BUSY_SINCE]
    return busy


@jit
def is_livelock(s, now, reason):
    """Return whether the open invocation ended in livelock: horizon, CPUs 99 % busy, no kill in the last half."""
    if reason != HORIZON or s.g[INV_OPEN] == 0 or s.g[LAST_KILL] >= now - s.g[HORIZON_NS] // 2:
        return False
    elapsed = now - s.g[INV_T0]
    return 100 * (busy_ns(s, now) - s.g[INV_BUSY]) >= 99 * s.g[N_CPUS] * elapsed


@jit
def end(s, now, reason):
    """End the episode: write the row of outputs. What the caller still does is neither recorded nor counted."""
    if s.g[DONE] == 1:
        return
    emit(s, now, T_END, -1, -1, reason)
    hold = s.g[HOLD_MAX]
    if s.g[OWNER] >= 0:
        hold = max(hold, now - s.g[HOLD_START])
    s.g[OUT_AT + _END_REASON] = reason
    s.g[OUT_AT + _END_NS] = now
    s.g[OUT_AT + _RECOVERY_NS] = s.g[RECOVERY]
    s.g[OUT_AT + _HOLD_MAX_NS] = hold
    s.g[OUT_AT + _HOLD_OPEN] = 1 if s.g[OWNER] >= 0 else 0
    s.g[OUT_AT + _LIVELOCK] = s.g[INV] if is_livelock(s, now, reason) else -1
    s.g[OUT_AT + _N_INV] = min(s.g[INV] + s.g[INV_OPEN], s.g[N_KILLS])
    for k in range(N_EVENTS + 1 - KILLS):
        s.g[OUT_AT + _COUNTS + k] = s.g[KILLS + k]
    s.g[OUT_AT + _BUSY_NS] = busy_ns(s, now)
    s.g[OUT_AT + _N_TASKS_OUT] = s.g[N_TASKS]
    for k in range(4 * MAX_KILLS):
        s.g[OUT_AT + _T0 + k] = s.g[INVOCATIONS + k]
    s.g[DONE] = 1


@jit
def open_invocation(s, now):
    """Begin the next invocation now."""
    s.g[INV_OPEN] = 1
    s.g[INV_T0] = now
    s.g[INV_VICTIM] = -1
    s.g[INV_BUSY] = busy_ns(s, now)
    s.g[LIMIT] = now + s.g[HORIZON_NS]
    if s.g[INV] < s.g[N_KILLS]:
        s.g[INVOCATIONS + s.g[INV]] = now


@jit
def note_kill(s, now, killer, victim):
    """Count a kill; the first one of an invocation is its time to kill."""
    s.g[KILLS] += 1
    if s.g[INV_OPEN] == 0 or s.g[FREE] > min_mark(s):
        s.g[NEEDLESS] += 1
    s.g[LAST_KILL] = now
    if s.g[INV_OPEN] == 0:
        open_invocation(s, now)
    if s.g[INV_VICTIM] < 0:
        s.g[INV_VICTIM] = victim
        if s.g[INV] < s.g[N_KILLS]:
            s.g[_KILL_AT + s.g[INV]] = now - s.g[INV_T0]
            s.g[_OWNER_CPU_AT + s.g[INV]] = cpu_used(s, now, killer) - s.task[killer, CPU_AT_ACQUIRE]


@jit
def check_recovery(s, now):
    """Note the recovery: free memory above the high mark, nobody in the slow path, a victim released."""
    if s.g[RECOVERY] >= 0 or s.g[INV] == 0 or s.g[N_SLOW] > 0:
        return
    if s.g[FREE] > high_mark(s):
        s.g[RECOVERY] = now - s.g[INVOCATIONS]
        if s.g[UNTIL] == UNTIL_RECOVERY:
            end(s, now, RECOVERED)


@jit
def note_release(s, now, victim):
    """Close the open invocation if ``victim`` is the one it killed first; the last one wanted ends the episode."""
    if s.g[INV_OPEN] == 1 and s.g[INV_VICTIM] == victim:
        if s.g[INV] < s.g[N_KILLS]:
            s.g[_RELEASE_AT + s.g[INV]] = now - s.g[INV_T0]
        s.g[INV_OPEN] = 0
        s.g[INV] += 1
        s.g[LIMIT] = now + s.g[HORIZON_NS]
        if s.g[INV] == s.g[N_KILLS] and s.g[UNTIL] != UNTIL_RECOVERY:
            end(s, now, KILLS_DONE)
    check_recovery(s, now)
