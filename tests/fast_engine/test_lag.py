"""How late a sleeper of a herd can be: the proven bound holds in a model of one CPU, whoever chooses the costs."""

import heapq
import random

import pytest

from mcoom.engine.jump_lag import Attempt, most_behind
from mcoom.engine.layout import INF

TICK_NS, LEAST_NS, MOST_NS = 1_000_000, 40_000, 44_000
N_TICKS = 3000


def attempt_of(k):
    """Give an attempt of a cost between the two, of which nothing else is known."""
    sleep_ns = (k + 1) * TICK_NS
    n_asleep = -(-sleep_ns // LEAST_NS)
    round_ns = max(sleep_ns, n_asleep * MOST_NS) + 2 * MOST_NS
    return Attempt(LEAST_NS, MOST_NS, (LEAST_NS + MOST_NS) // 2, 3, n_asleep, round_ns, None)


def edge(attempt):
    """Find the smallest herd with a bound."""
    return next(n for n in range(3, 10_000) if most_behind.py_func(n, 0, attempt) < INF)


def furthest_behind(n, k, spread_ns, cost, rng):
    """Let ``n`` tasks take turns; return how far one was behind the furthest pick when it woke, at most (ns)."""
    awake = [(rng.randrange(spread_ns + 1), i) for i in range(n)]
    heapq.heapify(awake)
    asleep, now, level, worst = {}, 0, 0, 0
    for tick in range(1, N_TICKS):
        while now < tick * TICK_NS:
            v, i = heapq.heappop(awake)
            level = max(level, v)
            used = cost(v - level, rng)
            now += used
            asleep.setdefault(max(now // TICK_NS, tick - 1) + k + 1, []).append((v + used, i))
            if now >= tick * TICK_NS:
                break
        for v, i in asleep.pop(tick, ()):
            worst = max(worst, level - v)
            heapq.heappush(awake, (v, i))
    return worst


COSTS = {
    "any": lambda behind, rng: rng.randint(LEAST_NS, MOST_NS),
    "either": lambda behind, rng: rng.choice((LEAST_NS, MOST_NS)),
    "cheap when late": lambda behind, rng: LEAST_NS if behind < 0 else MOST_NS,
    "dear when late": lambda behind, rng: MOST_NS if behind < 0 else LEAST_NS,
    "in turns": lambda behind, rng: LEAST_NS if rng.random() < 0.1 else MOST_NS,
}


@pytest.mark.parametrize("k", [1, 3])
@pytest.mark.parametrize("name", COSTS)
def test_no_sleeper_is_later_than_the_bound(name, k, base_seed):
    attempt = attempt_of(k)
    for more in (0, 1, 5, 40):
        n = edge(attempt) + more
        for spread_ns in (MOST_NS, 4 * MOST_NS):
            bound = most_behind.py_func(n, spread_ns, attempt)
            worst = furthest_behind(n, k, spread_ns, COSTS[name], random.Random(base_seed + n))
            assert worst <= bound


def test_herds_that_cannot_keep_their_cpu_busy_have_no_bound():
    attempt = attempt_of(1)
    assert most_behind.py_func(attempt.n_asleep + 2, MOST_NS, attempt) == INF
    assert most_behind.py_func(edge(attempt) - 1, MOST_NS, attempt) == INF


def test_sleepers_are_late_and_a_bound_of_no_lag_would_be_seen(base_seed):
    """The model does what the bound is about: at the edge some sleepers wake behind the level."""
    attempt = attempt_of(1)
    n = edge(attempt)
    worst = furthest_behind(n, 1, 4 * MOST_NS, COSTS["any"], random.Random(base_seed))
    assert worst > 0
    assert most_behind.py_func(n, 4 * MOST_NS, attempt) < 12 * 4 * MOST_NS
