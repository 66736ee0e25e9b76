"""Writing a results file.

Takes a plan, points with their tallies and provenance, gives one HDF5 file with named axes, coordinates and units.
Must know nothing about estimates.
"""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from mcoom.engine.layout import OUT_FIELDS
from mcoom.store.atomic import write_atomic
from mcoom.store.record import PointRecord, ProvenanceValue
from mcoom.store.schema import (
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
from mcoom.tally.field import FIELDS
from mcoom.tally.plan import TallyPlan

_TEXT = h5py.string_dtype("utf-8")
_CHUNK_BYTES = 1 << 20
_IMAGE_BLOCK = 16 << 20
# Level 4 makes files 7 % smaller and takes 1.6 times as long.
_GZIP = 1


def write_results(
    path: str | os.PathLike[str],
    *,
    plan: TallyPlan,
    points: Sequence[PointRecord],
    provenance: Mapping[str, ProvenanceValue],
) -> None:
    """Write a results file, atomically.

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
    _check(plan, points, provenance)
    # Built in memory: HDF5 itself, when a disk fills up, crashes the process (seen with 2.0.0) instead of saying so.
    with h5py.File(
        "results.h5", "w", driver="core", backing_store=False, block_size=_IMAGE_BLOCK, libver=("earliest", "v110")
    ) as file:
        _write_root(file, plan, provenance)
        for name, title in GROUPS.items():
            if name != "raw" or _n_raw(points):
                file.create_group(name).attrs["title"] = title
        indices = np.array([point.index for point in points], dtype=np.int64)
        scales = {scale.name: _write_scale(file, scale) for scale in coordinates(plan, indices)}
        _write_labels(file, points, scales)
        _write_fields(file, points, scales)
        _write_histogram(file, points, scales)
        _write_axes(file["axes"], points, scales)
        if _n_raw(points):
            scales |= {scale.name: _write_scale(file, scale) for scale in raw_coordinates(_n_raw(points))}
            _write_rows(file["raw"], points, scales)
        file.flush()
        image = file.id.get_file_image()
    write_atomic(Path(path), image)


def _check(plan: TallyPlan, points: Sequence[PointRecord], provenance: Mapping[str, ProvenanceValue]) -> None:
    if not points:
        raise ValueError("points: at least one")
    for point in points:
        if point.tally.plan != plan:
            raise ValueError(f"point {point.index}: its tally has another plan")
        if list(point.values) != list(points[0].values):
            raise ValueError(f"point {point.index}: swept parameters differ from those of point {points[0].index}")
    known = {"schema_name": SCHEMA_NAME, "schema_version": SCHEMA_VERSION}
    for name, value in provenance.items():
        if name in RESERVED and known.get(name) != value:
            raise ValueError(f"provenance: the name {name!r} is reserved")


def _write_root(file: h5py.File, plan: TallyPlan, provenance: Mapping[str, ProvenanceValue]) -> None:
    for name, value in provenance.items():
        file.attrs[name] = int(value) if isinstance(value, bool) else value
    file.attrs["schema_name"] = SCHEMA_NAME
    file.attrs["schema_version"] = SCHEMA_VERSION
    file.attrs["baseline"] = plan.baseline
    file.attrs["raw_rows"] = plan.raw_rows


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


def _write_array(
    group: h5py.Group,
    name: str,
    data: NDArray[Any],
    dims: tuple[str, ...],
    scales: Mapping[str, h5py.Dataset],
    about: tuple[str, str],
) -> None:
    """Write a numeric array, compressed and checksummed; ``about`` is its unit and its text."""
    per_point = max(1, data[:1].nbytes)
    chunks = (max(1, min(len(data), _CHUNK_BYTES // per_point)), *data.shape[1:])
    dataset = group.create_dataset(
        name, data=data, chunks=chunks, compression="gzip", compression_opts=_GZIP, shuffle=True, fletcher32=True
    )
    dataset.attrs["units"] = about[0]
    _describe(dataset, dims, scales, about[1])


def _write_labels(file: h5py.File, points: Sequence[PointRecord], scales: Mapping[str, h5py.Dataset]) -> None:
    labels = file.create_dataset("point_label", data=np.array([p.label for p in points], dtype=object), dtype=_TEXT)
    labels.attrs["units"] = "1"
    _describe(labels, ("point",), scales, "label of the point")
    high = file.create_dataset("bin_high", data=bin_high_ns())
    high.attrs["units"] = "ns"
    _describe(high, ("bin",), scales, "upper edge of the bin, exclusive (2**62: none)")
    units = file["counts"].create_dataset("count_units", data=np.array(count_units(), dtype=object), dtype=_TEXT)
    units.attrs["units"] = "1"
    _describe(units, ("count",), scales, "unit of the column (of its square, for count_sumsq)")
    for name, text in (("horizon_min_ns", "smallest horizon"), ("horizon_max_ns", "largest horizon")):
        data = np.array([getattr(point.tally, name) for point in points], dtype=np.int64)
        _write_array(file, name, data, ("point",), scales, ("ns", f"{text} of a replicate"))


def _write_fields(file: h5py.File, points: Sequence[PointRecord], scales: Mapping[str, h5py.Dataset]) -> None:
    for field in FIELDS:
        data = np.stack([point.tally[field.name] for point in points])
        group = file[field.group] if field.group else file
        _write_array(group, field.name, data, ("point", *field.dims), scales, (field.units, field.text))


def _write_histogram(file: h5py.File, points: Sequence[PointRecord], scales: Mapping[str, h5py.Dataset]) -> None:
    """Write the histograms in chunks of one (point, policy, estimand, kind); those without counts are not stored."""
    shape = points[0].tally.histogram.shape
    dataset = file.create_dataset(
        HISTOGRAM, shape=(len(points), *shape), dtype=np.int64, chunks=(1, 1, 1, shape[2], 1, shape[4]), fillvalue=0,
        compression="gzip", compression_opts=_GZIP, shuffle=True, fletcher32=True,
    )  # fmt: skip
    dataset.attrs["units"] = "1"
    # CF's way to say that bin_high belongs to the axis "bin" as its lower edge does.
    dataset.attrs["coordinates"] = "point_label bin_high"
    _describe(dataset, HISTOGRAM_DIMS, scales, "replicates by time")
    for i, point in enumerate(points):
        for p in range(shape[0]):
            for e in range(shape[1]):
                counts = point.tally.histogram.dense(p, e)
                for k in np.flatnonzero(counts.any(axis=(0, 2))):
                    dataset[i, p, e, :, k] = counts[:, k]


def _write_axes(group: h5py.Group, points: Sequence[PointRecord], scales: Mapping[str, h5py.Dataset]) -> None:
    """Write the swept parameters: numbers or strings where a column has one type, else JSON."""
    for name in points[0].values:
        values = [point.values[name] for point in points]
        # A name may not hide an axis of the root, nor open a group.
        safe = name.replace("/", "_")
        safe = f"{safe}_" if safe in scales or safe in group else safe
        types = {type(value) for value in values}
        if types in ({int}, {float}):
            dataset = group.create_dataset(safe, data=np.array(values, dtype=np.int64 if types == {int} else float))
        elif types == {str}:
            dataset = group.create_dataset(safe, data=np.array(values, dtype=object), dtype=_TEXT)
        else:
            text = [json.dumps(value) for value in values]
            dataset = group.create_dataset(safe, data=np.array(text, dtype=object), dtype=_TEXT)
            dataset.attrs["encoding"] = "json"
        dataset.attrs["axis"] = name
        dataset.attrs["units"] = "1"
        _describe(dataset, ("point",), scales, f"value of {name} as written in the scenario")
    group.attrs["order"] = json.dumps(list(points[0].values))


def _n_raw(points: Sequence[PointRecord]) -> int:
    return max(len(point.tally.rows.replicates) for point in points)


def _write_rows(group: h5py.Group, points: Sequence[PointRecord], scales: Mapping[str, h5py.Dataset]) -> None:
    """Write the raw rows; where a point has fewer than others, the rest is -1."""
    n_rows = _n_raw(points)
    n_policies = len(points[0].tally.plan.policies)
    outputs = np.full((len(points), n_policies, n_rows, len(OUT_FIELDS)), -1, dtype=np.int64)
    names = ("replicates", "strata", "horizon_ns")
    by_row = {name: np.full((len(points), n_rows), -1, dtype=np.int64) for name in names}
    for i, point in enumerate(points):
        rows = point.tally.rows
        n = len(rows.replicates)
        outputs[i, :, :n] = rows.outputs
        for name, data in by_row.items():
            data[i, :n] = getattr(rows, name)
    _write_array(
        group, "outputs", outputs, ("point", "policy", "row", "column"), scales, ("mixed", "outputs of the engine")
    )
    about = {
        "replicates": ("replicate", "1", "number of the replicate, -1 if none"),
        "strata": ("stratum_index", "1", "index of its stratum, -1 if none"),
        "horizon_ns": ("horizon_ns", "ns", "its horizon, -1 if none"),
    }
    for name, data in by_row.items():
        dataset, units, text = about[name]
        _write_array(group, dataset, data, ("point", "row"), scales, (units, text))
