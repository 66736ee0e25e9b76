"""The points of a results file, read when they are asked for.

Takes an open file and a range of points, gives their records; for a file that is too large to be held, a sequence that
keeps some at a time. Must know nothing of why a file may be unreadable.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import overload

import h5py
import numpy as np
from numpy.typing import NDArray

from mcoom.errors import StoreError
from mcoom.store.record import AxisValue, PointRecord
from mcoom.store.schema import ENTRY, ENTRY_BEGIN, HISTOGRAM
from mcoom.tally.field import FIELDS
from mcoom.tally.histogram import SparseHistogram
from mcoom.tally.plan import TallyPlan
from mcoom.tally.rows import RawRows
from mcoom.tally.tally import PointTally, histogram_shape

_AT_ONCE = 512
_RAW = ("replicate", "stratum_index", "horizon_ns", "outputs")


@dataclass(frozen=True)
class PointSource:
    """What is known of all points before their tallies."""

    plan: TallyPlan
    """What was counted."""
    indices: NDArray[np.int64]
    """int64[n], their numbers in the design."""
    labels: Sequence[str]
    """Their labels."""
    values: Sequence[Mapping[str, AxisValue]]
    """Their swept parameters."""

    def read(self, file: h5py.File, first: int, stop: int) -> tuple[PointRecord, ...]:
        """Read the points at positions ``first`` to ``stop`` - 1."""
        here = slice(first, stop)
        arrays = {f.name: (file[f.group] if f.group else file)[f.name][here] for f in FIELDS}
        low, high = (file[name][here] for name in ("horizon_min_ns", "horizon_max_ns"))
        raw = {name: file["raw"][name][here] for name in _RAW} if "raw" in file else None
        histograms = _read_histograms(file, self.plan, first, stop)
        return tuple(
            PointRecord(
                int(self.indices[first + i]),
                self.labels[first + i],
                self.values[first + i],
                PointTally(
                    self.plan,
                    {name: array[i] for name, array in arrays.items()},
                    histograms[i],
                    int(low[i]),
                    int(high[i]),
                    _rows_of_point(raw, i) if raw else PointTally.empty(self.plan).rows,
                ),
            )
            for i in range(stop - first)
        )


class StoredPoints(Sequence[PointRecord]):
    """Points of a file that is opened anew for each few hundred of them.

    Parameters
    ----------
    path : Path
        The file.
    source : PointSource
        Its points.
    """

    def __init__(self, path: Path, source: PointSource) -> None:
        self._path = path
        self._source = source
        self._first = 0
        self._held: tuple[PointRecord, ...] = ()

    def __len__(self) -> int:
        return len(self._source.labels)

    @overload
    def __getitem__(self, i: int) -> PointRecord: ...
    @overload
    def __getitem__(self, i: slice) -> Sequence[PointRecord]: ...

    def __getitem__(self, i: int | slice) -> PointRecord | Sequence[PointRecord]:
        """Return a point, or several.

        Raises
        ------
        StoreError
            The file has gone, or is damaged.
        """
        if isinstance(i, slice):
            return tuple(self[k] for k in range(len(self))[i])
        position = range(len(self))[i]
        if not self._first <= position < self._first + len(self._held):
            self._first = position - position % _AT_ONCE
            try:
                with h5py.File(self._path, "r") as file:
                    self._held = self._source.read(file, self._first, min(len(self), self._first + _AT_ONCE))
            except (OSError, KeyError, ValueError, RuntimeError) as error:
                self._held = ()
                raise StoreError(f"{self._path}: damaged: {' '.join(str(error).split())[:200]}") from error
        return self._held[position - self._first]


def _read_histograms(file: h5py.File, plan: TallyPlan, first: int, stop: int) -> list[SparseHistogram]:
    """Read histograms: compressed by gathering, or written out in full as up to ``schema_version`` 1."""
    shape = histogram_shape(plan)
    if ENTRY not in file:
        return [SparseHistogram.from_dense(file[HISTOGRAM][i]) for i in range(first, stop)]
    begins = file[ENTRY_BEGIN][first : stop + 1]
    if len(begins) == stop - first:  # the last point: its entries go on to the end
        begins = np.append(begins, file[ENTRY].shape[0])
    entries, counts = (file[name][begins[0] : begins[-1]] for name in (ENTRY, HISTOGRAM))
    size = int(np.prod(shape))
    at = begins - begins[0]
    return [
        SparseHistogram(shape, entries[at[i] : at[i + 1]] - (first + i) * size, counts[at[i] : at[i + 1]])
        for i in range(stop - first)
    ]


def _rows_of_point(raw: dict[str, NDArray[np.int64]], i: int) -> RawRows:
    n = int((raw["replicate"][i] >= 0).sum())
    return RawRows(
        raw["replicate"][i, :n], raw["stratum_index"][i, :n], raw["horizon_ns"][i, :n], raw["outputs"][i, :, :n]
    )
