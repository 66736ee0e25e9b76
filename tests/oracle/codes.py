"""Numbers of the model: codes of states, phases, trace records and choices (docs/model.md sections 1, 3, 4, 11).

Takes nothing, gives plain integers; what depends on a phase alone (end point, user) is a set here.
Must not know any other module, of the oracle or of the engine.
"""

INF = 1 << 62
SECOND_NS = 10**9
NOBODY = -1

# States (section 4)
NEW, GATED, RUNNABLE, SLEEPING, BLOCKED, PARKED, EXITED = range(7)

# Phases (section 4)
FIRST, TOUCH, ENTRY, PASS, RETRY, LOCKTRY, GATE, SELECT = range(1, 9)
REPORT, POST_KILL, HELD, EXIT_START, EXIT_MM, REAP_WAKE, REAP, HOG = range(9, 17)
OOM, TRYLOCK = 17, 18
NO_PHASE = 0
HAS_END_POINT = {FIRST, TOUCH, ENTRY, PASS, EXIT_MM, REAP}
IS_USER = {FIRST, HOG}

# Programs, scheduling classes, kinds of start
ALLOCATOR, HOG_PROGRAM, SLEEPER = range(3)
OTHER, BATCH, IDLE, FIFO, RR = range(5)
AT_TIME, FIRST_LOCK, FIRST_KILL, FIRST_EXIT = range(4)

# Policy
CFS413, CFS61 = range(2)
L0, L1, L2 = range(3)
H0, H1, H2 = range(3)
V0, V1, V1L, V2 = range(4)
RESERVES_NONE, RESERVES_FULL, RESERVES_HALF = range(3)
S0, S0_SIGNED, S1, S2 = range(4)
BOOST_FROM_START, BOOST_FROM_KILL = range(2)
UNTIL_KILLS, UNTIL_RECOVERY = range(2)
PREEMPT_NONE, PREEMPT_FULL = range(2)
TIMERS_ON_TICKS, TIMERS_UNSYNCHRONISED = range(2)

# Trace records (section 11)
T_SWITCH, T_WAKE, T_SLEEP, T_BLOCK, T_ENTER, T_TRYFAIL, T_ACQUIRE, T_UNLOCK = range(1, 9)
T_KILL, T_RELEASE, T_EXIT, T_ALLOC, T_MIGRATE, T_BAIL, T_GATE, T_END = range(9, 17)

# End reasons (section 11)
KILLS_DONE, RECOVERED, HORIZON, NO_VICTIM, BUDGET = range(5)

# Kinds of event, in their order (section 3)
E_BURST_END, E_RESCHED, E_TIMER, E_START, E_TICK = range(5)

# Purposes of draws (section 2)
P_PASS, P_TOUCH, P_NOFS, P_START, P_FIRST, P_SLEEP, P_SELECT = range(7)
