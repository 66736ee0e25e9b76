"""Episodes of several policies that begin alike: what they share is run once.

Takes a state that has been set up and policies in the order of their kinship, leaves a row of outputs for each. Must
not know what policies mean: ``kin`` has the stages, and the episode stops before the first event that may look at what
differs. Then the state is kept, once for each stage, and brought back for the next policy.
"""

from mcoom._jit import jit
from mcoom.engine.episode import run_on
from mcoom.engine.heap import clear, insert, member, size
from mcoom.engine.layout import MAX_KILLS
from mcoom.engine.state import (
    DONE,
    FORK_AT,
    INVOCATIONS,
    N_CLASSES,
    N_CPU_COLUMNS,
    N_CPUS,
    N_TASK_COLUMNS,
    N_TASKS,
    OUT_AT,
    POLICY_AT,
)
from mcoom.engine.words import AT_KILL, AT_SELECT, AT_SET_UP, NEVER

N_STAGES = NEVER
"""Stages at which an episode may be kept."""


def words_kept(n_tasks: int, n_cpus: int) -> int:
    """Return the int64 words that one kept episode needs at most; a task is in one heap at most."""
    members = n_tasks + 2 * n_cpus + 2
    return 1 + N_CLASSES + 4 * MAX_KILLS + n_tasks * N_TASK_COLUMNS + n_cpus * N_CPU_COLUMNS + members


@jit
def keep(s, now, kept, stage):
    """Keep the episode as it is at ``now`` (ns) in row ``stage`` of ``kept``."""
    kept[stage, 0] = now
    at = 1
    for k in range(N_CLASSES):
        kept[stage, at + k] = s.g[k]
    at += N_CLASSES
    for k in range(4 * MAX_KILLS):
        kept[stage, at + k] = s.g[INVOCATIONS + k]
    at += 4 * MAX_KILLS
    for i in range(s.g[N_TASKS]):
        for column in range(N_TASK_COLUMNS):
            kept[stage, at + column] = s.task[i, column]
        at += N_TASK_COLUMNS
    for c in range(s.g[N_CPUS]):
        for column in range(N_CPU_COLUMNS):
            kept[stage, at + column] = s.cpu[c, column]
        at += N_CPU_COLUMNS
    for row in range(2 * s.g[N_CPUS] + 2):
        n = size(s, row)
        kept[stage, at] = n
        at += 1
        for k in range(n):
            kept[stage, at + k] = member(s, row, k)
        at += n


@jit
def bring_back(s, kept, stage):
    """Make the episode what it was when it was kept in row ``stage`` of ``kept``; return the time (ns) it was then."""
    at = 1
    for k in range(N_CLASSES):
        s.g[k] = kept[stage, at + k]
    at += N_CLASSES
    for k in range(4 * MAX_KILLS):
        s.g[INVOCATIONS + k] = kept[stage, at + k]
    at += 4 * MAX_KILLS
    for i in range(s.g[N_TASKS]):
        for column in range(N_TASK_COLUMNS):
            s.task[i, column] = kept[stage, at + column]
        at += N_TASK_COLUMNS
    for c in range(s.g[N_CPUS]):
        for column in range(N_CPU_COLUMNS):
            s.cpu[c, column] = kept[stage, at + column]
        at += N_CPU_COLUMNS
    for row in range(2 * s.g[N_CPUS] + 2):
        clear(s, row)
        n = kept[stage, at]
        at += 1
        for k in range(n):
            insert(s, row, kept[stage, at + k])  # in the order of the heap, so each stays where it is put
        at += n
    return kept[stage, 0]


@jit
def run_to_end(s, now, kept, stages):
    """Run an episode from ``now`` (ns) to its end, and keep it at each of ``stages`` (bits); return those it came to.

    Stages that lie behind it are not among ``stages``.
    """
    reached = 0
    for stage in (AT_SELECT, AT_KILL):
        if (stages >> stage) & 1 == 1:
            s.g[FORK_AT] = stage
            now = run_on(s, now)
            if s.g[FORK_AT] == stage:
                return reached  # it is over
            s.g[DONE] = 0
            keep(s, now, kept, stage)
            reached |= 1 << stage
    run_on(s, now)
    return reached


@jit
def run_shared(s, kept, policies, kin, r, outputs):
    """Run the episode that is set up under each policy; ``outputs[p, r]`` is what policy ``p`` gives.

    Parameters
    ----------
    kept : (N_STAGES, words_kept) int64
        Room for kept episodes; not used if there is one policy.
    policies : (P, len(POLICY_FIELDS)) int64
    kin : (3, P) int64
        ``mcoom.engine.kin.Kin``, one row for each of its fields.
    """
    reached = 0
    for k in range(policies.shape[0]):
        p, fork, stages = kin[0, k], kin[1, k], kin[2, k]
        # Otherwise nothing in which it differs from the one before was looked at, and the outputs stay.
        if k == 0 or (fork < NEVER and (reached >> fork) & 1 == 1):
            now = 0
            if k > 0:
                now = bring_back(s, kept, fork)
                reached &= (2 << fork) - 1  # what was kept later is of other policies
            elif stages & (1 << AT_SET_UP):
                keep(s, now, kept, AT_SET_UP)
                reached = 1 << AT_SET_UP
            for column in range(policies.shape[1]):
                s.g[POLICY_AT + column] = policies[p, column]
            reached |= run_to_end(s, now, kept, stages)
        for column in range(outputs.shape[2]):
            outputs[p, r, column] = s.g[OUT_AT + column]
