"""Levels of importance, chosen on a pilot run.

Takes a ``System`` and a target, gives levels between which about a fixed share of the copies goes on, and the splits
that fit them. Must know nothing of what the system is. The pilot has keys of its own, so the estimates that follow do
not depend on the choice and stay unbiased.
"""

from dataclasses import dataclass

import numpy as np

from mcoom.errors import SpecError
from mcoom.rare.splitting import NEVER, spread
from mcoom.rare.system import Floats, Outcome, System, segment_keys, whole

PILOT_FIRST = 1 << 40
"""First trajectory of a pilot: no estimate gets so far, so they share nothing."""


@dataclass(frozen=True)
class Levels:
    """Levels that a pilot has chosen."""

    levels: tuple[float, ...]
    """Rising; the last one is the target."""
    splits: tuple[int, ...]
    """Splits for RESTART, one for each level but the last."""
    n_events: int
    """Events that the pilot took."""
    reach: tuple[float, ...] = ()
    """Roughly the probability to get to each level but the last."""


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
        Root seed; pilots use keys of their own.
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
    states = system.start(PILOT_FIRST, n)
    levels, splits, reach = list[float](), list[int](), list[float]()
    n_events = 0
    for stage in range(max_levels):
        keys = segment_keys(seed, pilot, stage * n, n)
        far = system.run(states, keys, whole(target, n), whole(NEVER, n))
        n_events += far.n_events
        reached = float((far.best >= target).mean())
        floor = levels[-1] if levels else NEVER
        level = _next_level(far.best, floor, share)
        if reached >= share or level >= target:
            return Levels((*levels, target), tuple(splits), n_events, tuple(reach))
        if level <= floor:
            break
        # The same keys lead along the same way: this only finds the states where the new level was passed.
        near = system.run(states, keys, whole(level, n), whole(NEVER, n))
        n_events += near.n_events
        there = np.flatnonzero(near.outcome == Outcome.REACHED)
        levels.append(level)
        splits.append(max(2, round(n / len(there))))
        reach.append((reach or [1.0])[-1] * len(there) / n)
        states = near.states[there[spread(len(there), n, seed, pilot, stage)]]
    raise SpecError(
        f"splitting: the pilot got no further than {levels[-1] if levels else 'its start'} of {target}; "
        "allowed: more copies, or another importance function"
    )


def refine(levels: Levels, step: float) -> Levels:
    """Put more levels between those of a pilot, for RESTART with evenly spread draws.

    Parameters
    ----------
    levels : Levels
        Of a pilot.
    step : float
        Distance of the new levels, > 0; best the smallest by which importance changes.

    Returns
    -------
    Levels
        From the first of the pilot's levels up. Splits, many of them 1, keep the number of copies where the pilot saw
        it fall: probabilities between its levels are interpolated on the log scale.
    """
    if len(levels.levels) < 2 or not levels.reach:
        return levels
    first, target = levels.levels[0], levels.levels[-1]
    fine = [*np.arange(first, target, step).tolist(), target]
    known = np.log(levels.reach)
    slope = (known[-1] - known[0]) / (levels.levels[-2] - first) if len(known) > 1 else 0.0
    inside = np.interp(fine[:-1], levels.levels[:-1], known)
    beyond = np.maximum(0.0, np.array(fine[:-1]) - levels.levels[-2])
    wanted = np.exp(-(inside + slope * beyond))
    splits, product = [], 1
    for number in wanted.tolist():
        splits.append(max(1, round(number / product)))
        product *= splits[-1]
    return Levels(tuple(fine), tuple(splits), levels.n_events, tuple((1 / wanted).tolist()))


def _next_level(best: Floats, floor: float, share: float) -> float:
    """Give the importance that about ``share`` of the copies got to, or the next one above the floor."""
    wanted = float(np.sort(best)[len(best) - max(1, int(share * len(best)))])
    above = best[best > floor]
    return wanted if wanted > floor else float(above.min()) if len(above) else floor
