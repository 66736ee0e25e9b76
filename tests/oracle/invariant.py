"""Invariants: what must hold after every event, whatever the rules (docs/model.md section 11).

Takes the world after an event and its reschedules and raises AssertionError where something is broken.
Must not change anything.
"""

from .codes import BLOCKED, EXITED, NOBODY, RUNNABLE, SLEEPING
from .world import World


def total_pages(w: World) -> int:
    """Return the pages free, reclaimable and held by tasks, which is constant."""
    return w.free + w.pcp + w.reclaimable + sum(t.rss for t in w.tasks)


def check_all(w: World, pages: int) -> None:
    """Check every invariant; `pages` is what `total_pages` was at time 0."""
    assert total_pages(w) == pages, "pages are lost or made"
    assert w.free >= 0 and w.reclaimable >= 0 and 0 <= w.pcp <= w.machine["pcp_pages"]
    check_places(w)
    check_accounts(w)
    check_lock(w)


def check_places(w: World) -> None:
    """Check that each task is in the one place that its state says."""
    places: dict[int, list[str]] = {t.index: [] for t in w.tasks}
    for cpu in w.cpus:
        for index in ([cpu.curr] if cpu.curr != NOBODY else []) + cpu.fair + cpu.rt:
            places[index].append("runqueue")
            assert w.tasks[index].cpu == cpu.index and w.tasks[index].allowed_on(cpu.index)
        assert all(w.tasks[i].is_rt for i in cpu.rt) and not any(w.tasks[i].is_rt for i in cpu.fair)
    for timer in w.timers:
        places[timer.task].append("timer")
        assert timer.fire_ns >= w.now
    for index in w.waiters:
        if w.tasks[index].state == BLOCKED:
            places[index].append("waiters")
    expected = {RUNNABLE: ["runqueue"], SLEEPING: ["timer"], BLOCKED: ["waiters"]}
    for task in w.tasks:
        assert places[task.index] == expected.get(task.state, []), (task, places[task.index])
        assert task.state != EXITED or (task.killed and task.released and not task.in_slow)


def check_accounts(w: World) -> None:
    """Check load, count, buddies and idleness of every CPU, and that charged CPU is busy CPU."""
    charged = 0
    for cpu in w.cpus:
        running = [w.tasks[cpu.curr]] if cpu.curr != NOBODY else []
        fair = [t for t in running + [w.tasks[i] for i in cpu.fair] if not t.is_rt]
        assert cpu.nr == len(fair) and cpu.load == sum(t.weight for t in fair)
        for buddy in (cpu.next_buddy, cpu.last_buddy):
            assert buddy == NOBODY or any(t.index == buddy for t in fair)
        if not running:
            assert not cpu.fair, "a runnable task is left while its CPU idles"
            assert not cpu.rt or cpu.throttled, "a runnable RT task is left while its CPU idles"
        for task in running:
            charged += w.now - cpu.exec_start
            assert task.since + task.left >= w.now, "a burst was not ended"
    assert charged + sum(t.sum_exec for t in w.tasks) == w.busy_ns(w.now), "charged CPU is not busy CPU"


def check_lock(w: World) -> None:
    """Check that the owner of the lock is one live task and the waiters are different ones."""
    assert len(set(w.waiters)) == len(w.waiters)
    assert not w.handoff or (w.waiters and w.owner != NOBODY)
    if w.owner != NOBODY:
        assert w.tasks[w.owner].state != EXITED
        if w.owner in w.waiters:
            assert w.waiters[0] == w.owner and w.tasks[w.owner].state == RUNNABLE
    elif w.waiters:
        assert w.tasks[w.waiters[0]].state == RUNNABLE, "the lock is free and its first waiter sleeps"
