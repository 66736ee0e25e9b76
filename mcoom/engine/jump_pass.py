"""What spinners do in a given CPU time: futile attempts, one by one or many in one draw.

Takes a task whose burst is overdue (LEFT below 0: CPU time that it had beyond the end of its burst), lets its bursts
end until it is up to date. Must not know where the CPU time came from. docs/fast_engine.md.

A futile attempt changes nothing but the counters and the task's own stream, so the attempts of a task are a renewal
process in its own CPU time, whatever the scheduler does.
"""

import math
from typing import NamedTuple

import numpy as np

from mcoom._jit import jit, leaf
from mcoom.engine.layout import SHAPE_BINS, SHAPE_ONE
from mcoom.engine.memory import available, min_mark
from mcoom.engine.program import try_touch
from mcoom.engine.rng import draw_number, fold_key, scaled
from mcoom.engine.state import (
    DRAWS,
    ENGINE,
    ENTRY_NS,
    FUTILE_NS,
    LEFT,
    LOOPS,
    N_ENTRY,
    N_EVENTS,
    N_FUTILE,
    N_PASS,
    N_TRYFAIL,
    PASS_COST,
    PASS_NS,
    PASS_SHAPE,
    PHASE,
    SHAPES_AT,
    STREAM,
    TOTAL,
    TRYLOCK_NS,
)
from mcoom.engine.words import DRAW_JUMP, DRAW_PASS, ENTRY, FAST, FIRST, MAX_RECLAIM_RETRIES, OOM, PASS, TOUCH, TRYLOCK

PASS_DRAWS = DRAWS + DRAW_PASS
"""Column of ``State.task``: passes drawn so far."""
_S16, _S32, _S48 = np.uint64(16), np.uint64(32), np.uint64(48)
_MASK16 = np.uint64(0xFFFF)

WHOLE_FROM = 256
"""Passes that a task must be behind before many are taken in one draw; fewer are drawn one by one, to the byte."""
WHOLE_LEAST = 24
"""Passes taken in one draw at least, of a law without skewness."""
_MARGIN_SD = 8.0
"""Standard deviations by which the sum of the passes taken in one draw is kept below the time there is."""
_SHORTEST_NS = 1000.0
"""Mean of a pass below which the integer rounding of its cost is no longer small."""
_UNIFORMS = 16
_MEAN_16 = _UNIFORMS * 65535 / 2
_SD_16 = (_UNIFORMS * (65536.0**2 - 1) / 12) ** 0.5
_KURTOSIS_16 = -1.2 / _UNIFORMS


class PassLaw(NamedTuple):
    """The cost of a futile attempt while free memory stays as it is."""

    loops: int
    """Passes of an attempt."""
    beside_ns: int
    """What it costs beside them, ns."""
    fixed_ns: int
    """Cost of a pass if it is always the same, else 0, ns."""
    mean: float
    """Mean cost of a pass, ns; 0: not worked out."""
    sd: float
    """Its standard deviation, ns."""
    skewness: float
    kurtosis: float
    """Its excess over that of a normal law."""
    least: float
    """Passes taken in one draw at least: so many that their sum is nearly normal."""


@leaf
def passes_per_attempt(s):
    """Return how many passes an attempt has now: one, or all retries if the retry test takes memory for reclaimable."""
    return 1 if available(s) <= min_mark(s) else MAX_RECLAIM_RETRIES + 1


@leaf
def _fixed_cost(s):
    """Return the cost (ns) of a pass if it is always the same, else 0."""
    at = s.g[SHAPES_AT] + s.g[PASS_SHAPE] * (SHAPE_BINS + 1)
    if s.g[PASS_NS] > 0 and s.g[at] != s.g[at + SHAPE_BINS]:
        return 0
    return max(1, (s.g[PASS_NS] * s.g[at]) >> 20)


