"""Scheduler: stopping, picking, waking and the tick of one CPU (docs/model.md section 5).

Takes the world and a CPU or task, changes who runs and who is queued.
Must not know what a task does when it runs.
"""

from .balance import new_idle_pull, new_stamp, rt_pull
from .burst import left_now, need
from .codes import CFS61, NEW, NOBODY, RR, RUNNABLE, SECOND_NS, T_SWITCH, T_WAKE
from .fair import (
    check_preempt,
    check_tick,
    clear_buddies,
    delta_v,
    fair_pick,
    newcomer_slice,
    rt_order,
    update_curr,
    update_min,
)
from .world import Cpu, Task, World, is_running


def stop(w: World, task: Task, state: int) -> None:
    """Take the running task off its CPU: it sleeps, blocks, parks or exits."""
    assert is_running(w, task)
    cpu = w.cpus[task.cpu]
    update_curr(w, cpu)
    task.left = left_now(w, task)
    if not task.is_rt:
        cpu.nr -= 1
        cpu.load -= task.weight
        clear_buddies(cpu, task.index)
    cpu.curr = NOBODY
    cpu.busy_done += w.now - cpu.busy_since
    task.state = state
    if not task.is_rt:
        update_min(w, cpu)
    cpu.need = True
    cpu.resched_at = w.now


def put_back(w: World, cpu: Cpu, task: Task) -> None:
    """Queue the task that was running and is still runnable."""
    update_curr(w, cpu)
    task.left = left_now(w, task)
    cpu.curr = NOBODY
    cpu.busy_done += w.now - cpu.busy_since
    if task.is_rt:
        cpu.rt.append(task.index)
    else:
        task.stamp = new_stamp(w)
        cpu.fair.append(task.index)


def pick_next(w: World, cpu: Cpu) -> int:
    """Return the task to run next on `cpu`, or NOBODY; it is still queued there."""
    if not cpu.throttled:
        if cpu.rt:
            return rt_order(w, cpu)[0]
        pulled = rt_pull(w, cpu)
        if pulled != NOBODY:
            return pulled
    if not cpu.fair:
        new_idle_pull(w, cpu)
    return fair_pick(w, cpu) if cpu.fair else NOBODY


def schedule(w: World, cpu: Cpu) -> None:
    """Choose again who runs on `cpu`."""
    cpu.need = False
    prev = cpu.curr
    if prev != NOBODY:
        put_back(w, cpu, w.tasks[prev])
    cpu.need = False
    pick = pick_next(w, cpu)
    if pick != NOBODY:
        run_pick(w, cpu, w.tasks[pick], prev)
    if pick != cpu.last_switch:
        w.trace.append((w.now, T_SWITCH, cpu.index, pick, cpu.last_switch))
        cpu.last_switch = pick
        w.count["n_switch"] += 1


def run_pick(w: World, cpu: Cpu, task: Task, prev: int) -> None:
    """Let the queued task run; it pays for the switch unless it was running just now."""
    (cpu.rt if task.is_rt else cpu.fair).remove(task.index)
    if task.index != prev:
        task.left += w.machine["switch_ns"]
        task.total += w.machine["switch_ns"]
        w.count["n_events"] += 1
    task.since = w.now
    cpu.curr = task.index
    cpu.exec_start = w.now
    if task.index != prev or w.machine["groups"] == 0 or task.is_rt:
        cpu.slice_start = task.sum_exec
    cpu.busy_since = w.now


def wake(w: World, task: Task) -> None:
    """Wake a task that is not runnable."""
    assert task.state != RUNNABLE
    target = select_cpu(w, task)
    w.record(T_WAKE, task, cpu=target.index)
    enqueue_woken(w, task, target)


