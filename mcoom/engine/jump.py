"""Jumps: intervals in which nothing but futile passes and ticks happens are not gone through event by event.

Takes an episode right after a tick, leaves it as the exact engine would at the first moment at which something else may
happen. Must not know how passes or slices are skipped. docs/fast_engine.md says what is equal to the byte and what in
law.
"""

from mcoom._jit import jit
from mcoom.engine.heap import first_key, member, size
from mcoom.engine.jump_herd import jump_herds
from mcoom.engine.jump_round import n_futile, run_alone, run_rounds, run_slices, settle_current
from mcoom.engine.jump_task import attempts_are_futile, even_slice_ns, is_futile, wait_ns
from mcoom.engine.layout import INF
from mcoom.engine.placement import IMBALANCE_PCT, balance_every
from mcoom.engine.record import emit
from mcoom.engine.row import rt_row, start_row
from mcoom.engine.runqueue import allowed
from mcoom.engine.state import (
    BEHIND,
    CURR,
    END,
    EXEC_START,
    FAIR,
    JUMP_AT,
    LEFT,
    LIMIT,
    LOAD,
    N_CPUS,
    N_EVENTS,
    N_SKIPPED,
    NEED,
    NR,
    PREEMPT,
    SWITCH_NS,
    TICK_AT,
    TICK_CPU,
    TICK_NS,
    TRACE_CAP,
    WEIGHT,
)
from mcoom.engine.timer import next_timer
from mcoom.engine.words import FULL_PREEMPTION, T_JUMP

_MOST_WAITING = 4
"""Tasks with something to do, waiting on one CPU, up to which a jump is thought about."""
_LEAST_TICKS = 2
_TASKS_PER_TICK = 128
"""Tasks looked at in vain that put the next look off by a tick."""


@jit
def end_by_currents(s, now, spins):
    """Return until when no task that runs now comes to an end of any consequence; ``now`` if nobody may jump."""
    until = s.g[LIMIT]
    if size(s, start_row(s)) > 0:
        until = min(until, first_key(s, start_row(s)))
    until = min(until, next_timer(s, s.g[TICK_AT]))
    for c in range(s.g[N_CPUS]):
        i = s.cpu[c, CURR]
        if s.cpu[c, NEED] == 1 or size(s, rt_row(s, c)) > 0:
            return now
        if i < 0:
            if size(s, c) > 0:
                return now
        elif s.task[i, FAIR] == 0 or s.cpu[c, EXEC_START] != now:
            return now
        elif not is_futile(s, i, spins):
            if s.g[PREEMPT] != FULL_PREEMPTION:
                return now
            until = min(until, s.cpu[c, END])
    return until


@jit
def end_by_waiting(s, now, c, spins):
    """Return until when no task that waits on CPU ``c`` comes to an end of any consequence."""
    until = INF
    n = 0
    even_ns = -1
    for k in range(size(s, c)):
        i = member(s, c, k)
        if not is_futile(s, i, spins):
            n += 1
            if n > _MOST_WAITING:
                return now
            # Without preemption in the kernel it must not even be picked.
            if even_ns < 0:
                even_ns = even_slice_ns(s, c, spins)
            own_ns = s.task[i, LEFT] if s.g[PREEMPT] == FULL_PREEMPTION else 0
            until = min(until, now + wait_ns(s, c, i, even_ns) + own_ns)
    return until


@jit
def may_move(s, source, target, heaviest):
    """Return whether some task of CPU ``source`` may run on CPU ``target`` and is no heavier than ``heaviest``."""
    for k in range(-1, size(s, source)):
        i = s.cpu[source, CURR] if k < 0 else member(s, source, k)
        if i >= 0 and allowed(s, i, target) and s.task[i, WEIGHT] // 2 <= heaviest:
            return True
    return False


@jit
def balance_moves(s, c):
    """Return whether the periodic balance of CPU ``c`` may find a task to pull, the loads being what they are."""
    if s.cpu[c, CURR] < 0:
        for other in range(s.g[N_CPUS]):
            if other != c and s.cpu[other, NR] >= 2 and may_move(s, other, c, INF):
                return True
        return False
    source = -1
    for other in range(s.g[N_CPUS]):
        if other != c and (source < 0 or s.cpu[other, LOAD] > s.cpu[source, LOAD]):
            source = other
    if 100 * s.cpu[source, LOAD] <= IMBALANCE_PCT * s.cpu[c, LOAD]:
        return False
    return may_move(s, source, c, (s.cpu[source, LOAD] - s.cpu[c, LOAD]) // 2)


@jit
def end_by_balance(s, now):
    """Return the first tick at which the balance of some CPU may move a task."""
    until = INF
    if s.g[N_CPUS] == 1:
        return until
    for c in range(s.g[N_CPUS]):
        if balance_moves(s, c):
            every = balance_every(s, c)
            j = now // s.g[TICK_NS] + 1
            j += (c % every - j % every) % every
            until = min(until, j * s.g[TICK_NS])
    return until


@jit
def pass_over(s, now, until, spins):
    """Bring every CPU from ``now`` to ``until``."""
    events, records = s.g[N_EVENTS], s.g[TRACE_CAP]
    emit(s, now, T_JUMP, -1, -1, until)
    s.g[TRACE_CAP] = 0
    n_ticks = (until - 1 - now) // s.g[TICK_NS]
    for c in range(s.g[N_CPUS]):
        if s.cpu[c, CURR] < 0:
            continue
        switched = -1
        if s.cpu[c, NR] == 1:
            run_alone(s, c, now, until)
        else:
            n = n_futile(s, c, spins)
            if n_ticks > 2 * n:
                switched = run_rounds(s, c, now, until, spins, n)
                s.g[BEHIND] = 1
            else:
                switched = run_slices(s, c, now, until, spins)
        settle_current(s, c, switched, until, spins)
    s.g[TRACE_CAP] = records
    s.g[N_SKIPPED] += s.g[N_EVENTS] - events
    s.g[TICK_AT] = (until + s.g[TICK_NS] - 1) // s.g[TICK_NS] * s.g[TICK_NS]


@jit
def jump(s, now):
    """Jump from ``now``, right after the tick of the last CPU, as far as is possible; return the time it is then."""
    if s.g[TICK_CPU] != 0:
        return now
    tick_at = jump_herds(s, now)
    if tick_at > now:
        return tick_at
    spins = attempts_are_futile(s)
    least = now + _LEAST_TICKS * s.g[TICK_NS]
    until = end_by_currents(s, now, spins)
    if until <= least or s.g[SWITCH_NS] > s.g[TICK_NS]:
        return now
    seen = 0
    for c in range(s.g[N_CPUS]):
        if s.cpu[c, CURR] >= 0:
            until = min(until, end_by_waiting(s, now, c, spins))
            seen += s.cpu[c, NR]
        if until <= least:
            s.g[JUMP_AT] = now + (1 + seen // _TASKS_PER_TICK) * s.g[TICK_NS]
            return now
    until = min(until, end_by_balance(s, now))
    if until <= least:
        return now
    pass_over(s, now, until, spins)
    return until
