"""Invocations: when each opened, killed and closed, recovery and livelock (docs/model.md section 11).

Takes the world at these moments and writes their times into it; ends the episode where they say so.
Must not know how a victim is chosen or freed.
"""

from .codes import KILLS_DONE, NOBODY, RECOVERED, UNTIL_KILLS, UNTIL_RECOVERY
from .memory import high_mark
from .world import EpisodeEnd, Invocation, Task, World


def open_if_none(w: World) -> None:
    """Open an invocation now unless one is open."""
    if w.open is not None:
        return
    w.open = Invocation(w.now, w.busy_ns(w.now))
    w.opened += 1
    if w.closed < w.machine["n_kills"]:
        w.t0_ns[w.closed] = w.now


def note_kill(w: World, killer: Task, victim: Task) -> None:
    """Note a kill: the first of an invocation is its victim, further ones only count."""
    open_if_none(w)
    assert w.open is not None
    w.last_kill = w.now
    if w.open.victim != NOBODY:
        return
    w.open.victim = victim.index
    if w.closed < w.machine["n_kills"]:
        w.kill_ns[w.closed] = w.now - w.open.t0_ns
        w.owner_cpu_ns[w.closed] = w.cpu_used(killer) - killer.cpu_at_acquire


def note_release(w: World, victim: Task) -> None:
    """Note a release: that of the first victim closes the open invocation."""
    if w.open is None or w.open.victim != victim.index:
        return
    j = w.closed
    if j < w.machine["n_kills"]:
        w.release_ns[j] = w.now - w.open.t0_ns
    w.open = None
    w.closed += 1
    w.last_release = w.now
    if w.closed == w.machine["n_kills"] and w.machine["until"] == UNTIL_KILLS:
        raise EpisodeEnd(KILLS_DONE, w.now)


def check_recovery(w: World) -> None:
    """Note recovery: an invocation has closed, free is above the high mark, nobody is in the slow path."""
    if w.recovery_ns is not None or w.closed == 0:
        return
    if w.free > high_mark(w) and not any(t.in_slow for t in w.tasks):
        w.recovery_ns = w.now - w.t0_ns[0]
        if w.machine["until"] == UNTIL_RECOVERY:
            raise EpisodeEnd(RECOVERED, w.now)


def limit(w: World) -> int:
    """Return the time at which the episode is cut off."""
    start = w.open.t0_ns if w.open is not None else w.last_release
    return start + w.machine["horizon_ns"]


def livelock(w: World, end: int) -> int:
    """Return the index of the invocation that is stuck at the horizon `end`, or -1."""
    if w.open is None:
        return -1
    if w.last_kill is not None and w.last_kill >= end - w.machine["horizon_ns"] // 2:
        return -1
    busy = w.busy_ns(end) - w.open.busy_at_t0
    return w.closed if 100 * busy >= 99 * w.machine["n_cpus"] * (end - w.open.t0_ns) else -1
