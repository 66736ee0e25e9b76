"""Timing several ways to do the same, in turn.

Takes callables, gives their times; the ratio of two ways is the median of the ratios within rounds, as a busy moment of
the machine falls on neighbours alike. Must not know what is timed.
"""

import statistics
import time
from collections.abc import Callable
from typing import NamedTuple

Times = dict[str, list[float]]


class Ratio(NamedTuple):
    """How much slower one way is than another."""

    median: float
    """Median of the rounds' ratios."""
    low: float
    """Lower quartile of them."""
    high: float
    """Upper quartile."""


def interleave(ways: dict[str, Callable[[], object]], rounds: int) -> Times:
    """Time each way once in each round (s), the first one of a round in turn."""
    times: Times = {name: [] for name in ways}
    names = list(ways)
    for number in range(rounds):
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            start = time.perf_counter()
            ways[name]()
            times[name].append(time.perf_counter() - start)
    return times


def ratio(times: Times, slow: str, fast: str) -> Ratio:
    """Return how many times as long ``slow`` takes as ``fast``."""
    ratios = [a / b for a, b in zip(times[slow], times[fast], strict=True)]
    low, median, high = statistics.quantiles(ratios, n=4) if len(ratios) > 1 else ratios * 3
    return Ratio(median, low, high)


def fastest(times: Times, names: list[str]) -> str:
    """Return the way with the smallest median."""
    return min(names, key=lambda name: statistics.median(times[name]))
