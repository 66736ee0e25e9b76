"""Reading a results file.

Takes a path, gives the plan, points and provenance that were written, or one clear line about why not. Must know
nothing about estimates.
"""

import json
import os
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from mcoom.engine.layout import OUT_FIELDS
from mcoom.errors import StoreError
from mcoom.store.record import AxisValue, PointRecord, ProvenanceValue, Results
from mcoom.store.schema import ENTRY, ENTRY_BEGIN, HISTOGRAM, RESERVED, SCHEMA_NAME, SCHEMA_VERSION, bin_low_ns
from mcoom.tally.field import FIELDS, axis_labels
from mcoom.tally.histogram import Kind, SparseHistogram
from mcoom.tally.plan import TallyPlan
from mcoom.tally.rows import RawRows
from mcoom.tally.tally import PointTally, histogram_shape


def read_results(path: str | os.PathLike[str]) -> Results:
    """Read a results file.

    Parameters
    ----------
    path : path-like

    Returns
    -------
    Results
        Equal to what was written.

    Raises
    ------
    StoreError
        There is no such file, it may not be read, is not a results file of mcoom, was written by a newer version, or
        is damaged.
    """
    path = Path(path)
    try:
        # Ask the system first: HDF5 has the same words for a missing, a forbidden and a foreign file.
        with path.open("rb"):
            pass
    except OSError as error:
        raise StoreError(f"{path}: cannot be read: {error.strerror or error}") from error
    try:
        with h5py.File(path, "r") as file:
            _check_schema(path, file)
            return _read_file(path, file)
    except OSError as error:
        is_hdf5 = h5py.is_hdf5(path)
        reason = "damaged: " + _one_line(error) if is_hdf5 else "not a results file of mcoom (not HDF5)"
        raise StoreError(f"{path}: {reason}") from error
    except (KeyError, ValueError, RuntimeError) as error:
        raise StoreError(f"{path}: damaged: {_one_line(error)}") from error


def stored_plan_id(path: Path) -> str:
    """Return the identity of the plan whose results a file holds, after reading every number in it.

    Returns
    -------
    str
        Empty if the file is not there, not a results file of this version, damaged, or of no plan.
    """
    try:
        with h5py.File(path, "r") as file:
            _check_schema(path, file)
            if int(file.attrs["schema_version"]) != SCHEMA_VERSION:
                return ""
            file.visititems(_read_through)
            return str(file.attrs.get("plan_id", ""))
    except (OSError, KeyError, ValueError, RuntimeError, StoreError):
        return ""


def _read_through(_: str, item: object) -> None:
    """Read a dataset chunk by chunk: HDF5 compares the checksums as it goes."""
    if isinstance(item, h5py.Dataset) and item.chunks and item.size:
        for chunk in item.iter_chunks():
            item[chunk]


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:200]


def _check_schema(path: Path, file: h5py.File) -> None:
    if file.attrs.get("schema_name") != SCHEMA_NAME:
        raise StoreError(f"{path}: not a results file of mcoom (no schema_name = {SCHEMA_NAME!r})")
    version = int(file.attrs["schema_version"])
    if version > SCHEMA_VERSION:
        raise StoreError(
            f"{path}: schema_version = {version}, written by a newer mcoom; this one reads up to {SCHEMA_VERSION}"
        )


def _strings(dataset: h5py.Dataset) -> tuple[str, ...]:
    return tuple(str(text) for text in dataset.asstr()[...])


def _scalar(value: Any) -> ProvenanceValue:
    if isinstance(value, bytes):
        return value.decode()
    return value.item() if isinstance(value, np.generic) else str(value)


