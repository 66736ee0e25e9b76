"""Passes that cannot succeed: many bursts in a row without an event between them.

Takes an episode whose next event is the end of a pass or of an entry that changes nothing but its own task, goes on to
the last such end before anything else happens. Must not decide anything: what it skips is what ``episode.run_episode``
would have done event by event, draw by draw, and the outputs are the same to the byte (tests/oracle_match).

While the owner of ``oom_lock`` sleeps or waits for a CPU, a storm does nothing else: reclaim finds nothing, the free
list stays below the mark, trylock fails. Such a task touches nothing but its own burst, its stream and some sums, so
tasks of different CPUs may be taken one after the other.
"""

import numpy as np

from mcoom._jit import jit, leaf
from mcoom.engine.layout import SHAPE_BINS
from mcoom.engine.memory import available, mark
from mcoom.engine.rng import draw_number, fold_key, quantile
from mcoom.engine.state import (
    CURR,
    DRAWS,
    END,
    ENTRY_NS,
    FREE,
    FUTILE_NS,
    INV_OPEN,
    KILLED,
    LEFT,
    LIMIT,
    LOCK,
    LOOPS,
    LRU_FALLBACK,
    MAX_EVENTS,
    N_CPUS,
    N_ENTRY,
    N_EVENTS,
    N_FUTILE,
    N_PASS,
    N_SKIPPED,
    N_TRYFAIL,
    NEED,
    OWNER,
    PASS_COST,
    PASS_NS,
    PASS_SHAPE,
    PHASE,
    RECLAIMABLE,
    RESCHED_AT,
    SHAPES_AT,
    STREAM,
    STUCK_LRU_PAGES,
    TOTAL,
    TRACE_CAP,
    TRYLOCK_NS,
)
from mcoom.engine.words import DRAW_PASS, ENTRY, MAX_RECLAIM_RETRIES, PASS, TRYLOCK, TRYLOCK_SPIN


@leaf
def runs_futile(s, c):
    """Return whether the task that runs on CPU ``c`` is in a pass, or before or behind one, that changes nothing."""
    i = s.cpu[c, CURR]
    if i < 0 or s.cpu[c, NEED] == 1 or s.g[RECLAIMABLE] > 0:
        return False
    phase = s.task[i, PHASE]
    if phase != PASS and phase != ENTRY and phase != TRYLOCK:
        return False
    return s.task[i, KILLED] == 0 and s.g[FREE] <= mark(s, i)


@leaf
def passes_follow(s, c):
    """Return whether the futile pass that the task of CPU ``c`` is in is not the last one of its attempt."""
    if s.g[STUCK_LRU_PAGES] == 0 and s.g[LRU_FALLBACK] == 0:
        return False  # nothing looks reclaimable, and free memory is not above the mark
    i = s.cpu[c, CURR]
    return s.task[i, LOOPS] < MAX_RECLAIM_RETRIES and runs_futile(s, c) and available(s) > mark(s, i)


@leaf
def runs_on_alone(s, c):
    """Return whether the only CPU is in a futile pass behind which others follow."""
    return s.g[N_CPUS] == 1 and passes_follow(s, c)


@leaf
def runs_on_with_others(s, c):
    """Return whether futile bursts follow on CPU ``c`` that may be taken together with those of the others."""
    if spins_on(s):
        return runs_futile(s, c)
    return s.g[N_CPUS] > 1 and passes_follow(s, c)


@leaf
def spins_on(s):
    """Return whether a failed attempt is followed by the next one, unseen: the lock is taken, and its losers spin."""
    return s.g[TRACE_CAP] == 0 and s.g[LOCK] == TRYLOCK_SPIN and s.g[OWNER] >= 0 and s.g[INV_OPEN] == 1


