"""What restricted means take for granted, said beside them: that a horizon at which nobody was is never reached.

Takes estimates and contrasts, gives lines with the limits that hold for every law where these are much wider than the
interval. Must know nothing of how they were computed.
"""

from collections.abc import Sequence
from typing import NamedTuple

from mcoom.analysis.composite import CompositeContrast, CompositeEstimate
from mcoom.analysis.result import Contrast, Estimate, Interval
from mcoom.report.quantity import time_interval

ALLOWING = "allowing for unseen waits"
"""What the wider limits are; ``up to the horizon`` where there is room."""


class Named(NamedTuple):
    """An interval and whose it is."""

    name: str
    interval: Interval


def is_wider(interval: Interval) -> bool:
    """Return whether the limits for every law show more beyond a limit than the interval does from value to limit."""
    value, low, high, wide = interval.value, interval.low, interval.high, interval.any_law
    if value is None or low is None or high is None or wide is None:
        return False
    return wide[1] - high > high - value or low - wide[0] > value - low


def any_law_text(interval: Interval, *, signed: bool = False) -> str:
    """Return the value with the limits for every law; they have to be there."""
    low, high = interval.any_law or (None, None)
    return time_interval(Interval(interval.value, low, high, interval.method), signed=signed)


def estimate_notes(estimates: Sequence[Estimate | CompositeEstimate]) -> list[str]:
    """Return the lines on restricted means of one cell and estimand; nothing where the intervals say as much."""
    named = [Named(e.policy, e.rmst_ns) for e in estimates if is_wider(e.rmst_ns)]
    what = f"restricted means, {ALLOWING} up to the horizon"
    return [f"{what}: {_listed(named, signed=False)}"] if named else []


def contrast_notes(contrasts: Sequence[Contrast | CompositeContrast]) -> list[str]:
    """Return the lines on differences of restricted means, likewise."""
    named = [Named(c.policy, c.rmst_diff_ns) for c in contrasts if is_wider(c.rmst_diff_ns)]
    what = f"differences of restricted means, {ALLOWING} up to the horizon"
    return [f"{what}: {_listed(named, signed=True)}"] if named else []


def counted_text(entries: Sequence[Estimate] | Sequence[Contrast]) -> str:
    """Say of how many restricted means or differences the limits for every law are much wider; empty if of none."""
    wide = [is_wider(e.rmst_ns if isinstance(e, Estimate) else e.rmst_diff_ns) for e in entries]
    if not any(wide):
        return ""
    return (
        f"{sum(wide):,} of {len(wide):,} intervals of restricted means take a horizon that nobody reached for one "
        "that is never reached; any_law_low and any_law_high of mcoom compare --json do not"
    )


def _listed(named: Sequence[Named], *, signed: bool) -> str:
    return "; ".join(f"{name} {any_law_text(interval, signed=signed)}" for name, interval in named)
