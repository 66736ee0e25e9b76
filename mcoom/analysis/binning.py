"""How far bins can move an estimate.

Takes life tables whose rows are bins, gives for each kind of estimate a bound on its distance from that of the raw
times: a theorem about the counts, not an approximation. Must know nothing about how the estimates are made.
"""

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import psi

from mcoom.analysis.survival import Curve, LifeTable, kaplan_meier, restricted_area


@dataclass(frozen=True, eq=False)
class Envelope:
    """Two curves between which that of the raw times lies at every time."""

    low: Curve
    """Deaths at the lower edges of their bins, after the censorings of the bin."""
    high: Curve
    """Deaths at the upper edges, before the censorings."""


def envelope(table: LifeTable, has_one_end: bool = True) -> Envelope:
    """Return the two extreme curves of a binned table.

    The share d / Y by which a death lowers the curve is larger the fewer are at risk: with all censorings of a bin
    before its deaths the curve is lowest, with all of them after it is highest.

    Parameters
    ----------
    table : LifeTable
        Rows are bins.
    has_one_end : bool
        Whether all censorings of the last row come at its very end. If not, some may come before the deaths of the
        bin that it closes.
    """
    table = table if has_one_end else _early_end(table)
    rows = np.flatnonzero(table.deaths + table.censored)
    low, high = table.low_ns[rows], table.high_ns[rows]
    deaths, censored = table.deaths[rows], table.censored[rows]
    nothing = np.zeros_like(deaths)
    soonest = LifeTable.of_times(
        np.repeat(low, 2),
        np.stack((nothing, deaths), axis=1).reshape(-1),
        np.stack((censored, nothing), axis=1).reshape(-1),
    )
    latest = kaplan_meier(LifeTable.of_times(high, deaths, censored))
    # The lowest curve is a bound as far as the highest is known.
    return Envelope(replace(kaplan_meier(soonest), last_ns=latest.last_ns), latest)


def _early_end(table: LifeTable) -> LifeTable:
    """Return the table with the censorings of the last row in the last bin."""
    censored = table.censored.copy()
    if censored.size > 1:
        censored[-2:] = censored[-2] + censored[-1], 0
    return replace(table, censored=censored, high_ns=np.append(table.high_ns[:-2], table.high_ns[-1:].repeat(2)))


def quantile_bound(ends: Envelope, prob: float, value: float | None) -> float | None:
    """Return how far a quantile may be from that of the raw times; None if it is not estimable or not bounded."""
    if value is None:
        return None
    target = 1 - prob
    # The raw quantile is past the first time at which the lowest curve reaches the level, and not past the first at
    # which the highest is truly below it (a curve that lies on the level has its quantile in the middle of that step).
    reached = np.flatnonzero(ends.low.survival <= target + 1e-9)
    passed = np.flatnonzero(ends.high.survival < target - 1e-9)
    first = float(ends.low.mid_ns[reached[0]]) if reached.size else 0.0
    last = float(ends.high.mid_ns[passed[0]]) if passed.size else ends.high.last_ns
    return max(value - first, last - value, 0.0) if math.isfinite(last) else None


def survival_bounds(ends: Envelope, time_ns: float) -> tuple[float, float]:
    """Return limits between which the curve of the raw times lies at a time."""
    low, high = ends.low.at(time_ns), ends.high.at(time_ns)
    return (
        1.0 if low is None else float(ends.low.survival[low]),
        1.0 if high is None else float(ends.high.survival[high]),
    )


def area_bound(ends: Envelope, tau_ns: float, value: float | None) -> float | None:
    """Return how far the area under the curve up to tau may be from that of the raw times; None if not estimable."""
    if value is None:
        return None
    low, _, _ = restricted_area(ends.low, tau_ns)
    high, _, tail = restricted_area(ends.high, tau_ns)
    return max(value - low, high + tail - value, 0.0)


