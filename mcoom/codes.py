"""Integer codes of every named thing, shared by all stations.

Takes nothing, gives ``IntEnum`` classes; the numbers are part of the results format (docs/model.md section 1) and
are never reused. Must know nothing but numbers and the words for them.
"""

from enum import IntEnum


class Sched(IntEnum):
    """Scheduler rules."""

    CFS413 = 0
    """CFS of 4.13 (kernel/sched/fair.c@v4.13)."""
    CFS61 = 1
    """CFS of 6.1 (kernel/sched/fair.c@v6.1)."""


class Preempt(IntEnum):
    """Preemption model."""

    NONE = 0
    """Kernel code gives up the CPU at resched points only."""
    FULL = 1
    """Kernel code is preempted at once."""


class Lock(IntEnum):
    """What a loser of ``mutex_trylock(&oom_lock)`` does."""

    TRYLOCK_SPIN = 0
    """L0: retries at once."""
    TRYLOCK_SLEEP = 1
    """L1: sleeps ``lock_k`` jiffies, uninterruptible, and retries (mainline since 4.2)."""
    LOCK_KILLABLE = 2
    """L2: waits on the mutex and goes on as its owner; killed: sleeps ``lock_k`` jiffies (the seed patch)."""


class Holder(IntEnum):
    """What the owner of ``oom_lock`` does after a kill."""

    NONE = 0
    """H0: unlocks (since 4.19)."""
    SLEEP_UNDER_LOCK = 1
    """H1: sleeps ``holder_k`` jiffies, killable, with the lock held (up to 4.18)."""
    SLEEP_AFTER_UNLOCK = 2
    """H2: unlocks, then sleeps ``holder_k`` jiffies, killable (never merged)."""


class Release(IntEnum):
    """Who frees the victim's memory."""

    EXIT_ONLY = 0
    """V0: the victim alone, when it runs (up to 4.5)."""
    REAPER = 1
    """V1: the reaper too, at once (4.6 to 5.17)."""
    REAPER_WITH_LOCK = 2
    """V1L: as V1, owning ``oom_lock`` (4.7 to 4.18)."""
    REAPER_DELAYED = 3
    """V2: the reaper after ``reap_delay_ms`` (since 5.18)."""


class Reserves(IntEnum):
    """How far below the min mark a victim may allocate."""

    NONE = 0
    """As any other task."""
    FULL = 1
    """V3: everything (TIF_MEMDIE, up to 4.13)."""
    HALF = 2
    """V4: half of the min mark (ALLOC_OOM, since 4.14)."""


class Selection(IntEnum):
    """Which process is killed."""

    BADNESS_4_13 = 0
    """S0: rss + adj, at least 1; the first of equals."""
    BADNESS_5_9 = 1
    """S0': rss + adj, signed; the last of equals."""
    ALLOCATING_TASK = 2
    """S1: sysctl ``oom_kill_allocating_task``; S0 if it may not be killed."""
    RANDOM = 3
    """S2: uniform among the candidates."""


class Program(IntEnum):
    """What a task does."""

    ALLOCATOR = 0
    """Touches pages in a loop."""
    HOG = 1
    """Computes, never allocates."""
    SLEEPER = 2
    """Sleeps and holds its memory: a victim in waiting."""


class SchedClass(IntEnum):
    """Scheduling policy of a task."""

    OTHER = 0
    """SCHED_OTHER."""
    BATCH = 1
    """SCHED_BATCH."""
    IDLE = 2
    """SCHED_IDLE, weight 3."""
    FIFO = 3
    """SCHED_FIFO."""
    RR = 4
    """SCHED_RR."""


class StartKind(IntEnum):
    """What starts a class."""

    TIME = 0
    """A time."""
    FIRST_LOCK = 1
    """The first acquisition of ``oom_lock``."""
    FIRST_KILL = 2
    """The first kill."""
    FIRST_EXIT = 3
    """The first exit of a victim."""


class Until(IntEnum):
    """What ends an episode before its horizon."""

    KILLS = 0
    """The release of the ``n_kills``-th victim."""
    RECOVERY = 1
    """Recovery."""


class Engine(IntEnum):
    """How an episode is simulated (docs/fast_engine.md)."""

    EXACT = 0
    """Event by event."""
    SKIP = 1
    """Jumps over intervals in which passes are futile, drawing each of them: the same bytes."""
    FAST = 2
    """Jumps, drawing many passes at once: equal in law."""


class EndReason(IntEnum):
    """Why an episode ended."""

    KILLS_DONE = 0
    """All ``n_kills`` victims killed and released."""
    RECOVERED = 1
    """Free memory above the high mark and nobody in the slow path."""
    HORIZON = 2
    """The horizon of the open invocation, or of the wait for the next one: censored."""
    NO_VICTIM = 3
    """Nobody left to kill (the kernel panics)."""
    BUDGET = 4
    """``max_events`` used up: censored, reported apart."""


class BoostFrom(IntEnum):
    """Since when the watermark boost holds."""

    START = 0
    FIRST_KILL = 1
    """mm/page_alloc.c:boost_watermark@v5.0: when the pages of a victim are handed out across migrate types."""


class Phase(IntEnum):
    """What a task's CPU burst is for (docs/model.md section 4)."""

    NONE = 0
    FIRST = 1
    TOUCH = 2
    ENTRY = 3
    PASS = 4
    RETRY = 5
    LOCKTRY = 6
    GATE = 7
    SELECT = 8
    REPORT = 9
    POST_KILL = 10
    HELD = 11
    EXIT_START = 12
    EXIT_MM = 13
    REAP_WAKE = 14
    REAP = 15
    HOG = 16
    OOM = 17
    TRYLOCK = 18


class State(IntEnum):
    """Where a task is."""

    NEW = 0
    GATED = 1
    RUNNABLE = 2
    SLEEPING = 3
    BLOCKED = 4
    PARKED = 5
    EXITED = 6


class Trace(IntEnum):
    """Kinds of trace record (docs/model.md section 11)."""

    SWITCH = 1
    WAKE = 2
    SLEEP = 3
    BLOCK = 4
    ENTER = 5
    TRYFAIL = 6
    ACQUIRE = 7
    UNLOCK = 8
    KILL = 9
    RELEASE = 10
    EXIT = 11
    ALLOC = 12
    MIGRATE = 13
    BAIL = 14
    GATE = 15
    END = 16
    JUMP = 17
    """The fast engine went on at once to the time in the argument; what happened until then has no records."""


class Purpose(IntEnum):
    """Named streams of randomness (docs/model.md section 2)."""

    PASS = 0
    TOUCH = 1
    NOFS = 2
    START = 3
    FIRST = 4
    SLEEP = 5
    SELECT = 6
    JUMP = 8
    """Sums of many passes at once (fast engine); keyed by the PASS counter, it has none of its own."""
    DRAWN = 16
    """First purpose of the drawn parameters of a scenario (design, not engine)."""
