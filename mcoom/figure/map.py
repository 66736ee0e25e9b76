"""Livelock map: where in the plane of two swept parameters each policy livelocks.

Takes a map as the analysis lays it out, gives a grid of panels, a row per policy and a column per facet. Must know
nothing of how a probability or the boundary was found.
"""

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from mcoom.analysis.map import LivelockMap, MapAxis, MapPanel
from mcoom.figure.style import FAINT, FULL_WIDTH_IN, figure, styled
from mcoom.report.quantity import share_text

STUCK = 0.5
"""A cell counts as one in which a policy livelocks from this probability on."""
_SHADES = LinearSegmentedColormap.from_list("livelock", ["#f3f3ef", "#fbd9a5", "#ee8a3a", "#a8321b", "#2b0708"], N=20)
_LINE = "#0072b2"
_MAX_ROWS_IN = 8.6


@styled()
def draw_map(found: LivelockMap) -> Figure:
    """Draw a livelock map.

    Parameters
    ----------
    found : LivelockMap
        As the analysis gives it.

    Returns
    -------
    Figure
        Dark is livelock, hatched was not simulated; the blue steps are the closed-form boundary, where there is one.
        Each row says at how many cells its policy livelocks in at least half of the replicates.
    """
    policies = list(dict.fromkeys(panel.policy for panel in found.panels))
    facets = _facets(found)
    n_y = len(found.y.values)
    panel_in = min(max(0.55, 0.115 * n_y), (_MAX_ROWS_IN - 1.2) / len(policies))
    drawn = figure(FULL_WIDTH_IN, 1.25 + (panel_in + 0.1) * len(policies))
    grid = drawn.subplots(len(policies), len(facets), squeeze=False, sharex=True, sharey=True)
    by_place = {(panel.policy, panel.label): panel for panel in found.panels}
    image = None
    for row, policy in zip(grid, policies, strict=True):
        for axes, facet in zip(row, facets, strict=True):
            image = _draw_panel(axes, by_place[policy, facet.label], found)
        row[-1].annotate(
            _stuck_text([panel for panel in found.panels if panel.policy == policy]), (1.0, 0.5),
            xycoords="axes fraction", xytext=(6, 0), textcoords="offset points", va="center", fontsize=7.5,
        )  # fmt: skip
        row[0].set_ylabel(policy, fontweight="bold", fontsize=8)
    for axes, facet in zip(grid[0], facets, strict=True):
        axes.set_title(_facet_text(facet), fontsize=7.5, fontweight="normal", loc="center")
    if any(value is not None for panel in found.panels for value in panel.boundary):
        line = grid[0][0].plot([], [], color=_LINE, linewidth=1.8, label=f"closed form: {found.boundary_says}")
        drawn.legend(handles=line, loc="outside lower center")
    for axes in grid[-1]:
        axes.set_xlabel(short_name(found.x.path))
    drawn.supylabel(found.y.path, fontsize=8)
    if image is not None:
        bar = drawn.colorbar(image, ax=grid, location="top", shrink=0.5, aspect=40, pad=0.02)
        bar.set_ticks([0, 0.25, 0.5, 0.75, 1], labels=["0", "25 %", "50 %", "75 %", "100 %"])
        bar.set_label("replicates in livelock", fontsize=8)
        bar.outline.set_visible(False)
    return drawn


def _facets(found: LivelockMap) -> list[MapPanel]:
    """Give one panel per facet: what differs in words changes slowest, so that numbers stand in their order."""
    facets = list({panel.label: panel for panel in found.panels}.values())

    def rank(panel: MapPanel) -> list[int]:
        words = [path for path, value in panel.facet.items() if isinstance(value, str)]
        order = words + [path for path in panel.facet if path not in words]
        values = {path: list(dict.fromkeys(facet.facet[path] for facet in facets)) for path in order}
        return [values[path].index(panel.facet[path]) for path in order]

    return sorted(facets, key=rank)


