"""What happens at and under ``oom_lock``: entry, lock rule, last attempt, selection, report, kill, unlock.

Takes the task that wants or owns the lock, walks it through ``out_of_memory``. Must not know how the victim dies.
docs/model.md sections 8 to 10; mm/page_alloc.c@v4.13 (__alloc_pages_may_oom), mm/oom_kill.c@v4.13 (out_of_memory,
oom_kill_process).
"""

from mcoom._jit import jit, leaf
from mcoom.engine.burst import set_burst
from mcoom.engine.gate import open_gate
from mcoom.engine.lock import block, leave_waiters, take, unlock
from mcoom.engine.memory import high_mark, try_alloc
from mcoom.engine.program import leave_slow, retry_top
from mcoom.engine.reaper import queue_victim, reap_next, reaper
from mcoom.engine.record import emit
from mcoom.engine.state import (
    ADJ,
    BOOST,
    BOOST_PAGES,
    CPU,
    FIRST_WAITER,
    HANDOFF,
    HOLDER,
    HOLDER_K,
    INV_OPEN,
    KILLED,
    LOCK,
    LOCK_K,
    N_DYING,
    N_ENTRY,
    N_LIVE,
    N_TRYFAIL,
    NEED,
    NOFS,
    OTHER_TASKS,
    OWNER,
    POST_KILL_NS,
    REPORT,
    REPORT_BURST,
    REPORT_INTERVAL_NS,
    REPORT_NS,
    REPORT_SINCE,
    REPORT_TASK_NS,
    REPORTS,
    SELECT_BASE_NS,
    SELECT_CANDIDATE_NS,
    SELECT_TASK_NS,
    SELECTION,
    TRYLOCK_NS,
    VICTIM,
)
from mcoom.engine.timer import sleep
from mcoom.engine.times import end, note_kill, open_invocation
from mcoom.engine.victim import n_candidates, one_is_dying, select_victim, send_sigkill
from mcoom.engine.words import (
    ALLOCATING_TASK,
    AT_FIRST_KILL,
    AT_FIRST_LOCK,
    HELD,
    NO_VICTIM,
    OOM,
    POST_KILL,
    REPORTING,
    RETRY,
    SELECT,
    SLEEP_AFTER_UNLOCK,
    SLEEP_UNDER_LOCK,
    T_BAIL,
    T_ENTER,
    T_KILL,
    T_TRYFAIL,
    TRYLOCK,
    TRYLOCK_SLEEP,
    TRYLOCK_SPIN,
)


@leaf
def go_to_oom(s, now, i):
    """Let task ``i``, whose last pass has ended, enter: a pending reschedule comes first, as that end is its point."""
    if s.cpu[s.task[i, CPU], NEED] == 1:
        set_burst(s, now, i, OOM, 0)
    else:
        may_oom(s, now, i)


@leaf
def may_oom(s, now, i):
    """Let task ``i``, whose attempt failed, come to the lock."""
    emit(s, now, T_ENTER, s.task[i, CPU], i, 0)
    s.g[N_ENTRY] += 1
    if s.g[INV_OPEN] == 0:
        open_invocation(s, now)
    if s.g[TRYLOCK_NS] > 0:
        set_burst(s, now, i, TRYLOCK, s.g[TRYLOCK_NS])
    else:
        try_lock(s, now, i)


@jit
def try_lock(s, now, i):
    """Let task ``i`` try the lock; what a loser does is the policy's lock rule."""
    if s.g[OWNER] < 0:
        own(s, now, i)
        return
    s.g[N_TRYFAIL] += 1
    emit(s, now, T_TRYFAIL, s.task[i, CPU], i, 0)
    if s.g[LOCK] == TRYLOCK_SPIN:
        retry_top(s, now, i)
    elif s.g[LOCK] == TRYLOCK_SLEEP:
        set_burst(s, now, i, RETRY, 0)
        sleep(s, now, i, s.g[LOCK_K], 0)
    else:
        block(s, now, i)


@jit
def own(s, now, i):
    """Make allocator ``i`` the owner and go on under the lock, by way of the gate that opens at the first lock."""
    take(s, now, i)
    if not open_gate(s, now, i, AT_FIRST_LOCK):
        last_attempt(s, now, i)


