"""The lock: oom_lock, its owner, its waiters and hand-off (docs/model.md section 9).

Takes the world and a running task, changes who owns the lock and who waits.
Must not know what the owner does with it, only where the owner goes on.
"""

from . import gate, killer, reaper, slowpath
from .burst import set_burst
from .codes import BLOCKED, FIRST_LOCK, LOCKTRY, NOBODY, RETRY, T_ACQUIRE, T_BLOCK, T_UNLOCK
from .scheduler import stop, wake
from .timer import sleep
from .world import Task, World


def acquire(w: World, task: Task) -> None:
    """Make the task the owner and go on as such."""
    assert w.owner in (NOBODY, task.index)
    if w.owner == task.index:
        w.hold_max = max(w.hold_max, w.now - w.hold_start)
    w.owner = task.index
    w.handoff = False
    w.hold_start = w.now
    task.cpu_at_acquire = w.cpu_used(task)
    w.record(T_ACQUIRE, task)
    if task.is_reaper:
        reaper.reap_start(w, task)
    elif gate.is_unopened(w, FIRST_LOCK):
        gate.gate_open(w, FIRST_LOCK, task)
    else:
        killer.last_attempt(w, task)


def unlock(w: World, task: Task) -> None:
    """Give the lock up; the first waiter is woken, and owns it if it asked for a hand-off."""
    assert w.owner == task.index
    w.record(T_UNLOCK, task)
    w.hold_max = max(w.hold_max, w.now - w.hold_start)
    w.owner = NOBODY
    if not w.waiters:
        return
    first = w.tasks[w.waiters[0]]
    if w.handoff:
        w.owner = first.index
        w.hold_start = w.now
        w.handoff = False
    if first.state == BLOCKED:
        wake(w, first)


def leave_waiters(w: World, task: Task) -> None:
    """Take the task out of the waiters; with the last of them a hand-off that was asked for is off."""
    w.waiters.remove(task.index)
    if not w.waiters:
        w.handoff = False


def block(w: World, task: Task) -> None:
    """Let a waiter block until it is woken."""
    set_burst(w, task, LOCKTRY, 0)
    w.record(T_BLOCK, task)
    stop(w, task, BLOCKED)


def join_waiters(w: World, task: Task) -> None:
    """Append the task to the waiters and block."""
    assert task.index not in w.waiters
    w.waiters.append(task.index)
    block(w, task)


def lock_try(w: World, task: Task) -> None:
    """Look at the lock again after a wake."""
    if w.owner in (NOBODY, task.index):
        assert w.waiters[0] == task.index or task.killed, "a waiter overtakes another"
        leave_waiters(w, task)
        acquire(w, task)
    elif task.killed and not task.is_reaper:
        leave_waiters(w, task)
        if w.policy["lock_k"] > 0:
            set_burst(w, task, RETRY, 0)
            sleep(w, task, w.policy["lock_k"], killable=False)
        else:
            slowpath.retry_top(w, task)
    else:
        if w.waiters[0] == task.index:
            w.handoff = True
        block(w, task)
