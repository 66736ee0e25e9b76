"""Sensitivity bars: which parameter moves the livelock, or the variance of an estimate.

Takes marginal means, or indices with intervals, gives bars sorted by length. Must know nothing of how they were found.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from mcoom.analysis.marginal import Marginal
from mcoom.analysis.result import Interval
from mcoom.analysis.sensitivity import Sensitivity
from mcoom.figure.map import short_name
from mcoom.figure.style import FAINT, FULL_WIDTH_IN, INK, figure, look, styled
from mcoom.report.quantity import share_interval, share_text


@dataclass(frozen=True)
class TornadoPanel:
    """The marginal means of one policy."""

    policy: str
    """Name."""
    order: int
    """Number of the policy in its scenario: how it looks."""
    overall: float
    """Mean over all points."""
    marginals: tuple[Marginal, ...]
    """One per parameter."""


@styled()
def draw_tornado(panels: Sequence[TornadoPanel]) -> Figure:
    """Draw a tornado per policy, all with one axis and one order of parameters.

    Returns
    -------
    Figure
        A bar reaches from the smallest to the largest mean over the values of a parameter; its ends name those values.
    """
    spread: dict[str, float] = {}
    for marginal in (marginal for panel in panels for marginal in panel.marginals):
        spread[marginal.parameter] = max(marginal.spread, spread.get(marginal.parameter, 0.0))
    names = sorted(spread, key=lambda name: spread[name])
    drawn = figure(FULL_WIDTH_IN, 0.9 + 0.3 * len(names))
    grid = drawn.subplots(1, len(panels), squeeze=False, sharex=True, sharey=True)[0]
    for axes, panel in zip(grid, panels, strict=True):
        style = look(panel.order)
        for marginal in panel.marginals:
            _draw_bar(axes, float(names.index(marginal.parameter)), marginal, style.colour)
        axes.axvline(panel.overall, color=INK, linewidth=0.9)
        axes.set_title(panel.policy)
        axes.set_xlim(-0.3, 1.3)
        axes.set_xticks([0, 0.5, 1], ["0", "50 %", "100 %"])
        axes.set_yticks(range(len(names)), [short_name(name) for name in names])
        axes.set_ylim(-0.6, len(names) - 0.4)
        axes.grid(visible=True, axis="x")
        axes.spines["left"].set_visible(False)
        axes.tick_params(axis="y", length=0)
    drawn.supxlabel("mean livelock probability", fontsize=8)
    return drawn


def _draw_bar(axes: Axes, place: float, marginal: Marginal, colour: str) -> None:
    low, high = min(marginal.means), max(marginal.means)
    axes.barh(place, high - low, 0.5, low, color=colour, alpha=0.75)
    if high == low:
        return
    ends = ((low, -3, "right"), (high, 3, "left"))
    for mean, shift, side in ends:
        value = marginal.values[marginal.means.index(mean)]
        axes.annotate(
            str(value), (mean, place), xytext=(shift, 0), textcoords="offset points", ha=side, va="center", fontsize=6.5
        )  # fmt: skip


@styled()
def draw_indices(found: Sequence[Sensitivity]) -> Figure:
    """Draw first-order and total Sobol indices, a panel per policy, all with one order of parameters.

    Parameters
    ----------
    found : sequence of Sensitivity
        At least one, all of one run and quantity.

    Returns
    -------
    Figure
        Dark: what a parameter explains alone; light: with all others; thin lines: intervals.
    """
    largest: dict[str, float] = {}
    for index in (index for each in found for index in each.indices):
        largest[index.path] = max(index.total.value or 0.0, largest.get(index.path, 0.0))
    names = sorted(largest, key=lambda name: largest[name])
    drawn = figure(FULL_WIDTH_IN, 1.1 + 0.36 * len(names))
    grid = drawn.subplots(1, len(found), squeeze=False, sharex=True, sharey=True)[0]
    for axes, each in zip(grid, found, strict=True):
        for index in each.indices:
            place = float(names.index(index.path))
            _draw_index(axes, place + 0.19, index.first, INK)
            _draw_index(axes, place - 0.19, index.total, FAINT)
        axes.set_title(each.policy)
        # A share; what noise throws far outside is cut off, the words have its numbers.
        axes.set_xlim(-0.3, 1.3)
        axes.set_xticks([0, 0.5, 1], ["0", "50 %", "100 %"])
        axes.set_yticks(range(len(names)), [short_name(name) for name in names])
        axes.set_ylim(-0.6, len(names) - 0.4)
        axes.axvline(0, color=FAINT, linewidth=0.6)
        axes.grid(visible=True, axis="x")
        axes.spines["left"].set_visible(False)
        axes.tick_params(axis="y", length=0)
    drawn.supxlabel("share of the variance between points", fontsize=8)
    drawn.legend(
        [Patch(color=INK), Patch(color=FAINT)], ["alone", "with all others"], loc="outside upper left", ncols=2
    )
    return drawn


def _draw_index(axes: Axes, place: float, interval: Interval, colour: str) -> None:
    if interval.value is None:
        axes.text(0.0, place, " not estimable", va="center", fontsize=6.5, color=FAINT)
        return
    axes.barh(place, interval.value, 0.34, color=colour, alpha=0.8)
    if interval.low is not None and interval.high is not None:
        axes.plot([interval.low, interval.high], [place, place], color="#d55e00", linewidth=1.2)


def describe_tornado(panels: Sequence[TornadoPanel]) -> str:
    """Say in words what the bars show."""
    parts = []
    for panel in panels:
        bars = [f"{m.parameter} from {share_text(min(m.means))} to {share_text(max(m.means))}" for m in panel.marginals]
        parts.append(f"{panel.policy}: {'; '.join(bars)}.")
    return "Mean livelock probability by the value of each parameter. " + " ".join(parts)


def describe_indices(found: Sequence[Sensitivity]) -> str:
    """Say in words what the bars show."""
    parts = []
    for each in found:
        bars = [f"{i.path} alone {share_interval(i.first)}, in all {share_interval(i.total)}" for i in each.indices]
        parts.append(f"{each.policy}: {'; '.join(bars)}.")
    return f"Sobol indices of {found[0].quantity} of {found[0].estimand}. " + " ".join(parts)
