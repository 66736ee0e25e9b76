"""Multilevel splitting: fixed effort, RESTART, and the levels for both.

Takes a ``System`` and rising levels of importance, gives an estimate of the probability to reach the last one. Must
know nothing of what the system is, nor of intervals (``mcoom.rare.estimate`` has these).

Both estimators are unbiased for any importance function and any levels that were fixed beforehand; a poor choice costs
variance. Levels are therefore chosen on pilot runs of their own.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mcoom.design.stream import draw
from mcoom.errors import SpecError
from mcoom.rare.system import Floats, Outcome, System, segment_keys, whole

NEVER = -math.inf
"""A floor that nothing falls below."""
SEGMENTS_MAX = 50_000_000
"""Most segments of one RESTART run: beyond, its splits are far too many for its levels."""


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
            states = segment.states[there[_spread(len(there), n, seed, repeat, stage)]]
    return Split(math.prod(shares), n_events, tuple(shares))


def _spread(k: int, n: int, seed: int, repeat: int, stage: int) -> NDArray[np.int64]:
    """Draw n of k copies so that each comes n / k times on average and no two differ by more than one."""
    # The turn decides which copies come once more; without it the first ones always would, which is a bias.
    word = int(draw(segment_keys(seed, repeat, -1 - stage, 1), 0)[0])
    return (np.arange(n) + (word * k >> 64)) % k


def restart(
    system: System, levels: Sequence[float], splits: Sequence[int], n: int, *, seed: int, repeat: int = 0
) -> Split:
    """Estimate by RESTART: a trajectory is split each time it comes up to a level, and its copies end below it.

    Parameters
    ----------
    system : System
    levels : sequence of float
        Rising; the last one is the target.
    splits : sequence of int
        Trajectories made of one at each level but the last; about 1 / (share that goes on).
    n : int
        Trajectories from the start.
    seed, repeat : int
        Keys of the randomness.

    Returns
    -------
    Split
        Hits over n and the product of the splits.

    Raises
    ------
    ValueError
        There is not one split for each level but the last.
    SpecError
        The population grew beyond ``SEGMENTS_MAX`` segments: fewer splits or more levels are needed.

    Source
    ------
    Villen-Altamirano, Villen-Altamirano (1991), RESTART: a method for accelerating rare event simulations.
    """
    if len(splits) != len(levels) - 1 or min(splits, default=1) < 1:
        raise ValueError(f"{len(levels)} levels need {len(levels) - 1} splits of at least 1, not {list(splits)}")
    bounds = np.array([NEVER, *levels], dtype=np.float64)
    copies = np.array([*splits, 0], dtype=np.int64)
    states = system.start(repeat * n, n)
    region = np.zeros(n, dtype=np.int64)
    born = np.zeros(n, dtype=np.int64)
    seen = np.zeros(len(levels), dtype=np.int64)
    serial = n_events = 0
    while len(region):
        if serial + len(region) > SEGMENTS_MAX:
            raise SpecError(f"RESTART: more than {SEGMENTS_MAX} segments; allowed: fewer splits, or more levels")
        segment = system.run(
            states, segment_keys(seed, repeat, serial, len(region)), bounds[region + 1], bounds[region]
        )
        serial += len(region)
        n_events += segment.n_events
        up, down = segment.outcome == Outcome.REACHED, segment.outcome == Outcome.FELL
        seen += np.bincount(region[up], minlength=len(levels))
        goes_on = up & (region + 1 < len(levels))
        stays = down & (region > born)
        kept = np.flatnonzero(goes_on | stays)
        # The one that came up goes on as what it was; the others begin here and end when they fall below this level.
        times = np.where(goes_on, copies[region], 1)[kept]
        index = np.repeat(kept, times)
        is_copy = np.arange(len(index)) != np.repeat(np.cumsum(times) - times, times)
        states = segment.states[index]
        after = region + np.where(goes_on, 1, -1)
        born = np.where(is_copy, after[index], born[index])
        region = after[index]
    probability = int(seen[-1]) / (n * math.prod(splits))
    return Split(probability, n_events, tuple(int(x) / n for x in seen))


@dataclass(frozen=True)
class Levels:
    """Levels that a pilot has chosen."""

    levels: tuple[float, ...]
    """Rising; the last one is the target."""
    splits: tuple[int, ...]
    """Splits for RESTART, one for each level but the last."""
    n_events: int
    """Events that the pilot took."""


def choose_levels(
    system: System, target: float, n: int, *, seed: int, share: float = 0.2, max_levels: int = 200
) -> Levels:
    """Choose levels on a pilot run so that about a fixed share of the copies goes from each to the next.

    Parameters
    ----------
    system : System
    target : float
        The last level.
    n : int
        Copies of the pilot; at least some tens.
    seed : int
        Root seed; pilots use keys of their own, so that the estimates do not depend on the choice.
    share : float
        Share that is to go on; 0.1 to 0.3 is near the best.
    max_levels : int
        Where the pilot gives up.

    Returns
    -------
    Levels

    Raises
    ------
    SpecError
        The pilot comes no nearer to the target: the importance function does not lead there.

    Source
    ------
    Cerou, Guyader (2007), Adaptive multilevel splitting for rare event analysis, Stoch. Anal. Appl. 25.
    """
    pilot = -1
    states = system.start(0, n)
    levels: list[float] = []
    splits: list[int] = []
    n_events = 0
    for stage in range(max_levels):
        keys = segment_keys(seed, pilot, stage * n, n)
        far = system.run(states, keys, whole(target, n), whole(NEVER, n))
        n_events += far.n_events
        reached = float((far.best >= target).mean())
        floor = levels[-1] if levels else NEVER
        level = _next_level(far.best, floor, share)
        if reached >= share or level >= target:
            return Levels((*levels, target), tuple(splits), n_events)
        if level <= floor:
            break
        # The same keys lead along the same way: this only finds the states where the new level was passed.
        near = system.run(states, keys, whole(level, n), whole(NEVER, n))
        n_events += near.n_events
        there = np.flatnonzero(near.outcome == Outcome.REACHED)
        levels.append(level)
        splits.append(max(2, round(n / len(there))))
        states = near.states[there[_spread(len(there), n, seed, pilot, stage)]]
    raise SpecError(
        f"splitting: the pilot got no further than {levels[-1] if levels else 'its start'} of {target}; "
        "allowed: more copies, or another importance function"
    )


def _next_level(best: Floats, floor: float, share: float) -> float:
    """Give the importance that about ``share`` of the copies got to, or the next one above the floor."""
    wanted = float(np.sort(best)[len(best) - max(1, int(share * len(best)))])
    above = best[best > floor]
    return wanted if wanted > floor else float(above.min()) if len(above) else floor
