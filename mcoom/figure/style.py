"""What all figures share: canvas, palette, axis of time, and how they are written.

Takes sizes and limits, gives empty figures and finished files. Must know nothing of what is drawn. All text is DejaVu
Sans, which matplotlib carries, so a layout is the same on every machine; nothing here touches matplotlib's global
settings outside ``styled``.
"""

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FixedFormatter, FixedLocator, NullFormatter

from mcoom.errors import SpecError
from mcoom.store.atomic import write_atomic

FULL_WIDTH_IN = 7.0
"""Width of a figure that fills a page of A4 or letter, inches."""
SUFFIXES = (".svg", ".png", ".pdf")
"""Kinds of files that ``save`` writes."""
INK = "#1a1a1a"
"""Colour of text and lines that stand for no policy."""
FAINT = "#8a8a8a"
"""Colour of rules, notes and reference lines."""
_PNG_DPI = 200
_SETTINGS: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 8,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": FAINT,
    "axes.linewidth": 0.6,
    "axes.titlesize": 8.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": False,
    "grid.color": "#e3e3e3",
    "grid.linewidth": 0.5,
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7.5,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.minor.width": 0.4,
    "lines.linewidth": 1.5,
    "lines.markersize": 4.5,
    "legend.fontsize": 8,
    "legend.frameon": False,
    "patch.linewidth": 0.6,
    "hatch.linewidth": 0.5,
    # Hinted letters are wider at one resolution than at another: a layout would hold for one of them only.
    "text.hinting": "none",
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    # Text stays text: it can be searched, copied and read aloud.
    "svg.fonttype": "none",
    "svg.hashsalt": "mcoom",
    "pdf.fonttype": 42,
    "path.simplify": True,
}


@dataclass(frozen=True)
class Look:
    """How one policy looks in every figure."""

    colour: str
    """Hexadecimal RGB."""
    dash: str | tuple[int, tuple[float, ...]]
    """Line style as matplotlib takes it."""
    marker: str
    """Marker as matplotlib takes it."""


# After Okabe and Ito, with blue and purple darkened and in an order that steps in lightness, so that neighbours differ
# in grey; yellow is left out for it is lost on paper. Dash and marker say the same as the colour, for who sees none.
_COLOURS = ("#1a1a1a", "#d55e00", "#00558a", "#e69f00", "#009e73", "#7b3b73", "#56b4e9")
_DASHES: tuple[str | tuple[int, tuple[float, ...]], ...] = (
    "solid",
    (0, (5, 1.6)),
    (0, (1.2, 1.2)),
    (0, (6, 1.5, 1.2, 1.5)),
    (0, (3, 1.2)),
)
_MARKERS = ("o", "s", "^", "D", "v", "P", "X")


def look(order: int) -> Look:
    """Return how the policy with a number looks.

    Parameters
    ----------
    order : int
        Number of the policy in its scenario, >= 0: a policy looks the same in all figures of a run. The pairs of
        colour and dash repeat after 35.
    """
    return Look(_COLOURS[order % 7], _DASHES[order % 5], _MARKERS[order % 7])


@contextmanager
def styled() -> Iterator[None]:
    """Draw with mcoom's settings inside; those of the process are as before afterwards.

    Also a decorator: ``@styled()`` before a function that draws.
    """
    with mpl.rc_context(_SETTINGS):
        yield


def figure(width_in: float = FULL_WIDTH_IN, height_in: float = 3.0) -> Figure:
    """Return an empty figure that lays out its axes by itself.

    Parameters
    ----------
    width_in, height_in : float
        Size in inches; text is 8 pt, so what fits at the full width of a page can be read on it.
    """
    with styled():
        drawn = Figure(figsize=(width_in, height_in), dpi=_PNG_DPI, layout="constrained")
        FigureCanvasAgg(drawn)
    return drawn


def _settle(drawn: Figure) -> None:
    """Lay a figure out once: to do it again at each writing would move things by a hair."""
    if drawn.get_layout_engine() is not None:
        # The second pass knows how wide the labels of the first became.
        drawn.draw_without_rendering()
        drawn.draw_without_rendering()
        drawn.set_layout_engine("none")


def to_svg(drawn: Figure) -> str:
    """Return a figure as an SVG document; the same figure gives the same text.

    Raises
    ------
    ValueError
        If matplotlib writes no ``svg`` element.
    """
    buffer = io.StringIO()
    with styled():
        _settle(drawn)
        drawn.savefig(buffer, format="svg", metadata={"Date": None, "Creator": "mcoom", "Format": None, "Type": None})
    # The document type names an address on the network; nothing needs it.
    text = re.sub(r"<!DOCTYPE.*?>\s*", "", buffer.getvalue(), count=1, flags=re.DOTALL)
    if "<svg" not in text:
        raise ValueError("matplotlib wrote no svg element")
    return "\n".join(line.rstrip() for line in text.splitlines()) + "\n"


