"""The blocks of work that a run is cut into.

Takes numbers of points and replicates, gives an ordered tuple of blocks. Must know nothing of what is done with a
block: the size of a block is the scenario's, never the machine's, so that the cut is the same everywhere.
"""

from typing import NamedTuple


class WorkBlock(NamedTuple):
    """Replicates ``first .. first + n_replicates - 1`` of one point, every policy."""

    point: int
    """Number of the point."""
    first: int
    """Number of the first replicate."""
    n_replicates: int
    """Replicates, at least 1."""


def plan_blocks(n_points: int, replicates: int, block: int) -> tuple[WorkBlock, ...]:
    """Return the blocks of a run, in the order in which they are merged.

    Parameters
    ----------
    n_points : int
        Points of the design, at least 1.
    replicates : int
        Replicates per point, at least 1.
    block : int
        Replicates per block, at least 1; the last block of a point may be smaller.

    Returns
    -------
    tuple of WorkBlock
        Point by point, each in order of ``first``; every replicate exactly once.

    Raises
    ------
    ValueError
        If any of the three is below 1.

    Examples
    --------
    >>> plan_blocks(1, 5, 3)
    (WorkBlock(point=0, first=0, n_replicates=3), WorkBlock(point=0, first=3, n_replicates=2))
    """
    if min(n_points, replicates, block) < 1:
        raise ValueError(f"points {n_points}, replicates {replicates} and block {block} must be at least 1")
    return tuple(
        WorkBlock(point, first, min(block, replicates - first))
        for point in range(n_points)
        for first in range(0, replicates, block)
    )
