"""World: everything that has a value during one episode (docs/model.md sections 1, 4, 5).

Takes the inputs of the episode and gives its tasks, CPUs, memory, lock and trace at time 0.
Must not know any rule by which these values change.
"""

from dataclasses import dataclass, field

from .codes import (
    ALLOCATOR,
    AT_TIME,
    BOOST_FROM_START,
    FIFO,
    GATED,
    IDLE,
    NEW,
    NO_PHASE,
    NOBODY,
    OTHER,
    PARKED,
    RR,
    RUNNABLE,
    SECOND_NS,
    SLEEPER,
)
from .stream import Streams

REAPER_CLASS = {
    "program": ALLOCATOR, "sclass": OTHER, "rt_prio": 0, "weight": 1024, "start_kind": AT_TIME,
    "rss_pages": 0, "adj": -1000, "nofs_frac": 0, "fault_pages": 1, "limit_pages": -1,
}  # fmt: skip


class EpisodeEnd(Exception):
    """Ends the episode at this instant, wherever it is raised."""

    def __init__(self, reason: int, time_ns: int) -> None:
        super().__init__(reason, time_ns)
        self.reason = reason
        self.time_ns = time_ns


@dataclass
class Task:
    """One task; `left` is what was left of its burst at time `since` if it runs, else what is left."""

    index: int
    cls: dict[str, int]
    affinity: int
    cpu: int
    state: int = NEW
    is_reaper: bool = False
    # burst
    phase: int = NO_PHASE
    total: int = 0
    left: int = 0
    seg: int = 0
    since: int = 0
    drawn: int = 0
    # scheduling
    vruntime: int = -(1 << 60)
    stamp: int = 0
    sum_exec: int = 0
    rr_left: int = 0
    killable: bool = False
    # program
    rss: int = 0
    taken: int = 0
    in_slow: bool = False
    nofs_now: bool = False
    loops: int = 0
    victim: int = NOBODY
    cpu_at_acquire: int = 0
    gate_kind: int = 0
    gate_tasks: list[int] = field(default_factory=list)
    gate_woken: int = 0
    # as a victim
    killed: bool = False
    mm_exiting: bool = False
    released: bool = False
    skipped: bool = False

    @property
    def is_rt(self) -> bool:
        """Whether the task is FIFO or RR."""
        return self.cls["sclass"] in (FIFO, RR)

    @property
    def is_idle(self) -> bool:
        """Whether the task is of class IDLE."""
        return self.cls["sclass"] == IDLE

    @property
    def weight(self) -> int:
        """Load weight of the task, 1024 at nice 0."""
        return self.cls["weight"]

    def allowed_on(self, cpu: int) -> bool:
        """Return whether the affinity of the task has `cpu`."""
        return bool(self.affinity >> cpu & 1)


@dataclass
class Cpu:
    """One CPU; `curr` is NOBODY when it idles and when its task has stopped and it has not rescheduled yet."""

    index: int
    curr: int = NOBODY
    fair: list[int] = field(default_factory=list)
    rt: list[int] = field(default_factory=list)
    min_v: int = 0
    load: int = 0
    nr: int = 0
    next_buddy: int = NOBODY
    last_buddy: int = NOBODY
    exec_start: int = 0
    slice_start: int = 0
    rt_time: int = 0
    throttled: bool = False
    rt_next: int = SECOND_NS
    need: bool = False
    resched_at: int = 0
    last_switch: int = NOBODY
    busy_since: int = 0
    busy_done: int = 0


@dataclass
class Timer:
    """One armed timer of a task."""

    fire_ns: int
    order: int
    task: int
    cpu: int


@dataclass
class Invocation:
    """The open invocation: when it began, the first victim if there is one, and the busy time at its start."""

    t0_ns: int
    busy_at_t0: int
    victim: int = NOBODY


