"""Writing a results file.

Takes a plan, points with their tallies and provenance, gives one HDF5 file with named axes, coordinates and units. The
points come one after the other and are not kept, so that their number does not show in memory. Must know nothing about
estimates.
"""

import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

import h5py
import numpy as np
from numpy.typing import NDArray

from mcoom.engine.layout import OUT_FIELDS
from mcoom.store.atomic import atomic_file
from mcoom.store.column import Column
from mcoom.store.record import AxisValue, PointRecord, ProvenanceValue
from mcoom.store.schema import (
    ENTRY,
    ENTRY_BEGIN,
    GROUPS,
    HISTOGRAM,
    HISTOGRAM_DIMS,
    RESERVED,
    SCHEMA_NAME,
    SCHEMA_VERSION,
    Coordinate,
    bin_high_ns,
    coordinates,
    count_units,
    raw_coordinates,
)
from mcoom.store.sink import Sink
from mcoom.tally.field import FIELDS, shape_of
from mcoom.tally.plan import TallyPlan
from mcoom.tally.tally import PointTally, histogram_shape

_TEXT = h5py.string_dtype("utf-8")
_LABELS_AT_ONCE = 4096
_HORIZONS = {"horizon_min_ns": "smallest horizon", "horizon_max_ns": "largest horizon"}
_RAW = {
    "replicates": ("replicate", "1", "number of the replicate, -1 if none"),
    "strata": ("stratum_index", "1", "index of its stratum, -1 if none"),
    "horizon_ns": ("horizon_ns", "ns", "its horizon, -1 if none"),
}
Scales = dict[str, h5py.Dataset]


class PointHead(Protocol):
    """What is known of a point before its tally."""

    @property
    def index(self) -> int:
        """Number of the point in the design, >= 0."""

    @property
    def label(self) -> str:
        """Label for people."""

    @property
    def values(self) -> Mapping[str, AxisValue]:
        """Value of each swept parameter; empty without a sweep."""


def write_results(
    path: str | os.PathLike[str],
    *,
    plan: TallyPlan,
    points: Sequence[PointRecord],
    provenance: Mapping[str, ProvenanceValue],
) -> None:
    """Write a results file from points that are all there, atomically.

    Parameters
    ----------
    path : path-like
        Where to; an existing file is replaced.
    plan : TallyPlan
        Plan of all tallies.
    points : sequence of PointRecord
        At least one, all with the same swept parameters.
    provenance : mapping of str to str, int or float
        Root attributes. Two calls that differ in nothing else give equal bytes in every dataset.

    Raises
    ------
    StoreError
        The file cannot be written; what was there before still is.
    ValueError
        No points, a tally of another plan, points with different swept parameters, or a provenance entry with a
        reserved name.
    """
    n_rows = max((len(point.tally.rows.replicates) for point in points), default=0)
    stream_results(
        path,
        plan=plan,
        heads=points,
        tallies=(point.tally for point in points),
        n_rows=n_rows,
        provenance=provenance,
    )


def stream_results(
    path: str | os.PathLike[str],
    *,
    plan: TallyPlan,
    heads: Sequence[PointHead],
    tallies: Iterable[PointTally],
    n_rows: int,
    provenance: Mapping[str, ProvenanceValue],
) -> None:
    """Write a results file from tallies that are made one after the other, atomically.

    Parameters
    ----------
    path, plan, provenance
        As ``write_results``.
    heads : sequence of PointHead
        Number, label and swept values of every point; gone through several times.
    tallies : iterable of PointTally
        The tally of each point, in the order of ``heads``; gone through once, none is kept. What it raises goes on.
    n_rows : int
        Raw rows of the point that has most.

    Raises
    ------
    StoreError, ValueError
        As ``write_results``.
    """
    _check(heads, provenance)
    with atomic_file(Path(path)) as stream:
        sink = Sink(stream)
        try:
            with h5py.File(sink, "w", libver=("earliest", "v110")) as file:
                writer = _Writer(file, plan, heads, n_rows, sink.check)
                writer.write_root(provenance)
                for tally in tallies:
                    writer.append(tally)
                writer.close()
        finally:
            # An error of the disk comes first: what HDF5 says after it is about its consequences.
            sink.check()


