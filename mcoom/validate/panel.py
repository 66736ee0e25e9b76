"""Small multiples: observed and predicted survival curves of every cell of a family, as one compact SVG.

Takes cell scores and names, gives SVG text. Must know nothing of how a curve was found. Drawn without matplotlib: there
are thousands of panels, and a panel is two paths of some hundred bytes.
"""

from collections.abc import Sequence
from html import escape
from math import log10

import numpy as np

from mcoom.validate.cells import STUCK_NS
from mcoom.validate.curve import Curve
from mcoom.validate.score import CellScore

LOW_NS, HIGH_NS = 1_000, 100_000_000_000
"""Ends of the axis of time: 1 us to 100 s, a decade each 15 units."""
PANEL_WIDTH, PANEL_HEIGHT = 120, 34
_GAP, _LEFT, _TOP, _BOTTOM = 10, 232, 16, 14
_INK, _PREDICTED, _WRONG, _RULE = "#1a1a1a", "#d55e00", "#fbe3d6", "#b9b9b9"
_TICKS = ((1_000, "1 us"), (1_000_000, "1 ms"), (1_000_000_000, "1 s"))


def family_svg(rows: Sequence[tuple[str, Sequence[CellScore]]], columns: Sequence[int]) -> str:
    """Return the panels of a family.

    Parameters
    ----------
    rows : sequence of (str, sequence of CellScore)
        Name of a configuration and its cells.
    columns : sequence of int
        The values of k, in order; a cell stands in the column of its k.

    Returns
    -------
    str
        An ``svg`` element: observed solid, predicted dashed, a bar where censored kills are left, 200 ms as a thin
        line, panels with a wrong verdict shaded.
    """
    width = _LEFT + len(columns) * (PANEL_WIDTH + _GAP)
    height = _TOP + len(rows) * (PANEL_HEIGHT + _GAP) + _BOTTOM
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{0.75 * width:g}pt" height="{0.75 * height:g}pt" '
        f'viewBox="0 0 {width} {height}"><g font-family="DejaVu Sans, sans-serif" font-size="8.5" fill="{_INK}">'
    ]
    for j, k in enumerate(columns):
        parts.append(f'<text x="{_LEFT + j * (PANEL_WIDTH + _GAP)}" y="10">k = {k}</text>')
    for i, (name, cells) in enumerate(rows):
        top = _TOP + i * (PANEL_HEIGHT + _GAP)
        for line, words in enumerate(_lines(name)):
            parts.append(f'<text x="0" y="{top + 9 + 10 * line}">{escape(words)}</text>')
        for score in cells:
            left = _LEFT + columns.index(score.cell.k) * (PANEL_WIDTH + _GAP)
            parts.append(f'<g transform="translate({left} {top})">{_panel(score)}</g>')
    for j in range(len(columns)):
        for ns, words in _TICKS:
            x = _LEFT + j * (PANEL_WIDTH + _GAP) + _x(ns)
            parts.append(f'<text x="{x}" y="{height - 4}" text-anchor="middle" font-size="7">{words}</text>')
    return "".join(parts) + "</g></svg>"


def _lines(name: str) -> list[str]:
    """Break a name into at most three lines of what fits left of the panels."""
    lines = [""]
    for word in name.split():
        if len(lines[-1]) + len(word) > 44 and len(lines) < 3:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def _x(ns: float) -> int:
    """Return where a time stands on the axis."""
    share = (log10(max(ns, LOW_NS)) - log10(LOW_NS)) / (log10(HIGH_NS) - log10(LOW_NS))
    return round(PANEL_WIDTH * min(1.0, share))


def _panel(score: CellScore) -> str:
    """Return one cell."""
    predicted = score.predicted
    shade = _WRONG if not score.verdict_agrees else "none"
    words = (
        f"{score.observed.n} kills, median "
        f"{_ms(score.observed.median.value_ns, score.observed.median.at_least)}; predicted "
        f"{'none' if predicted is None else _ms(predicted.median.value_ns, predicted.median.at_least)}"
    )
    return (
        f"<title>{words}</title>"
        f'<path d="M0 0V{PANEL_HEIGHT}H{PANEL_WIDTH}V0Z" fill="{shade}" stroke="{_RULE}" stroke-width=".6"/>'
        f'<path d="M{_x(STUCK_NS)} 0V{PANEL_HEIGHT}" stroke="{_RULE}" stroke-width=".6"/>'
        f'<path d="{curve_path(score.seen)}" fill="none" stroke="{_INK}" stroke-width="1.3"/>'
        f'<path d="{curve_path(score.expected)}" fill="none" stroke="{_PREDICTED}" stroke-width="1.3" '
        'stroke-dasharray="3.5 1.6"/>'
        + _censoring(score.seen, _INK)
        + ("" if predicted is None else _censoring(score.expected, _PREDICTED))
    )


def _censoring(curve: Curve, colour: str) -> str:
    """Return a bar at the end of a curve that does not come down to 0."""
    left = float(curve.survival[-1]) if curve.survival.size else 1.0
    if left <= 1e-9:
        return ""
    x, y = _x(curve.horizon_ns), round(PANEL_HEIGHT * (1 - left))
    return f'<path d="M{x} {y - 3}v6" stroke="{colour}" stroke-width="1.3"/>'


def curve_path(curve: Curve) -> str:
    """Return a curve as the data of an SVG path, in whole units: steps that fall on one unit are one step."""
    steps: dict[int, int] = {}
    for time_ns, survival in zip(curve.times_ns.tolist(), curve.survival.tolist(), strict=True):
        steps[_x(time_ns)] = round(PANEL_HEIGHT * (1 - survival))
    path, at = ["M0 0"], 0
    for x, y in steps.items():
        if y != at:
            path.append(f"H{x}V{y}")
            at = y
    end = _x(curve.horizon_ns) if curve.survival.size == 0 or np.min(curve.survival) > 1e-9 else None
    return "".join(path) + (f"H{end}" if end is not None else "")


def _ms(ns: int, at_least: bool) -> str:
    return f"{'> ' if at_least else ''}{ns / 1e6:.4g} ms"
