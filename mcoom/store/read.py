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

from mcoom.engine.layout import OUT_FIELDS
from mcoom.errors import StoreError
from mcoom.store.points import PointSource, StoredPoints
from mcoom.store.record import AxisValue, ProvenanceValue, Results
from mcoom.store.schema import RESERVED, SCHEMA_NAME, SCHEMA_VERSION, bin_low_ns
from mcoom.tally.field import FIELDS, axis_labels
from mcoom.tally.histogram import Kind
from mcoom.tally.plan import TallyPlan

EAGER_BYTES = 256 << 20
"""Arrays of tallies up to this size are read at once."""


def read_results(path: str | os.PathLike[str]) -> Results:
    """Read a results file.

    Parameters
    ----------
    path : path-like

    Returns
    -------
    Results
        Equal to what was written. Points of a large file are read when they are asked for.

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
    labels = _strings(file["point_label"])
    values = _read_axes(file["axes"], len(labels))
    source = PointSource(plan, file["point"][...], labels, values)
    n_bytes = sum((file[f.group] if f.group else file)[f.name].nbytes for f in FIELDS)
    points = source.read(file, 0, len(labels)) if n_bytes <= EAGER_BYTES else StoredPoints(path, source)
    provenance = {name: _scalar(value) for name, value in file.attrs.items() if name not in RESERVED}
    return Results(plan, points, provenance)


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
