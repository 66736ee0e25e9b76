"""The validated scenario: what every later station works from.

Takes nothing, gives the frozen ``Scenario`` and the walk over its parameters in a fixed order. Must not know files,
TOML or arrays.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from mcoom.spec.family import ONE_FAMILY, Declared
from mcoom.spec.file import DesignTable
from mcoom.spec.law import Law
from mcoom.spec.model import (
    Behaviour,
    ClassTable,
    CostsTable,
    CrowdTable,
    MachineTable,
    MemoryTable,
    Table,
)
from mcoom.spec.policy import Policy
from mcoom.spec.until import StoppingRule


@dataclass(frozen=True)
class Axis:
    """One swept parameter.

    Attributes
    ----------
    path
        Canonical path of the parameter, such as ``class.storm.count``.
    values
        Its values in the unit of the kind.
    written
        The same as the user wrote them.
    """

    path: str
    values: tuple[int, ...]
    written: tuple[str | int | float, ...]


@dataclass(frozen=True)
class Scenario:
    """A whole scenario.

    Attributes
    ----------
    name, title, source
        Words for people.
    text
        TOML from which the same scenario can be loaded again: the source, or, with overrides, its canonical form.
    spec_id
        sha256 of the canonical content, hexadecimal; policies and costs are part of it.
    policies, baseline, estimands
        What is compared, with what, and in which times.
    n_kills, horizon_ns, until, max_events, engine
        As in the machine row of the engine.
    replicates, seed, block, raw_rows
        Defaults of a run: replicates of a cell, root seed, replicates a thread takes at once, full rows kept of a cell.
    strata
        Canonical paths of the parameters whose values split the tallies.
    machine, memory, costs, classes, crowds
        The tables; every drawn parameter is a ``Law``.
    axes
        Swept parameters in file order.
    design
        How the points are laid out.
    stopping
        What every cell has to know before the run may stop; None: it runs all replicates.
    max_total
        With ``stopping``: most replicates of all points together; None: no other bound than ``replicates`` of each.
    declared
        Families of contrasts, their error rate and adjustment.
    """

    name: str
    title: str
    source: str
    text: str
    spec_id: str
    policies: tuple[Policy, ...]
    baseline: str
    estimands: tuple[str, ...]
    n_kills: int
    horizon_ns: int
    until: int
    max_events: int
    engine: int
    replicates: int
    seed: int
    block: int
    raw_rows: int
    strata: tuple[str, ...]
    machine: MachineTable
    memory: MemoryTable
    costs: CostsTable
    classes: tuple[ClassTable, ...]
    crowds: tuple[CrowdTable, ...]
    axes: tuple[Axis, ...]
    design: DesignTable
    stopping: StoppingRule | None = None
    max_total: int | None = None
    declared: Declared = ONE_FAMILY


def iter_laws(
    machine: MachineTable,
    memory: MemoryTable,
    costs: CostsTable,
    classes: tuple[ClassTable, ...],
    crowds: tuple[CrowdTable, ...],
) -> Iterator[tuple[str, Law]]:
    """Walk over every parameter that has a law.

    Parameters
    ----------
    machine, memory, costs, classes, crowds
        The tables of a scenario.

    Yields
    ------
    tuple[str, Law]
        Canonical path and law.
    """
    yield from table_laws("machine", machine)
    yield from table_laws("memory", memory)
    yield from table_laws("costs", costs)
    for table in classes:
        yield from behaviour_laws(f"class.{table.name}", table)
    for crowd in crowds:
        yield from behaviour_laws(f"crowd.{crowd.name}", crowd)
        yield from behaviour_laws(f"crowd.{crowd.name}.group", crowd.group)


def table_laws(prefix: str, table: Table) -> Iterator[tuple[str, Law]]:
    """Walk over the laws of one table.

    Parameters
    ----------
    prefix : str
        Canonical path of the table.
    table : Table
        The table.

    Yields
    ------
    tuple[str, Law]
        Canonical path and law.
    """
    for field in type(table).model_fields:
        value = getattr(table, field)
        if isinstance(value, Law):
            yield f"{prefix}.{field}", value


def behaviour_laws(prefix: str, table: Behaviour) -> Iterator[tuple[str, Law]]:
    """Walk over the laws of a class, a crowd or a group, ``start`` included.

    Parameters
    ----------
    prefix : str
        Canonical path of the table.
    table : Behaviour
        The table.

    Yields
    ------
    tuple[str, Law]
        Canonical path and law.
    """
    yield from table_laws(prefix, table)
    yield from table_laws(f"{prefix}.start", table.start)