@jit
def short_law(s):
    """Return the law as far as ``settle`` needs it where no task gets far behind."""
    return PassLaw(passes_per_attempt(s), s.g[ENTRY_NS] + s.g[TRYLOCK_NS], _fixed_cost(s), 0.0, 0.0, 0.0, 0.0, 0.0)


@jit
def whole_law(s):
    """Return the law with its moments: the shape is linear between its quantiles."""
    at = s.g[SHAPES_AT] + s.g[PASS_SHAPE] * (SHAPE_BINS + 1)
    mean = 0.0
    for k in range(SHAPE_BINS):
        mean += 0.5 * (s.g[at + k] + s.g[at + k + 1])
    mean /= SHAPE_BINS
    second, third, fourth = 0.0, 0.0, 0.0
    for k in range(SHAPE_BINS):
        e = s.g[at + k] - mean
        d = float(s.g[at + k + 1] - s.g[at + k])
        second += e * e + e * d + d * d / 3.0
        third += e * e * e + 1.5 * e * e * d + e * d * d + d * d * d / 4.0
        fourth += e * e * e * e + 2.0 * e * e * e * d + 2.0 * e * e * d * d + e * d * d * d + d * d * d * d / 5.0
    variance = max(1.0, second / SHAPE_BINS)
    skewness = third / SHAPE_BINS / (variance * math.sqrt(variance))
    kurtosis = fourth / SHAPE_BINS / (variance * variance) - 3.0
    scale = s.g[PASS_NS] / SHAPE_ONE
    # The cost is rounded down: half a nanosecond on average.
    return PassLaw(
        passes_per_attempt(s),
        s.g[ENTRY_NS] + s.g[TRYLOCK_NS],
        _fixed_cost(s),
        mean * scale - 0.5,
        math.sqrt(variance) * scale,
        skewness,
        kurtosis,
        WHOLE_LEAST * max(1.0, skewness * skewness, 0.5 * kurtosis),
    )


@leaf
def _nearly_normal(s, i, n):
    """Return a number of mean 0 and variance 1: the sum of 16 uniform ones, keyed by the number ``n`` of a pass."""
    key = fold_key(np.uint64(s.task[i, STREAM]), DRAW_JUMP, 5)
    total = np.int64(0)
    for k in range(4):
        bits = draw_number(key, 4 * n + k)
        total += np.int64((bits & _MASK16) + ((bits >> _S16) & _MASK16) + ((bits >> _S32) & _MASK16) + (bits >> _S48))
    return (total - _MEAN_16) / _SD_16


@jit
def sum_of_passes(s, i, n, law):
    """Return the cost (ns) of the next ``n`` passes of task ``i`` taken together (Cornish-Fisher, four moments)."""
    if law.fixed_ns > 0:
        return n * law.fixed_ns
    z = _nearly_normal(s, i, s.task[i, PASS_DRAWS])
    skewness = law.skewness / math.sqrt(n)
    kurtosis = law.kurtosis / n - _KURTOSIS_16
    x = z + skewness * (z * z - 1.0) / 6.0
    x += kurtosis * (z * z * z - 3.0 * z) / 24.0 - skewness * skewness * (2.0 * z * z * z - 5.0 * z) / 36.0
    return np.int64(n * law.mean + x * law.sd * math.sqrt(n) + 0.5)


@leaf
def _whole_attempts(behind_ns, law):
    """Return how many attempts surely fit in ``behind_ns``; 0 if they are too few to be taken in one draw."""
    if law.fixed_ns > 0:
        return behind_ns // (law.loops * law.fixed_ns + law.beside_ns)
    if law.mean < _SHORTEST_NS:
        return 0
    mean = law.loops * law.mean + law.beside_ns
    fit = behind_ns / mean
    fit -= _MARGIN_SD * law.sd * math.sqrt(law.loops * fit) / mean + 1.0
    return np.int64(fit) if fit * law.loops >= law.least else 0


