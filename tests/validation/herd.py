"""A lock that is held for ever by a task that uses no CPU, and what the other tasks make of it.

Task 0 takes the lock at time 0, kills a sleeper of one page at no cost and sleeps under the lock beyond every horizon
(H1). Memory stays short, so every allocator started later fails to get the lock again and again: a herd whose attempts
have a known cost. Takes class rows of the herd, gives inputs, or how idle the CPUs
are. Must not know any law.
"""

import numpy as np

from mcoom.codes import Holder
from mcoom.engine.replicates import run_block
from tests.validation.rows import FOR_EVER, MS, class_row, column, inputs, machine_row, policy_row, victim_row

STARTS_NS = MS
"""When the herd comes: the lock is held and the victim is gone by then."""
TASK_0 = 2
"""Number of the first task of the herd."""


def herd(rows, seed=0, first=0):
    """Inputs of a block; ``rows`` is a list of (machine keywords, list of class rows)."""
    machines = [machine_row(**{"n_kills": 2, **machine}) for machine, _ in rows]
    return inputs(machines, [[class_row(), victim_row(), *classes] for _, classes in rows], seed, first)


def herd_policy(**given):
    """Trylock and sleep, or what is given; the owner never wakes up."""
    return policy_row(**{"holder": Holder.SLEEP_UNDER_LOCK, "holder_k": FOR_EVER, **given})


def idle_share(rows, policy, warm_up_ns, window_ns, first=0, seed=0):
    """(R,) share of the CPUs' time in which nothing runs, from ``warm_up_ns`` after the first failed attempt on.

    ``rows`` is as for ``herd``; their horizons are set here. Each row is run to both ends of the window: with the same
    draws, so the difference of the busy times is that of the window.
    """
    busy_ns = []
    for horizon_ns in (warm_up_ns, warm_up_ns + window_ns):
        timed = [({**machine, "horizon_ns": horizon_ns}, classes) for machine, classes in rows]
        outputs = run_block(herd(timed, seed, first), policy)
        assert (column(outputs, "end_ns") - column(outputs, "t0_ns_1") == horizon_ns).all()
        busy_ns.append(column(outputs, "busy_ns"))
    n_cpus = np.array([machine["n_cpus"] for machine, _ in rows])
    return 1 - (busy_ns[1] - busy_ns[0]) / (n_cpus * window_ns)
