"""Names, units and axes of a results file.

Takes a plan, gives the coordinates and the names that writing and reading share; a change here is a change of
``SCHEMA_VERSION``. Must know nothing about h5py.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mcoom.engine.layout import INF, OUT_FIELDS
from mcoom.tally.edges import latency_edges_ns
from mcoom.tally.field import COUNTS, axis_labels
from mcoom.tally.histogram import Kind
from mcoom.tally.plan import TallyPlan

SCHEMA_NAME = "mcoom results"
"""Value of the root attribute ``schema_name``."""
SCHEMA_VERSION = 2
"""Value of the root attribute ``schema_version`` of files written by this version; older ones are read."""

RESERVED = ("schema_name", "schema_version", "baseline", "raw_rows")
"""Root attributes that are not provenance."""

HISTOGRAM = "time_histogram"
"""Dataset of the counts of all bins that have any, along ``ENTRY``."""
ENTRY = "histogram_entry"
"""Dimension scale of ``HISTOGRAM``: which bin each count is of, as an index into ``HISTOGRAM_DIMS``."""
ENTRY_BEGIN = "histogram_begin"
"""Dataset that says where the entries of each point begin."""
HISTOGRAM_DIMS = ("point", "policy", "estimand", "stratum", "kind", "bin")
"""Axes of the histogram written out in full; the dataset itself had them up to ``schema_version`` 1."""

GROUPS = {
    "joint": "each policy beside the baseline, replicate by replicate",
    "counts": "sums of columns of the outputs",
    "axes": "values of the swept parameters",
    "raw": "rows of outputs of the replicates with the lowest numbers",
}
"""Groups under the root, with their titles."""


@dataclass(frozen=True)
class Coordinate:
    """A dimension scale: the labels or numbers along an axis."""

    name: str
    """Name of the axis."""
    group: str
    """Group that it lives in; ``""`` is the root."""
    values: tuple[str, ...] | NDArray[np.int64]
    """Labels, or numbers."""
    units: str
    """Unit of the numbers; ``1`` without one."""
    text: str
    """What is along the axis."""


def bin_low_ns() -> NDArray[np.int64]:
    """Return the lower edge of every bin in ns (int64[B + 2]; 0 for the underflow bin)."""
    return np.concatenate((np.zeros(1, dtype=np.int64), latency_edges_ns()))


def bin_high_ns() -> NDArray[np.int64]:
    """Return the upper edge of every bin in ns (int64[B + 2]; 2**62 for the overflow bin)."""
    return np.concatenate((latency_edges_ns(), np.array([INF], dtype=np.int64)))


def count_units() -> tuple[str, ...]:
    """Return the unit of every column of ``COUNTS``."""
    return tuple("ns" if name.endswith("_ns") or "_ns_" in name else "1" for name in COUNTS)


_TEXT = {
    "policy": "policy",
    "estimand": "what is timed (docs/estimands.md)",
    "stratum": "stratum of the drawn parameters",
    "status": "what became of the event",
    "end_reason": "what ended the episode",
    "case": "what is assumed about exhausted event budgets",
    "bound": "the same, for a policy beside the baseline",
    "outcome": "who is earlier, the policy (win) or the baseline (loss)",
    "policy_livelock": "livelock under the policy",
    "baseline_livelock": "livelock under the baseline",
    "count": "column of the outputs",
    "limb": "64-bit limb: value = high * 2**64 + low",
}
_GROUP_OF = {"bound": "joint", "outcome": "joint", "policy_livelock": "joint", "baseline_livelock": "joint",
             "count": "counts"}  # fmt: skip


def coordinates(plan: TallyPlan, point_indices: NDArray[np.int64]) -> list[Coordinate]:
    """Return all dimension scales of a file, raw rows apart.

    Parameters
    ----------
    plan : TallyPlan
    point_indices : int64[n]
        Numbers of the points.
    """
    scales = [
        Coordinate("point", "", point_indices, "1", "number of the point in the design"),
        Coordinate("kind", "", tuple(k.name.lower() for k in Kind), "1", "what the histogram counts"),
        Coordinate("bin", "", bin_low_ns(), "ns", "lower edge of the bin (first: underflow, last: overflow)"),
    ]
    for name, labels in axis_labels(plan).items():
        scales.append(Coordinate(name, _GROUP_OF.get(name, ""), labels, "1", _TEXT[name]))
    return scales


def raw_coordinates(n_rows: int) -> list[Coordinate]:
    """Return the dimension scales of the group of raw rows."""
    return [
        Coordinate("row", "raw", np.arange(n_rows, dtype=np.int64), "1", "position among the kept replicates"),
        Coordinate("column", "raw", OUT_FIELDS, "1", "column of the outputs"),
    ]