def _draw_panel(axes: Axes, panel: MapPanel, found: LivelockMap) -> QuadMesh:
    values = np.array([[math.nan if cell.value is None else cell.value for cell in row] for row in panel.probability])
    n_y, n_x = values.shape
    axes.set_facecolor("white")
    axes.fill_between([0, n_x], 0, n_y, facecolor="white", edgecolor=FAINT, hatch="/////", linewidth=0)
    image = axes.pcolormesh(
        np.arange(n_x + 1), np.arange(n_y + 1), np.ma.masked_invalid(values), cmap=_SHADES, vmin=0, vmax=1,
        edgecolors="white", linewidth=0.4,
    )  # fmt: skip
    axes.set_xticks(np.arange(n_x) + 0.5, [str(value) for value in found.x.values])
    step = 1 if n_y <= 6 else 2
    axes.set_yticks(np.arange(0, n_y, step) + 0.5, [str(value) for value in found.y.values[::step]], fontsize=6.5)
    axes.tick_params(length=0)
    for side in axes.spines.values():
        side.set_visible(False)
    for column, value in enumerate(panel.boundary):
        place = None if value is None else place_on(found.y, value)
        if place is not None:
            for colour, width in (("white", 3.4), (_LINE, 1.8)):
                axes.plot([column, column + 1], [place, place], color=colour, linewidth=width, solid_capstyle="butt")
    return image


def place_on(axis: MapAxis, value: float) -> float | None:
    """Return where a value lies on an axis whose values are one apart, in cells from its lower end.

    Parameters
    ----------
    axis : MapAxis
        Numeric and rising.
    value : float
        To place; between two values it is placed by its logarithm if they are positive.

    Returns
    -------
    float or None
        The middle of the first cell is 0.5; None beyond half a cell outside the axis.
    """
    known = [float(x) for x in axis.values]
    if known[0] > 0 and value > 0:
        known, value = [math.log(x) for x in known], math.log(value)
    n = len(known)
    if n == 1:
        return 0.5 if math.isclose(value, known[0]) else None
    right = min(max(int(np.searchsorted(known, value)), 1), n - 1)
    place = right - 0.5 + (value - known[right - 1]) / (known[right] - known[right - 1])
    return place if 0 <= place <= n else None


def count_stuck(panels: Sequence[MapPanel]) -> tuple[int, int]:
    """Return at how many cells the panels show livelock in at least half of the replicates, and of how many."""
    values = [cell.value for panel in panels for row in panel.probability for cell in row if cell.value is not None]
    return sum(value >= STUCK for value in values), len(values)


def _stuck_text(panels: Sequence[MapPanel]) -> str:
    stuck, total = count_stuck(panels)
    return f"{stuck} of {total}\ncells" if stuck else f"none of\n{total} cells"


def _facet_text(panel: MapPanel) -> str:
    return "\n".join(f"{short_name(path)} {value}" for path, value in panel.facet.items())


def short_name(path: str) -> str:
    """Return the name of a swept parameter for narrow places.

    Examples
    --------
    >>> short_name("machine.hz"), short_name("class.owner.policy"), short_name("class.storm.rss")
    ('hz', 'owner', 'storm.rss')
    """
    short = path.removeprefix("machine.").removeprefix("class.")
    return short.removesuffix(".policy").removesuffix(".count")


def describe_map(found: LivelockMap) -> str:
    """Say in words what a map shows: where each policy livelocks and where it does not."""
    parts = []
    for policy in dict.fromkeys(panel.policy for panel in found.panels):
        panels = [panel for panel in found.panels if panel.policy == policy]
        stuck, total = count_stuck(panels)
        highest = max((c.value or 0.0 for panel in panels for row in panel.probability for c in row), default=0.0)
        where = f"{stuck} of {total} cells, at most {share_text(highest)}"
        parts.append(f"{policy}: livelock in at least half of the replicates at {where}")
    return f"Map of the livelock of {found.estimand} over {found.x.path} and {found.y.path}. " + "; ".join(parts) + "."
