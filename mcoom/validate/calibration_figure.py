"""The figures of calibration: predicted against observed medians, and the histogram of probabilities.

Takes cell scores and their calibration, gives a matplotlib figure. Must know nothing of how anything was simulated.
"""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mcoom.figure.style import FAINT, INK, figure, log_time_axis, look, styled
from mcoom.validate.calibration import BINS, Calibration
from mcoom.validate.cells import STUCK_NS
from mcoom.validate.score import CellScore

_LOW_NS, _HIGH_NS = 2_000, 60_000_000_000


@styled()
def calibration_figure(scores: Sequence[CellScore], calibration: Calibration) -> Figure:
    """Draw medians on the left, probabilities on the right.

    Parameters
    ----------
    scores : sequence of CellScore
        All cells.
    calibration : Calibration
        Of the same.
    """
    drawn = figure(height_in=3.6)
    left, right = drawn.subplots(1, 2, width_ratios=(1.25, 1))
    _draw_medians(left, scores)
    _draw_histogram(right, calibration)
    return drawn


def _draw_medians(axes: Axes, scores: Sequence[CellScore]) -> None:
    """Draw a point per cell with its predicted 90 % interval."""
    log_time_axis(axes, _LOW_NS, _HIGH_NS, "x")
    log_time_axis(axes, _LOW_NS, _HIGH_NS, "y")
    axes.plot([_LOW_NS, _HIGH_NS], [_LOW_NS, _HIGH_NS], color=FAINT, linewidth=0.8)
    for line in (axes.axvline, axes.axhline):
        line(STUCK_NS, color=FAINT, linewidth=0.6, linestyle=(0, (2, 2)))
    shown = [score for score in scores if score.predicted is not None and score.interval_ns is not None]
    right, wrong = look(2), look(1)
    for agrees, style, name in ((True, right, "verdict right"), (False, wrong, "verdict wrong")):
        group = [score for score in shown if score.verdict_agrees == agrees]
        if not group:
            continue
        x = _clip([score.observed.median.value_ns for score in group])
        y = _clip([score.predicted.median.value_ns for score in group if score.predicted is not None])
        low, high = (_clip([score.interval_ns[i] for score in group if score.interval_ns]) for i in (0, 1))
        # One path with gaps: a path for each would be most of the file.
        gaps = np.full(len(x), np.nan)
        bars = np.stack([low, high, gaps], axis=1).ravel()
        axes.plot(np.repeat(x, 3), bars, color=style.colour, alpha=0.3, linewidth=0.5, zorder=1.5)
        axes.plot(
            x, y, linestyle="none", marker=style.marker, markersize=2.4, color=style.colour, markeredgewidth=0,
            alpha=0.7, label=f"{name} ({len(group)})",
        )  # fmt: skip
    axes.set_xlabel("observed median of a cell")
    axes.set_ylabel("predicted median and 90 % interval")
    axes.legend(loc="upper left", fontsize=7)


def _clip(values: Sequence[int]) -> np.ndarray:
    """Return times cut to the axis."""
    return np.asarray(np.clip(np.array(values, dtype=float), _LOW_NS, _HIGH_NS))


def _draw_histogram(axes: Axes, calibration: Calibration) -> None:
    """Draw where observed kills fall in their predicted distributions."""
    edges = np.linspace(0, 1, BINS + 1)
    axes.stairs(calibration.density, edges, fill=True, color=look(2).colour, alpha=0.35)
    axes.stairs(calibration.density, edges, color=look(2).colour, linewidth=0.8)
    axes.axhline(1.0, color=INK, linewidth=0.8, linestyle=(0, (4, 2)))
    axes.text(0.5, 1.0, "perfect", ha="center", va="bottom", fontsize=7)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, max(2.0, 1.05 * max(calibration.density)))
    axes.set_xlabel("predicted probability of a time this short")
    axes.set_ylabel("density of observed kills")
