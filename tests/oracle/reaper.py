"""The reaper: frees the memory of victims that have not yet done so themselves (docs/model.md section 10).

Takes the world and the reaper's task, works off its queue of victims.
Must not know how a victim was chosen.
"""

from . import lock, victim
from .burst import set_burst
from .codes import NOBODY, PARKED, REAP, REAP_WAKE, SLEEPING, V1L, V2
from .scheduler import stop, wake
from .timer import arm, wheel_fire_ns
from .world import Task, World


def enqueue_victim(w: World, killer: Task, chosen: Task) -> None:
    """Append a victim to the reaper's queue and wake the reaper, or set its timer."""
    reaper = w.reaper
    delayed = w.policy["release"] == V2
    ready = wheel_fire_ns(w, w.policy["reap_delay_ms"] * w.machine["hz"] // 1000) if delayed else w.now
    w.reap_queue.append((chosen.index, ready))
    if reaper.state != PARKED:
        return
    set_burst(w, reaper, REAP_WAKE, 0)
    if delayed:
        reaper.state = SLEEPING
        reaper.killable = False
        arm(w, reaper, killer.cpu, ready)
    else:
        wake(w, reaper)


def is_settled(w: World, task: Task) -> bool:
    """Return whether the reaper leaves the victim alone."""
    return task.released or (task.mm_exiting and w.policy["reap_exiting"] == 0)


def drop_head(w: World) -> None:
    """Be done with the first victim of the queue."""
    index, _ = w.reap_queue.pop(0)
    w.tasks[index].skipped = True


def reap_next(w: World, reaper: Task) -> None:
    """Go on with the first victim of the queue."""
    while w.reap_queue:
        index, ready = w.reap_queue[0]
        if ready > w.now:
            set_burst(w, reaper, REAP_WAKE, 0)
            reaper.killable = False
            arm(w, reaper, reaper.cpu, ready)
            stop(w, reaper, SLEEPING)
            return
        if w.policy["release"] != V1L and is_settled(w, w.tasks[index]):
            drop_head(w)
            continue
        if w.policy["release"] != V1L:
            reap_start(w, reaper)
        elif w.owner == NOBODY:
            lock.acquire(w, reaper)
        else:
            lock.join_waiters(w, reaper)
        return
    stop(w, reaper, PARKED)


def reap_start(w: World, reaper: Task) -> None:
    """Begin to reap the head, unless it has gone on while the reaper waited for the lock."""
    index, _ = w.reap_queue[0]
    chosen = w.tasks[index]
    if is_settled(w, chosen):
        if w.policy["release"] == V1L:
            lock.unlock(w, reaper)
        drop_head(w)
        reap_next(w, reaper)
        return
    m = w.machine
    set_burst(w, reaper, REAP, m["reap_base_ns"] + m["reap_page_ns"] * chosen.rss, seg=m["exit_seg_ns"])


def reap_end(w: World, reaper: Task) -> None:
    """Free the head's memory and go on."""
    index, _ = w.reap_queue[0]
    victim.release(w, reaper, w.tasks[index])
    drop_head(w)
    if w.policy["release"] == V1L:
        lock.unlock(w, reaper)
    reap_next(w, reaper)
