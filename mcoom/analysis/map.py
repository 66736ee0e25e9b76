"""Livelock maps: where in the plane of two swept parameters a policy livelocks.

Takes the points of a sweep, gives the probability of livelock on a grid with its interval, one panel per policy and
facet, and the closed-form boundary beside it. Must know nothing about files or drawing.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mcoom.analysis.binned import CellView
from mcoom.analysis.proportion import exact_interval
from mcoom.analysis.result import Interval, finite_or_none, not_estimable
from mcoom.analysis.verdict import PointLike, ResultsLike
from mcoom.errors import SpecError
from mcoom.tally.status import Status
from mcoom.units import closest

AxisValue = int | float | str
"""Value of a swept parameter as the user wrote it."""
Boundary = Callable[[PointLike, str], float | None]
"""From a point and the name of a policy to the value on the vertical axis where the closed form puts the boundary."""


@dataclass(frozen=True)
class MapAxis:
    """One axis of a map."""

    path: str
    """Canonical path of the parameter, such as ``class.storm.count``."""
    values: tuple[AxisValue, ...]
    """Its values, rising if they are numbers, else in the order of the run."""

    @property
    def is_numeric(self) -> bool:
        """Whether the values are numbers, so that a boundary can be drawn between them."""
        return all(isinstance(value, int | float) and not isinstance(value, bool) for value in self.values)


@dataclass(frozen=True)
class MapPanel:
    """One policy at one facet."""

    policy: str
    """Name of the policy."""
    facet: Mapping[str, AxisValue]
    """Value of each faceted parameter; empty without facets."""
    probability: tuple[tuple[Interval, ...], ...]
    """Livelock probability, ``probability[iy][ix]``; its value is None where nothing was simulated."""
    n: tuple[tuple[int, ...], ...]
    """Replicates behind each, pooled points together."""
    boundary: tuple[float | None, ...]
    """Value on the vertical axis, by ``ix``, from which on the losers of the lock fill the CPUs; None: no boundary."""

    @property
    def label(self) -> str:
        """The facet in one line; empty without facets."""
        return ", ".join(f"{path} = {value}" for path, value in self.facet.items())


@dataclass(frozen=True)
class LivelockMap:
    """Livelock probability over two swept parameters."""

    estimand: str
    """Estimand whose invocation is looked at."""
    x: MapAxis
    """Horizontal axis."""
    y: MapAxis
    """Vertical axis."""
    panels: tuple[MapPanel, ...]
    """Facet by facet in the order of the run, the policies of each in the order of the run."""
    pooled: tuple[str, ...] = ()
    """Swept parameters over whose values the replicates are put together."""
    level: float = 0.95
    """Confidence level of each interval, pointwise."""
    boundary_says: str = "losers of the lock fill the CPUs, N* = M (k + 1) tau / c"
    """What the boundary is, in words."""
    notes: tuple[str, ...] = field(default=())
    """What a reader should know, such as missing points."""

    def to_json(self) -> dict[str, Any]:
        """Return the map as plain data: rows of ``probability`` by y, columns by x."""
        return {
            "estimand": self.estimand,
            "x": {"path": self.x.path, "values": list(self.x.values)},
            "y": {"path": self.y.path, "values": list(self.y.values)},
            "pooled": list(self.pooled),
            "level": self.level,
            "boundary_says": self.boundary_says,
            "notes": list(self.notes),
            "panels": [
                {
                    "policy": panel.policy,
                    "facet": dict(panel.facet),
                    "n": [list(row) for row in panel.n],
                    "probability": [[cell.to_json() for cell in row] for row in panel.probability],
                    "boundary": [finite_or_none(value) for value in panel.boundary],
                }
                for panel in self.panels
            ],
        }


def livelock_map(
    results: ResultsLike,
    *,
    estimand: str | None = None,
    x: str | None = None,
    y: str | None = None,
    pool: Sequence[str] = (),
    policies: Sequence[str] | None = None,
    boundary: Boundary | None = None,
    level: float = 0.95,
) -> LivelockMap:
    """Lay a sweep out as maps.

    Parameters
    ----------
    results : Results or alike
        Plan and points of a run with at least two swept parameters.
    estimand : str, optional
        Whose livelock; default: ``kill_2`` if the run has it (the first invocation opens the gate of many scenarios,
        the second meets the storm), else the first of the run.
    x, y : str, optional
        Swept parameters of the axes. Default: y the numeric one with most values, x the numeric one with most values
        of the rest.
    pool : sequence of str
        Swept parameters to put together; all others that are no axis make facets.
    policies : sequence of str, optional
        Which policies; default: all.
    boundary : callable, optional
        Gives the closed-form boundary on the vertical axis for a point and a policy.
    level : float
        Confidence level.

    Returns
    -------
    LivelockMap
        Intervals are Clopper-Pearson, of pooled points on the sum of their counts (conservative: points of a plan vary
        less than draws); where event budgets ran out they allow both outcomes.

    Raises
    ------
    SpecError
        Fewer than two swept parameters, or a name that the run does not have.
    """
    axes = _axes(results.points)
    _check_names(axes, x, y, pool)
    y_axis, x_axis = _choose(axes, x, y, pool)
    chosen, shown = _check_plan(results, estimand, policies)
    facets = [name for name in axes if name not in (x_axis.path, y_axis.path, *pool)]
    groups: dict[tuple[AxisValue, ...], dict[tuple[AxisValue, AxisValue], list[PointLike]]] = {}
    for point in results.points:
        cells = groups.setdefault(tuple(point.values[name] for name in facets), {})
        cells.setdefault((point.values[y_axis.path], point.values[x_axis.path]), []).append(point)
    panels = [
        _panel(cells, policy, dict(zip(facets, values, strict=True)), chosen, x_axis, y_axis, boundary, level)
        for values, cells in groups.items()
        for policy in shown
    ]
    n_missing = sum(len(x_axis.values) * len(y_axis.values) - len(cells) for cells in groups.values())
    notes = (f"{n_missing} cells of the grid were not run",) if n_missing else ()
    return LivelockMap(chosen, x_axis, y_axis, tuple(panels), tuple(pool), level, notes=notes)


def _check_names(axes: Mapping[str, MapAxis], x: str | None, y: str | None, pool: Sequence[str]) -> None:
    """Refuse what was not swept."""
    if len(axes) < 2:
        raise SpecError(f"a livelock map needs two swept parameters; this run has {len(axes)}")
    for what, name in (("x", x), ("y", y), *(("pool", name) for name in pool)):
        if name is not None and name not in axes:
            raise SpecError(f"map: {what} = {name}: not swept{closest(name, axes)}; allowed: {', '.join(axes)}")


def _check_plan(
    results: ResultsLike, estimand: str | None, policies: Sequence[str] | None
) -> tuple[str, tuple[str, ...]]:
    """Give the estimand and the policies to show."""
    plan = results.plan
    chosen = estimand or ("kill_2" if "kill_2" in plan.estimands else plan.estimands[0])
    if chosen not in plan.estimands:
        raise SpecError(f"map: estimand = {chosen}: not in this run; allowed: {', '.join(plan.estimands)}")
    for name in policies or ():
        if name not in plan.policies:
            raise SpecError(f"map: policy = {name}: not in this run; allowed: {', '.join(plan.policies)}")
    return chosen, tuple(policies or plan.policies)


def _axes(points: Sequence[PointLike]) -> dict[str, MapAxis]:
    """Give the swept parameters that take at least two values."""
    found: dict[str, dict[AxisValue, None]] = {}
    for point in points:
        for path, value in point.values.items():
            found.setdefault(path, {})[value] = None
    axes = {path: MapAxis(path, tuple(values)) for path, values in found.items() if len(values) > 1}
    return {p: MapAxis(p, tuple(sorted(a.values, key=_number))) if a.is_numeric else a for p, a in axes.items()}


def _number(value: AxisValue) -> float:
    return float(value)


def _choose(axes: dict[str, MapAxis], x: str | None, y: str | None, pool: Sequence[str]) -> tuple[MapAxis, MapAxis]:
    """Choose the axes that were not asked for: (y, x)."""
    free = [a for a in axes.values() if a.path not in (x, y, *pool)]
    free.sort(key=lambda a: (not a.is_numeric, -len(a.values)))
    needed = (x is None) + (y is None)
    if len(free) < needed:
        raise SpecError(f"map: pool = {', '.join(pool)}: leaves no two axes; allowed: some of {', '.join(axes)}")
    y_axis = axes[y] if y is not None else free.pop(0)
    x_axis = axes[x] if x is not None else free.pop(0)
    if x_axis.path == y_axis.path or {x_axis.path, y_axis.path} & set(pool):
        raise SpecError(f"map: {x_axis.path} is used twice; allowed: different parameters for x, y and pool")
    return y_axis, x_axis


def _panel(
    cells: Mapping[tuple[AxisValue, AxisValue], Sequence[PointLike]],
    policy: str,
    facet: Mapping[str, AxisValue],
    estimand: str,
    x: MapAxis,
    y: MapAxis,
    boundary: Boundary | None,
    level: float,
) -> MapPanel:
    """Fill one panel."""
    grid = [[_cell(cells.get((vy, vx), ()), policy, estimand, level) for vx in x.values] for vy in y.values]
    line: list[float | None] = []
    for vx in x.values:
        column = [point for vy in y.values for point in cells.get((vy, vx), ())]
        found = [boundary(point, policy) for point in column] if boundary is not None and y.is_numeric else []
        known = [value for value in found if value is not None]
        # Points of a column differ on the vertical axis only, and in what is pooled: their boundaries are averaged.
        line.append(sum(known) / len(known) if known else None)
    return MapPanel(
        policy,
        facet,
        tuple(tuple(interval for interval, _ in row) for row in grid),
        tuple(tuple(n for _, n in row) for row in grid),
        tuple(line),
    )


def _cell(points: Sequence[PointLike], policy: str, estimand: str, level: float) -> tuple[Interval, int]:
    """Estimate one cell of the grid: its probability and the replicates that count."""
    k = n = unknown = before = 0
    for point in points:
        view = CellView(point.tally, policy, estimand)
        status = view.status()
        members = (Status.SEEN, Status.HORIZON, Status.BUDGET, Status.NO_VICTIM, Status.RECOVERED)
        n += sum(status[s] for s in members)
        k += int(view.counts("n_livelock"))
        before += status[Status.BUDGET_BEFORE]
        unknown += status[Status.BUDGET] + status[Status.BUDGET_BEFORE]
    if not points:
        return not_estimable("Clopper-Pearson", "not in the design"), 0
    return exact_interval(k, k, k + unknown, n + before, n, level), n
