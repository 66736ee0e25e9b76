"""Sparse histograms of times.

Takes bins with their counts, gives int64 histograms kept as (cell of the array, count) pairs, for most of the bins of
most cells are empty. Must know nothing about what the axes before the last stand for.
"""

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray


class Kind(IntEnum):
    """What a histogram counts; the numbers are part of the results format."""

    SEEN = 0
    """Latencies of the events seen."""
    HORIZON = 1
    """Times of ordinary censoring."""
    BUDGET = 2
    """Times at which the event budget ran out; 0 if that was before the invocation opened."""
    NEVER = 3
    """Horizons of the replicates in which the event never comes (NO_VICTIM, RECOVERED)."""
    BUDGET_NEVER = 4
    """Horizons of the replicates with status BUDGET."""
    BEFORE_NEVER = 5
    """Horizons of the replicates with status BUDGET_BEFORE."""


class SparseHistogram:
    """Counts in a large, mostly empty int64 array.

    Parameters
    ----------
    shape : tuple of int
        Shape of the dense array; the last axis is the bin.
    keys : int64[n]
        Flat (C order) indices with a count, strictly increasing.
    counts : int64[n]
        Counts, all > 0.
    """

    __slots__ = ("counts", "keys", "shape")

    def __init__(self, shape: tuple[int, ...], keys: NDArray[np.int64], counts: NDArray[np.int64]) -> None:
        self.shape = shape
        self.keys = keys
        self.counts = counts

    @classmethod
    def empty(cls, shape: tuple[int, ...]) -> "SparseHistogram":
        """Return a histogram without counts."""
        nothing = np.zeros(0, dtype=np.int64)
        return cls(shape, nothing, nothing)

    @classmethod
    def from_flat(cls, shape: tuple[int, ...], flat: NDArray[np.int64]) -> "SparseHistogram":
        """Count flat indices (int64[n], any order, repeats allowed)."""
        size = int(np.prod(shape))
        # Counting into the dense array is several times faster than sorting, if there is enough to count.
        if size <= 4 * flat.size + 65536:
            dense = np.bincount(flat, minlength=size)
            keys = np.flatnonzero(dense)
            return cls(shape, keys.astype(np.int64), dense[keys].astype(np.int64))
        keys, counts = np.unique(flat, return_counts=True)
        return cls(shape, keys.astype(np.int64), counts.astype(np.int64))

    @classmethod
    def from_dense(cls, dense: NDArray[np.int64]) -> "SparseHistogram":
        """Keep the counts > 0 of a dense array."""
        flat = dense.reshape(-1)
        keys = np.flatnonzero(flat)
        return cls(dense.shape, keys.astype(np.int64), flat[keys].astype(np.int64))

    def merge(self, other: "SparseHistogram") -> "SparseHistogram":
        """Return the sum of two histograms of one shape."""
        keys = np.concatenate((self.keys, other.keys))
        counts = np.concatenate((self.counts, other.counts))
        order = np.argsort(keys, kind="stable")
        keys, counts = keys[order], counts[order]
        if keys.size:
            starts = np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1])))
            keys, counts = keys[starts], np.add.reduceat(counts, starts)
        return SparseHistogram(self.shape, keys, counts)

    def dense(self, *index: int) -> NDArray[np.int64]:
        """Return the dense sub-array at the first indices (all of it without any).

        Parameters
        ----------
        *index : int
            Indices on the first axes, >= 0.

        Returns
        -------
        int64[self.shape[len(index):]]
        """
        rest = self.shape[len(index) :]
        size = int(np.prod(rest))
        low = 0
        for i, n in zip(index, self.shape, strict=False):
            low = low * n + i
        low *= size
        first, last = np.searchsorted(self.keys, (low, low + size))
        out = np.zeros(size, dtype=np.int64)
        out[self.keys[first:last] - low] = self.counts[first:last]
        return out.reshape(rest)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SparseHistogram):
            return NotImplemented
        return (
            self.shape == other.shape
            and np.array_equal(self.keys, other.keys)
            and np.array_equal(self.counts, other.counts)
        )

    __hash__ = None  # type: ignore[assignment]