def save(drawn: Figure, path: Path) -> None:
    """Write a figure; the same figure gives the same bytes.

    Parameters
    ----------
    drawn : Figure
        What to write.
    path : Path
        Ends in one of ``SUFFIXES``.

    Raises
    ------
    SpecError
        If the name ends otherwise.
    StoreError
        If the file cannot be written.
    """
    suffix = check_suffix(path)
    if suffix == ".svg":
        write_atomic(path, to_svg(drawn).encode())
        return
    metadata = {"Software": "mcoom"} if suffix == ".png" else {"Creator": "mcoom", "CreationDate": None}
    buffer = io.BytesIO()
    with styled():
        _settle(drawn)
        drawn.savefig(buffer, format=suffix[1:], dpi=_PNG_DPI, metadata=metadata)
    write_atomic(path, buffer.getvalue())


def check_suffix(path: Path) -> str:
    """Return the suffix of a file that a figure can be written to.

    Raises
    ------
    SpecError
        If it is none of ``SUFFIXES``.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise SpecError(f"{path}: a figure cannot be written as {suffix or 'this'}; allowed: {', '.join(SUFFIXES)}")
    return suffix


_MINUTE = 60e9
_DECADES = tuple(10.0**power for power in range(11)) + (_MINUTE, 10 * _MINUTE, 100 * _MINUTE)
_BETWEEN = tuple(step * 10.0**power for power in range(10) for step in (2, 5)) + (
    20e9,
    30e9,
    2 * _MINUTE,
    5 * _MINUTE,
    20 * _MINUTE,
    50 * _MINUTE,
)
_FEW_DECADES = 40.0
"""Below this ratio of the limits the decades alone are too few ticks."""


def time_ticks(low_ns: float, high_ns: float) -> list[float]:
    """Return where a logarithmic axis of time has labels, ns: whole powers of ten, then minutes.

    Parameters
    ----------
    low_ns, high_ns : float
        Limits of the axis, 0 < low < high.
    """
    inside = [tick for tick in _DECADES if low_ns <= tick <= high_ns]
    if high_ns / low_ns < _FEW_DECADES or len(inside) < 2:
        inside = sorted(inside + [tick for tick in _BETWEEN if low_ns <= tick <= high_ns])
    if high_ns >= _MINUTE:
        # 10 s and 1 min are too close for anything between them.
        inside = [tick for tick in inside if tick != 5e10]
    return inside


def tick_text(ns: float) -> str:
    """Return a round time in the largest unit in which it is a whole number.

    Examples
    --------
    >>> tick_text(1e3), tick_text(2e8), tick_text(3e10), tick_text(6e11)
    ('1 us', '200 ms', '30 s', '10 min')
    """
    for size, unit in ((_MINUTE, "min"), (1e9, "s"), (1e6, "ms"), (1e3, "us")):
        if ns >= size and ns % size == 0:
            return f"{ns / size:.0f} {unit}"
    return f"{ns:g} ns"


def log_time_axis(axes: Axes, low_ns: float, high_ns: float, which: str = "x", most: int = 9) -> None:
    """Turn an axis into a logarithmic one of time in ns, with labels in us, ms, s and min.

    Parameters
    ----------
    axes : Axes
        Whose axis.
    low_ns, high_ns : float
        Its limits, 0 < low < high.
    which : {"x", "y"}
        Which of its two axes.
    most : int
        So many labels at most; of more, every second one stays.

    Raises
    ------
    ValueError
        If the limits are not 0 < low < high.
    """
    if not 0 < low_ns < high_ns:
        raise ValueError(f"limits {low_ns:g} .. {high_ns:g} ns: must be 0 < low < high")
    ticks = time_ticks(low_ns, high_ns)
    minor = [step * decade for decade in _DECADES[:11] for step in range(2, 10) if low_ns <= step * decade <= high_ns]
    axis: Axis = axes.xaxis if which == "x" else axes.yaxis
    if which == "x":
        axes.set_xscale("log")
        axes.set_xlim(low_ns, high_ns)
    else:
        axes.set_yscale("log")
        axes.set_ylim(low_ns, high_ns)
    axis.set_major_locator(FixedLocator(ticks))
    step = -(-len(ticks) // most)
    labels = [tick_text(tick) if (len(ticks) - 1 - i) % step == 0 else "" for i, tick in enumerate(ticks)]
    axis.set_major_formatter(FixedFormatter(labels))
    axis.set_minor_locator(FixedLocator([tick for tick in minor if tick not in ticks]))
    axis.set_minor_formatter(NullFormatter())