def _read_file(path: Path, file: h5py.File) -> Results:
    plan = TallyPlan(
        policies=_strings(file["policy"]),
        baseline=str(file.attrs["baseline"]),
        estimands=_strings(file["estimand"]),
        stratum_labels=_strings(file["stratum"]),
        raw_rows=int(file.attrs["raw_rows"]),
    )
    _check_axes(path, file, plan)
    arrays = {f.name: (file[f.group] if f.group else file)[f.name][...] for f in FIELDS}
    horizon = {name: file[name][...] for name in ("horizon_min_ns", "horizon_max_ns")}
    labels = _strings(file["point_label"])
    values = _read_axes(file["axes"], len(labels))
    raw = {name: file["raw"][name][...] for name in _RAW} if "raw" in file else None
    histogram = _HistogramReader(file, plan)
    points = []
    for i, (index, label) in enumerate(zip(file["point"][...], labels, strict=True)):
        tally = PointTally(
            plan,
            {name: array[i] for name, array in arrays.items()},
            histogram.of_point(i),
            int(horizon["horizon_min_ns"][i]),
            int(horizon["horizon_max_ns"][i]),
            _rows_of_point(raw, i) if raw else PointTally.empty(plan).rows,
        )
        points.append(PointRecord(int(index), label, values[i], tally))
    provenance = {name: _scalar(value) for name, value in file.attrs.items() if name not in RESERVED}
    return Results(plan, tuple(points), provenance)


class _HistogramReader:
    """Histograms out of a file: compressed by gathering, or dense as up to ``schema_version`` 1."""

    def __init__(self, file: h5py.File, plan: TallyPlan) -> None:
        self._dataset = file[HISTOGRAM]
        self._shape = histogram_shape(plan)
        self._size = int(np.prod(self._shape))
        self._entries = file.get(ENTRY)
        if self._entries is not None:
            self._begins = np.append(file[ENTRY_BEGIN][...], len(self._entries))

    def of_point(self, i: int) -> SparseHistogram:
        if self._entries is None:
            return SparseHistogram.from_dense(self._dataset[i])
        here = slice(int(self._begins[i]), int(self._begins[i + 1]))
        return SparseHistogram(self._shape, self._entries[here] - i * self._size, self._dataset[here])


def _check_axes(path: Path, file: h5py.File, plan: TallyPlan) -> None:
    """Refuse a file whose axes differ from what this version counts: its numbers would be misread."""
    if not np.array_equal(file["bin"][...], bin_low_ns()):
        raise StoreError(f"{path}: the edges of its bins are not those of schema_version {SCHEMA_VERSION}")
    others = [(file["kind"], tuple(kind.name.lower() for kind in Kind))]
    others += [(file["raw/column"], OUT_FIELDS)] if "raw" in file else []
    for scale, expected in others:
        if _strings(scale) != expected:
            raise StoreError(f"{path}: the labels along {scale.name} are not those of this version")
    for field in FIELDS:
        dataset = (file[field.group] if field.group else file)[field.name]
        labels = axis_labels(plan)
        for axis, name in enumerate(field.dims, start=1):
            if _strings(dataset.dims[axis][0]) != labels[name]:
                raise StoreError(f"{path}: {field.name}: the labels along {name} are not those of this version")


def _read_axes(group: h5py.Group, n_points: int) -> list[dict[str, AxisValue]]:
    columns: dict[str, list[AxisValue]] = {}
    for dataset in group.values():
        if h5py.check_string_dtype(dataset.dtype) is None:
            column = dataset[...].tolist()
        elif dataset.attrs.get("encoding") == "json":
            column = [json.loads(text) for text in _strings(dataset)]
        else:
            column = list(_strings(dataset))
        columns[str(dataset.attrs["axis"])] = column
    order = json.loads(group.attrs["order"])
    return [{name: columns[name][i] for name in order} for i in range(n_points)]


_RAW = ("replicate", "stratum_index", "horizon_ns", "outputs")


def _rows_of_point(raw: dict[str, NDArray[np.int64]], i: int) -> RawRows:
    n = int((raw["replicate"][i] >= 0).sum())
    return RawRows(
        raw["replicate"][i, :n], raw["stratum_index"][i, :n], raw["horizon_ns"][i, :n], raw["outputs"][i, :, :n]
    )
