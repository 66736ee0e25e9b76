"""Where the states of many episodes lie in the memory of the device.

Takes the sizes of a batch, gives the place of each entry of each slot: a slot is the state of one thread. Must stay
free of Numba and know no rule of the kernel.

The slots of a warp stand together, table by table. Within a table either the same entry of its 32 slots stands side by
side, so that threads in step touch neighbouring words, or each slot has its own piece, so that what a thread touches
next is in a line that it has.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mcoom.engine.state import CLASSES_AT, N_CLASS_COLUMNS, N_CPU_COLUMNS, N_HEAP_COLUMNS, N_TASK_COLUMNS

WARP = 32
"""Threads that run in step, and slots that lie together."""


class Interleaved(NamedTuple):
    """Which tables have the entries of a warp's slots side by side."""

    g: bool = True
    task: bool = True
    cpu: bool = True
    heap: bool = True


class Sizes(NamedTuple):
    """Words (int64) of the tables of one slot."""

    g: int
    task: int
    cpu: int
    heap: int
    stride: int
    """Lines of a heap, its header and what is never filled included."""
    places_at: int
    """Line of ``heap`` from which on each task has its own."""
    n_classes: int
    """Classes of a replicate."""

    @property
    def words(self) -> int:
        """Words of one slot."""
        return self.g + self.task + self.cpu + self.heap


def sizes_of(n_tasks: int, n_cpus: int, n_classes: int) -> Sizes:
    """Return the sizes of slots for at most so many tasks (the reaper included), CPUs and classes.

    As ``mcoom.engine.state.allocate`` has them, but without shape tables and trace: all slots share the former.
    """
    stride = n_tasks + 4
    places_at = (2 * n_cpus + 2) * stride
    return Sizes(
        g=CLASSES_AT + n_classes * N_CLASS_COLUMNS,
        task=n_tasks * N_TASK_COLUMNS,
        cpu=n_cpus * N_CPU_COLUMNS,
        heap=(places_at + n_tasks) * N_HEAP_COLUMNS,
        stride=stride,
        places_at=places_at,
        n_classes=n_classes,
    )


class Table:
    """One table of one slot, where nothing is compiled: read and written as the array that it stands for.

    Parameters
    ----------
    words : (N,) int64
        Memory of all slots.
    start, step, size : int
        Word of the first entry, words from one to the next, entries.
    columns : int
        Columns of a row; 0 where there is one index only.
    """

    def __init__(self, words: NDArray[np.int64], start: int, step: int, size: int, columns: int = 0) -> None:
        self._words = words
        self._start = start
        self._step = step
        self._size = size
        self._columns = columns

    def _at(self, index: int | tuple[int, int]) -> int:
        entry = int(index[0] * self._columns + index[1] if isinstance(index, tuple) else index)
        if not 0 <= entry < self._size:
            # On a device it would be an entry of another table, or none.
            raise IndexError(f"entry {index} of {self._size}")
        return int(self._start + entry * self._step)

    def __getitem__(self, index: int | tuple[int, int]) -> np.int64:
        """Return an entry.

        Raises
        ------
        IndexError
            There is none.
        """
        return np.int64(self._words[self._at(index)])

    def __setitem__(self, index: int | tuple[int, int], value: int) -> None:
        self._words[self._at(index)] = value


class SharedTable(Table):
    """The table ``g``, whose last part, the shape tables, is shared by all slots and only read."""

    def __init__(self, words: NDArray[np.int64], start: int, step: int, size: int, shapes: NDArray[np.int64]) -> None:
        super().__init__(words, start, step, size)
        self._shapes = shapes

    def __getitem__(self, index: int | tuple[int, int]) -> np.int64:
        """Return an entry, perhaps of a shape table."""
        if not isinstance(index, tuple) and index >= self._size:
            return np.int64(self._shapes[int(index) - self._size])
        return super().__getitem__(index)
