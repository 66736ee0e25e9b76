"""Episode: the loop over events in their total order (docs/model.md sections 3 and 11).

Takes the inputs of one episode, gives its trace and its outputs.
Must not know what events mean beyond whom to call.
"""

from dataclasses import dataclass

from . import gate, killer, lock, reaper, slowpath, victim
from .balance import balance
from .burst import after_burst_end
from .codes import (
    BUDGET,
    E_BURST_END,
    E_RESCHED,
    E_START,
    E_TICK,
    E_TIMER,
    ENTRY,
    EXIT_MM,
    EXIT_START,
    FIRST,
    GATE,
    HELD,
    HOG,
    HORIZON,
    INF,
    LOCKTRY,
    NEW,
    NOBODY,
    OOM,
    P_START,
    PASS,
    POST_KILL,
    REAP,
    REAP_WAKE,
    REPORT,
    RETRY,
    SELECT,
    T_END,
    TIMERS_ON_TICKS,
    TIMERS_UNSYNCHRONISED,
    TOUCH,
    TRYLOCK,
)
from .invariant import check_all, total_pages
from .invocation import limit, livelock
from .scheduler import schedule, tick_current, tick_rt
from .stream import Streams
from .timer import fire, fire_on_tick
from .world import EpisodeEnd, Task, World, make_world

MAX_KILLS = 8
AT_BURST_END = {
    FIRST: slowpath.try_touch,
    TOUCH: slowpath.try_touch,
    ENTRY: slowpath.begin_pass,
    PASS: slowpath.pass_end,
    RETRY: slowpath.retry_top,
    LOCKTRY: lock.lock_try,
    GATE: gate.gate_step,
    OOM: slowpath.may_oom,
    TRYLOCK: slowpath.try_lock,
    SELECT: killer.select_end,
    REPORT: killer.kill,
    POST_KILL: killer.post_kill_end,
    HELD: killer.unlock_and_go_on,
    EXIT_START: victim.exit_mm,
    EXIT_MM: victim.exit_end,
    REAP_WAKE: reaper.reap_next,
    REAP: reaper.reap_end,
    HOG: victim.exit_begin,
}

Event = tuple[int, int, int]


@dataclass
class Result:
    """Trace and outputs of one episode.

    `trace` has records (time ns, code, cpu, task, arg); `out` has the keys of the engine's output columns.
    """

    trace: list[tuple[int, int, int, int, int]]
    out: dict[str, int]


@dataclass
class NextTick:
    """The next tick: of which jiffy and of which CPU."""

    jiffy: int = 1
    cpu: int = 0

    def advance(self, n_cpus: int) -> None:
        """Go to the next CPU, after the last one to the next jiffy."""
        self.cpu += 1
        if self.cpu == n_cpus:
            self.jiffy += 1
            self.cpu = 0


def set_starts(w: World) -> None:
    """Draw when the tasks with a start time start."""
    for task in w.tasks:
        if task.state == NEW:
            extra = w.streams.scaled(task.cls["start_var_ns"], task.cls["start_shape"], task.index, P_START)
            w.starts[task.index] = task.cls["start_ns"] + extra


def pending_events(w: World, tick: NextTick) -> list[Event]:
    """Return all events that are due at some time, one tick included."""
    events = [(tick.jiffy * w.machine["tick_ns"], E_TICK, tick.cpu)]
    for cpu in w.cpus:
        if cpu.curr != NOBODY:
            task = w.tasks[cpu.curr]
            events.append((task.since + task.left, E_BURST_END, cpu.index))
        if cpu.need and cpu.resched_at < INF:
            events.append((cpu.resched_at, E_RESCHED, cpu.index))
    if w.machine["timer_mode"] == TIMERS_UNSYNCHRONISED:
        events += [(t.fire_ns, E_TIMER, t.order) for t in w.timers]
    events += [(at, E_START, index) for index, at in w.starts.items() if w.tasks[index].state == NEW]
    return events


def jiffy_exists(w: World, at: int) -> bool:
    """Return whether the ticks at the time `at` exist."""
    if any(cpu.curr != NOBODY or cpu.rt for cpu in w.cpus):
        return True
    return w.machine["timer_mode"] == TIMERS_ON_TICKS and any(t.fire_ns == at for t in w.timers)


