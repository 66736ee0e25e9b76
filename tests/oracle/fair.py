"""Fair scheduling: vruntime, load, buddies and the tick's check (docs/model.md section 5).

Takes the world and a CPU, changes the accounting of its tasks and gives the fair task to pick.
Must not know of placement on other CPUs nor of what a task does when it runs.
"""

from .burst import need
from .codes import CFS61, NOBODY, OTHER
from .world import Cpu, Task, World


def delta_v(d: int, weight: int) -> int:
    """Return the vruntime of `d` ns at `weight`."""
    return d if weight == 1024 else (d * ((1 << 32) // weight)) >> 22


def fair_order(w: World, cpu: Cpu) -> list[int]:
    """Return the fair queue of `cpu` in the order (vruntime, stamp)."""
    return sorted(cpu.fair, key=lambda i: (w.tasks[i].vruntime, w.tasks[i].stamp))


def rt_order(w: World, cpu: Cpu) -> list[int]:
    """Return the RT queue of `cpu` in the order (99 - rt_prio, stamp)."""
    return sorted(cpu.rt, key=lambda i: (99 - w.tasks[i].cls["rt_prio"], w.tasks[i].stamp))


def update_min(w: World, cpu: Cpu) -> None:
    """Raise min_v to the smallest vruntime of the running fair task and the head of the queue."""
    candidates = [w.tasks[i].vruntime for i in fair_order(w, cpu)[:1]]
    if cpu.curr != NOBODY and not w.tasks[cpu.curr].is_rt:
        candidates.append(w.tasks[cpu.curr].vruntime)
    if candidates:
        cpu.min_v = max(cpu.min_v, min(candidates))


def update_curr(w: World, cpu: Cpu) -> None:
    """Charge the current task of `cpu` for the time since it was last charged."""
    if cpu.curr == NOBODY:
        return
    task = w.tasks[cpu.curr]
    d = w.now - cpu.exec_start
    cpu.exec_start = w.now
    task.sum_exec += d
    if task.is_rt:
        runtime = w.machine["rt_runtime_ns"]
        cpu.rt_time += d
        if runtime >= 0 and cpu.rt_time > runtime and not cpu.throttled:
            cpu.throttled = True
            need(w, cpu)
    else:
        task.vruntime += delta_v(d, task.weight)
        update_min(w, cpu)


def wpe(w: World, a: int, b: int) -> int:
    """Return whether `b` may preempt `a`: -1 not ahead, 0 not enough, 1 yes."""
    d = w.tasks[a].vruntime - w.tasks[b].vruntime
    if d <= 0:
        return -1
    return 1 if d > delta_v(w.machine["wakeup_gran_ns"], w.tasks[b].weight) else 0


def may_be_buddy(w: World, task: Task) -> bool:
    """Return whether the task may be a next or last buddy."""
    return not task.is_idle or (w.policy["sched"] == CFS61 and w.machine["groups"] == 0)


def clear_buddies(cpu: Cpu, index: int) -> None:
    """Forget the task `index` as a buddy of `cpu`."""
    if cpu.next_buddy == index:
        cpu.next_buddy = NOBODY
    if cpu.last_buddy == index:
        cpu.last_buddy = NOBODY


def check_preempt(w: World, cpu: Cpu, p: Task) -> None:
    """Look whether the newly queued task `p` preempts the current task of `cpu`."""
    if cpu.curr == NOBODY:
        need(w, cpu)
        return
    curr = w.tasks[cpu.curr]
    if p.is_rt:
        if not curr.is_rt or curr.cls["rt_prio"] < p.cls["rt_prio"]:
            need(w, cpu)
        return
    if curr.is_rt or cpu.need:
        return
    if curr.is_idle and not p.is_idle:
        preempt(w, cpu, curr)
        return
    if p.cls["sclass"] != OTHER:
        return
    update_curr(w, cpu)
    if wpe(w, curr.index, p.index) == 1:
        if may_be_buddy(w, p):
            cpu.next_buddy = p.index
        preempt(w, cpu, curr)


def preempt(w: World, cpu: Cpu, curr: Task) -> None:
    """Ask for a reschedule; from 8 runnable tasks on the preempted one is the last buddy."""
    need(w, cpu)
    if cpu.nr >= 8 and may_be_buddy(w, curr):
        cpu.last_buddy = curr.index


def newcomer_slice(w: World, cpu: Cpu, task: Task) -> int:
    """Return the slice of a task that is not yet counted on `cpu`."""
    m = w.machine
    nr = cpu.nr + 1
    period = nr * m["min_gran_ns"] if nr > 8 else m["latency_ns"]
    slice_ns = period * task.weight // (cpu.load + task.weight)
    if w.policy["sched"] == CFS61:
        there = [*cpu.fair, cpu.curr] if cpu.curr != NOBODY else cpu.fair
        others_not_idle = any(not w.tasks[i].is_idle for i in there if not w.tasks[i].is_rt)
        small = m["groups"] == 1 and task.is_idle and others_not_idle
        slice_ns = max(slice_ns, m["idle_min_gran_ns"] if small else m["min_gran_ns"])
    return slice_ns


def check_tick(w: World, cpu: Cpu) -> None:
    """Look at a tick whether the current fair task has used its slice or is too far ahead."""
    m = w.machine
    curr = w.tasks[cpu.curr]
    period = cpu.nr * m["min_gran_ns"] if cpu.nr > 8 else m["latency_ns"]
    slice_ns = period * curr.weight // cpu.load
    if w.policy["sched"] == CFS61:
        others_not_idle = any(not w.tasks[i].is_idle for i in cpu.fair)
        small = m["groups"] == 1 and curr.is_idle and others_not_idle
        slice_ns = max(slice_ns, m["idle_min_gran_ns"] if small else m["min_gran_ns"])
    ran = curr.sum_exec - cpu.slice_start
    if ran > slice_ns:
        need(w, cpu)
        clear_buddies(cpu, curr.index)
    elif ran < m["min_gran_ns"]:
        return
    elif cpu.fair:
        first = w.tasks[fair_order(w, cpu)[0]]
        if curr.vruntime - first.vruntime > slice_ns:
            need(w, cpu)


def fair_pick(w: World, cpu: Cpu) -> int:
    """Return the fair task to run next: the head of the queue, or a buddy that is not too far ahead of it."""
    first = fair_order(w, cpu)[0]
    pick = first
    if cpu.last_buddy != NOBODY and wpe(w, cpu.last_buddy, first) < 1:
        pick = cpu.last_buddy
    if cpu.next_buddy != NOBODY and wpe(w, cpu.next_buddy, first) < 1:
        pick = cpu.next_buddy
    clear_buddies(cpu, pick)
    return pick
