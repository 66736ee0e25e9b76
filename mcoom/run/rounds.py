"""Working off a run in rounds, each decided by those before it.

Takes a plan of rounds and the folder of a run, gives a folder with the blocks that the plan asked for and their counts.
A round is taken when all of its blocks are there, whoever did them and when: so a decision depends neither on threads
nor on restarts. Must know nothing of why the plan asks for what it asks for.
"""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from mcoom.errors import StoreError
from mcoom.run.cut import missing_ranges, ranges_text
from mcoom.run.plan import BlockPlan
from mcoom.store.folder import Scan
from mcoom.store.join import point_tallies
from mcoom.tally.plan import TallyPlan
from mcoom.tally.tally import PointTally


class Extent(Protocol):
    """Replicates ``first .. first + n_replicates - 1`` of a point: whole blocks, but for the last one of the point."""

    @property
    def point(self) -> int:
        """Number of the point."""

    @property
    def first(self) -> int:
        """Number of the first replicate."""

    @property
    def n_replicates(self) -> int:
        """Replicates, at least 1."""


class RoundPlan(Protocol):
    """What is run next, given what was counted."""

    @property
    def n_done(self) -> Sequence[int]:
        """Replicates taken, by point."""

    def next_round(self) -> Sequence[Extent]:
        """Give the next round; nothing: the run is over."""

    def take(self, point: int, fresh: PointTally, so_far: PointTally) -> None:
        """Take the counts of one point of the round, and those of all its replicates."""

    def to_json(self) -> dict[str, Any]:
        """Return how it ended."""


WorkOff = Callable[[list[range]], None]
"""Carries out blocks that are missing."""


def run_rounds(
    rounds: RoundPlan,
    blocks: BlockPlan,
    plan: TallyPlan,
    *,
    scan: Callable[[], Scan],
    work_off: WorkOff,
) -> Scan:
    """Carry out every round.

    Parameters
    ----------
    rounds : RoundPlan
        At its beginning.
    blocks : BlockPlan
        The cut; its replicates are the most that a point may get.
    plan : TallyPlan
        What is counted.
    scan : callable
        Gives the parts that are there now.
    work_off : callable
        Does blocks and returns when they are safe.

    Returns
    -------
    Scan
        The parts that the rounds asked for, and no others.

    Raises
    ------
    StoreError
        Blocks of a round are not there although they were just done.
    """
    so_far: dict[int, PointTally] = {}
    wanted = np.zeros(len(blocks), np.bool_)
    found = scan()
    while extents := rounds.next_round():
        now = _mask(blocks, extents)
        wanted |= now
        missing = missing_ranges(found.done | ~now)
        if missing:
            work_off(missing)
            found = scan()
            left = missing_ranges(found.done | ~now)
            if left:
                raise StoreError(f"blocks {ranges_text(left)} are damaged although just written")
        expected = {extent.point for extent in extents}
        for point, fresh in point_tallies(_of(found, now).parts, plan):
            so_far[point] = so_far[point].merge(fresh) if point in so_far else fresh
            rounds.take(point, fresh, so_far[point])
            expected.discard(point)
        if expected:
            raise StoreError(f"nothing is counted of points {sorted(expected)[:20]}")
    return _of(found, wanted)


def _mask(blocks: BlockPlan, extents: Sequence[Extent]) -> NDArray[np.bool_]:
    """Mark the blocks of a round."""
    mask = np.zeros(len(blocks), np.bool_)
    for extent in extents:
        begin = extent.point * blocks.per_point + extent.first // blocks.block
        mask[begin : begin + -(-extent.n_replicates // blocks.block)] = True
    return mask


def _of(found: Scan, mask: NDArray[np.bool_]) -> Scan:
    """Keep the parts of some blocks; parts never hold blocks of two rounds, for each round is cut into tasks alone."""
    parts = tuple(s for s in found.parts if all(mask[r.start : r.stop : r.step].all() for r in s.part.blocks))
    done = np.zeros_like(mask)
    for stored in parts:
        for r in stored.part.blocks:
            done[r.start : r.stop : r.step] = True
    return Scan(parts, (), done)
