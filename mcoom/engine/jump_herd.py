"""Sleep storms: herds that try, fail and sleep are not gone through attempt by attempt.

Takes an episode right after the tick of the last CPU, on each of whose CPUs a herd takes turns; leaves it at a later
tick as the exact engine would. Must not know how attempts are drawn. docs/fast_engine.md has the conditions, and why
they are enough; what cannot be shown is not jumped over.
"""

from typing import NamedTuple

from mcoom._jit import jit, leaf
from mcoom.engine.heap import clear, first_key, insert, member, size
from mcoom.engine.jump_attempt import finish_attempt, make_runnable, pick_first, raise_to, run_in_turn, run_to_limit
from mcoom.engine.jump_lag import attempt_law, is_roomy, most_behind, runs_whole, time_to_order
from mcoom.engine.layout import INF
from mcoom.engine.memory import min_mark
from mcoom.engine.placement import IMBALANCE_PCT
from mcoom.engine.record import emit
from mcoom.engine.row import start_row, timer_row
from mcoom.engine.state import (
    BEHIND,
    BUCKET,
    BUCKETS,
    CPU,
    CURR,
    ENGINE,
    EXEC_START,
    FAIR,
    FREE,
    INV_OPEN,
    JUMP_AT,
    KILLABLE,
    KILLED,
    LAST,
    LATENCY_NS,
    LEFT,
    LIMIT,
    LOAD,
    LOCK,
    LOCK_K,
    MIN_V,
    N_BUCKETS,
    N_CPUS,
    N_EVENTS,
    N_NEAR,
    N_RT_QUEUED,
    N_SKIPPED,
    N_TASKS,
    NEED,
    NEXT,
    NR,
    OWNER,
    PHASE,
    RECLAIMABLE,
    SCLASS,
    SOONER,
    STATE,
    SUM_EXEC,
    THROTTLED,
    TICK_AT,
    TICK_NS,
    TIMER_MODE,
    TOTAL,
    VRUNTIME,
    WAKEUP_GRAN_NS,
    WEIGHT,
)
from mcoom.engine.times import end
from mcoom.engine.words import (
    ENTRY,
    FAST,
    HORIZON,
    OTHER,
    PASS,
    RETRY,
    RUNNABLE,
    SLEEPING,
    T_JUMP,
    TRYLOCK,
    TRYLOCK_SLEEP,
)

_NICE_0_WEIGHT = 1024
_LEAST_TICKS = 2 * N_BUCKETS
"""Ticks below which no jump is thought about: no timer in a bucket may be anybody's but the herd's."""
_TASKS_PER_TICK = 64
"""Tasks looked at in vain that put the next look off by a tick."""


class Herd(NamedTuple):
    """The tasks of one CPU that take turns in futile attempts."""

    n: int
    """0: there is none of which enough is known."""
    n_asleep: int
    low_v: int
    high_v: int
    """The least and the greatest of their vruntimes, ns."""
    above_ns: int
    """Sum of their vruntimes over MIN_V of the CPU, ns."""
    others_v: int
    """Vruntime that all must reach before another task of the CPU can be picked, ns; INF: there is none."""


_NONE = Herd(0, 0, 0, 0, 0, 0)


@leaf
def in_herd(s, i):
    """Return whether fair task ``i`` is nobody but one that tries again and again, nice 0, alive, without the lock."""
    return (
        s.task[i, FAIR] == 1
        and s.task[i, SCLASS] == OTHER
        and s.task[i, WEIGHT] == _NICE_0_WEIGHT
        and s.task[i, KILLED] == 0
        and i != s.g[OWNER]
    )


@leaf
def waits_to_try(s, i):
    """Return whether task ``i`` is in a herd and about to begin an attempt."""
    return in_herd(s, i) and s.task[i, PHASE] == RETRY and s.task[i, LEFT] == 0


@leaf
def tries(s, i):
    """Return whether task ``i``, which runs, is in a herd and in an attempt."""
    phase = s.task[i, PHASE]
    return in_herd(s, i) and (phase == RETRY or phase == ENTRY or phase == PASS or phase == TRYLOCK)


@jit
def find_herd(s, c):
    """Return the herd of CPU ``c``."""
    i = s.cpu[c, CURR]
    if not tries(s, i):
        return _NONE
    base = s.cpu[c, MIN_V]
    low = s.task[i, VRUNTIME]
    high, n, n_asleep, above, others_v = low, 1, 0, low - base, INF
    for k in range(size(s, c)):
        i = member(s, c, k)
        if waits_to_try(s, i):
            v = s.task[i, VRUNTIME]
            n, low, high, above = n + 1, min(low, v), max(high, v), above + v - base
            if s.cpu[c, LAST] == i or s.cpu[c, NEXT] == i:
                return _NONE
        elif s.task[i, WEIGHT] > _NICE_0_WEIGHT:
            return _NONE
        else:
            # A buddy is picked before a task of the herd that is ahead of it by no more than the granularity.
            buddy = s.cpu[c, LAST] == i or s.cpu[c, NEXT] == i
            others_v = min(others_v, s.task[i, VRUNTIME] - (s.g[WAKEUP_GRAN_NS] if buddy else 0))
    for bucket in range(BUCKETS, BUCKETS + N_BUCKETS):
        i = s.cpu[c, bucket]
        while i >= 0:
            if not waits_to_try(s, i) or s.task[i, KILLABLE] == 1 or s.task[i, CPU] != c:
                return _NONE
            v = s.task[i, VRUNTIME]
            n, low, high, above = n + 1, min(low, v), max(high, v), above + v - base
            n_asleep += 1
            i = s.task[i, SOONER]
    return Herd(n, n_asleep, low, high, above, others_v)


