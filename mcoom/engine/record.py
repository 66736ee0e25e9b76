"""The event trace: bounded, off by default, without effect on any number.

Takes one event, appends it to the trace area of ``State.g``. Must change nothing else. Records are (time, code, cpu,
task, arg).
"""

from mcoom._jit import jit, leaf
from mcoom.engine.state import DONE, TRACE_AT, TRACE_CAP, TRACE_N


@jit
def _append(s, now, code, cpu, task, arg):
    n = s.g[TRACE_N]
    s.g[TRACE_N] = n + 1
    if n < s.g[TRACE_CAP]:
        at = s.g[TRACE_AT] + 5 * n
        s.g[at] = now
        s.g[at + 1] = code
        s.g[at + 2] = cpu
        s.g[at + 3] = task
        s.g[at + 4] = arg


@leaf
def emit(s, now, code, cpu, task, arg):
    """Append a record; after the end of the episode nothing more is recorded."""
    if s.g[TRACE_CAP] > 0 and s.g[DONE] == 0:
        _append(s, now, code, cpu, task, arg)
