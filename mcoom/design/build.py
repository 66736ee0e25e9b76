"""The design: which points, how many replicates, which strata.

Takes a ``Scenario``, gives a ``Design``. Must not draw anything: a replicate is a number here.
"""

import itertools
from dataclasses import dataclass

from mcoom.errors import SpecError
from mcoom.spec.law import Law
from mcoom.spec.scenario import Scenario, iter_laws


@dataclass(frozen=True)
class Point:
    """One assignment of the swept parameters.

    Attributes
    ----------
    index
        Number of the point; part of the stream keys.
    values
        Value of each axis as the user wrote it, by canonical path.
    label
        The same in one line, ``-`` if nothing is swept.
    codes
        Value of each axis in the unit of the parameter, by canonical path.
    """

    index: int
    values: dict[str, int | float | str]
    label: str
    codes: dict[str, int]


@dataclass(frozen=True)
class Design:
    """What is run: scenario, replicates of each cell, seed, points and names of the strata."""

    scenario: Scenario
    replicates: int
    seed: int
    points: tuple[Point, ...]
    stratum_labels: tuple[str, ...]


def build_design(scenario: Scenario, replicates: int | None = None, seed: int | None = None) -> Design:
    """Lay out the points of a scenario: the full grid of its axes in file order, the last axis fastest.

    Parameters
    ----------
    scenario : Scenario
        What to run.
    replicates : int | None
        Replicates of each cell; None: the scenario's own.
    seed : int | None
        Root seed; None: the scenario's own.

    Returns
    -------
    Design
        Frozen.

    Raises
    ------
    SpecError
        If replicates or seed are out of range.
    """
    replicates = scenario.replicates if replicates is None else replicates
    seed = scenario.seed if seed is None else seed
    if not 1 <= replicates <= 10**9:
        raise SpecError(f"--replicates {replicates}: out of range; allowed: 1 to 1000000000")
    if not 0 <= seed <= 2**62:
        raise SpecError(f"--seed {seed}: out of range; allowed: 0 to {2**62}")
    return Design(scenario, replicates, seed, _points(scenario), _stratum_labels(scenario))


def strata_laws(scenario: Scenario) -> tuple[tuple[str, Law], ...]:
    """Give the parameters that split the tallies.

    Parameters
    ----------
    scenario : Scenario
        Its ``strata`` name parameters drawn by choice.

    Returns
    -------
    tuple[tuple[str, Law], ...]
        Canonical path and law, in the order of ``scenario.strata``.
    """
    laws = dict(iter_laws(scenario.machine, scenario.memory, scenario.costs, scenario.classes, scenario.crowds))
    return tuple((path, laws[path]) for path in scenario.strata)


def _points(scenario: Scenario) -> tuple[Point, ...]:
    """Lay out the grid."""
    axes = scenario.axes
    points = []
    for index, cell in enumerate(itertools.product(*(range(len(axis.values)) for axis in axes))):
        values = {axis.path: axis.written[i] for axis, i in zip(axes, cell, strict=True)}
        codes = {axis.path: axis.values[i] for axis, i in zip(axes, cell, strict=True)}
        label = " ".join(f"{path}={value}" for path, value in values.items()) or "-"
        points.append(Point(index, values, label, codes))
    return tuple(points)


def _stratum_labels(scenario: Scenario) -> tuple[str, ...]:
    """Name the strata, the last parameter fastest; values listed twice count once."""
    if not scenario.strata:
        return ("all",)
    named = [[f"{path}={w}" for w in _distinct(law)] for path, law in strata_laws(scenario)]
    return tuple(" ".join(parts) for parts in itertools.product(*named))


def _distinct(law: Law) -> list[str | int | float]:
    """Give the written form of each different value, in order."""
    return list(dict(zip(reversed(law.values), reversed(law.written), strict=True)).values())[::-1]
