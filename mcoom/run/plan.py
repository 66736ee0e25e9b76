"""The blocks of work that a run is cut into.

Takes numbers of points and replicates, gives numbered blocks, each computed when asked for: a plan of a billion blocks
takes no room. Must know nothing of what is done with a block: the size of a block is the scenario's, never the
machine's, so that the cut is the same everywhere.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from mcoom.errors import SpecError

MAX_BLOCKS = 1 << 28
"""Blocks of one run; beyond them the list of what is done would outgrow the memory that a run may take."""


class WorkBlock(NamedTuple):
    """Replicates ``first .. first + n_replicates - 1`` of one point, every policy."""

    point: int
    """Number of the point."""
    first: int
    """Number of the first replicate."""
    n_replicates: int
    """Replicates, at least 1."""


@dataclass(frozen=True)
class BlockPlan:
    """All blocks of a run, numbered point by point, each in order of its first replicate.

    Raises
    ------
    ValueError
        One of the three is below 1.
    SpecError
        There are more than ``MAX_BLOCKS`` blocks.

    Examples
    --------
    >>> list(BlockPlan(n_points=1, replicates=5, block=3))
    [WorkBlock(point=0, first=0, n_replicates=3), WorkBlock(point=0, first=3, n_replicates=2)]
    """

    n_points: int
    """Points of the design, at least 1."""
    replicates: int
    """Replicates per point, at least 1."""
    block: int
    """Replicates per block, at least 1; the last block of a point may be smaller."""

    def __post_init__(self) -> None:
        if min(self.n_points, self.replicates, self.block) < 1:
            raise ValueError(
                f"points {self.n_points}, replicates {self.replicates} and block {self.block} must be at least 1"
            )
        if len(self) > MAX_BLOCKS:
            raise SpecError(
                f"scenario.block {self.block}: gives {len(self):,} blocks of work; allowed: up to {MAX_BLOCKS:,} "
                "(take a larger block)"
            )

    @property
    def per_point(self) -> int:
        """Blocks of each point."""
        return -(-self.replicates // self.block)

    def __len__(self) -> int:
        return self.n_points * self.per_point

    def __getitem__(self, number: int) -> WorkBlock:
        """Return block ``number``, 0 <= number < len(self)."""
        if not 0 <= number < len(self):
            raise IndexError(f"block {number}: there are {len(self)}")
        point, i = divmod(number, self.per_point)
        first = i * self.block
        return WorkBlock(point, first, min(self.block, self.replicates - first))

    def __iter__(self) -> Iterator[WorkBlock]:
        return (self[number] for number in range(len(self)))
