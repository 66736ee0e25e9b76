"""Sensitivity bars: which parameter moves the livelock, or the variance of an estimate.

Takes marginal means, or indices with intervals, gives bars sorted by length. Must know nothing of how they were found.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mcoom.analysis.marginal import Marginal
from mcoom.analysis.result import Interval
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


@dataclass(frozen=True)
class IndexBar:
    """The sensitivity indices of one parameter."""

    parameter: str
    """Path of the parameter."""
    first: Interval
    """Share of the variance that the parameter explains alone."""
    total: Interval
    """The same with all its interactions."""


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
def draw_indices(title: str, bars: Sequence[IndexBar]) -> Figure:
    """Draw first-order and total indices of the parameters, the largest total on top.

    Parameters
    ----------
    title : str
        Whose variance is explained.
    bars : sequence of IndexBar
        At least one.
    """
    ordered = sorted(bars, key=lambda bar: bar.total.value or 0.0)
    drawn = figure(FULL_WIDTH_IN, 0.9 + 0.36 * len(ordered))
    axes = drawn.add_subplot()
    for place, bar in enumerate(ordered):
        for shift, interval, colour, name in ((0.19, bar.first, INK, "alone"), (-0.19, bar.total, FAINT, "in all")):
            label = name if place == 0 else None
            axes.barh(place + shift, interval.value or 0.0, 0.34, color=colour, alpha=0.8, label=label)
            if interval.low is not None and interval.high is not None:
                axes.plot([interval.low, interval.high], [place + shift] * 2, color="#d55e00", linewidth=1.2)
    axes.set_yticks(range(len(ordered)), [bar.parameter for bar in ordered])
    axes.set_xlabel("share of the variance")
    axes.set_title(title)
    axes.axvline(0, color=FAINT, linewidth=0.6)
    axes.legend(loc="lower right")
    return drawn


def describe_tornado(panels: Sequence[TornadoPanel]) -> str:
    """Say in words what the bars show."""
    parts = []
    for panel in panels:
        bars = [f"{m.parameter} from {share_text(min(m.means))} to {share_text(max(m.means))}" for m in panel.marginals]
        parts.append(f"{panel.policy}: {'; '.join(bars)}.")
    return "Mean livelock probability by the value of each parameter. " + " ".join(parts)


def describe_indices(title: str, bars: Sequence[IndexBar]) -> str:
    """Say in words what the bars show."""
    parts = [f"{b.parameter}: alone {share_interval(b.first)}, in all {share_interval(b.total)}" for b in bars]
    return f"Sensitivity indices, {title}. {'; '.join(parts)}."