def enqueue_woken(w: World, task: Task, cpu: Cpu) -> None:
    """Place a woken task on `cpu` and look whether it preempts there."""
    if cpu.index != task.cpu and not task.is_rt:
        task.vruntime += cpu.min_v - w.cpus[task.cpu].min_v
    task.cpu = cpu.index
    update_curr(w, cpu)
    task.stamp = new_stamp(w)
    if task.is_rt:
        cpu.rt.append(task.index)
    else:
        if task.state == NEW:
            debit = delta_v(newcomer_slice(w, cpu, task), task.weight)
            task.vruntime = max(task.vruntime, cpu.min_v + debit)
        else:
            light = w.policy["sched"] == CFS61 and w.machine["groups"] == 1 and task.is_idle
            thresh = w.machine["min_gran_ns"] if light else w.machine["latency_ns"]
            task.vruntime = max(task.vruntime, cpu.min_v - thresh // 2)
        cpu.fair.append(task.index)
        cpu.nr += 1
        cpu.load += task.weight
    task.state = RUNNABLE
    check_preempt(w, cpu, task)


def select_cpu(w: World, task: Task) -> Cpu:
    """Return the CPU on which a woken task is placed."""
    n = len(w.cpus)
    prev = w.cpus[task.cpu]
    cycle = [w.cpus[(prev.index + 1 + k) % n] for k in range(n)]
    allowed = [c for c in cycle if task.allowed_on(c.index)]
    if task.is_rt:
        return select_rt(w, task, prev, allowed)
    if is_idle_like(w, prev):
        return prev
    return next((c for c in allowed if is_idle_like(w, c)), prev)


def select_rt(w: World, task: Task, prev: Cpu, allowed: list[Cpu]) -> Cpu:
    """Return the CPU of a woken RT task: previous, idle, one that runs a fair task, one of lower priority."""

    def prio(cpu: Cpu) -> int:
        """Return the rt_prio that runs on `cpu`: -1 idle, 0 fair."""
        if cpu.curr == NOBODY:
            return -1
        curr = w.tasks[cpu.curr]
        return curr.cls["rt_prio"] if curr.is_rt else 0

    if prio(prev) < task.cls["rt_prio"]:
        return prev
    for wanted in (-1, 0):
        for cpu in allowed:
            if prio(cpu) == wanted:
                return cpu
    lowest = min(allowed, key=prio)
    return lowest if prio(lowest) < task.cls["rt_prio"] else prev


def is_idle_like(w: World, cpu: Cpu) -> bool:
    """Return whether a fair task placed on `cpu` runs there at once."""
    if cpu.curr == NOBODY and not cpu.fair and not cpu.rt:
        return True
    if w.policy["sched"] != CFS61 or cpu.rt:
        return False
    runnable = cpu.fair + ([cpu.curr] if cpu.curr != NOBODY else [])
    return bool(runnable) and all(w.tasks[i].is_idle for i in runnable)


def tick_rt(w: World, cpu: Cpu) -> None:
    """Give the RT tasks of `cpu` a new period."""
    runtime = w.machine["rt_runtime_ns"]
    while w.now >= cpu.rt_next:
        cpu.rt_next += SECOND_NS
        if runtime < 0:
            continue
        cpu.rt_time = max(0, cpu.rt_time - runtime)
        if cpu.throttled and cpu.rt_time < runtime:
            cpu.throttled = False
            runs_rt = cpu.curr != NOBODY and w.tasks[cpu.curr].is_rt
            if cpu.rt and not runs_rt:
                need(w, cpu)


def tick_current(w: World, cpu: Cpu) -> None:
    """Charge the current task of `cpu` at its tick and look whether its slice is over."""
    if cpu.curr == NOBODY:
        return
    curr = w.tasks[cpu.curr]
    update_curr(w, cpu)
    if not curr.is_rt:
        if cpu.nr >= 2:
            check_tick(w, cpu)
    elif curr.cls["sclass"] == RR:
        curr.rr_left -= 1
        if curr.rr_left == 0:
            curr.rr_left = w.machine["rr_slice_ticks"]
            if any(w.tasks[i].cls["rt_prio"] == curr.cls["rt_prio"] for i in cpu.rt):
                curr.stamp = new_stamp(w)
                need(w, cpu)
