"""Multilevel splitting with fixed effort: as many copies from each level as from any other.

Takes a ``System`` and rising levels of importance, gives an estimate of the probability to reach the last one. Must
know nothing of what the system is, nor of intervals (``mcoom.rare.estimate`` has these).

The estimator is unbiased for any importance function and any levels that were fixed beforehand; a poor choice costs
variance. Levels are therefore chosen on pilot runs of their own (``mcoom.rare.levels``).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mcoom.design.stream import draw
from mcoom.rare.system import Outcome, System, segment_keys, whole

NEVER = -math.inf
"""A floor that nothing falls below."""


@dataclass(frozen=True)
class Split:
    """One unbiased estimate."""

    probability: float
    """Of reaching the last level; 0 if no copy did."""
    n_events: int
    """Events simulated."""
    shares: tuple[float, ...]
    """Share of the copies that went from each level to the next (fixed effort), or copies at each level (RESTART)."""


def brute_force(system: System, target: float, n: int, *, seed: int, repeat: int = 0) -> Split:
    """Estimate the probability by counting: the yardstick of every splitting.

    Parameters
    ----------
    system : System
    target : float
        Level to be reached.
    n : int
        Trajectories.
    seed, repeat : int
        Keys of the randomness.
    """
    return fixed_effort(system, (target,), n, seed=seed, repeat=repeat)


def fixed_effort(system: System, levels: Sequence[float], n: int, *, seed: int, repeat: int = 0) -> Split:
    """Estimate by stages: n copies from each level, drawn from those that got there, and the share that goes on.

    Parameters
    ----------
    system : System
    levels : sequence of float
        Rising; the last one is the target.
    n : int
        Copies of each stage.
    seed, repeat : int
        Keys of the randomness; each repeat is independent of all others.

    Returns
    -------
    Split
        The product of the shares, whose mean is the probability.

    Source
    ------
    Garvels (2000), The splitting method in rare event simulation (fixed effort); Del Moral (2004) for the mean.
    """
    states = system.start(repeat * n, n)
    shares: list[float] = []
    n_events = 0
    for stage, level in enumerate(levels):
        keys = segment_keys(seed, repeat, stage * n, n)
        segment = system.run(states, keys, whole(level, n), whole(NEVER, n))
        n_events += segment.n_events
        there = np.flatnonzero(segment.outcome == Outcome.REACHED)
        shares.append(len(there) / n)
        if not len(there):
            return Split(0.0, n_events, tuple(shares))
        if stage + 1 < len(levels):
            states = segment.states[there[spread(len(there), n, seed, repeat, stage)]]
    return Split(math.prod(shares), n_events, tuple(shares))


def spread(k: int, n: int, seed: int, repeat: int, stage: int) -> NDArray[np.int64]:
    """Draw n of k copies so that each comes n / k times on average and no two differ by more than one.

    Parameters
    ----------
    k, n : int
        Copies there are, and copies wanted.
    seed, repeat, stage : int
        Keys of the randomness.

    Returns
    -------
    int64[n]
        Numbers below k.
    """
    # The turn decides which copies come once more; without it the first ones always would, which is a bias.
    word = int(draw(segment_keys(seed, repeat, -1 - stage, 1), 0)[0])
    return (np.arange(n) + (word * k >> 64)) % k