@leaf
def spread_of(herd):
    """Return how far (ns of vruntime) the tasks of ``herd`` are from each other."""
    return herd.high_v - herd.low_v


@jit
def takes_turns(s, c, herd, attempt):
    """Return whether ``herd``, of CPU ``c``, goes on, no attempt interrupted and no vruntime changed by a sleep."""
    if herd.n_asleep > attempt.n_asleep or herd.low_v + s.g[LATENCY_NS] // 2 < s.cpu[c, MIN_V]:
        return False
    return runs_whole(s, herd.n, spread_of(herd), attempt)


@jit
def time_to_others(s, c, herd, attempt):
    """Return how long (ns) ``herd``, of CPU ``c``, surely takes until another task of its CPU is picked."""
    if herd.others_v == INF:
        return INF >> 2
    each = herd.others_v - s.cpu[c, MIN_V]
    if herd.others_v < herd.high_v or each > INF >> 16:
        return 0 if herd.others_v < herd.high_v else INF >> 2
    # When all that are awake have come to it, those asleep may be behind.
    behind_ns = min(herd.n, attempt.n_asleep) * most_behind(herd.n, spread_of(herd), attempt)
    return max(0, herd.n * each - herd.above_ns - behind_ns)


@jit
def balance_rests(s, attempt):
    """Return whether no CPU can find another one so much more loaded that tasks would move, whoever is asleep."""
    tick_ns, k = s.g[TICK_NS], s.g[LOCK_K]
    # A CPU balances after its tick, when those that have slept long enough are awake; others may be before theirs.
    sleep_least = k * tick_ns // attempt.most_ns
    sleep_most = (k * tick_ns + attempt.least_ns - 1) // attempt.least_ns
    light, heavy = INF, 0
    for c in range(s.g[N_CPUS]):
        load = s.cpu[c, LOAD] + find_herd(s, c).n_asleep * _NICE_0_WEIGHT
        light, heavy = min(light, load), max(heavy, load)
    heavy -= sleep_least * _NICE_0_WEIGHT
    light -= sleep_most * _NICE_0_WEIGHT
    return 100 * heavy <= IMBALANCE_PCT * light


@jit
def level_by(s, now, c, herd, until, attempt):
    """Return up to which vruntime (ns) the herd of CPU ``c`` surely comes so long before ``until`` that it is in order.

    No task ends further than its last attempt behind that level.
    """
    used_ns = until - time_to_order(s, herd.n, spread_of(herd), attempt) - now
    return s.cpu[c, MIN_V] + (used_ns + herd.above_ns) // herd.n - attempt.most_ns


@jit
def raise_herd(s, now, c, level, attempt):
    """Let each task of the herd of CPU ``c`` make attempts until its vruntime is ``level`` or more; queue them all.

    Those that would sleep still are queued too: they sleep again before they matter.

    Returns
    -------
    int
        When they have made them (ns).
    """
    now += charge_current(s, now, c, attempt)
    for bucket in range(BUCKETS, BUCKETS + N_BUCKETS):
        s.cpu[c, bucket] = -1
    clear(s, c)
    low_v = INF
    for i in range(s.g[N_TASKS]):
        if s.task[i, CPU] != c or s.task[i, FAIR] == 0:
            continue
        state = s.task[i, STATE]
        if waits_to_try(s, i) and (state == RUNNABLE or (state == SLEEPING and s.task[i, BUCKET] >= 0)):
            now += raise_to(s, i, level, attempt)
            low_v = min(low_v, s.task[i, VRUNTIME])
            make_runnable(s, c, i)
        elif state == RUNNABLE:
            insert(s, c, i)
    s.cpu[c, MIN_V] = max(s.cpu[c, MIN_V], low_v)
    return now


@jit
def charge_current(s, now, c, attempt):
    """Let the attempt that runs on CPU ``c`` end; return what was left of it (ns)."""
    i = s.cpu[c, CURR]
    rest_ns = finish_attempt(s, now, c, attempt.law)
    s.task[i, VRUNTIME] += rest_ns
    s.task[i, SUM_EXEC] += rest_ns
    s.task[i, PHASE] = RETRY
    s.task[i, LEFT] = 0
    s.task[i, TOTAL] = 0
    return rest_ns