@jit
def try_lock_again(s, now, i):
    """Let waiter ``i``, which was woken, take the lock, give up if killed, or ask for the hand-over and wait on."""
    if s.g[OWNER] == i or s.g[OWNER] < 0:
        leave_waiters(s, i)
        if i == reaper(s):
            take(s, now, i)
            reap_next(s, now)
        else:
            own(s, now, i)
    elif s.task[i, KILLED] == 1 and i != reaper(s):
        leave_waiters(s, i)
        if s.g[LOCK_K] > 0:
            set_burst(s, now, i, RETRY, 0)
            sleep(s, now, i, s.g[LOCK_K], 0)
        else:
            retry_top(s, now, i)
    else:
        if s.g[FIRST_WAITER] == i:
            s.g[HANDOFF] = 1
        block(s, now, i)


@jit
def last_attempt(s, now, i):
    """Let owner ``i`` try the free list at the high mark, bail out, or begin the selection."""
    if try_alloc(s, now, i, high_mark(s)):
        unlock(s, now, i)
        leave_slow(s, now, i)
    elif s.task[i, KILLED] == 1:
        emit(s, now, T_BAIL, s.task[i, CPU], i, 1)
        unlock_and_go_on(s, now, i)
    elif s.task[i, NOFS] == 1:
        emit(s, now, T_BAIL, s.task[i, CPU], i, 2)
        unlock_and_go_on(s, now, i)
    else:
        cost = s.g[SELECT_BASE_NS]
        if s.g[SELECTION] != ALLOCATING_TASK or s.task[i, ADJ] <= -1000:
            cost += s.g[SELECT_TASK_NS] * (s.g[N_LIVE] + s.g[OTHER_TASKS])
            if s.g[SELECT_CANDIDATE_NS] > 0:
                cost += s.g[SELECT_CANDIDATE_NS] * n_candidates(s)
        set_burst(s, now, i, SELECT, cost)


@jit
def unlock_and_go_on(s, now, i):
    """Let owner ``i`` unlock and either sleep (H2) or retry its allocation."""
    unlock(s, now, i)
    if s.g[HOLDER] == SLEEP_AFTER_UNLOCK:
        set_burst(s, now, i, RETRY, 0)
        sleep(s, now, i, s.g[HOLDER_K], 1)
    else:
        retry_top(s, now, i)


@jit
def report_ns(s):
    """Return what an OOM report costs now: it has a line for each task (dump_tasks); 0 if none is printed."""
    if s.g[REPORT] == 0:
        return 0
    return s.g[REPORT_NS] + s.g[REPORT_TASK_NS] * s.g[N_LIVE]


@jit
def report_is_due(s, now):
    """Return whether the rate limit allows an OOM report now, and count it (dump_header: 10 per 5 s)."""
    if s.g[REPORT_SINCE] < 0 or now - s.g[REPORT_SINCE] >= s.g[REPORT_INTERVAL_NS]:
        s.g[REPORT_SINCE] = now
        s.g[REPORTS] = 0
    if s.g[REPORTS] >= s.g[REPORT_BURST]:
        return False
    s.g[REPORTS] += 1
    return True


@jit
def end_select(s, now, i):
    """Let owner ``i`` bail out because somebody is dying already, or choose its victim."""
    if one_is_dying(s):
        emit(s, now, T_BAIL, s.task[i, CPU], i, 3)
        unlock_and_go_on(s, now, i)
        return
    victim = select_victim(s, i)
    if victim < 0:
        end(s, now, NO_VICTIM)
        return
    s.task[i, VICTIM] = victim
    cost_ns = report_ns(s)
    if cost_ns > 0 and report_is_due(s, now):
        set_burst(s, now, i, REPORTING, cost_ns)
    else:
        kill(s, now, i)


@jit
def kill(s, now, i):
    """Let owner ``i`` send SIGKILL to its victim and tell the reaper."""
    victim = s.task[i, VICTIM]
    emit(s, now, T_KILL, s.task[i, CPU], i, victim)
    note_kill(s, now, i, victim)
    s.g[BOOST] = s.g[BOOST_PAGES]
    s.task[victim, KILLED] = 1
    s.g[N_DYING] += 1
    queue_victim(s, now, victim, i)
    send_sigkill(s, now, victim)
    if not open_gate(s, now, i, AT_FIRST_KILL):
        set_burst(s, now, i, POST_KILL, s.g[POST_KILL_NS])


@jit
def end_post_kill(s, now, i):
    """Let owner ``i``, whose victim is dying, sleep under the lock (H1) or unlock."""
    if s.g[HOLDER] == SLEEP_UNDER_LOCK and s.task[i, KILLED] == 0:
        set_burst(s, now, i, HELD, 0)
        sleep(s, now, i, s.g[HOLDER_K], 1)
    else:
        unlock_and_go_on(s, now, i)