@dataclass
class World:
    """The state of one episode."""

    machine: dict[str, int]
    policy: dict[str, int]
    classes: list[dict[str, int]]
    streams: Streams
    tasks: list[Task]
    cpus: list[Cpu]
    starts: dict[int, int] = field(default_factory=dict)
    now: int = 0
    trace: list[tuple[int, int, int, int, int]] = field(default_factory=list)
    count: dict[str, int] = field(default_factory=dict)
    next_stamp: int = 0
    # timers
    timers: list[Timer] = field(default_factory=list)
    timers_armed: int = 0
    # memory
    free: int = 0
    pcp: int = 0
    boost: int = 0
    reclaimable: int = 0
    # oom_lock
    owner: int = NOBODY
    waiters: list[int] = field(default_factory=list)
    handoff: bool = False
    hold_start: int = 0
    hold_max: int = 0
    # killer, reaper, gates
    report_window: int | None = None
    reports_in_window: int = 0
    reap_queue: list[tuple[int, int]] = field(default_factory=list)
    open_gates: set[int] = field(default_factory=set)
    # invocations
    open: Invocation | None = None
    closed: int = 0
    opened: int = 0
    last_release: int = 0
    last_kill: int | None = None
    t0_ns: dict[int, int] = field(default_factory=dict)
    kill_ns: dict[int, int] = field(default_factory=dict)
    release_ns: dict[int, int] = field(default_factory=dict)
    owner_cpu_ns: dict[int, int] = field(default_factory=dict)
    recovery_ns: int | None = None

    @property
    def reaper(self) -> Task:
        """The last task."""
        return self.tasks[-1]

    def record(self, code: int, task: Task, arg: int = 0, cpu: int | None = None) -> None:
        """Append a trace record; the CPU is the task's unless said."""
        self.trace.append((self.now, code, task.cpu if cpu is None else cpu, task.index, arg))

    def busy_ns(self, at: int) -> int:
        """Return the busy time of all CPUs up to the time `at` >= now."""
        return sum(c.busy_done + (at - c.busy_since if c.curr != NOBODY else 0) for c in self.cpus)

    def cpu_used(self, task: Task) -> int:
        """Return the CPU time that a running task has had, up to now."""
        return task.sum_exec + self.now - self.cpus[task.cpu].exec_start


def first_cpu(index: int, affinity: int, n_cpus: int) -> int:
    """Return the first allowed CPU of index mod n_cpus, index mod n_cpus + 1, ... cyclically."""
    for step in range(n_cpus):
        cpu = (index + step) % n_cpus
        if affinity >> cpu & 1:
            return cpu
    raise ValueError(f"affinity {affinity:#x} has none of {n_cpus} CPUs")


def make_task(index: int, cls: dict[str, int], affinity: int, machine: dict[str, int]) -> Task:
    """Return a task as it is at time 0."""
    task = Task(index, cls, affinity, first_cpu(index, affinity, machine["n_cpus"]))
    task.rr_left = machine["rr_slice_ticks"]
    task.rss = cls["rss_pages"]
    if cls["program"] == SLEEPER:
        task.state = PARKED
        task.vruntime = cls["gate_vruntime_ns"]
    elif cls["start_kind"] != AT_TIME:
        task.state = GATED
        task.vruntime = cls["gate_vruntime_ns"]
    return task


def make_world(
    machine: dict[str, int], policy: dict[str, int], classes: list[dict[str, int]], streams: Streams
) -> World:
    """Return the world at time 0: tasks class by class, then the reaper."""
    tasks: list[Task] = []
    for cls in classes:
        for _ in range(cls["count"]):
            tasks.append(make_task(len(tasks), cls, cls["affinity"], machine))
    reaper = make_task(len(tasks), REAPER_CLASS, (1 << machine["n_cpus"]) - 1, machine)
    reaper.is_reaper = True
    reaper.state = PARKED
    tasks.append(reaper)
    world = World(machine, policy, classes, streams, tasks, [Cpu(c) for c in range(machine["n_cpus"])])
    world.free = machine["free_pages"]
    world.boost = machine["boost_pages"] if machine["boost_from"] == BOOST_FROM_START else 0
    world.reclaimable = machine["reclaimable_pages"]
    names = "n_kills_seen needless n_entry n_tryfail n_pass n_futile futile_ns n_switch n_events"
    world.count = dict.fromkeys(names.split(), 0)
    return world


def is_running(w: World, task: Task) -> bool:
    """Return whether the task is the current task of its CPU."""
    return task.state == RUNNABLE and w.cpus[task.cpu].curr == task.index
