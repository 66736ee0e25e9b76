"""The figures of a run, each with its caption.

Takes results and their analysis, gives plates: a drawing, what stands below it, and its words. Joins the figures to
what a results file holds; must know nothing of how anything is drawn.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from matplotlib.figure import Figure

from mcoom.analysis.binned import CellView
from mcoom.analysis.map import Boundary, LivelockMap, livelock_map
from mcoom.analysis.marginal import livelock_marginals
from mcoom.analysis.saturation import axis_boundary, saturation_of
from mcoom.analysis.sensitivity import saltelli_layout, sobol_indices
from mcoom.analysis.verdict import Analysis, PointLike
from mcoom.design.build import build_design
from mcoom.errors import SpecError
from mcoom.figure.curves import curve_panel, describe_curves, draw_curves
from mcoom.figure.forest import ForestGroup, ForestRow, describe_forest, draw_forest
from mcoom.figure.map import describe_map, draw_map
from mcoom.figure.ridges import describe_ridges, draw_ridges, ridge_panel
from mcoom.figure.sensitivity import TornadoPanel, describe_indices, describe_tornado, draw_indices, draw_tornado
from mcoom.figure.style import to_svg
from mcoom.report.any_law import counted_text
from mcoom.report.quantity import share_text
from mcoom.report.sentence import earlier
from mcoom.spec.load import parse_scenario
from mcoom.store.record import PointRecord, Results

ANY_INVOCATION = ("hold_max", "recovery")
"""Estimands whose livelock is that of any invocation of the episode, and whose population is every episode that has
one. That of ``kill_2`` leaves out the episodes that were stuck before: no map of a policy that gets stuck early."""


def whole_episode(estimands: Sequence[str]) -> str:
    """Return the estimand whose livelock is that of any invocation, or the first if there is none."""
    return next((name for name in ANY_INVOCATION if name in estimands), estimands[0])


@dataclass(frozen=True)
class Plate:
    """A figure, ready to be shown."""

    name: str
    """Stem of its file."""
    drawn: Figure
    """The drawing."""
    caption: str
    """How to read it."""
    alt: str
    """What it shows, in words."""

    @cached_property
    def svg(self) -> str:
        """The drawing as an SVG document."""
        return to_svg(self.drawn)


def _views(results: Results, point: PointRecord, estimand: str) -> list[CellView]:
    return [CellView(point.tally, policy, estimand) for policy in results.plan.policies]


def _suffix(results: Results, point: PointRecord) -> str:
    return f"-point-{point.index}" if len(results.points) > 1 else ""


def curves_plate(results: Results, analysis: Analysis, point: PointRecord, estimands: Sequence[str]) -> Plate:
    """Draw the survival curves of a point, a panel per estimand."""
    panels = [curve_panel(_views(results, point, name), name, analysis.level) for name in estimands]
    return Plate(
        f"curves{_suffix(results, point)}",
        draw_curves(panels),
        "Survival curves (Kaplan-Meier): the share of episodes in which the event has not come yet. Shades: "
        f"{share_text(analysis.level)} limits, pointwise; marker: median; vertical bar: somebody was censored there; "
        "number at the right: share in which it had not come when the horizon did."
        + (" Limits are for a number of replicates fixed beforehand." if analysis.is_sequential else ""),
        describe_curves(panels),
    )


def ridges_plate(results: Results, point: PointRecord, estimands: Sequence[str]) -> Plate:
    """Draw the histogram ridges of a point, a panel per estimand."""
    panels = [ridge_panel(_views(results, point, name), name) for name in estimands]
    return Plate(
        f"ridges{_suffix(results, point)}",
        draw_ridges(panels),
        "Times that were seen, on a logarithmic axis. Each ridge is as high as its own fullest bin: compare places and "
        "shapes, not heights. Bar at the right: share in which the event was not seen; dark: in livelock, hatched: "
        "for another reason.",
        describe_ridges(panels),
    )


def forest_plate(analysis: Analysis, policies: Sequence[str], by: str, name: str = "forest") -> Plate:
    """Draw contrasts.

    Parameters
    ----------
    analysis : Analysis
        Its contrasts are drawn in their order.
    policies : sequence of str
        All of the run: gives their looks.
    by : {"estimand", "stratum", "label"}
        What makes groups of rows.
    name : str
        Stem of the file.
    """
    groups: dict[str, list[ForestRow]] = {}
    for contrast in analysis.contrasts:
        title = contrast.estimand if by == "estimand" else str(contrast.cell.get(by, "all strata"))
        row = ForestRow(contrast.policy, policies.index(contrast.policy), contrast)
        groups.setdefault(title, []).append(row)
    if not groups:
        raise SpecError("forest: nothing to compare; allowed: a file with two policies or more")
    drawn = [ForestGroup(title, tuple(rows)) for title, rows in groups.items()]
    baseline = analysis.contrasts[0].baseline
    words = sorted({earlier(contrast.estimand) for contrast in analysis.contrasts}, reverse=True)
    return Plate(
        name,
        draw_forest(drawn, " or ".join(words)),
        f"Each policy against {baseline}, with {share_text(analysis.level)} intervals. Left: difference of restricted "
        "means, to scale near 0 and by powers of ten beyond (left of 0 is better). Middle: probability that the policy "
        "is the earlier one (right of 50 % is better). Right: difference of livelock probabilities (left is better)."
        + _unseen_text(analysis),
        describe_forest(drawn, baseline),
    )


def _unseen_text(analysis: Analysis) -> str:
    note = counted_text(analysis.contrasts)
    stopped = " Not all intervals hold at any time of stopping: the tables say which." if analysis.is_sequential else ""
    return (f" {note[0].upper()}{note[1:]}." if note else "") + stopped


def boundary_of(results: Results, vertical: str) -> Boundary | None:
    """Return the closed-form boundary of a run's maps.

    Parameters
    ----------
    results : Results
        The file; its scenario is built again to know what an attempt costs.
    vertical : str
        Vertical axis.

    Returns
    -------
    callable or None
        None where the vertical axis does not count the tasks of a class.
    """
    if not (vertical.startswith("class.") and vertical.endswith(".count")):
        return None
    record = results.provenance
    scenario = parse_scenario(str(record["scenario_text"]), str(record["scenario_name"]))
    design = build_design(scenario, int(record["replicates"]), int(record["seed"]))

    def boundary(point: PointLike, policy: str) -> float | None:
        found = saturation_of(design, point.index, policy, min(16, int(record["replicates"])))
        return axis_boundary(found, float(point.values[vertical]))

    return boundary


def map_of(
    results: Results, estimand: str | None = None, x: str | None = None, y: str | None = None, level: float = 0.95
) -> LivelockMap:
    """Lay a sweep out as maps with their boundary.

    Parameters
    ----------
    results : Results
        A sweep of two parameters or more.
    estimand : str, optional
        Whose livelock; by default that of any invocation, where the run can tell.
    x, y : str, optional
        Axes, as ``mcoom.analysis.map.livelock_map`` takes them.
    level : float
        Confidence level.

    Raises
    ------
    SpecError
        If there is no such sweep, estimand or parameter, or most of the cells were not run: a sampled design.
    """
    chosen = estimand or whole_episode(results.plan.estimands)
    bare = livelock_map(results, estimand=chosen, x=x, y=y, level=level)
    n_filled = sum(n > 0 for panel in bare.panels for row in panel.n for n in row)
    n_cells = sum(len(row) for panel in bare.panels for row in panel.n)
    if 2 * n_filled < n_cells:
        raise SpecError(f"map: only {n_filled} of its {n_cells} cells were run; allowed: a grid of two axes or more")
    boundary = boundary_of(results, bare.y.path)
    if boundary is None:
        return bare
    return livelock_map(results, estimand=chosen, x=bare.x.path, y=bare.y.path, boundary=boundary, level=level)


def map_plate(found: LivelockMap) -> Plate:
    """Draw a livelock map."""
    counts = [n for panel in found.panels for row in panel.n for n in row if n]
    few = f"{min(counts):,}" if counts else "0"
    whose = "any invocation" if found.estimand in ANY_INVOCATION else found.estimand
    return Plate(
        "map",
        draw_map(found),
        f"Where each policy livelocks ({whose}): share of replicates, over {found.x.path} and {found.y.path}, at least "
        f"{few} replicates in a cell; hatched: nothing to count. At the right: cells in which at least half of the "
        f"replicates livelock. Blue: {found.boundary_says}, by closed form and not by simulation."
        + "".join(f" {note}." for note in found.notes),
        describe_map(found),
    )


def is_grid(results: Results) -> bool:
    """Return whether every combination of the values of at least one swept parameter was run, each once."""
    values = [point.values for point in results.points]
    sizes = [len({value[path] for value in values}) for path in (values[0] if values else ())]
    return bool(sizes) and len(values) > 1 and math.prod(sizes) == len(values)


def is_saltelli(results: Results) -> bool:
    """Return whether Sobol indices can be had from a run."""
    try:
        saltelli_layout(results.points)
    except SpecError:
        return False
    return True


def sensitivity_plate(results: Results, analysis: Analysis, estimands: Sequence[str]) -> Plate:
    """Draw which swept parameter matters: Sobol indices of a mean where the design allows them, else livelock by value.

    Parameters
    ----------
    results, analysis : Results, Analysis
        The run.
    estimands : sequence of str
        The mean is that of the first, the livelock that of any invocation if one of them tells.

    Raises
    ------
    SpecError
        If the run is neither a grid nor a Saltelli design, or a point of the latter has no such mean.
    """
    if is_saltelli(results):
        return _indices_plate(results, estimands[0], analysis.level)
    if not is_grid(results):
        raise SpecError(
            "sensitivity: this run is neither a grid nor a Saltelli design; allowed: a scenario with axes, or one with "
            '[design] kind = "saltelli"'
        )
    return _tornado_plate(results, analysis, whole_episode(estimands))


def _indices_plate(results: Results, estimand: str, level: float) -> Plate:
    found = sobol_indices(results, estimand=estimand, level=level)
    return Plate(
        "sensitivity",
        draw_indices(found),
        f"Sobol indices of the restricted mean of {estimand}: the share of the variance between points that a "
        f"parameter explains alone, and the share it takes part in. Thin lines: {share_text(level)} intervals.",
        describe_indices(found),
    )


def _tornado_plate(results: Results, analysis: Analysis, estimand: str) -> Plate:
    panels = []
    for order, policy in enumerate(results.plan.policies):
        wanted = (policy, estimand)
        chosen = [e for e in analysis.estimates if (e.policy, e.estimand) == wanted and "stratum" not in e.cell]
        shares = [e.livelock_prob.value for e in chosen if e.livelock_prob.value is not None]
        if shares:
            panels.append(TornadoPanel(policy, order, sum(shares) / len(shares), livelock_marginals(chosen)))
    return Plate(
        "sensitivity",
        draw_tornado(panels),
        "Which parameter moves the livelock: mean livelock probability over all points with one value of a parameter. "
        "A bar reaches from the smallest to the largest such mean, its ends name the values; the rule is the mean over "
        "all points. It describes the grid that was run; interactions are in the map.",
        describe_tornado(panels),
    )