@jit
def take_whole(s, i, behind_ns, law):
    """Let task ``i``, which begins an attempt, make as many as surely fit in ``behind_ns``; return their time."""
    taken = 0
    while True:
        n = _whole_attempts(behind_ns - taken, law)
        if n == 0:
            return taken
        passes_ns = sum_of_passes(s, i, n * law.loops, law)
        if law.fixed_ns == 0:
            passes_ns = max(0, min(passes_ns, behind_ns - taken - n * law.beside_ns))
        s.task[i, PASS_DRAWS] += n * law.loops
        s.g[N_PASS] += n * law.loops
        s.g[N_FUTILE] += n * law.loops
        s.g[FUTILE_NS] += passes_ns
        s.g[N_ENTRY] += n
        s.g[N_TRYFAIL] += n
        s.g[N_EVENTS] += n * (law.loops + (2 if s.g[TRYLOCK_NS] > 0 else 1))
        taken += passes_ns + n * law.beside_ns


@jit
def settle(s, i, most, law):
    """Let the bursts of spinner ``i`` end that are due: those that leave LEFT at ``most`` (0 or -1) or less.

    With ``most`` -1 a burst that ends at this very moment is left to its event.
    """
    left = s.task[i, LEFT]
    if left > most:
        return
    phase, loops, cost = s.task[i, PHASE], s.task[i, LOOPS], s.task[i, PASS_COST]
    key = fold_key(np.uint64(s.task[i, STREAM]), DRAW_PASS, 5)
    total, n_draws = 0, s.task[i, PASS_DRAWS]
    n_pass, futile_ns, n_entry, n_fail, n_events = 0, 0, 0, 0, 0
    whole = law.fixed_ns > 0 or (s.g[ENGINE] == FAST and -left > WHOLE_FROM * s.g[PASS_NS])
    while left <= most:
        n_events += 1
        at_lock, failed = phase == OOM, phase == TRYLOCK
        if phase == PASS:
            n_pass += 1
            futile_ns += cost
            loops += 1
            at_lock = loops >= law.loops
        if at_lock:
            n_entry += 1
            failed = s.g[TRYLOCK_NS] == 0
        if phase == ENTRY or (phase == PASS and not at_lock):
            phase = PASS
            cost = s.g[PASS_NS]
            if cost > 0:
                n_draws += 1
                cost = scaled(s, cost, s.g[PASS_SHAPE], draw_number(key, n_draws))
            cost = max(1, cost)
            total = cost
        elif at_lock and not failed:
            phase = TRYLOCK
            total = s.g[TRYLOCK_NS]
        else:
            if failed:
                n_fail += 1
            elif phase == FIRST or phase == TOUCH:
                try_touch(s, 0, i)
            if whole:
                s.task[i, PASS_DRAWS] = n_draws
                left += take_whole(s, i, most - left, law)
                n_draws = s.task[i, PASS_DRAWS]
            phase, loops = ENTRY, 0
            total = s.g[ENTRY_NS]
        left += total
    s.task[i, PHASE], s.task[i, LOOPS], s.task[i, PASS_COST] = phase, loops, cost
    s.task[i, LEFT], s.task[i, TOTAL], s.task[i, PASS_DRAWS] = left, total, n_draws
    s.g[N_PASS] += n_pass
    s.g[N_FUTILE] += n_pass
    s.g[FUTILE_NS] += futile_ns
    s.g[N_ENTRY] += n_entry
    s.g[N_TRYFAIL] += n_fail
    s.g[N_EVENTS] += n_events


@jit
def settle_one(s, i, most):
    """Settle spinner ``i`` alone."""
    if s.task[i, LEFT] > most:
        return
    if s.g[ENGINE] == FAST and -s.task[i, LEFT] > WHOLE_FROM * s.g[PASS_NS]:
        settle(s, i, most, whole_law(s))
    else:
        settle(s, i, most, short_law(s))
