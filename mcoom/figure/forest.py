"""Forest plot of contrasts: each policy against the baseline, with intervals.

Takes contrasts, gives three columns: difference of restricted means, probability of being the earlier, difference of
livelock. Must know nothing of how they were computed.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mcoom.analysis.result import Contrast, Interval
from mcoom.figure.style import FAINT, FULL_WIDTH_IN, figure, look, styled, tick_text
from mcoom.report.any_law import ALLOWING, any_law_text, is_wider
from mcoom.report.quantity import share_interval, share_text, time_interval

_MAX_DECADES = 4
"""Decades of time on each side of 0; what is nearer to 0 is drawn to scale."""
_SHARE_EDGES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
"""Ends that the axis of differences of shares may have."""


@dataclass(frozen=True)
class ForestRow:
    """One line of the plot."""

    label: str
    """At the left."""
    order: int
    """Number of the policy in its scenario: how it looks."""
    contrast: Contrast
    """What is drawn."""


@dataclass(frozen=True)
class ForestGroup:
    """Lines that belong together."""

    title: str
    """Above them."""
    rows: tuple[ForestRow, ...]
    """From top to bottom."""


@styled()
def draw_forest(groups: Sequence[ForestGroup], word: str = "sooner") -> Figure:
    """Draw a forest plot.

    Parameters
    ----------
    groups : sequence of ForestGroup
        At least one row among them.
    word : str
        What a smaller time is called.

    Returns
    -------
    Figure
        Points are estimates, bars their intervals; left of the rule in the first and third column, and right of it in
        the second, is better than the baseline.
    """
    n_lines = sum(len(group.rows) + 1 for group in groups)
    drawn = figure(FULL_WIDTH_IN, 0.2 * n_lines + 0.75)
    mean, order, livelock = drawn.subplots(1, 3, sharey=True, width_ratios=[1.5, 1, 1])
    places, labels, place = [], [], 0.0
    for group in groups:
        # Over the plot, where its line is empty: long names need no room at the side.
        mean.text(0.0, place, group.title, transform=mean.get_yaxis_transform(), va="center", fontweight="bold",
                  in_layout=False)  # fmt: skip
        place -= 1
        for row in group.rows:
            places.append(place)
            labels.append(row.label)
            _draw_row(mean, place, row.contrast.rmst_diff_ns, row.order)
            _draw_row(order, place, row.contrast.prob_superiority, row.order)
            _draw_row(livelock, place, row.contrast.livelock_diff, row.order)
            place -= 1
    mean.set_yticks(places, labels)
    mean.set_ylim(place + 0.4, 0.6)
    limits = [row.contrast.rmst_diff_ns for group in groups for row in group.rows]
    _signed_time_axis(mean, [x for i in limits for x in (i.value, i.low, i.high) if x is not None])
    mean.set_title("restricted mean, difference")
    order.set_title(f"P({word})")
    order.set_xlim(-0.03, 1.03)
    order.set_xticks([0, 0.5, 1], ["0", "50 %", "100 %"])
    livelock.set_title("livelock, difference")
    shares = [row.contrast.livelock_diff for group in groups for row in group.rows]
    largest = max((abs(x) for i in shares for x in (i.value, i.low, i.high) if x is not None), default=1.0)
    edge = next(e for e in _SHARE_EDGES if e >= min(largest, 1.0))
    livelock.set_xlim(-1.03 * edge, 1.03 * edge)
    livelock.set_xticks([-edge, 0, edge], [f"-{share_text(edge)}", "0", f"+{share_text(edge)}"])
    for axes, neutral in ((mean, 0.0), (order, 0.5), (livelock, 0.0)):
        axes.axvline(neutral, color=FAINT, linewidth=0.8, zorder=0)
        axes.patch.set_visible(False)  # or it would cover the end of a long title
        axes.grid(visible=True, axis="x")
        axes.spines["left"].set_visible(False)
        axes.tick_params(axis="y", length=0)
    return drawn


def _draw_row(axes: Axes, place: float, interval: Interval, order: int) -> None:
    style = look(order)
    if interval.value is None:
        axes.text(0.5, place, "not estimable", transform=axes.get_yaxis_transform(), ha="center", va="center",
                  fontsize=6.5, color=FAINT)  # fmt: skip
        return
    low = interval.value if interval.low is None else interval.low
    high = interval.value if interval.high is None else interval.high
    axes.plot([low, high], [place, place], color=style.colour, linewidth=1.3, solid_capstyle="butt")
    axes.plot([interval.value], [place], marker=style.marker, color=style.colour, markersize=3.8, mew=0)


def _signed_time_axis(axes: Axes, values_ns: Sequence[float]) -> None:
    """Make the axis of x one of time in ns with both signs: to scale near 0, by powers of ten beyond."""
    sizes = [abs(x) for x in values_ns if math.isfinite(x) and x != 0]
    top = 10.0 ** math.ceil(math.log10(max(sizes, default=1e6)))
    bottom = 10.0 ** math.floor(math.log10(min(sizes, default=1e6)))
    linear = max(1.0, bottom, top / 10**_MAX_DECADES)
    axes.set_xscale("symlog", linthresh=linear)
    n_steps = round(math.log10(top / linear))
    every = 1 if n_steps <= 2 else 2
    ticks = [top / 10**k for k in range(0, n_steps + 1, every)]
    has_less, has_more = min(values_ns, default=0.0) < 0, max(values_ns, default=0.0) > 0
    edge = top * 1.3
    axes.set_xlim(-edge if has_less else -linear, edge if has_more else linear)
    less = [-tick for tick in ticks] if has_less else []
    more = sorted(ticks) if has_more else []
    places = np.array([*less, 0.0, *more])
    axes.set_xticks(places, [_signed_text(float(x)) for x in places])
    axes.set_xticks([], minor=True)


def _signed_text(ns: float) -> str:
    if ns == 0:
        return "0"
    return f"{'-' if ns < 0 else '+'}{tick_text(abs(ns))}"


def _unseen_text(interval: Interval) -> str:
    """Give the limits for every law where they are much wider."""
    return f" ({any_law_text(interval, signed=True)} {ALLOWING})" if is_wider(interval) else ""


def describe_forest(groups: Sequence[ForestGroup], baseline: str) -> str:
    """Say in words what the plot shows."""
    parts = []
    for group in groups:
        lines = [
            f"{row.label}: restricted mean {time_interval(row.contrast.rmst_diff_ns, signed=True)}"
            f"{_unseen_text(row.contrast.rmst_diff_ns)}, "
            f"earlier with probability {share_interval(row.contrast.prob_superiority)}, "
            f"livelock {share_interval(row.contrast.livelock_diff, signed=True)}"
            for row in group.rows
        ]
        parts.append(f"{group.title}. {'; '.join(lines)}.")
    return f"Forest plot of contrasts with {baseline}. " + " ".join(parts)
