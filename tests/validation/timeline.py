"""What a trace says about who had a CPU when.

Takes a trace (n, 5) of docs/model.md section 11, gives intervals and sums. Must not know any law.
"""

import numpy as np

from mcoom.codes import Trace

TIME, CODE, CPU, TASK, ARG = range(5)


def records(trace, code):
    return trace[trace[:, CODE] == code]


def runs(trace, cpu=0):
    """(n, 3) int64: task (-1 idle), begin and end of every stretch without a switch on a CPU."""
    switches = records(trace, Trace.SWITCH)
    switches = switches[switches[:, CPU] == cpu]
    ends = np.append(switches[1:, TIME], trace[-1, TIME])
    return np.stack([switches[:, TASK], switches[:, TIME], ends], axis=1)


def cpu_time(trace, begin_ns, end_ns, n_tasks, n_cpus=1):
    """(n_tasks,) int64: CPU time of each task in [begin, end)."""
    used = np.zeros(n_tasks, np.int64)
    for cpu in range(n_cpus):
        task, begin, end = runs(trace, cpu).T
        inside = np.clip(end, begin_ns, end_ns) - np.clip(begin, begin_ns, end_ns)
        np.add.at(used, task[task >= 0], inside[task >= 0])
    return used


def waits(trace, task, cpu=0):
    """(n, 2) int64 of one task that stays on one CPU: length of each run and of the wait that follows it, ns."""
    table = runs(trace, cpu)
    own = table[table[:, 0] == task]
    return np.stack([own[:-1, 2] - own[:-1, 1], own[1:, 1] - own[:-1, 2]], axis=1)