def _check(heads: Sequence[PointHead], provenance: Mapping[str, ProvenanceValue]) -> None:
    if not len(heads):
        raise ValueError("points: at least one")
    first = heads[0]
    for head in heads:
        if list(head.values) != list(first.values):
            raise ValueError(f"point {head.index}: swept parameters differ from those of point {first.index}")
    known = {"schema_name": SCHEMA_NAME, "schema_version": SCHEMA_VERSION}
    for name, value in provenance.items():
        if name in RESERVED and known.get(name) != value:
            raise ValueError(f"provenance: the name {name!r} is reserved")


class _Writer:
    """All datasets of a file, filled point by point."""

    def __init__(
        self, file: h5py.File, plan: TallyPlan, heads: Sequence[PointHead], n_rows: int, check: Callable[[], None]
    ) -> None:
        self._file, self._plan, self._heads, self._n_rows, self._check = file, plan, heads, n_rows, check
        for name, title in GROUPS.items():
            if name != "raw" or n_rows:
                file.create_group(name).attrs["title"] = title
        indices = np.fromiter((head.index for head in heads), np.int64, len(heads))
        self._scales = {scale.name: _write_scale(file, scale) for scale in coordinates(plan, indices)}
        _write_labels(file, heads, self._scales)
        self._horizons = {
            name: self._column("", name, (), np.int64, ("point",), ("ns", f"{text} of a replicate"))
            for name, text in _HORIZONS.items()
        }
        self._fields = {
            f.name: self._column(
                f.group,
                f.name,
                shape_of(f, plan),
                np.uint64 if f.is_sum else np.int64,
                ("point", *f.dims),
                (f.units, f.text),
            )
            for f in FIELDS
        }
        self._make_histogram()
        _write_axes(file["axes"], heads, self._scales)
        self._rows: dict[str, Column] = {}
        if n_rows:
            self._make_rows()
        self._n_points = self._n_entries = 0

    def _column(
        self,
        group: str,
        name: str,
        shape: tuple[int, ...],
        dtype: Any,
        dims: tuple[str, ...],
        about: tuple[str, str],
        *,
        grows: bool = False,
    ) -> Column:
        """Make a numeric dataset; ``about`` is its unit and its text."""
        place = self._file[group] if group else self._file
        column = Column(place, name, shape, dtype, None if grows else len(self._heads), self._check)
        column.dataset.attrs["units"] = about[0]
        _describe(column.dataset, dims, self._scales, about[1])
        return column

    def _make_histogram(self) -> None:
        """Make the histogram: counts of the bins that have any, compressed by gathering (CF conventions, 8.2)."""
        about = ("1", f"index into ({', '.join(HISTOGRAM_DIMS)}), in C order")
        self._entries = self._column("", ENTRY, (), np.int64, (), about, grows=True)
        self._entries.dataset.make_scale(ENTRY)
        self._entries.dataset.attrs["compress"] = " ".join(HISTOGRAM_DIMS)
        self._scales[ENTRY] = self._entries.dataset
        self._counts = self._column("", HISTOGRAM, (), np.int64, (ENTRY,), ("1", "replicates by time"), grows=True)
        self._counts.dataset.attrs["coordinates"] = "point_label bin_high"
        about = ("1", "position of the first entry of the point")
        self._begins = self._column("", ENTRY_BEGIN, (), np.int64, ("point",), about)

    def _make_rows(self) -> None:
        self._scales |= {s.name: _write_scale(self._file, s) for s in raw_coordinates(self._n_rows)}
        self._rows["outputs"] = self._column(
            "raw",
            "outputs",
            (len(self._plan.policies), self._n_rows, len(OUT_FIELDS)),
            np.int64,
            ("point", "policy", "row", "column"),
            ("mixed", "outputs of the engine"),
        )
        for source, (name, units, text) in _RAW.items():
            self._rows[source] = self._column("raw", name, (self._n_rows,), np.int64, ("point", "row"), (units, text))

    def write_root(self, provenance: Mapping[str, ProvenanceValue]) -> None:
        """Write the root attributes."""
        attributes = self._file.attrs
        for name, value in provenance.items():
            attributes[name] = int(value) if isinstance(value, bool) else value
        attributes["schema_name"] = SCHEMA_NAME
        attributes["schema_version"] = SCHEMA_VERSION
        attributes["baseline"] = self._plan.baseline
        attributes["raw_rows"] = self._plan.raw_rows

    def append(self, tally: PointTally) -> None:
        """Write the tally of the next point."""
        if tally.plan != self._plan:
            raise ValueError(f"point {self._heads[self._n_points].index}: its tally has another plan")
        for name, column in self._fields.items():
            column.append(tally.arrays[name])
        for name, column in self._horizons.items():
            column.append(getattr(tally, name))
        size = int(np.prod(histogram_shape(self._plan)))
        self._begins.append(self._n_entries)
        self._entries.extend(tally.histogram.keys + self._n_points * size)
        self._counts.extend(tally.histogram.counts)
        self._n_entries += len(tally.histogram.keys)
        if self._rows:
            rows = tally.rows
            n = len(rows.replicates)
            outputs = np.full((len(self._plan.policies), self._n_rows, len(OUT_FIELDS)), -1, np.int64)
            outputs[:, :n] = rows.outputs
            self._rows["outputs"].append(outputs)
            for source in _RAW:
                self._rows[source].append(_padded(getattr(rows, source), self._n_rows))
        self._n_points += 1

    def close(self) -> None:
        """Write what is still buffered."""
        if self._n_points != len(self._heads):
            raise ValueError(f"{self._n_points} tallies for {len(self._heads)} points")
        columns = (self._entries, self._counts, self._begins)
        for column in (*self._fields.values(), *self._horizons.values(), *columns, *self._rows.values()):
            column.flush()


