"""The design: which points, how many replicates, which strata.

Takes a ``Scenario``, gives a ``Design``. Must not draw anything for a replicate: it is a number here. Points of sampled
designs are drawn, once, from the seed.
"""

import itertools
from dataclasses import dataclass

from mcoom.design.quantile import sample_law
from mcoom.design.unit_cube import design_words, latin_hypercube, saltelli, sobol
from mcoom.errors import SpecError
from mcoom.spec.law import Law, write_code
from mcoom.spec.scenario import Scenario, iter_laws


@dataclass(frozen=True)
class Point:
    """One assignment of the swept parameters.

    Attributes
    ----------
    index
        Number of the point; part of the stream keys.
    values
        Value of each swept parameter as the user wrote or would write it, by canonical path.
    label
        The same in one line, ``-`` if nothing is swept.
    codes
        Value of each swept parameter in its unit, by canonical path.
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
    """Lay out the points of a scenario as its ``[design]`` says; docs/scenarios.md has the kinds.

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
    return Design(scenario, replicates, seed, _points(scenario, seed), _stratum_labels(scenario))


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


def _points(scenario: Scenario, seed: int) -> tuple[Point, ...]:
    """Lay out the points."""
    if scenario.design.over:
        return _sampled(scenario, seed)
    axes = scenario.axes
    # The grid: the last axis fastest. Zip: the first values of all axes, then the second ones; no axis, one point.
    indices = [range(len(axis.values)) for axis in axes]
    cells = zip(*indices, strict=True) if scenario.design.kind == "zip" else itertools.product(*indices)
    points = []
    for index, cell in enumerate(cells):
        values = {axis.path: axis.written[i] for axis, i in zip(axes, cell, strict=True)}
        codes = {axis.path: axis.values[i] for axis, i in zip(axes, cell, strict=True)}
        points.append(_point(index, values, codes))
    return tuple(points)


def _point(index: int, values: dict[str, int | float | str], codes: dict[str, int]) -> Point:
    label = " ".join(f"{path}={value}" for path, value in values.items()) or "-"
    return Point(index, values, label, codes)


def _sampled(scenario: Scenario, seed: int) -> tuple[Point, ...]:
    """Sample the laws of the parameters of the design, each at its coordinate of a point of the unit cube."""
    design = scenario.design
    n = design.points or 0
    laws = dict(iter_laws(scenario.machine, scenario.memory, scenario.costs, scenario.classes, scenario.crowds))
    if design.kind == "saltelli":
        names = ("{}", "{} again")
        words = saltelli(n, lambda half: [design_words(seed, names[half].format(path), n) for path in design.over])
    else:
        lay_out = sobol if design.kind == "sobol" else latin_hypercube
        words = lay_out(n, [design_words(seed, path, n) for path in design.over])
    columns = [sample_law(laws[path], words[:, i]).tolist() for i, path in enumerate(design.over)]
    points = []
    for index, row in enumerate(zip(*columns, strict=True)):
        codes = dict(zip(design.over, row, strict=True))
        values = {path: write_code(laws[path], code) for path, code in codes.items()}
        points.append(_point(index, values, codes))
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
