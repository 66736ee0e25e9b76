"""Multilevel splitting by RESTART: a trajectory is split whenever it comes up to a level.

Takes a ``System``, rising levels of importance and the splits at each, gives an estimate of the probability to reach
the last level. Must know nothing of what the system is, nor of intervals (``mcoom.rare.estimate`` has these).

A copy ends when it falls below the level at which it was made, so no time is spent on its way down; that is what makes
RESTART cheaper than fixed effort where a failed copy has a long way to its end. Unbiased for any levels and splits.
What limits it is chance from one copy to the next, level after level; ``mcoom.rare.strata`` takes most of that away
where levels are fine (``mcoom.rare.levels.refine``).
"""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mcoom.errors import SpecError
from mcoom.rare.splitting import NEVER, Split
from mcoom.rare.strata import even_keys
from mcoom.rare.system import Outcome, Segment, System, segment_keys

SEGMENTS_MAX = 50_000_000
"""Most segments of one run: beyond, its splits are far too many for its levels."""


class _Front(NamedTuple):
    """The trajectories that are under way."""

    states: Any
    region: NDArray[np.int64]
    """Levels that each is above."""
    born: NDArray[np.int64]
    """Levels that each was above when it was made: it ends below the last of them."""


def restart(
    system: System,
    levels: Sequence[float],
    splits: Sequence[int],
    n: int,
    *,
    seed: int,
    repeat: int = 0,
    is_even: bool = True,
) -> Split:
    """Estimate by RESTART: a trajectory is split each time it comes up to a level, and its copies end below it.

    Parameters
    ----------
    system : System
    levels : sequence of float
        Rising; the last one is the target.
    splits : sequence of int
        Trajectories made of one at each level but the last; about 1 / (share that goes on); 1: none is added.
    n : int
        Trajectories from the start.
    seed, repeat : int
        Keys of the randomness.
    is_even : bool
        Spread the first draws of those that set out from one level (``mcoom.rare.strata``): same mean, less variance.

    Returns
    -------
    Split
        Hits over n and the product of the splits.

    Raises
    ------
    ValueError, SpecError
        There is not one split for each level but the last; there are more than ``SEGMENTS_MAX`` segments.

    Source
    ------
    Villen-Altamirano, Villen-Altamirano (1991), RESTART: a method for accelerating rare event simulations.
    """
    _check_splits(levels, splits)
    bounds = np.array([NEVER, *levels], dtype=np.float64)
    copies = np.array([*splits, 0], dtype=np.int64)
    front = _Front(system.start(repeat * n, n), *np.zeros((2, n), dtype=np.int64))
    seen = np.zeros(len(levels), dtype=np.int64)
    serial = n_events = 0
    while len(front.region):
        width = len(front.region)
        if serial + width > SEGMENTS_MAX:
            raise SpecError(f"RESTART: more than {SEGMENTS_MAX} segments; allowed: fewer splits, or more levels")
        keys = segment_keys(seed, repeat, serial, width)
        if is_even:
            keys = even_keys(keys, front.region)
        segment = system.run(front.states, keys, bounds[front.region + 1], bounds[front.region])
        serial += width
        n_events += segment.n_events
        seen += np.bincount(front.region[segment.outcome == Outcome.REACHED], minlength=len(levels))
        front = _next_front(front, segment, copies)
    return Split(int(seen[-1]) / (n * math.prod(splits)), n_events, tuple(int(x) / n for x in seen))


def _check_splits(levels: Sequence[float], splits: Sequence[int]) -> None:
    if len(splits) != len(levels) - 1 or min(splits, default=1) < 1:
        raise ValueError(f"{len(levels)} levels need {len(levels) - 1} splits of at least 1, not {list(splits)}")


def _next_front(front: _Front, segment: Segment, copies: NDArray[np.int64]) -> _Front:
    """Split what came up, keep what fell but was made further down, drop the rest."""
    region, born = front.region, front.born
    goes_on = (segment.outcome == Outcome.REACHED) & (region + 1 < len(copies))
    stays = (segment.outcome == Outcome.FELL) & (region > born)
    kept = np.flatnonzero(goes_on | stays)
    # The one that came up goes on as what it was; the others begin here and end when they fall below this level.
    times = np.where(goes_on, copies[region], 1)[kept]
    index = np.repeat(kept, times)
    is_copy = np.arange(len(index)) != np.repeat(np.cumsum(times) - times, times)
    after = (region + np.where(goes_on, 1, -1))[index]
    return _Front(segment.states[index], after, np.where(is_copy, after, born[index]))
