"""Gates and starts: how tasks begin (docs/model.md sections 8 and 10).

Takes the world and the task that opens a gate, starts the tasks that waited at it in batches.
Must not know what the opener does afterwards, only where to go on.
"""

from . import killer, victim
from .burst import set_burst
from .codes import (
    ALLOCATOR,
    FIRST,
    FIRST_KILL,
    FIRST_LOCK,
    GATE,
    GATED,
    HOG,
    INF,
    P_FIRST,
    SLEEPER,
    T_GATE,
)
from .scheduler import wake
from .world import Task, World


def start(w: World, task: Task) -> None:
    """Start a task: its first burst, then its wake."""
    if task.cls["program"] == ALLOCATOR:
        extra = w.streams.scaled(task.cls["first_var_ns"], task.cls["first_shape"], task.index, P_FIRST)
        set_burst(w, task, FIRST, task.cls["first_ns"] + extra)
    else:
        set_burst(w, task, HOG, INF // 2)
    wake(w, task)


def gated_tasks(w: World, kind: int) -> list[int]:
    """Return all tasks of the classes gated on `kind`, in task order."""
    return [
        t.index
        for t in w.tasks
        if t.cls["start_kind"] == kind and t.cls["program"] != SLEEPER
    ]  # fmt: skip


def is_unopened(w: World, kind: int) -> bool:
    """Return whether tasks are gated on `kind` and that gate was not opened."""
    return kind not in w.open_gates and bool(gated_tasks(w, kind))


def gate_open(w: World, kind: int, task: Task) -> None:
    """Open a gate: the running task starts waking those who wait there."""
    w.record(T_GATE, task, arg=kind)
    w.open_gates.add(kind)
    task.gate_kind = kind
    task.gate_tasks = gated_tasks(w, kind)
    task.gate_woken = 0
    set_burst(w, task, GATE, w.machine["gate_wake_ns"])


def gate_step(w: World, task: Task) -> None:
    """Start the task whose GATE burst has ended, then go on."""
    woken = w.tasks[task.gate_tasks.pop(0)]
    if woken.state == GATED:
        start(w, woken)
    if task.gate_tasks:
        task.gate_woken += 1
        set_burst(w, task, GATE, w.machine["gate_wake_ns"])
    elif task.gate_kind == FIRST_LOCK:
        killer.last_attempt(w, task)
    elif task.gate_kind == FIRST_KILL:
        killer.begin_post_kill(w, task)
    else:
        victim.exit_done(w, task)
