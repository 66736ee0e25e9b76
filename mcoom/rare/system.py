"""What splitting needs of a system: start it, run it to a level, copy it.

Takes nothing, gives the protocol that a system fulfils and the keys of its randomness. Must know nothing of any system.
"""

from collections.abc import Sized
from enum import IntEnum
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from mcoom.design.stream import Words, purpose_of, stream_key

Floats = NDArray[np.float64]
"""Array of doubles."""


class Outcome(IntEnum):
    """How a segment of a trajectory ended."""

    ABSORBED = 0
    """The system has come to its end: it will never get further."""
    REACHED = 1
    """Its importance is at or above the level asked for."""
    FELL = 2
    """Its importance is below the floor."""


class States(Sized, Protocol):
    """Copies of a system, one after the other."""

    def __getitem__(self, index: Any) -> Any:
        """Give the copies at the positions ``index``, int64[n]; the same position may be asked for several times."""


class Segment(NamedTuple):
    """What became of n copies that were run on."""

    outcome: NDArray[np.int64]
    """int64[n], an ``Outcome``."""
    states: Any
    """The copies as they are now (``States``)."""
    best: Floats
    """float64[n], largest importance on the way; at least the level where it was reached."""
    n_events: int
    """Events simulated, all copies together: the cost."""


class System(Protocol):
    """A system whose way to a rare event can be cut into levels of importance."""

    def start(self, first: int, n: int) -> Any:
        """Give the initial states of trajectories ``first`` to ``first + n - 1``, independent of one another."""

    def run(self, states: Any, keys: Words, level: Floats, floor: Floats) -> Segment:
        """Run copies on until their importance reaches ``level`` or falls below ``floor``, or they are absorbed.

        Parameters
        ----------
        states : States
            n copies; not modified.
        keys : uint64[n]
            All randomness of a copy from now on is a function of its key.
        level, floor : float64[n]
            For each copy.

        Returns
        -------
        Segment
        """


def segment_keys(seed: int, repeat: int, serial: int, n: int) -> Words:
    """Give the keys of n segments that no other segments of the seed have.

    Parameters
    ----------
    seed : int
        Root seed.
    repeat : int
        Number of the independent repeat; negative ones are pilots.
    serial : int
        Number of the first segment within the repeat.
    n : int
        How many.
    """
    return stream_key(seed, repeat, np.arange(serial, serial + n), 1, 0, purpose_of("rare segment"))


def whole(values: float, n: int) -> Floats:
    """Give one level for all copies."""
    return np.full(n, values, dtype=np.float64)
