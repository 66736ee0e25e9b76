"""Timers: sleeps that end on tick edges (docs/model.md section 6).

Takes the world, a task and a number of jiffies, arms and fires timers.
Must not know why a task sleeps.
"""

from .codes import P_SLEEP, SLEEPING, T_SLEEP, TIMERS_ON_TICKS
from .scheduler import stop, wake
from .world import Task, Timer, World

LEVELS = ((63, 0), (504, 3), (4032, 6), (32256, 9))


def wheel_fire_ns(w: World, k: int) -> int:
    """Return when a timer of `k` jiffies armed now fires by the rule of the timer wheel."""
    tick = w.machine["tick_ns"]
    e = w.now // tick + k
    shift = next((shift for below, shift in LEVELS if k < below), 12)
    return (((e + (1 << shift)) >> shift) << shift) * tick


def sleep_fire_ns(w: World, task: Task, k: int) -> int:
    """Return when a sleep of `k` jiffies that begins now ends."""
    if w.machine["timer_mode"] == TIMERS_ON_TICKS:
        return wheel_fire_ns(w, k)
    tick = w.machine["tick_ns"]
    u = w.streams.draw(task.index, P_SLEEP)
    return w.now + k * tick + ((u >> 44) * tick >> 20)


def arm(w: World, task: Task, cpu: int, fire_ns: int) -> None:
    """Arm the timer of a task on a CPU."""
    assert all(t.task != task.index for t in w.timers)
    w.timers_armed += 1
    w.timers.append(Timer(fire_ns, w.timers_armed, task.index, cpu))


def sleep(w: World, task: Task, k: int, killable: bool) -> None:
    """Let the running task sleep `k` jiffies."""
    fire = sleep_fire_ns(w, task, k)
    arm(w, task, task.cpu, fire)
    task.killable = killable
    w.record(T_SLEEP, task, arg=fire)
    stop(w, task, SLEEPING)


def cancel(w: World, task: Task) -> None:
    """Remove the timer of a sleeping task."""
    w.timers = [t for t in w.timers if t.task != task.index]


def fire(w: World, timer: Timer) -> None:
    """End the sleep of the timer's task."""
    w.timers.remove(timer)
    task = w.tasks[timer.task]
    assert task.state == SLEEPING and timer.fire_ns == w.now
    if w.machine["timer_mode"] == TIMERS_ON_TICKS:
        assert w.now % w.machine["tick_ns"] == 0, "a timed sleeper wakes off a tick"
    wake(w, task)


def fire_on_tick(w: World, cpu: int) -> None:
    """Fire the timers of `cpu` that are due at its tick, last armed first."""
    if w.machine["timer_mode"] != TIMERS_ON_TICKS:
        return
    due = [t for t in w.timers if t.cpu == cpu and t.fire_ns == w.now]
    for timer in sorted(due, key=lambda t: -t.order):
        fire(w, timer)
