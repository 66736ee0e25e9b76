"""Whether a report and its prediction can both be true.

Takes a report and a predicted sample, gives a probability or a range, and a verdict. Must know nothing of the engine.
"""

from dataclasses import dataclass

import numpy as np

from mcoom.analysis.proportion import clopper_pearson
from mcoom.literature.predict import Stalls
from mcoom.literature.report import StallReport

LEAST = 0.02
"""A stall whose end nobody saw must have at least this predicted probability."""
CENTRAL = 0.95
"""Mass of the range in which a stall that ended must lie."""


@dataclass(frozen=True)
class Judgement:
    """A report beside what is predicted of it."""

    report: StallReport
    n: int
    """Predicted durations; 0 if the report is not simulated."""
    n_censored: int
    """Of these, cut off by the horizon."""
    probability: float | None
    """Predicted probability of at least the shortest duration seen."""
    interval: tuple[float, float] | None
    """Exact 95 % interval of it; durations cut off too early to tell are counted both ways."""
    range_ns: tuple[int, int] | None
    """Central 95 % range."""
    range_open: bool
    """Whether the upper end of the range is only a bound."""
    median_ns: int | None
    fits: bool | None
    """Whether an ended stall lies in the range, or a censored one has at least ``LEAST``; None if not simulated."""
    otherwise: "Judgement | None" = None
    """The same under the report's ``what_if``."""


def judge(report: StallReport, stalls: Stalls | None) -> Judgement:
    """Hold a report against its prediction.

    Parameters
    ----------
    report : StallReport
        What was reported.
    stalls : Stalls or None
        What is predicted; None if it is not simulated.
    """
    if stalls is None or not len(stalls.time_ns):
        return Judgement(report, 0, 0, None, None, None, False, None, None)
    n = len(stalls.time_ns)
    low_ns, high_ns = report.seen_ns
    reached = int(np.count_nonzero(stalls.time_ns >= low_ns))
    # Cut off before it was as long (out of events or of victims): it may have become so, or not.
    open_ended = stalls.n_unknown + int(np.count_nonzero(stalls.censored & (stalls.time_ns < low_ns)))
    total = n + stalls.n_unknown
    low = clopper_pearson(reached, total)[0]
    high = clopper_pearson(reached + open_ended, total)[1]
    ends, is_open = central_range(stalls)
    order = np.sort(stalls.time_ns)
    if report.ended:
        fits = ends[0] <= low_ns and (high_ns <= ends[1] or is_open)
    else:
        fits = reached / n >= LEAST
    n_censored = int(np.count_nonzero(stalls.censored))
    return Judgement(
        report, n, n_censored, reached / n, (low, high), ends, is_open, int(order[(n - 1) // 2]), fits
    )  # fmt: skip


def central_range(stalls: Stalls) -> tuple[tuple[int, int], bool]:
    """Return the central 95 % range of a sample and whether its upper end is only a bound.

    A duration that was cut off counts as one of that length: all are cut at the same horizon, so they are the largest.
    """
    order = np.argsort(stalls.time_ns, kind="stable")
    n = len(order)
    tail = (1 - CENTRAL) / 2
    first, last = int(np.floor(tail * n)), min(n - 1, int(np.ceil((1 - tail) * n)) - 1)
    low, high = order[min(first, n - 1)], order[last]
    return (int(stalls.time_ns[low]), int(stalls.time_ns[high])), bool(stalls.censored[high])