def _padded(values: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    return np.concatenate((values, np.full(n - len(values), -1, np.int64)))


def _describe(dataset: h5py.Dataset, dims: Sequence[str], scales: Mapping[str, h5py.Dataset], text: str) -> None:
    dataset.attrs["long_name"] = text
    for axis, name in enumerate(dims):
        dataset.dims[axis].attach_scale(scales[name])


def _write_scale(file: h5py.File, scale: Coordinate) -> h5py.Dataset:
    group = file[scale.group] if scale.group else file
    if isinstance(scale.values, tuple):
        dataset = group.create_dataset(scale.name, data=np.array(scale.values, dtype=object), dtype=_TEXT)
    else:
        dataset = group.create_dataset(scale.name, data=scale.values)
    dataset.make_scale(scale.name)
    dataset.attrs["units"] = scale.units
    dataset.attrs["long_name"] = scale.text
    return dataset


def _write_text(group: h5py.Group, name: str, texts: Iterable[str], n: int) -> h5py.Dataset:
    """Write strings, some thousands at a time."""
    dataset = group.create_dataset(name, shape=(n,), dtype=_TEXT)
    source = iter(texts)
    for first in range(0, n, _LABELS_AT_ONCE):
        some = list(islice(source, _LABELS_AT_ONCE))
        dataset[first : first + len(some)] = np.array(some, dtype=object)
    return dataset


def _write_labels(file: h5py.File, heads: Sequence[PointHead], scales: Scales) -> None:
    labels = _write_text(file, "point_label", (head.label for head in heads), len(heads))
    labels.attrs["units"] = "1"
    _describe(labels, ("point",), scales, "label of the point")
    high = file.create_dataset("bin_high", data=bin_high_ns())
    high.attrs["units"] = "ns"
    _describe(high, ("bin",), scales, "upper edge of the bin, exclusive (2**62: none)")
    units = _write_text(file["counts"], "count_units", count_units(), len(count_units()))
    units.attrs["units"] = "1"
    _describe(units, ("count",), scales, "unit of the column (of its square, for count_sumsq)")


def _write_axes(group: h5py.Group, heads: Sequence[PointHead], scales: Scales) -> None:
    """Write the swept parameters: numbers or strings where a column has one type, else JSON."""
    names = list(heads[0].values)
    types: dict[str, set[type]] = {name: set() for name in names}
    for head in heads:
        for name, value in head.values.items():
            types[name].add(type(value))
    n = len(heads)
    for name in names:
        values = (head.values[name] for head in heads)
        # A name may not hide an axis of the root, nor open a group.
        safe = name.replace("/", "_")
        safe = f"{safe}_" if safe in scales or safe in group else safe
        if types[name] in ({int}, {float}):
            dtype = np.int64 if types[name] == {int} else np.float64
            dataset = group.create_dataset(safe, data=np.fromiter(values, dtype, n))
        elif types[name] == {str}:
            dataset = _write_text(group, safe, (str(value) for value in values), n)
        else:
            dataset = _write_text(group, safe, (json.dumps(value) for value in values), n)
            dataset.attrs["encoding"] = "json"
        dataset.attrs["axis"] = name
        dataset.attrs["units"] = "1"
        _describe(dataset, ("point",), scales, f"value of {name} as written in the scenario")
    group.attrs["order"] = json.dumps(names)