@jit
def pass_attempts(s, now, until, far, attempt):
    """Bring the herds of all CPUs from ``now`` to the tick ``until``, after it, each to the beginning of an attempt.

    ``far`` says whether they may be taken on their own up to some level, or must take turns all the way.
    """
    n_events = s.g[N_EVENTS]
    emit(s, now, T_JUMP, -1, -1, until)
    for c in range(s.g[N_CPUS]):
        begun = now
        if far:
            herd = find_herd(s, c)
            level = level_by(s, now, c, herd, until, attempt)
            s.g[N_NEAR] -= herd.n_asleep
            begun = raise_herd(s, now, c, level, attempt)
            rest_ns = pick_first(s, c, attempt)
        else:
            rest_ns = finish_attempt(s, now, c, attempt.law)
        run_in_turn(s, c, begun, rest_ns, until, attempt)
        n_more = size(s, c) + 1 - s.cpu[c, NR]
        s.cpu[c, NR] += n_more
        s.cpu[c, LOAD] += n_more * _NICE_0_WEIGHT
    s.g[N_SKIPPED] += s.g[N_EVENTS] - n_events
    s.g[TICK_AT] = until + s.g[TICK_NS]


@jit
def may_be_herds(s, now):
    """Return until when a herd on each CPU could go on, as far as is plain; ``now`` if there cannot be one on each."""
    if s.g[LOCK] != TRYLOCK_SLEEP or s.g[OWNER] < 0 or s.g[INV_OPEN] == 0 or s.g[TIMER_MODE] != 0:
        return now
    if s.g[RECLAIMABLE] > 0 or s.g[FREE] > min_mark(s) or s.g[N_RT_QUEUED] > 0 or s.g[LOCK_K] + 2 > N_BUCKETS:
        return now
    for c in range(s.g[N_CPUS]):
        if s.cpu[c, CURR] < 0 or s.cpu[c, NEED] == 1 or s.cpu[c, THROTTLED] == 1 or s.cpu[c, NR] < 2:
            return now
        if s.cpu[c, EXEC_START] != now or not tries(s, s.cpu[c, CURR]):
            return now
    until = s.g[LIMIT]
    for row in (start_row(s), timer_row(s)):
        if size(s, row) > 0:
            until = min(until, first_key(s, row))
    return until


@jit
def end_herds(s, now, attempt):
    """End the episode: its herds go on from ``now`` to its limit, and nothing more is wanted of them than counts."""
    emit(s, now, T_JUMP, -1, -1, s.g[LIMIT])
    for c in range(s.g[N_CPUS]):
        begun = now + finish_attempt(s, now, c, attempt.law)
        run_to_limit(s, c, begun, attempt)
    end(s, s.g[LIMIT], HORIZON)


@jit
def leads_far(s, now, until, attempt):
    """Return whether each herd makes so many attempts from ``now`` to ``until`` that they may be taken on their own.

    And whether the order in which they are made is known again in the end: bytes are given where that is beyond doubt.
    """
    for c in range(s.g[N_CPUS]):
        herd = find_herd(s, c)
        ahead = 2 * max(attempt.most_ns, spread_of(herd))
        if s.g[ENGINE] != FAST and not is_roomy(herd.n, attempt):
            return False
        if level_by(s, now, c, herd, until, attempt) < herd.high_v + ahead:
            return False
    return True


@jit
def stands_in_herds(s, now):
    """Return whether there is a herd on each CPU, and when to look again, as if the answer were of no use."""
    seen, found = 0, True
    for c in range(s.g[N_CPUS]):
        seen += s.cpu[c, NR]
        if find_herd(s, c).n == 0:
            found = False
            break
    s.g[JUMP_AT] = now + (1 + seen // _TASKS_PER_TICK) * s.g[TICK_NS]
    return found


@jit
def jump_herds(s, now):
    """Jump from ``now``, right after the tick of the last CPU, as far as herds surely take turns; return the tick.

    If that is to the end of the episode, it is ended, unless bytes are wanted.
    """
    until = may_be_herds(s, now)
    least = now + _LEAST_TICKS * s.g[TICK_NS]
    if until <= least:
        return now
    if not stands_in_herds(s, now):
        return now
    attempt = attempt_law(s)
    for c in range(s.g[N_CPUS]):
        herd = find_herd(s, c)
        if not takes_turns(s, c, herd, attempt):
            until = now
            break
        until = min(until, now + time_to_others(s, c, herd, attempt))
    if until > least and balance_rests(s, attempt):
        if until == s.g[LIMIT] and s.g[ENGINE] == FAST and s.g[BEHIND] == 0:
            end_herds(s, now, attempt)
            return until
        tick_at = (until - 1) // s.g[TICK_NS] * s.g[TICK_NS] - s.g[TICK_NS]
        if tick_at > least:
            far = attempt.law.fixed_ns == 0 and leads_far(s, now, tick_at, attempt)
            pass_attempts(s, now, tick_at, far, attempt)
            return tick_at
    return now
