"""The killer: what the owner of the lock does, from its last attempt to its unlock (docs/model.md section 10).

Takes the world and the task that owns the lock, chooses and kills a victim.
Must not know how the victim's memory comes back.
"""

from . import gate, lock, reaper, slowpath, victim
from .burst import set_burst
from .codes import (
    BLOCKED,
    EXITED,
    FIRST,
    FIRST_KILL,
    GATED,
    H1,
    H2,
    HELD,
    HOG,
    NEW,
    NO_VICTIM,
    P_SELECT,
    PARKED,
    POST_KILL,
    REPORT,
    RETRY,
    S0_SIGNED,
    S1,
    S2,
    SELECT,
    SLEEPING,
    T_BAIL,
    T_KILL,
    V0,
)
from .invocation import note_kill
from .memory import high_mark, min_mark, try_alloc
from .scheduler import wake
from .stream import index_below
from .timer import cancel, sleep
from .world import EpisodeEnd, Task, World

BAIL_KILLED, BAIL_NOFS, BAIL_VICTIM = 1, 2, 3


def last_attempt(w: World, task: Task) -> None:
    """Try the free list once more above the high mark; then bail out or begin the selection."""
    if try_alloc(w, task, high_mark(w)):
        lock.unlock(w, task)
        slowpath.leave_with_page(w, task)
    elif task.killed:
        bail(w, task, BAIL_KILLED)
    elif task.nofs_now:
        bail(w, task, BAIL_NOFS)
    else:
        cost = w.machine["select_base_ns"]
        if not (w.policy["selection"] == S1 and task.cls["adj"] > -1000):
            n_live = sum(not t.is_reaper and t.state != EXITED for t in w.tasks)
            cost += w.machine["select_task_ns"] * (n_live + w.machine["other_tasks"])
            cost += w.machine["select_candidate_ns"] * len(candidates(w))
        set_burst(w, task, SELECT, cost)


def bail(w: World, task: Task, why: int) -> None:
    """Leave without a kill."""
    w.record(T_BAIL, task, arg=why)
    unlock_and_go_on(w, task)


def unlock_and_go_on(w: World, task: Task) -> None:
    """Unlock, sleep if the holder rule says so, and try again."""
    lock.unlock(w, task)
    if w.policy["holder"] == H2:
        set_burst(w, task, RETRY, 0)
        sleep(w, task, w.policy["holder_k"], killable=True)
    else:
        slowpath.retry_top(w, task)


def candidates(w: World) -> list[Task]:
    """Return the tasks that may be killed, in task order."""
    return [
        t
        for t in w.tasks
        if not t.is_reaper and not t.killed and t.state != EXITED and t.cls["adj"] > -1000 and t.rss > 0
    ]


def choose(w: World, task: Task) -> Task | None:
    """Return the victim by the selection rule, or None."""
    found = candidates(w)
    if not found:
        return None
    rule = w.policy["selection"]
    if rule == S1 and task in found:
        return task
    if rule == S2:
        return found[index_below(len(found), w.streams.draw(task.index, P_SELECT))]
    points = [t.rss + t.cls["adj"] * w.machine["total_pages"] // 1000 for t in found]
    if rule == S0_SIGNED:
        return found[max(range(len(found)), key=lambda k: (points[k], k))]
    points = [max(1, p) for p in points]
    return found[points.index(max(points))]


def select_end(w: World, task: Task) -> None:
    """End the selection: bail out if a victim is dying, else report and kill."""
    if any(t.killed and not t.released and not t.skipped for t in w.tasks):
        bail(w, task, BAIL_VICTIM)
        return
    chosen = choose(w, task)
    if chosen is None:
        raise EpisodeEnd(NO_VICTIM, w.now)
    task.victim = chosen.index
    n_live = sum(not t.is_reaper and t.state != EXITED for t in w.tasks)
    report_ns = w.machine["report_ns"] + w.machine["report_task_ns"] * n_live
    if w.policy["report"] == 1 and report_ns > 0 and may_report(w):
        set_burst(w, task, REPORT, report_ns)
    else:
        kill(w, task)


def may_report(w: World) -> bool:
    """Count a report against the rate limit; return whether it may be printed."""
    if w.report_window is None or w.now - w.report_window >= w.machine["report_interval_ns"]:
        w.report_window = w.now
        w.reports_in_window = 0
    if w.reports_in_window >= w.machine["report_burst"]:
        return False
    w.reports_in_window += 1
    return True


def kill(w: World, task: Task) -> None:
    """Kill the chosen victim, wake the reaper and the victim, begin what follows a kill."""
    chosen = w.tasks[task.victim]
    assert not chosen.killed
    w.record(T_KILL, task, arg=chosen.index)
    w.count["n_kills_seen"] += 1
    if w.free > min_mark(w) or w.open is None:
        w.count["needless"] += 1
    chosen.killed = True
    note_kill(w, task, chosen)
    w.boost = w.machine["boost_pages"]
    if w.policy["release"] != V0:
        reaper.enqueue_victim(w, task, chosen)
    signal(w, chosen)
    if gate.is_unopened(w, FIRST_KILL):
        gate.gate_open(w, FIRST_KILL, task)
    else:
        begin_post_kill(w, task)


def signal(w: World, chosen: Task) -> None:
    """Deliver SIGKILL: wake the victim where it can be woken."""
    if chosen.state in (PARKED, NEW, GATED):
        victim.exit_begin(w, chosen)
        wake(w, chosen)
    elif chosen.state == BLOCKED:
        wake(w, chosen)
    elif chosen.state == SLEEPING:
        if chosen.killable:
            cancel(w, chosen)
            wake(w, chosen)
    elif chosen.phase in (HOG, FIRST):
        chosen.left = 0
        chosen.since = w.now


def begin_post_kill(w: World, task: Task) -> None:
    """Begin the burst after a kill."""
    set_burst(w, task, POST_KILL, w.machine["post_kill_ns"])


def post_kill_end(w: World, task: Task) -> None:
    """Sleep with the lock held if the holder rule says so, else unlock."""
    if w.policy["holder"] == H1 and not task.killed:
        set_burst(w, task, HELD, 0)
        sleep(w, task, w.policy["holder_k"], killable=True)
    else:
        unlock_and_go_on(w, task)
