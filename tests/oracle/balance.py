"""Balance: how a queued task comes to another CPU (docs/model.md section 5).

Takes the world and the CPU that wants work, moves queued tasks to it.
Must not know of wake-ups nor of what a task does when it runs.
"""

from .burst import need
from .codes import CFS413, NOBODY, T_MIGRATE
from .fair import check_preempt, clear_buddies, fair_order, update_curr, update_min
from .world import Cpu, Task, World


def new_stamp(w: World) -> int:
    """Return the next stamp of the global counter."""
    w.next_stamp += 1
    return w.next_stamp


def migrate(w: World, task: Task, source: Cpu, target: Cpu) -> None:
    """Move a queued fair task from `source` to `target`."""
    update_curr(w, source)
    source.fair.remove(task.index)
    source.nr -= 1
    source.load -= task.weight
    clear_buddies(source, task.index)
    update_min(w, source)
    task.vruntime += target.min_v - source.min_v
    update_curr(w, target)
    task.stamp = new_stamp(w)
    target.fair.append(task.index)
    target.nr += 1
    target.load += task.weight
    task.cpu = target.index
    w.record(T_MIGRATE, task, arg=source.index)


def rt_pull(w: World, cpu: Cpu) -> int:
    """Move the first RT task queued elsewhere and allowed here to `cpu`; return it or NOBODY."""
    found = [
        (99 - task.cls["rt_prio"], task.stamp, other.index, task.index)
        for other in w.cpus
        if other is not cpu
        for task in (w.tasks[i] for i in other.rt)
        if task.allowed_on(cpu.index)
    ]
    if not found:
        return NOBODY
    _, _, source, index = min(found)
    task = w.tasks[index]
    w.cpus[source].rt.remove(index)
    cpu.rt.append(index)
    task.cpu = cpu.index
    w.record(T_MIGRATE, task, arg=source)
    return index


def new_idle_pull(w: World, cpu: Cpu) -> bool:
    """Move one fair task to `cpu` from the CPU with the most; return whether one came."""
    best: Cpu | None = None
    for other in w.cpus:
        if other is cpu or other.nr < 2:
            continue
        if not any(w.tasks[i].allowed_on(cpu.index) for i in other.fair):
            continue
        if best is None or other.nr > best.nr:
            best = other
    if best is None:
        return False
    index = next(i for i in fair_order(w, best) if w.tasks[i].allowed_on(cpu.index))
    migrate(w, w.tasks[index], best, cpu)
    return True


def balance(w: World, cpu: Cpu) -> None:
    """Balance at the tick of `cpu`, if its turn has come."""
    m = w.machine
    if m["n_cpus"] < 2:
        return
    idle = cpu.curr == NOBODY
    every = max(1, m["n_cpus"] * m["hz"] // 1000)
    if not idle:
        every *= 32 if w.policy["sched"] == CFS413 else 16
    if (w.now // m["tick_ns"]) % every != cpu.index % every:
        return
    if idle:
        if not cpu.need and not cpu.fair and new_idle_pull(w, cpu):
            need(w, cpu)
    else:
        balance_busy(w, cpu)


def balance_busy(w: World, cpu: Cpu) -> None:
    """Take tasks from the CPU with the largest load until half the difference has moved."""
    source = max((c for c in w.cpus if c is not cpu), key=lambda c: (c.load, -c.index))
    if not 100 * source.load > 125 * cpu.load:
        return
    imbalance = (source.load - cpu.load) // 2
    moved = 0
    for index in fair_order(w, source):
        task = w.tasks[index]
        if imbalance <= 0 or moved == 32:
            break
        if not task.allowed_on(cpu.index) or task.weight // 2 > imbalance:
            continue
        migrate(w, task, source, cpu)
        moved += 1
        imbalance -= task.weight
        check_preempt(w, cpu, task)
