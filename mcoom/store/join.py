"""The counts of many part files, together.

Takes part files, gives the tally of each point, one after the other, or one part file in place of several. Memory
depends neither on the number of the files nor on their size. Must know nothing of which blocks there should be.
"""

import heapq
import os
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from pathlib import Path

from mcoom.errors import StoreError
from mcoom.store.folder import StoredPart
from mcoom.store.part import DamagedPartError, Part, decode_part, encode_part, join_ranges
from mcoom.tally.pack import pack_tally, unpack_tally
from mcoom.tally.plan import TallyPlan
from mcoom.tally.tally import PointTally

_MOST_OPEN = 64


def point_tallies(parts: Sequence[StoredPart], plan: TallyPlan) -> Iterator[tuple[int, PointTally]]:
    """Yield every point that the parts hold anything of, in order, with its tally.

    Parameters
    ----------
    parts : sequence of StoredPart
        Checked, no block in two of them.
    plan : TallyPlan
        What was counted.

    Raises
    ------
    StoreError
        A file cannot be read, or has changed since it was checked.
    """
    with _Readers() as readers:
        queue = [(int(stored.part.points[0]), i, 0) for i, stored in enumerate(parts)]
        heapq.heapify(queue)
        while queue:
            point = queue[0][0]
            tally: PointTally | None = None
            while queue and queue[0][0] == point:
                _, i, at = queue[0]
                stored = parts[i]
                piece = _unpack(stored.path, plan, readers.read(stored, at))
                tally = piece if tally is None else tally.merge(piece)
                if at + 1 < len(stored.part.points):
                    heapq.heapreplace(queue, (int(stored.part.points[at + 1]), i, at + 1))
                else:
                    heapq.heappop(queue)
            assert tally is not None
            yield point, tally


def join_parts(paths: Sequence[Path], plan: TallyPlan) -> tuple[int, int, bytes]:
    """Return one part file that holds what several hold.

    Parameters
    ----------
    paths : sequence of Path
        Part files of one plan, written by this process; they have to fit in memory together.
    plan : TallyPlan
        What was counted.

    Returns
    -------
    tuple of int, int and bytes
        First block, number of blocks, content.

    Raises
    ------
    StoreError
        A file cannot be read, or is not as it was written.
    """
    tallies: dict[int, bytes] = {}
    blocks: list[range] = []
    plan_id = ""
    for path in paths:
        content, part = _load(path)
        plan_id = part.plan_id
        blocks += part.blocks
        for i, point in enumerate(part.points.tolist()):
            packed = content[part.offsets[i] : part.offsets[i + 1]]
            if point in tallies:
                both = _unpack(path, plan, tallies[point]).merge(_unpack(path, plan, packed))
                packed = pack_tally(both)
            tallies[point] = packed
    joined = join_ranges(blocks)
    return joined[0].start, sum(map(len, joined)), encode_part(plan_id, joined, tallies)


def _load(path: Path) -> tuple[bytes, Part]:
    try:
        content = path.read_bytes()
        return content, decode_part(content)
    except OSError as error:
        raise StoreError(f"{path}: cannot be read: {error.strerror or error}") from error
    except DamagedPartError as error:
        raise StoreError(f"{path}: {error}") from error


def _unpack(path: Path, plan: TallyPlan, content: bytes) -> PointTally:
    try:
        return unpack_tally(plan, content)
    except ValueError as error:
        raise StoreError(f"{path}: {error}; has it changed while it was read?") from error


class _Readers:
    """A limited number of open files."""

    def __init__(self) -> None:
        self._open: OrderedDict[Path, int] = OrderedDict()

    def __enter__(self) -> "_Readers":
        return self

    def __exit__(self, *_: object) -> None:
        while self._open:
            os.close(self._open.popitem()[1])

    def read(self, stored: StoredPart, i: int) -> bytes:
        """Read the packed tally of the i-th point of a part."""
        first, stop = (int(n) for n in stored.part.offsets[i : i + 2])
        try:
            if stored.path in self._open:
                self._open.move_to_end(stored.path)
            else:
                if len(self._open) >= _MOST_OPEN:
                    os.close(self._open.popitem(last=False)[1])
                self._open[stored.path] = os.open(stored.path, os.O_RDONLY)
            return os.pread(self._open[stored.path], stop - first, first)
        except OSError as error:
            raise StoreError(f"{stored.path}: cannot be read: {error.strerror or error}") from error
