"""Which row of ``State.heap`` holds what: the fair queue of CPU c is row c, the others follow.

Takes a state, gives row numbers. Must not know how a heap works.
"""

from mcoom._jit import leaf
from mcoom.engine.state import N_CPUS


@leaf
def rt_row(s, c):
    """Return the row of the RT queue of CPU ``c``."""
    return s.g[N_CPUS] + c


@leaf
def timer_row(s):
    """Return the row of the timers."""
    return 2 * s.g[N_CPUS]


@leaf
def start_row(s):
    """Return the row of the starts."""
    return 2 * s.g[N_CPUS] + 1
