"""A storm in SimPy: a process for each CPU, one for the clock, a plain generator for each program.

Takes one row of a storm workload and a seed, gives the time to kill. Fair, even tuned: a burst is one timeout,
sleepers of one tick share one event, tasks are no processes, nothing is traced. What it leaves out, all of it work that
the engine does: classes and weights (all tasks are equal), kernels without preemption, the periodic balance, the reaper
(the victim frees its memory itself), gates, marks (memory is out until the victim has exited), livelocks, and all
counts but the kill. Times to kill agree with the engine's up to some 32 threads; beyond, herds starve the owner longer.
"""

import heapq
import random
from collections import defaultdict
from collections.abc import Generator

import simpy

from mcoom.codes import Holder, Lock

RUN, SLEEP, BLOCK = "run", "sleep", "block"
Program = Generator[tuple[str, int], None, None]
_NR_LATENCY = 8
SIGMA = 0.5
"""Of the logarithm of a pass, as in the storm workloads."""


class Task:
    """A task and its program, which says what it wants next."""

    def __init__(self, home: "Cpu") -> None:
        self.home = home
        self.program: Program
        self.vruntime = 0
        self.ran = 0
        self.left = 0


class Cpu:
    """A CPU with its runqueue."""

    def __init__(self, storm: "Storm", number: int) -> None:
        self.storm = storm
        self.number = number
        self.queue: list[tuple[int, int, Task]] = []
        self.task: Task | None = None
        self.since = self.slice_start = self.min_vruntime = 0
        self.must_resched = False
        self.next_buddy: Task | None = None
        self.last_buddy: Task | None = None
        self.woken = storm.env.event()
        self.process = storm.env.process(self.run())

    def charge(self) -> None:
        """Charge the running task up to now."""
        now, task = self.storm.env.now, self.task
        if task is None:
            return
        delta, self.since = now - self.since, now
        task.vruntime += delta
        task.ran += delta
        lowest = min(task.vruntime, self.queue[0][0]) if self.queue else task.vruntime
        self.min_vruntime = max(self.min_vruntime, lowest)

    def enqueue(self, task: Task) -> None:
        """Queue a task."""
        heapq.heappush(self.queue, (task.vruntime, self.storm.new_stamp(), task))

    def preempt(self, task: Task) -> None:
        """Let a task that woke run before the present one, which comes next if many wait."""
        self.next_buddy = task
        if len(self.queue) >= _NR_LATENCY - 1:
            self.last_buddy = self.task
        self.resched()

    def pick_queued(self) -> Task:
        """Take the first task of the queue, or a buddy that is not far behind it."""
        chosen = self.queue[0]
        for buddy in (self.last_buddy, self.next_buddy):
            if buddy and buddy.vruntime - self.queue[0][0] <= self.storm.machine["wakeup_gran_ns"]:
                chosen = next((entry for entry in self.queue if entry[2] is buddy), chosen)
        if chosen is self.queue[0]:
            heapq.heappop(self.queue)
        else:
            self.queue.remove(chosen)
            heapq.heapify(self.queue)
        self.next_buddy = None if self.next_buddy is chosen[2] else self.next_buddy
        self.last_buddy = None if self.last_buddy is chosen[2] else self.last_buddy
        return chosen[2]

    def resched(self) -> None:
        """Preempt the running task, at once or, if that is who asks, when its program has said what it wants."""
        if self.must_resched:
            return
        self.must_resched = True
        if self.storm.env.active_process is not self.process:
            self.process.interrupt()

    def pick(self) -> Task | None:
        """Take the next task, if need be from the CPU with most of them."""
        if self.queue:
            return self.pick_queued()
        busiest = max(self.storm.cpus, key=lambda cpu: len(cpu.queue))
        if not busiest.queue:
            return None
        task = heapq.heappop(busiest.queue)[2]
        task.vruntime += self.min_vruntime - busiest.min_vruntime
        task.home = self
        return task

    def run(self):
        """Run one task after the other, the process of this CPU."""
        env, switch_ns = self.storm.env, self.storm.machine["switch_ns"]
        last = None
        while True:
            self.must_resched = False
            task = self.task = self.pick()
            if task is None:
                last = None
                self.woken = env.event()
                yield self.woken
                continue
            self.since, self.slice_start = env.now, task.ran
            if task is not last:
                task.left += switch_ns
            last = task if (yield from self.run_task(task)) else None

    def run_task(self, task: Task):
        """Run bursts of a task until it stops or is preempted; return whether it wants to run on."""
        env = self.storm.env
        while True:
            begin = env.now
            try:
                yield env.timeout(task.left)
            except simpy.Interrupt:
                self.charge()
                task.left -= env.now - begin
                break
            self.charge()
            wish, amount = next(task.program, (BLOCK, 0))
            if wish == SLEEP:
                self.storm.sleepers[env.now // self.storm.tick_ns + amount + 1].append(task)
            if wish != RUN:
                self.task = None
                return False
            task.left = amount
            if self.must_resched:
                break
        self.task = None
        self.enqueue(task)
        return True


class Storm:
    """One episode."""

    def __init__(
        self, machine: dict[str, int], policy: dict[str, int], classes: list[dict[str, int]], seed: int
    ) -> None:
        self.machine, self.policy = machine, policy
        self.random = random.Random(seed)
        self.env = simpy.Environment()
        self.tick_ns = machine["tick_ns"]
        self.stamp = 0
        self.sleepers: dict[int, list[Task]] = defaultdict(list)
        self.waiters: list[Task] = []
        self.owner: Task | None = None
        self.kill_ns = -1
        self.ended = self.env.event()
        self.cpus = [Cpu(self, number) for number in range(machine["n_cpus"])]
        storm, victims = classes
        self.n_tasks = storm["count"] + victims["count"]
        self.victim = Task(self.cpus[0])
        self.victim.program = self.die(victims["rss_pages"])
        for i in range(storm["count"]):
            task = Task(self.cpus[i % len(self.cpus)])
            task.program = self.allocate(task)
            task.left = int(2 * storm["first_var_ns"] * self.random.random())
            self.wake(task)
        self.env.process(self.tick())

    def new_stamp(self) -> int:
        """Return the next number of the order of arrival."""
        self.stamp += 1
        return self.stamp

    def tick(self):
        """Check slices and wake sleepers, the process of the clock."""
        m = self.machine
        while True:
            yield self.env.timeout(self.tick_ns)
            for cpu in self.cpus:
                cpu.charge()
                if cpu.task is None or not cpu.queue:
                    continue
                n = len(cpu.queue) + 1
                slice_ns = (n * m["min_gran_ns"] if n > _NR_LATENCY else m["latency_ns"]) // n
                ran = cpu.task.ran - cpu.slice_start
                ahead = cpu.task.vruntime - cpu.queue[0][0]
                if ran > slice_ns:
                    cpu.next_buddy = cpu.last_buddy = None
                if ran > slice_ns or (ran >= m["min_gran_ns"] and ahead > slice_ns):
                    cpu.resched()
            for task in reversed(self.sleepers.pop(self.env.now // self.tick_ns, [])):
                self.wake(task)

    def wake(self, task: Task) -> None:
        """Make a task runnable on its CPU, or on an idle one."""
        order = self.cpus[task.home.number :] + self.cpus[: task.home.number]
        cpu = next((c for c in order if c.task is None and not c.queue), task.home)
        cpu.charge()
        if cpu is not task.home:
            task.vruntime += cpu.min_vruntime - task.home.min_vruntime
            task.home = cpu
        task.vruntime = max(task.vruntime, cpu.min_vruntime - self.machine["latency_ns"] // 2)
        cpu.enqueue(task)
        if cpu.task is None:
            if not cpu.woken.triggered:
                cpu.woken.succeed()
        elif not cpu.must_resched and cpu.task.vruntime - task.vruntime > self.machine["wakeup_gran_ns"]:
            cpu.preempt(task)

    def allocate(self, task: Task) -> Program:
        """Reclaim in vain and come to the lock, over and over."""
        m = self.machine
        while True:
            yield RUN, m["entry_ns"]
            yield RUN, max(1, int(m["pass_ns"] * self.random.lognormvariate(0, SIGMA)))
            if self.owner is None:
                yield from self.kill(task)
            elif self.policy["lock"] == Lock.TRYLOCK_SLEEP:
                yield SLEEP, self.policy["lock_k"]
            elif self.policy["lock"] == Lock.LOCK_KILLABLE:
                while self.owner is not None:
                    self.waiters.append(task)
                    yield BLOCK, 0
                yield from self.kill(task)

    def kill(self, task: Task) -> Program:
        """Do what is done under the lock."""
        m = self.machine
        self.owner = task
        yield RUN, m["select_base_ns"] + m["select_task_ns"] * (self.n_tasks + m["other_tasks"])
        if self.kill_ns < 0:
            yield RUN, m["report_ns"] + m["report_task_ns"] * self.n_tasks
            self.kill_ns = self.env.now
            self.wake(self.victim)
            yield RUN, m["post_kill_ns"]
            if self.policy["holder"] == Holder.SLEEP_UNDER_LOCK:
                yield SLEEP, self.policy["holder_k"]
        self.owner = None
        if self.waiters:
            self.wake(self.waiters.pop(0))

    def die(self, rss_pages: int) -> Program:
        """Exit and free the memory, the program of the victim."""
        m = self.machine
        yield RUN, m["exit_start_ns"]
        yield RUN, m["exit_base_ns"] + m["exit_page_ns"] * rss_pages
        self.ended.succeed()

    def run(self) -> int:
        """Run to the end of the victim or to the horizon; return the time to kill (ns), -1 if there was none."""
        self.env.run(until=self.ended | self.env.timeout(self.machine["horizon_ns"]))
        return self.kill_ns
