"""How far a sleeper of a herd can be behind when it wakes, and how many sleep at most.

Takes what an attempt costs, gives bounds that hold for every episode but one in 10**12. Must not look at tasks.
docs/fast_engine.md has the proofs.
"""

from typing import NamedTuple

import numpy as np

from mcoom._jit import jit, leaf
from mcoom.engine.jump_pass import PassLaw, whole_law
from mcoom.engine.layout import INF, SHAPE_BINS
from mcoom.engine.state import (
    LATENCY_NS,
    LOCK_K,
    MIN_GRAN_NS,
    PASS_NS,
    PASS_SHAPE,
    SHAPES_AT,
    SWITCH_NS,
    TICK_NS,
    TRYLOCK_NS,
    WAKEUP_GRAN_NS,
)

_TAIL = 50.0
"""Minus the logarithm of the probability that one of some 10**8 sums of attempts is beyond its bound."""
_NR_LATENCY = 8


class Attempt(NamedTuple):
    """What an attempt of a herd costs, its switch included, while free memory stays as it is."""

    least_ns: int
    most_ns: int
    mean_ns: int
    n_events: int
    """Ends of its bursts."""
    n_asleep: int
    """Attempts that end within the longest sleep, at most: so many tasks sleep at once."""
    round_ns: int
    """Within this time the tasks furthest behind, those of a whole sleep, have all had their turn."""
    law: PassLaw


@leaf
def _deviation(n, variance, most):
    """Return what the sum of ``n`` costs is off its mean at most, of costs that are off by ``most`` (Bernstein)."""
    a = _TAIL * most / 3.0
    return a + np.sqrt(a * a + 2.0 * _TAIL * n * variance)


@jit
def attempt_law(s):
    """Return what an attempt costs now."""
    law = whole_law(s)
    beside_ns = law.beside_ns + s.g[SWITCH_NS]
    at = s.g[SHAPES_AT] + s.g[PASS_SHAPE] * (SHAPE_BINS + 1)
    least_ns = beside_ns + law.loops * max(1, (s.g[PASS_NS] * s.g[at]) >> 20)
    most_ns = beside_ns + law.loops * max(1, (s.g[PASS_NS] * s.g[at + SHAPE_BINS]) >> 20)
    mean = min(max(beside_ns + law.loops * law.mean, float(least_ns)), float(most_ns))
    variance = law.loops * (law.sd * law.sd + 1.0)
    sleep_ns = (s.g[LOCK_K] + 1) * s.g[TICK_NS]
    n_most = (sleep_ns + least_ns - 1) // least_ns
    n = int(sleep_ns / mean) + 1
    while n < n_most and n * mean - _deviation(n, variance, mean - least_ns) < sleep_ns:
        n += 1 + (n >> 6)
    n = min(n, n_most)
    served_ns = min(n * most_ns, int(n * mean + _deviation(n, variance, most_ns - mean)) + 1)
    return Attempt(
        least_ns,
        most_ns,
        int(mean),
        law.loops + (3 if s.g[TRYLOCK_NS] > 0 else 2),
        n,
        max(served_ns, sleep_ns) + 2 * most_ns,
        PassLaw(law.loops, beside_ns, law.fixed_ns, law.mean, law.sd, law.skewness, law.kurtosis, law.least),
    )


@jit
def most_behind(n, spread_ns, attempt):
    """Return how far (ns of vruntime) any of ``n`` tasks can be behind the furthest task picked, when it wakes.

    They begin within ``spread_ns`` of each other. INF: no bound is known.
    """
    n_awake = n - attempt.n_asleep
    gain_ns = n * attempt.least_ns - attempt.round_ns
    if n_awake < 3 or gain_ns < 0:
        return INF
    spread_ns = max(spread_ns, attempt.most_ns)
    # By what all have used in r rounds: first - r * lost. By the turns that all have before the level is further than
    # the spread: begin + r * gained. The bound is where the two meet.
    first = (attempt.round_ns + n * (spread_ns + attempt.least_ns)) / n_awake
    lost = gain_ns / n_awake
    rises = attempt.round_ns / ((n - 3) * attempt.least_ns)
    begin = attempt.least_ns + spread_ns * (rises + 1.0)
    gained = max(0.0, spread_ns * rises - attempt.least_ns)
    if first > begin:
        first = begin + gained * (first - begin) / (gained + lost) if gained > 0.0 else begin
    return int(first) + 1


@jit
def runs_whole(s, n, spread_ns, attempt):
    """Return whether no attempt of ``n`` tasks, within ``spread_ns`` of each other now, is ever interrupted.

    None is so long that a tick would end it, and nobody wakes so far behind that it would preempt or be moved up.
    """
    most_ns = attempt.most_ns
    if most_ns >= min(s.g[MIN_GRAN_NS], s.g[LATENCY_NS] // _NR_LATENCY, s.g[TICK_NS]):
        return False
    return most_behind(n, spread_ns, attempt) + most_ns <= min(s.g[WAKEUP_GRAN_NS], s.g[LATENCY_NS] // 2)


@leaf
def is_roomy(n, attempt):
    """Return whether ``n`` tasks are so many that each is awake long before its turn, once they are out of step."""
    return n * attempt.least_ns >= 3 * attempt.n_asleep * attempt.mean_ns


@jit
def time_to_order(s, n, spread_ns, attempt):
    """Return after how long (ns) ``n`` tasks make attempts in the same order, whoever of them was asleep before.

    A round and a few sleeps; where tasks sleep nearly as long as a round takes, also what one needs to make up for
    being behind: each sleep brings it nearer by what the round is longer.
    """
    sleep_ns = (s.g[LOCK_K] + 1) * s.g[TICK_NS]
    order_ns = n * (attempt.mean_ns + (attempt.mean_ns >> 2)) + 4 * sleep_ns
    if not is_roomy(n, attempt):
        gain_ns = max(1, n * attempt.least_ns - attempt.round_ns)
        behind_ns = most_behind(n, spread_ns, attempt)
        order_ns += int(min(float(behind_ns) * n / gain_ns * sleep_ns, 1e15))
    return order_ns
