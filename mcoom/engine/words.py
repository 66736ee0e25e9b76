"""The codes that kernels compare with, as plain ints.

Takes the enums of ``mcoom.codes``, gives constants. Must know nothing else. A kernel called with an enum member would
be compiled once more for that enum, hence plain ints.
"""

from mcoom.codes import (
    BoostFrom,
    EndReason,
    Engine,
    Holder,
    Lock,
    Phase,
    Preempt,
    Program,
    Purpose,
    Release,
    Reserves,
    Sched,
    SchedClass,
    Selection,
    StartKind,
    Trace,
    Until,
)
from mcoom.codes import State as TaskState

CFS61 = int(Sched.CFS61)
FULL_PREEMPTION = int(Preempt.FULL)
TRYLOCK_SPIN, TRYLOCK_SLEEP = int(Lock.TRYLOCK_SPIN), int(Lock.TRYLOCK_SLEEP)
SLEEP_UNDER_LOCK, SLEEP_AFTER_UNLOCK = int(Holder.SLEEP_UNDER_LOCK), int(Holder.SLEEP_AFTER_UNLOCK)
EXIT_ONLY, REAPER_WITH_LOCK, REAPER_DELAYED = (
    int(Release.EXIT_ONLY),
    int(Release.REAPER_WITH_LOCK),
    int(Release.REAPER_DELAYED),
)
RESERVES_FULL, RESERVES_HALF = int(Reserves.FULL), int(Reserves.HALF)
BADNESS_5_9, ALLOCATING_TASK, RANDOM_VICTIM = (
    int(Selection.BADNESS_5_9),
    int(Selection.ALLOCATING_TASK),
    int(Selection.RANDOM),
)
HOG_PROGRAM, SLEEPER = int(Program.HOG), int(Program.SLEEPER)
OTHER, IDLE_CLASS, FIFO, RR = int(SchedClass.OTHER), int(SchedClass.IDLE), int(SchedClass.FIFO), int(SchedClass.RR)
AT_TIME, AT_FIRST_LOCK, AT_FIRST_KILL, AT_FIRST_EXIT = (int(kind) for kind in StartKind)
FROM_START = int(BoostFrom.START)
UNTIL_RECOVERY = int(Until.RECOVERY)
EXACT, FAST = int(Engine.EXACT), int(Engine.FAST)
KILLS_DONE, RECOVERED, HORIZON, NO_VICTIM, BUDGET = (int(reason) for reason in EndReason)
(
    NO_PHASE, FIRST, TOUCH, ENTRY, PASS, RETRY, LOCKTRY, GATE, SELECT, REPORTING, POST_KILL, HELD, EXIT_START, EXIT_MM,
    REAP_WAKE, REAP, HOG, OOM, TRYLOCK,
) = (int(phase) for phase in Phase)  # fmt: skip
AT_SET_UP, AT_SELECT, AT_KILL, NEVER = range(4)
"""Stages of an episode at which two policies may part (``mcoom.engine.kin``)."""
MAX_RECLAIM_RETRIES = 16
"""Futile passes after which one more ends an attempt (mm/internal.h)."""
NEW, GATED, RUNNABLE, SLEEPING, BLOCKED, PARKED, EXITED = (int(state) for state in TaskState)
(
    T_SWITCH, T_WAKE, T_SLEEP, T_BLOCK, T_ENTER, T_TRYFAIL, T_ACQUIRE, T_UNLOCK, T_KILL, T_RELEASE, T_EXIT, T_ALLOC,
    T_MIGRATE, T_BAIL, T_GATE, T_END, T_JUMP,
) = (int(code) for code in Trace)  # fmt: skip
(DRAW_PASS, DRAW_TOUCH, DRAW_NOFS, DRAW_START, DRAW_FIRST, DRAW_SLEEP, DRAW_SELECT, DRAW_JUMP, _) = (
    int(p) for p in Purpose
)