def burst_end(w: World, cpu_index: int) -> None:
    """End the burst of the task that runs on a CPU and do what follows."""
    cpu = w.cpus[cpu_index]
    task: Task = w.tasks[cpu.curr]
    phase = task.phase
    task.left = 0
    task.since = w.now
    AT_BURST_END[phase](w, task)
    after_burst_end(w, cpu, task, phase)


def do_tick(w: World, cpu_index: int) -> None:
    """Do the tick of one CPU."""
    cpu = w.cpus[cpu_index]
    tick_rt(w, cpu)
    tick_current(w, cpu)
    fire_on_tick(w, cpu_index)
    balance(w, cpu)


def handle(w: World, kind: int, seq: int) -> None:
    """Do one event and the reschedules that are due after it."""
    if kind in (E_BURST_END, E_START):
        w.count["n_events"] += 1
    if kind == E_BURST_END:
        burst_end(w, seq)
    elif kind == E_TIMER:
        fire(w, next(t for t in w.timers if t.order == seq))
    elif kind == E_START:
        del w.starts[seq]
        gate.start(w, w.tasks[seq])
    elif kind == E_TICK:
        do_tick(w, seq)
    for cpu in w.cpus:
        if cpu.need and cpu.resched_at <= w.now:
            schedule(w, cpu)


def run_events(w: World) -> None:
    """Take events in their order until the episode ends."""
    tick = NextTick()
    pages = total_pages(w)
    while True:
        at, kind, seq = min(pending_events(w, tick))
        if at >= limit(w):
            raise EpisodeEnd(HORIZON, limit(w))
        if kind == E_TICK and seq == 0 and not jiffy_exists(w, at):
            tick.jiffy += 1
            continue
        if w.count["n_events"] >= w.machine["max_events"]:
            raise EpisodeEnd(BUDGET, w.now)
        if kind == E_TICK:
            tick.advance(len(w.cpus))
        assert at >= w.now, "time goes back"
        w.now = at
        handle(w, kind, seq)
        check_all(w, pages)


def outputs(w: World, end: EpisodeEnd) -> dict[str, int]:
    """Return the outputs of an episode that has ended."""
    hold_open = w.owner != NOBODY
    out = {
        "end_reason": end.reason,
        "end_ns": end.time_ns,
        "recovery_ns": -1 if w.recovery_ns is None else w.recovery_ns,
        "hold_max_ns": max(w.hold_max, end.time_ns - w.hold_start) if hold_open else w.hold_max,
        "hold_open": int(hold_open),
        "livelock": livelock(w, end.time_ns) if end.reason == HORIZON else -1,
        "n_inv": min(w.opened, w.machine["n_kills"]),
        **w.count,
        "busy_ns": w.busy_ns(end.time_ns),
        "n_tasks": len(w.tasks),
    }
    for name in ("t0_ns", "kill_ns", "release_ns", "owner_cpu_ns"):
        seen: dict[int, int] = getattr(w, name)
        for j in range(MAX_KILLS):
            out[f"{name}_{j}"] = seen.get(j, -1)
    return out


def run_episode(
    machine: dict[str, int],
    policy: dict[str, int],
    classes: list[dict[str, int]],
    shapes: list[list[int]],
    seed: int,
    point: int,
    replicate: int,
) -> Result:
    """Run one episode.

    Parameters
    ----------
    machine, policy, classes
        Fields of docs/model.md section 1 by name.
    shapes
        Shape tables, each of 257 values with 2^20 = 1.0.
    seed, point, replicate
        The first three levels of every stream key.

    Returns
    -------
    Result
        Trace and outputs.

    Raises
    ------
    AssertionError
        When an invariant of the model is broken.
    """
    world = make_world(machine, policy, classes, Streams(seed, point, replicate, shapes))
    set_starts(world)
    try:
        run_events(world)
    except EpisodeEnd as end:
        world.trace.append((end.time_ns, T_END, NOBODY, NOBODY, end.reason))
        return Result(world.trace, outputs(world, end))
    raise AssertionError("an episode has no end")
