"""Bursts: setting them, what is left of them, and where a running one may be rescheduled (docs/model.md section 4).

Takes the world and a task or CPU, gives remaining times and the time of the next resched point.
Must not know which task runs next.
"""

from .codes import GATE, HAS_END_POINT, INF, IS_USER, NOBODY, PREEMPT_FULL
from .world import Cpu, Task, World, is_running


def set_burst(w: World, task: Task, phase: int, total: int, seg: int = 0) -> None:
    """Give the task a new burst, which begins now if it runs."""
    task.phase = phase
    task.total = task.left = task.drawn = total
    task.seg = seg
    task.since = w.now


def left_now(w: World, task: Task) -> int:
    """Return what is left now of the burst of a running task."""
    assert is_running(w, task)
    return task.left - (w.now - task.since)


def plan(w: World, cpu: Cpu) -> None:
    """Compute when the pending reschedule of `cpu` takes place."""
    cpu.resched_at = resched_point(w, cpu)


def resched_point(w: World, cpu: Cpu) -> int:
    """Return the first time from now on at which the current burst of `cpu` may be left."""
    if cpu.curr == NOBODY:
        return w.now
    task = w.tasks[cpu.curr]
    if task.phase == GATE:
        return INF
    if w.machine["preempt"] == PREEMPT_FULL:
        return w.now
    if task.phase in IS_USER:
        return w.now
    if task.seg > 0:
        d = task.total - left_now(w, task)
        b = max(1, -(-d // task.seg)) * task.seg
        return w.now + (b - d) if b < task.total else INF
    return INF


def need(w: World, cpu: Cpu) -> None:
    """Ask for a reschedule of `cpu`; one that is pending stays as it is."""
    if cpu.need:
        return
    cpu.need = True
    plan(w, cpu)


def after_burst_end(w: World, cpu: Cpu, task: Task, ended_phase: int) -> None:
    """Look again at a pending reschedule after the end of a burst, if the same task still runs."""
    if not cpu.need or cpu.curr != task.index:
        return
    if task.phase == GATE and task.gate_woken % w.machine["gate_batch"] > 0:
        cpu.resched_at = INF
    elif w.machine["preempt"] == PREEMPT_FULL or ended_phase in HAS_END_POINT:
        cpu.resched_at = w.now
    else:
        plan(w, cpu)
