"""The whole scenario file: its tables in order, and the two that say how much of it is run.

Takes raw TOML tables, gives frozen pydantic models. Must not know rules that join several keys (``check.py``,
``check_design.py``) or files (``load.py``).
"""

from typing import Annotated

from pydantic import PlainValidator

from mcoom.spec import kind
from mcoom.spec.family import AnalysisTable
from mcoom.spec.model import (
    ClassTable,
    CostsTable,
    CrowdTable,
    Fixed,
    MachineTable,
    MemoryTable,
    Names,
    ScenarioTable,
    Table,
    Text,
    key,
)
from mcoom.units import closest

DESIGNS = ("grid", "zip", "latin_hypercube", "sobol", "saltelli")
"""Ways to lay out the points: the first two from axes, the others sampled from laws."""
POINTS_MAX = 100_000
"""Most points of a design."""


def _design_kind(raw: object) -> str:
    if raw not in DESIGNS:
        guess = closest(raw, DESIGNS) if isinstance(raw, str) else ""
        raise ValueError(f"no such design{guess}; allowed: {', '.join(DESIGNS)}")
    return str(raw)


def _maybe_points(raw: object) -> int | None:
    return None if raw is None else kind.count(2, POINTS_MAX).read(raw)


def _maybe_total(raw: object) -> int | None:
    return None if raw is None else kind.count(1, 10**12).read(raw)


class DesignTable(Table):
    """``[design]``: which points a sweep runs."""

    kind: Annotated[str, PlainValidator(_design_kind)] = key("grid", description="how the points are laid out")
    points: Annotated[int | None, PlainValidator(_maybe_points)] = key(
        None, description="number of points; saltelli: of base points, each run with all its d + 2 variations"
    )
    over: Names = key([], description="parameters whose laws the points sample, instead of each replicate")


class StoppingTable(Table):
    """``[stopping]``: when a run knows enough."""

    until: Text | None = key(None, description="condition that every cell has to meet; then it gets no more replicates")
    max_total: Annotated[int | None, PlainValidator(_maybe_total)] = key(
        None, description="most replicates of all points together; scenario.replicates is the most of each"
    )


class ScenarioFile(Table):
    """A whole scenario file."""

    schema_version: Annotated[int, Fixed(kind.count(1, 1))] = key(description="format of the file")
    scenario: ScenarioTable
    machine: MachineTable
    memory: MemoryTable
    costs: CostsTable
    classes: tuple[ClassTable, ...] = key((), description="classes of tasks", alias="class")
    crowds: tuple[CrowdTable, ...] = key((), description="crowds of threads", alias="crowd")
    design: DesignTable = key({}, description="which points a sweep runs")
    stopping: StoppingTable = key({}, description="when a run knows enough")
    analysis: AnalysisTable = key({}, description="what is tested, said before the run")
