"""Cutting what is missing into tasks.

Takes which blocks are done, gives ranges of those that are not, and tasks of a suitable size as they are asked for.
Must know nothing of what a block is: any cut gives the same results, the size decides what it costs.
"""

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from mcoom.run.work import Task

SHORTEST_S = 1.0
"""Seconds of work in a task, at first: what a kill can cost."""
LONGEST_S = 10.0
"""And at most, so that a run which is asked to stop has stopped within the 30 s that a batch system gives it."""
_SHARE_OF_RUN = 0.02
_GROWTH = 4
_TASKS_PER_WORKER = 4


def missing_ranges(done: NDArray[np.bool_], index: int = 0, count: int = 1) -> list[range]:
    """Return the blocks of a share that are not done.

    Parameters
    ----------
    done : bool[n]
        Which blocks are.
    index, count : int
        The share: blocks index, index + count, ...

    Returns
    -------
    list of range
        In order; as few as possible.

    Examples
    --------
    >>> missing_ranges(np.array([True, False, False, True, False]))
    [range(1, 3), range(4, 5)]
    """
    mine = np.concatenate(([True], done[index::count], [True]))
    edges = np.flatnonzero(mine[1:] != mine[:-1])
    return [
        range(index + int(first) * count, index + (int(stop) - 1) * count + 1, count)
        for first, stop in zip(edges[::2], edges[1::2], strict=True)
    ]


def ranges_text(ranges: list[range], most: int = 20) -> str:
    """Return ranges of block numbers for people.

    Examples
    --------
    >>> ranges_text([range(0, 3), range(7, 8), range(9, 20, 5)])
    '0-2, 7, 9-14 in steps of 5'
    """
    texts = []
    for r in ranges[:most]:
        text = f"{r[0]}-{r[-1]}" if len(r) > 1 else f"{r[0]}"
        texts.append(text + (f" in steps of {r.step}" if r.step > 1 and len(r) > 1 else ""))
    more = f" and {len(ranges) - most} more ranges" if len(ranges) > most else ""
    return ", ".join(texts) + more


class TaskCutter:
    """Tasks of missing blocks, each about as long as is reasonable by then.

    Short at first, so that little is lost; longer as the run grows, so that there are not too many; short again at the
    end, so that all workers finish together.

    Parameters
    ----------
    ranges : iterable of range
        Missing blocks.
    workers : int
        Tasks at the same time.
    n_blocks : int
        Blocks of every task, where the duration is no guide to its size; 0: it is.
    """

    def __init__(self, ranges: Iterable[range], workers: int, n_blocks: int = 0) -> None:
        self._n_blocks = n_blocks
        self._ranges = list(ranges)
        self._workers = workers
        self._n_left = sum(map(len, self._ranges))
        self._size = 1
        self._worked_s = 0.0

    def __iter__(self) -> Iterator[Task]:
        for whole in self._ranges:
            rest = whole
            while len(rest):
                size = self._n_blocks or min(self._size, max(1, self._n_left // (_TASKS_PER_WORKER * self._workers)))
                now, rest = rest[:size], rest[size:]
                self._n_left -= len(now)
                yield Task(now.start, now[-1] + 1, now.step)

    def learn(self, n_blocks: int, seconds: float) -> None:
        """Take note of how long a task took."""
        self._worked_s += seconds
        target_s = min(LONGEST_S, max(SHORTEST_S, _SHARE_OF_RUN * self._worked_s / self._workers))
        fitting = int(target_s * n_blocks / max(seconds, 1e-9))
        self._size = max(1, min(fitting, _GROWTH * max(n_blocks, self._size)))
