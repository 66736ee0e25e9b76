"""Survival curves: the share of episodes that still wait, against time.

Takes tallies, gives one panel per cell and estimand with a curve, a band and the censorings of each policy. Must know
nothing of how a curve is estimated.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from mcoom.analysis.binned import CellView
from mcoom.analysis.survival import kaplan_meier, quantile
from mcoom.figure.style import FAINT, FULL_WIDTH_IN, figure, log_time_axis, look, styled
from mcoom.report.quantity import share_text, time_text
from mcoom.tally.edges import FIRST_EDGE_NS

_PANEL_HEIGHT_IN = 2.1
_LABEL_GAP = 0.085
"""Smallest distance of two labels at the right edge, in units of the axis of shares."""


@dataclass(frozen=True)
class CurveLine:
    """The curve of one policy."""

    policy: str
    """Name."""
    order: int
    """Number of the policy in its scenario: how it looks."""
    n: int
    """Replicates that count."""
    times_ns: NDArray[np.float64]
    """float64[m], steps, ns; the last is the end of the observation and no step."""
    survival: NDArray[np.float64]
    """float64[m], share that still waits after the step."""
    low: NDArray[np.float64]
    """float64[m], lower limit."""
    high: NDArray[np.float64]
    """float64[m], upper limit."""
    censored_ns: NDArray[np.float64]
    """float64[k], times at which somebody was censored, ns."""
    median_ns: float | None
    """Median, ns; None if more than half still wait at the end."""

    def share_after(self, time_ns: float) -> float:
        """Return the share that still waits after a time."""
        steps = int(np.searchsorted(self.times_ns, time_ns, side="right"))
        return float(self.survival[steps - 1]) if steps else 1.0


@dataclass(frozen=True)
class CurvePanel:
    """The curves of one cell and estimand."""

    title: str
    """Stands above the panel."""
    tau_ns: float
    """Horizon, ns."""
    lines: tuple[CurveLine, ...]
    """One per policy that was reached at all."""


def curve_panel(views: Sequence[CellView], title: str, level: float) -> CurvePanel:
    """Return the curves of one cell.

    Parameters
    ----------
    views : sequence of CellView
        One per policy, all of one cell and estimand.
    title : str
        Stands above the panel.
    level : float
        Confidence level of the bands.
    """
    lines = [_line(view, level) for view in views]
    tau = max(view.tally.horizon_max_ns for view in views)
    return CurvePanel(title, float(tau), tuple(line for line in lines if line.n))


def _line(view: CellView, level: float) -> CurveLine:
    table = view.life_table()
    curve = kaplan_meier(table, level)
    last = max(curve.last_ns, float(curve.mid_ns[-1]) if curve.mid_ns.size else 0.0)

    def to_end(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.append(values, values[-1] if values.size else 1.0)

    return CurveLine(
        view.policy, view.p, table.n, np.append(curve.mid_ns, last), to_end(curve.survival),
        to_end(curve.band_low), to_end(curve.band_high), table.mid_ns[table.censored > 0],
        quantile(curve, 0.5).value,
    )  # fmt: skip


@styled()
def draw_curves(panels: Sequence[CurvePanel]) -> Figure:
    """Draw panels of curves, two beside each other.

    Parameters
    ----------
    panels : sequence of CurvePanel
        At least one, with at least one line among them.

    Returns
    -------
    Figure
        Steps are estimates, shades their intervals, a marker the median, small bars censorings; the share that never
        came to the event within the horizon stands at the right edge.
    """
    n_columns = 1 if len(panels) == 1 else 2
    n_rows = -(-len(panels) // n_columns)
    drawn = figure(FULL_WIDTH_IN, (_PANEL_HEIGHT_IN if n_columns == 2 else 2.8) * n_rows + 0.35)
    grid = drawn.subplots(n_rows, n_columns, squeeze=False)
    for axes, panel in zip(grid.flat, panels, strict=False):
        _draw_panel(axes, panel, 11 // n_columns)
    for axes in list(grid.flat)[len(panels) :]:
        axes.set_axis_off()
    for row in grid:
        row[0].set_ylabel("share that still waits")
    handles = {line.policy: _handle(grid[0][0], line) for panel in panels for line in panel.lines}
    drawn.legend(handles.values(), handles.keys(), loc="outside upper left", ncols=min(4, len(handles)))
    return drawn


def _handle(axes: Axes, line: CurveLine) -> Artist:
    style = look(line.order)
    return axes.plot([], [], color=style.colour, linestyle=style.dash, marker=style.marker)[0]


def _draw_panel(axes: Axes, panel: CurvePanel, n_labels: int) -> None:
    axes.set_title(panel.title)
    axes.set_ylim(-0.03, 1.03)
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0", "25 %", "50 %", "75 %", "100 %"])
    later = [line.times_ns[line.times_ns > FIRST_EDGE_NS] for line in panel.lines]
    firsts = [float(times[0]) for times in later if times.size]
    log_time_axis(
        axes, min([0.7 * first for first in firsts] + [panel.tau_ns / 10]), panel.tau_ns * 1.02, most=n_labels
    )
    axes.grid(visible=True)
    if not panel.lines:
        axes.text(0.5, 0.5, "never reached", transform=axes.transAxes, ha="center", color=FAINT)
    start = axes.get_xlim()[0]
    for line in panel.lines:
        _draw_line(axes, line, start, panel.tau_ns)
    _label_ends(axes, panel)


def _draw_line(axes: Axes, line: CurveLine, start_ns: float, tau_ns: float) -> None:
    style = look(line.order)
    times = np.concatenate(([start_ns], line.times_ns))
    survival, low, high = (np.concatenate(([1.0], values)) for values in (line.survival, line.low, line.high))
    axes.fill_between(times, low, high, step="post", color=style.colour, alpha=0.16, linewidth=0)
    axes.plot(times, survival, drawstyle="steps-post", color=style.colour, linestyle=style.dash)
    if line.median_ns is not None:
        axes.plot([line.median_ns], [0.5], marker=style.marker, color=style.colour, markeredgecolor="white", mew=0.6)
    marks = line.censored_ns[(line.censored_ns <= tau_ns) & (line.censored_ns >= start_ns)]
    if not marks.size:
        return  # An empty line that is not clipped would still take room at the corner of the figure.
    shares = [line.share_after(float(t)) for t in marks]
    axes.plot(marks, shares, linestyle="none", marker="|", color=style.colour, markersize=8, mew=1.2, clip_on=False)


def _label_ends(axes: Axes, panel: CurvePanel) -> None:
    """Write the shares that never came at the right edge, moved apart where they would overlap."""
    ends = sorted((float(line.survival[-1]), line.order) for line in panel.lines if line.survival[-1] > 0)
    place = -1.0
    for share, order in ends:
        place = max(share, place + _LABEL_GAP)
        axes.annotate(
            share_text(share), (1.0, place), xycoords=("axes fraction", "data"), xytext=(5, 0),
            textcoords="offset points", va="center", color=look(order).colour, fontsize=7.5, annotation_clip=False,
        )  # fmt: skip


def describe_curves(panels: Sequence[CurvePanel]) -> str:
    """Say in words what the panels show: for each curve its median and the share beyond the horizon."""
    parts = []
    for panel in panels:
        lines = [
            f"{line.policy}: {_median_text(line)}, {share_text(float(line.survival[-1]))} still waiting at "
            f"{time_text(float(line.times_ns[-1]))}"
            for line in panel.lines
        ]
        parts.append(f"{panel.title}. " + ("; ".join(lines) if lines else "never reached") + ".")
    return "Survival curves. " + " ".join(parts)


def _median_text(line: CurveLine) -> str:
    return "no median" if line.median_ns is None else f"median {time_text(line.median_ns)}"