@jit
def run_futile(s, c, until):
    """Run the futile task of CPU ``c`` on, as long as its bursts end before ``until`` (ns) and change nothing else."""
    i = s.cpu[c, CURR]
    spins = spins_on(s)
    again = available(s) > mark(s, i)
    stream = fold_key(np.uint64(s.task[i, STREAM]), DRAW_PASS, 5)
    shape = s.g[SHAPES_AT] + s.g[PASS_SHAPE] * (SHAPE_BINS + 1)
    pass_ns, entry_ns, trylock_ns = s.g[PASS_NS], s.g[ENTRY_NS], s.g[TRYLOCK_NS]
    phase, end, cost = s.task[i, PHASE], s.cpu[c, END], s.task[i, PASS_COST]
    loops, n_drawn = s.task[i, LOOPS], s.task[i, DRAWS + DRAW_PASS]
    length, n_events, n_pass, futile_ns, n_entry, n_fail = 0, 0, 0, 0, 0, 0
    while end < until:
        attempt_ends = phase == PASS and (loops >= MAX_RECLAIM_RETRIES or not again)
        if (attempt_ends or phase == TRYLOCK) and not spins:
            break
        n_events += 1
        if phase == PASS:
            n_pass += 1
            futile_ns += cost
            loops += 1
        if attempt_ends:
            n_entry += 1
        if attempt_ends and trylock_ns > 0:
            phase, length = TRYLOCK, trylock_ns
        elif attempt_ends or phase == TRYLOCK:
            n_fail += 1
            loops = 0
            phase, length = ENTRY, entry_ns
        else:
            if pass_ns > 0:
                n_drawn += 1
                cost = max(1, (pass_ns * quantile(s, shape, draw_number(stream, n_drawn))) >> 20)
            else:
                cost = 1
            phase, length = PASS, cost
        end += length
    if n_events == 0:
        return 0
    s.task[i, PHASE], s.task[i, TOTAL], s.task[i, LEFT], s.cpu[c, END] = phase, length, length, end
    s.task[i, PASS_COST], s.task[i, LOOPS], s.task[i, DRAWS + DRAW_PASS] = cost, loops, n_drawn
    s.g[N_EVENTS] += n_events
    s.g[N_PASS] += n_pass
    s.g[N_FUTILE] += n_pass
    s.g[FUTILE_NS] += futile_ns
    s.g[N_ENTRY] += n_entry
    s.g[N_TRYFAIL] += n_fail
    return n_events


@leaf
def shortest_pass(s):
    """Return the least that a pass can cost (ns)."""
    shape = s.g[SHAPES_AT] + s.g[PASS_SHAPE] * (SHAPE_BINS + 1)
    return max(1, (s.g[PASS_NS] * s.g[shape]) >> 20)


@leaf
def within_budget(s, now, until):
    """Return ``until`` or an earlier time (ns), by which the event budget cannot be exhausted.

    A CPU ends at most three bursts in the time of the shortest pass, and there are at most 64 CPUs: so much is taken
    out of order that the event at which the budget runs out must lie behind it.
    """
    left = s.g[MAX_EVENTS] - s.g[N_EVENTS] + s.g[N_SKIPPED]
    return min(until, now + ((left >> 8) - 1) * shortest_pass(s))


@leaf
def attempt_ends(s, c):
    """Return a time (ns) before which the futile attempt on CPU ``c`` cannot end: all its passes are the shortest."""
    i = s.cpu[c, CURR]
    n_more = 0
    if available(s) > mark(s, i):
        n_more = MAX_RECLAIM_RETRIES - s.task[i, LOOPS]
    if s.task[i, PHASE] == ENTRY:
        n_more += 1
    elif s.task[i, PHASE] == TRYLOCK:
        n_more = 0
    return s.cpu[c, END] + n_more * shortest_pass(s)


@jit
def run_all_futile(s, now, quiet_until):
    """Run every futile task on until something else happens; return whether any burst ended.

    ``now`` is the time of the next event, the end of a futile burst, and ``quiet_until`` that of the first event that
    is no end of a burst. Where losers do not spin, the end of an attempt is something else.
    """
    until = within_budget(s, now, min(quiet_until, s.g[LIMIT]))
    n = s.g[N_CPUS]
    spins = spins_on(s)
    for c in range(n):
        if s.cpu[c, NEED] == 1:
            until = min(until, s.cpu[c, RESCHED_AT])
        if not runs_futile(s, c):
            until = min(until, s.cpu[c, END])
        elif not spins:
            until = min(until, attempt_ends(s, c))
    ran = 0
    for c in range(n):
        if s.cpu[c, END] < until and runs_futile(s, c):
            ran += run_futile(s, c, until)
    return ran > 0
