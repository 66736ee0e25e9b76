"""Histogram ridges: how the times of each policy are spread, and what never came.

Takes tallies, gives one panel per cell and estimand with a ridge per policy. Must know nothing of statistics: it shows
counts.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from mcoom.analysis.binned import CellView
from mcoom.figure.style import FAINT, FULL_WIDTH_IN, INK, figure, log_time_axis, look, styled
from mcoom.report.quantity import share_text, time_text
from mcoom.tally.edges import FIRST_EDGE_NS, latency_edges_ns
from mcoom.tally.histogram import Kind
from mcoom.tally.status import Status

_BINS_TOGETHER = ((5000, 4), (500, 8), (0, 12))
"""From so many replicates on, so many bins of 2 % make one bin of a ridge: fewer replicates make coarser ridges."""
_BAR_HEIGHT = 0.34
"""Of the bars at the right, in the same unit."""
_RIDGE_HEIGHT = 0.82
"""Of the highest bin, in units of the distance of two ridges."""


@dataclass(frozen=True)
class Ridge:
    """The times of one policy."""

    policy: str
    """Name."""
    order: int
    """Number of the policy in its scenario."""
    n: int
    """Replicates that count."""
    counts: NDArray[np.int64]
    """int64[m], events seen in each bin of ``RidgePanel.edges_ns``."""
    seen_share: float
    """Of those that count: the event was seen."""
    at_once_share: float
    """Of those that count: it came sooner than the first bin begins, and is in no bin."""
    livelock_share: float
    """Of those that count: it was not seen, and that was a livelock."""

    @property
    def other_share(self) -> float:
        """Of those that count: the event was not seen, for another reason."""
        return max(0.0, 1 - self.seen_share - self.livelock_share) if self.n else 0.0


@dataclass(frozen=True)
class RidgePanel:
    """The ridges of one cell and estimand."""

    title: str
    """Stands above the panel."""
    tau_ns: float
    """Horizon, ns."""
    edges_ns: NDArray[np.float64]
    """float64[m + 1], edges of the bins, ns."""
    ridges: tuple[Ridge, ...]
    """One per policy, in the order of the scenario."""


_MEMBERS = (Status.SEEN, Status.HORIZON, Status.BUDGET, Status.NO_VICTIM, Status.RECOVERED)


def ridge_panel(views: Sequence[CellView], title: str) -> RidgePanel:
    """Return the ridges of one cell.

    Parameters
    ----------
    views : sequence of CellView
        One per policy, all of one cell and estimand.
    title : str
        Stands above the panel.
    """
    n_most = max(view.n_replicates for view in views)
    together = next(bins for n, bins in _BINS_TOGETHER if n_most >= n)
    edges = latency_edges_ns().astype(np.float64)[::together]
    ridges = []
    for view in views:
        seen = view.tally.histogram.dense(view.p, view.e)[view.strata, Kind.SEEN].sum(axis=0)
        status = view.status()
        n = sum(status[s] for s in _MEMBERS)
        counts = np.add.reduceat(seen[1:-1], np.arange(0, seen.size - 2, together))[: edges.size - 1]
        shares = [x / max(n, 1) for x in (status[Status.SEEN], int(seen[0]), int(view.counts("n_livelock")))]
        # hold_max: a livelock may have been seen to its end, and stands among the seen.
        shares[2] = min(shares[2], 1 - shares[0])
        ridges.append(Ridge(view.policy, view.p, n, counts, *shares))
    return RidgePanel(title, float(max(view.tally.horizon_max_ns for view in views)), edges, tuple(ridges))


@styled()
def draw_ridges(panels: Sequence[RidgePanel]) -> Figure:
    """Draw panels of ridges, each with bars for what was not seen.

    Returns
    -------
    Figure
        A ridge is as high as its own fullest bin: compare shapes and places, not heights. The bars at the right are
        shares: the dark part is livelock, the hatched part was not seen for another reason.
    """
    n_columns = 1 if len(panels) == 1 else 2
    n_rows = -(-len(panels) // n_columns)
    n_ridges = max(len(panel.ridges) for panel in panels)
    drawn = figure(FULL_WIDTH_IN, (0.75 + 0.42 * n_ridges) * n_rows)
    grid = drawn.subplots(
        n_rows, 2 * n_columns, squeeze=False, gridspec_kw={"width_ratios": [5, 1.25] * n_columns, "wspace": 0.02}
    )
    axes = iter(grid.flat)
    for i, panel in enumerate(panels):
        _draw_panel(next(axes), next(axes), panel, 9 // n_columns, has_names=i % n_columns == 0)
    for rest in axes:
        rest.set_axis_off()
    return drawn


def _draw_panel(axes: Axes, bars: Axes, panel: RidgePanel, n_labels: int, *, has_names: bool) -> None:
    seen = [np.flatnonzero(ridge.counts) for ridge in panel.ridges]
    firsts = [panel.edges_ns[rows[0]] for rows in seen if rows.size]
    low = min(min(firsts, default=panel.tau_ns / 100) / 1.5, panel.tau_ns / 10)
    log_time_axis(axes, max(100.0, float(low)), panel.tau_ns * 1.02, most=n_labels)
    axes.set_title(panel.title)
    axes.grid(visible=True, axis="x")
    rows = range(len(panel.ridges))
    heights = [-float(row) for row in rows]
    for base, ridge in zip(heights, panel.ridges, strict=True):
        style = look(ridge.order)
        axes.axhline(base, color=FAINT, linewidth=0.5)
        if ridge.counts.any():
            tops = base + _RIDGE_HEIGHT * ridge.counts / ridge.counts.max()
            axes.stairs(tops, panel.edges_ns, baseline=base, fill=True, facecolor=style.colour, alpha=0.45, linewidth=0)
            axes.stairs(tops, panel.edges_ns, baseline=base, color=style.colour, linewidth=0.9)
        _draw_bar(bars, base, ridge)
    for each in (axes, bars):
        each.set_ylim(heights[-1] - 0.12, 1.0)
        each.spines["left"].set_visible(False)
        each.tick_params(axis="y", length=0)
    axes.set_yticks(heights, [ridge.policy if has_names else "" for ridge in panel.ridges], va="bottom")
    bars.set_yticks([])
    bars.set_xlim(0, 1.9)
    bars.set_xticks([])
    bars.spines["bottom"].set_visible(False)
    bars.set_title("not seen", fontweight="normal", fontsize=7.5)


def _draw_bar(bars: Axes, base: float, ridge: Ridge) -> None:
    bars.barh(base, 1.0, _BAR_HEIGHT, align="edge", facecolor="white", edgecolor=FAINT, linewidth=0.5)
    if ridge.n == 0:
        bars.text(1.08, base + _BAR_HEIGHT / 2, "not reached", va="center", fontsize=6.5, color=FAINT)
        return
    bars.barh(base, ridge.livelock_share, _BAR_HEIGHT, align="edge", color=INK)
    bars.barh(
        base, ridge.other_share, _BAR_HEIGHT, ridge.livelock_share, align="edge", facecolor="white", edgecolor=INK,
        hatch="//////", linewidth=0.5,
    )  # fmt: skip
    bars.text(1.08, base + _BAR_HEIGHT / 2, share_text(1 - ridge.seen_share), va="center", fontsize=7)
    if ridge.at_once_share:
        at_once = f"{share_text(ridge.at_once_share)} < {FIRST_EDGE_NS} ns"
        bars.text(0.0, base + 2 * _BAR_HEIGHT, at_once, va="center", fontsize=6.5)


def describe_ridges(panels: Sequence[RidgePanel]) -> str:
    """Say in words what the panels show: where the times of each policy are, and what was not seen."""
    parts = []
    for panel in panels:
        lines = []
        for ridge in panel.ridges:
            rows = np.flatnonzero(ridge.counts)
            where = "nothing seen"
            if rows.size:
                first, last = panel.edges_ns[rows[0]], panel.edges_ns[rows[-1] + 1]
                where = f"{share_text(ridge.seen_share)} seen, from {time_text(first)} to {time_text(last)}"
            lines.append(f"{ridge.policy}: {where}, {share_text(ridge.livelock_share)} in livelock")
        parts.append(f"{panel.title}. {'; '.join(lines)}.")
    return "Histograms. " + " ".join(parts)
