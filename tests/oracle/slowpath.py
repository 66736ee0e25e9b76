"""The allocator and its slow path: touch, reclaim passes, may_oom (docs/model.md section 8).

Takes the world and a running task whose burst has ended, does what follows and begins its next burst.
Must not know what the owner of the lock does.
"""

from . import lock, victim
from .burst import set_burst
from .codes import (
    ENTRY,
    L0,
    L1,
    NOBODY,
    OOM,
    P_NOFS,
    P_PASS,
    P_TOUCH,
    PARKED,
    PASS,
    RETRY,
    T_ENTER,
    T_TRYFAIL,
    TOUCH,
    TRYLOCK,
)
from .invocation import check_recovery, open_if_none
from .memory import mark, try_alloc
from .scheduler import stop
from .timer import sleep
from .world import Task, World

MAX_RETRIES = 16
RECLAIM_PAGES = 32


def try_touch(w: World, task: Task) -> None:
    """Touch the next pages, or enter the slow path for them."""
    limit_pages = task.cls["limit_pages"]
    if task.killed:
        victim.exit_begin(w, task)
    elif limit_pages >= 0 and task.taken >= limit_pages:
        stop(w, task, PARKED)
    elif try_alloc(w, task, mark(w, task)):
        touch(w, task)
    else:
        task.in_slow = True
        frac = task.cls["nofs_frac"]
        task.nofs_now = frac != 0 and w.streams.draw(task.index, P_NOFS) >> 44 < frac
        attempt(w, task)


def touch(w: World, task: Task) -> None:
    """Begin the burst between two faults."""
    cls = task.cls
    extra = w.streams.scaled(cls["touch_var_ns"], cls["touch_shape"], task.index, P_TOUCH)
    set_burst(w, task, TOUCH, max(1, cls["touch_ns"] + extra))


def attempt(w: World, task: Task) -> None:
    """Begin a whole attempt of the slow path."""
    task.loops = 0
    set_burst(w, task, ENTRY, w.machine["entry_ns"])


def begin_pass(w: World, task: Task) -> None:
    """Begin a reclaim pass."""
    m = w.machine
    cost = max(1, w.streams.scaled(m["pass_ns"], m["pass_shape"], task.index, P_PASS))
    set_burst(w, task, PASS, cost, seg=max(1, cost // m["pass_points"]))


def leave_slow(w: World, task: Task) -> None:
    """Leave the slow path."""
    task.in_slow = False
    check_recovery(w)


def leave_with_page(w: World, task: Task) -> None:
    """Leave the slow path with the pages it was entered for."""
    leave_slow(w, task)
    if task.killed:
        victim.exit_begin(w, task)
    else:
        touch(w, task)


def pass_end(w: World, task: Task) -> None:
    """End a reclaim pass: take what it gave, or decide how to go on."""
    w.count["n_pass"] += 1
    progress = w.reclaimable > 0
    if progress:
        gain = min(RECLAIM_PAGES, w.reclaimable)
        w.reclaimable -= gain
        w.free += gain
    else:
        w.count["n_futile"] += 1
        w.count["futile_ns"] += task.drawn
    task.loops = 0 if progress else task.loops + 1
    given_up = task.loops > MAX_RETRIES and not task.killed
    if not given_up and try_alloc(w, task, mark(w, task)):
        leave_with_page(w, task)
        return
    if task.killed:
        leave_slow(w, task)
        victim.exit_begin(w, task)
        return
    if given_up:
        to_oom(w, task)
        return
    on_lru = w.reclaimable + w.machine["stuck_lru_pages"]
    available = on_lru + w.free
    if on_lru == 0 and w.policy["lru_fallback"]:
        available = 2 * w.free
    if available > mark(w, task):
        begin_pass(w, task)
    else:
        to_oom(w, task)


def retry_top(w: World, task: Task) -> None:
    """Go back to the top of the slow path."""
    if try_alloc(w, task, mark(w, task)):
        leave_with_page(w, task)
    elif task.killed:
        leave_slow(w, task)
        victim.exit_begin(w, task)
    else:
        attempt(w, task)


def to_oom(w: World, task: Task) -> None:
    """Enter the OOM path; a pending reschedule comes before."""
    if w.cpus[task.cpu].need:
        set_burst(w, task, OOM, 0)
    else:
        may_oom(w, task)


def may_oom(w: World, task: Task) -> None:
    """Come to the lock."""
    w.record(T_ENTER, task)
    w.count["n_entry"] += 1
    open_if_none(w)
    if w.machine["trylock_ns"] > 0:
        set_burst(w, task, TRYLOCK, w.machine["trylock_ns"])
    else:
        try_lock(w, task)


def try_lock(w: World, task: Task) -> None:
    """Try to own the lock, or do what its losers do."""
    if w.owner == NOBODY:
        lock.acquire(w, task)
        return
    w.count["n_tryfail"] += 1
    w.record(T_TRYFAIL, task)
    if w.policy["lock"] == L0:
        retry_top(w, task)
    elif w.policy["lock"] == L1:
        set_burst(w, task, RETRY, 0)
        sleep(w, task, w.policy["lock_k"], killable=False)
    else:
        lock.join_waiters(w, task)
