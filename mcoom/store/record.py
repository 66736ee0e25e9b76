"""What a results file holds, as objects.

Takes nothing, gives the two records that are written and read back. Must know nothing about HDF5.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mcoom.tally.plan import TallyPlan
from mcoom.tally.tally import PointTally

AxisValue = int | float | str
"""Value of a swept parameter as the user wrote it."""
ProvenanceValue = str | int | float
"""Value of a provenance entry."""


@dataclass(frozen=True)
class PointRecord:
    """One point of a run."""

    index: int
    """Number of the point in the design, >= 0."""
    label: str
    """Label for people."""
    values: Mapping[str, AxisValue]
    """Value of each swept parameter; empty without a sweep."""
    tally: PointTally
    """Tally of all its replicates."""


@dataclass(frozen=True)
class Results:
    """A results file as read."""

    plan: TallyPlan
    """Names along the axes of all tallies."""
    points: Sequence[PointRecord]
    """Points in the order of the file: a tuple, or what reads them one by one where they are many."""
    provenance: Mapping[str, ProvenanceValue]
    """Entries given when the file was written."""