def cumulative_hazard_bound(table: LifeTable, time_ns: float, value: float | None) -> float | None:
    """Return how far the Nelson-Aalen estimate may be from that of the raw times; None if not estimable.

    The smallest sum has all deaths of a bin at once and before its censorings, the largest one by one and after.
    """
    if value is None:
        return None
    deaths, censored = table.deaths.astype(np.float64), table.censored.astype(np.float64)
    at_risk = table.at_risk.astype(np.float64)
    rows = deaths > 0
    surely, maybe = rows & (table.high_ns <= time_ns), rows & (table.low_ns <= time_ns)
    low = float(np.sum((deaths / np.maximum(at_risk, 1.0))[surely]))
    left = (at_risk - censored)[maybe]
    high = float(np.sum(psi(left + 1) - psi(left - deaths[maybe] + 1)))
    return max(value - low, high - value, 0.0)


def superiority_bound(table: LifeTable, baseline: LifeTable) -> float:
    """Return how far P(earlier) + P(tie) / 2 may be from that of the raw times, all censored at a common end.

    A tie of a bin may be a win or a loss in truth: half of each pair that shares a bin.
    """
    shared = float(np.sum(table.deaths.astype(np.float64) * baseline.deaths))
    pairs = float(table.n) * float(baseline.n)
    return shared / (2 * pairs) if pairs else 0.0


def logrank_bounds(table: LifeTable, baseline: LifeTable, has_one_end: bool = True) -> tuple[float, float] | None:
    """Return limits between which the log-rank statistic z of the raw times lies; None if there are none.

    In a bin with d deaths the share of the group among those at risk moves, death by death, between two extremes:
    all others of the bin gone first, or all of its own. Sums of the extremes bound observed - expected and the
    variance, however the deaths are ordered and tied. ``has_one_end`` as for ``envelope``.
    """
    found = logrank_ranges(table, baseline, has_one_end)
    if found is None:
        return None
    excess, variance = found
    return _quotient(excess[0], variance, -1), _quotient(excess[1], variance, 1)


def logrank_ranges(
    table: LifeTable, baseline: LifeTable, has_one_end: bool = True
) -> tuple[tuple[float, float], tuple[float, float]] | None:
    """Return the ranges of observed - expected of the first group, and of its variance; None without deaths."""
    if not has_one_end:
        table, baseline = _early_end(table), _early_end(baseline)
    d_own, d_other = table.deaths.astype(np.float64), baseline.deaths.astype(np.float64)
    d = d_own + d_other
    rows = d > 0
    if not rows.any():
        return None
    y_own, y_other = table.at_risk.astype(np.float64)[rows], baseline.at_risk.astype(np.float64)[rows]
    gone_own = (table.deaths + table.censored)[rows].astype(np.float64)
    gone_other = (baseline.deaths + baseline.censored)[rows].astype(np.float64)
    d_own, d = d_own[rows], d[rows]
    most = _share(y_own, y_other - gone_other)
    least = _share(y_own - gone_own, y_other)
    excess = float(np.sum(d_own - d * most)), float(np.sum(d_own - d * least))
    products = np.stack((most * (1 - most), least * (1 - least)))
    largest = np.where((least <= 0.5) & (most >= 0.5), 0.25, products.max(axis=0))
    n_left = y_own + y_other - gone_own - gone_other
    together = np.divide(n_left, n_left + d - 1, out=np.ones_like(d), where=n_left + d > 1)
    variance = float(np.sum(d * products.min(axis=0) * together)), float(np.sum(d * largest))
    return (min(excess), max(excess)), variance


def _share(own: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    total = own + other
    return np.divide(own, total, out=np.zeros_like(own), where=total > 0)


def _quotient(excess: float, variance: tuple[float, float], side: int) -> float:
    """Largest (side 1) or smallest (side -1) of excess / sqrt(variance)."""
    worst = variance[0] if excess * side > 0 else variance[1]
    return excess / math.sqrt(worst) if worst > 0 else side * math.inf
