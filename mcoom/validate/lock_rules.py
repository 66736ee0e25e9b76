"""The figure of the four lock rules: time to kill against storm size, measured and predicted, on one page.

Takes cell scores, gives a matplotlib figure. Must know nothing of how anything was simulated.

Columns are what the losers of the lock do, rows preemption and the sleep under the lock. Of the other factors the
commonest combination is drawn, with a SCHED_IDLE owner where there is one.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FixedFormatter, FixedLocator, NullLocator

from mcoom.figure.style import FAINT, figure, log_time_axis, look, styled
from mcoom.validate.brier import mixture
from mcoom.validate.cells import STUCK_NS
from mcoom.validate.score import CellScore

RULES = (
    ("sleep", "trylock, sleep a jiffy"),
    ("spin", "trylock, spin"),
    ("mutex", "wait on the mutex"),
    ("pi", "rt_mutex"),
)
"""Values of ``fail`` and their titles, in the order of the columns."""
_DRAWN = ("fail", "hold", "preempt", "n", "vkb", "k")
"""Factors that the figure shows, or pools."""
_LOW_NS, _HIGH_NS = 2_000, 60_000_000_000
_SIZES = (1, 8, 64, 512)


@dataclass(frozen=True)
class Series:
    """Kills of one kind under one rule, by storm size."""

    sizes: tuple[int, ...]
    low_ns: tuple[int, ...]
    """Predicted 5 % quantile at each size."""
    median_ns: tuple[int, ...]
    high_ns: tuple[int, ...]
    seen: tuple[tuple[int, int, bool], ...]
    """Observed (size, median of a cell in ns, whether it is only a bound)."""


def setting_of(scores: Sequence[CellScore]) -> dict[str, str | int]:
    """Return the other factors that the figure holds fixed: column -> value.

    Returns
    -------
    dict
        The combination that most cells have, those with a SCHED_IDLE owner first; empty if there are no cells.
    """
    settings = Counter(_rest(score) for score in scores)
    if not settings:
        return {}
    best = max(settings, key=lambda rest: (dict(rest)["hpol"] == "i", settings[rest], str(rest)))
    return dict(best)


def _rest(score: CellScore) -> tuple[tuple[str, str | int], ...]:
    return tuple((column, value) for column, value in score.cell.labels().items() if column not in _DRAWN)


def series_of(scores: Sequence[CellScore]) -> Series:
    """Return the series of cells of one rule, hold and preemption; cells of a storm size are pooled."""
    by_size: dict[int, list[CellScore]] = {}
    for score in scores:
        by_size.setdefault(score.cell.factors.n, []).append(score)
    sizes = tuple(sorted(by_size))
    curves = [mixture([score.expected for score in by_size[n]]) for n in sizes]
    low, middle, high = (tuple(curve.quantile(p).value_ns for curve in curves) for p in (0.05, 0.5, 0.95))
    seen = tuple(
        (n, score.observed.median.value_ns, score.observed.median.at_least) for n in sizes for score in by_size[n]
    )
    return Series(sizes, low, middle, high, seen)


@styled()
def lock_rules_figure(scores: Sequence[CellScore]) -> Figure | None:
    """Draw the figure.

    Parameters
    ----------
    scores : sequence of CellScore
        All cells of a validation.

    Returns
    -------
    Figure or None
        None if no lock rule has cells of several storm sizes.
    """
    setting = setting_of(scores)
    chosen = [score for score in scores if dict(_rest(score)) == setting]
    rows = sorted({(score.cell.factors.preempt, score.cell.factors.hold > 0) for score in chosen})
    if len({score.cell.factors.n for score in chosen}) < 2:
        return None
    drawn = figure(height_in=1.2 + 1.95 * len(rows))
    grid = drawn.subplots(len(rows), len(RULES), sharex=True, sharey=True, squeeze=False)
    for i, (preempt, holds) in enumerate(rows):
        for j, (rule, title) in enumerate(RULES):
            axes = grid[i, j]
            cells = [
                score
                for score in chosen
                if (score.cell.factors.fail, score.cell.factors.preempt, score.cell.factors.hold > 0)
                == (rule, preempt, holds)
            ]
            _draw(axes, cells)
            if i == 0:
                axes.set_title(title)
        grid[i, 0].set_ylabel(f"preempt={preempt}, " + ("sleep under lock" if holds else "no sleep under lock"))
    for axes in grid[-1]:
        axes.set_xlabel("storm threads")
    _legend(drawn)
    return drawn


def _draw(axes: Axes, cells: Sequence[CellScore]) -> None:
    """Draw one panel."""
    axes.set_xscale("log")
    axes.set_xlim(0.7, 1500)
    axes.xaxis.set_major_locator(FixedLocator(_SIZES))
    axes.xaxis.set_major_formatter(FixedFormatter([str(n) for n in _SIZES]))
    axes.xaxis.set_minor_locator(NullLocator())
    log_time_axis(axes, _LOW_NS, _HIGH_NS, "y")
    axes.yaxis.set_minor_locator(NullLocator())
    axes.grid(visible=True, which="major")
    axes.axhline(STUCK_NS, color=FAINT, linewidth=0.6, linestyle=(0, (2, 2)))
    if not cells:
        axes.text(0.5, 0.5, "not measured", transform=axes.transAxes, ha="center", color=FAINT)
    for order, (is_first, nudge) in enumerate(((True, 0.93), (False, 1.07))):
        group = [score for score in cells if (score.cell.k == 1) == is_first]
        if group:
            _draw_series(axes, series_of(group), order, nudge)


def _draw_series(axes: Axes, series: Series, order: int, nudge: float) -> None:
    """Draw a band, its median and the measured points; ``nudge`` keeps the two series apart."""
    style = look(2 * order)
    low, middle, high = (np.maximum(np.array(values), _LOW_NS) for values in
                         (series.low_ns, series.median_ns, series.high_ns))  # fmt: skip
    axes.fill_between(series.sizes, low, high, color=style.colour, alpha=0.18, linewidth=0)
    axes.plot(series.sizes, middle, color=style.colour, linestyle=style.dash, linewidth=1.1)
    for is_bound, marker in ((False, style.marker), (True, 2)):
        points = [(n * nudge, max(ns, _LOW_NS)) for n, ns, bound in series.seen if bound == is_bound]
        if points:
            x, y = zip(*points, strict=True)
            face = "white" if order else style.colour
            axes.plot(
                x, y, linestyle="none", marker=marker, markersize=3.2 if not is_bound else 6, color=style.colour,
                markerfacecolor=face, markeredgewidth=0.8,
            )  # fmt: skip


def _legend(drawn: Figure) -> None:
    """Say what the marks are."""
    handles: list[Any] = []
    for order, name in ((0, "first kill of a round"), (1, "second to fourth")):
        style = look(2 * order)
        handles += [
            Line2D([], [], color=style.colour, marker=style.marker, linestyle="none", markersize=3.5,
                   markerfacecolor="white" if order else style.colour, label=f"{name}: measured median of a cell"),
            Line2D([], [], color=style.colour, ls=style.dash, linewidth=1.1, label=f"{name}: predicted median"),
            Patch(color=style.colour, alpha=0.18, linewidth=0, label=f"{name}: predicted 5 to 95 %"),
        ]  # fmt: skip
    handles.append(Line2D([], [], color=FAINT, linestyle=(0, (2, 2)), linewidth=0.6, label="200 ms: stuck"))
    handles.append(Line2D([], [], color=look(0).colour, marker=2, linestyle="none", label="measured: at least that"))
    drawn.legend(handles=handles, loc="outside lower center", ncols=3, fontsize=7)


def caption(scores: Sequence[CellScore]) -> str:
    """Return what the figure holds fixed, in words."""
    setting = setting_of(scores)
    fixed = ", ".join(f"{column}={value}" for column, value in setting.items() if value != "")
    return (
        "Time to kill against the number of storm threads, for four ways to lose the lock, by "
        "preemption and sleep under "
        "the lock. Points: measured, the median of each cell; an upward mark is a bound, as most kills there were cut "
        "off by the horizon. Lines and bands: predicted from stage costs alone, median and 5 to 95 % of single kills. "
        f"Cells of other victim sizes at the same storm size are pooled. Fixed: {fixed}."
    )
