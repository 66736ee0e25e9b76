"""How far a prediction lies from what was observed, cell by cell.

Takes cells and predicted samples, gives a frozen score per cell. Must know nothing of how a prediction was made, and
changes nothing in it.
"""

from dataclasses import dataclass
from math import log10

import numpy as np

from mcoom.validate.brier import BrierIntegral, at_once, never
from mcoom.validate.cells import STUCK_NS, Cell, is_stuck
from mcoom.validate.curve import Curve, Quantile, ks_distance
from mcoom.validate.interval import median_interval
from mcoom.validate.predict import Sample

RATIO_FLOOR_NS = 200_000
"""Ratios of medians count in the summary where the observed median exceeds this."""
FLOOR_NS = RATIO_FLOOR_NS
"""Floor of the integrated Brier score: times below it count as equal."""


@dataclass(frozen=True)
class Side:
    """One side of a cell, observed or predicted."""

    n: int
    censored_share: float
    median: Quantile
    p95: Quantile
    stuck: bool


@dataclass(frozen=True)
class Distance:
    """Proper scores of one cell: means over its kills, 0 is best."""

    crps: float
    """Integrated Brier score on log10 time from ``FLOOR_NS`` to the horizon, decades."""
    tail: float
    """The part of it from 200 ms on."""
    stuck: float
    """Brier score of "takes 200 ms or more", 0..1."""


@dataclass(frozen=True)
class CellScore:
    """One cell: observed against predicted."""

    cell: Cell
    observed: Side
    predicted: Side | None
    """None if no replicate has such an episode."""
    without_entry: bool
    """Nothing is predicted because every k-th kill comes before anybody enters. If that is not why, no replicate got to
    this k, as something before it never ended: the verdict then is *stuck*."""
    ks: float
    """Largest gap of the survival curves on the times that both watched; 1 if nothing is predicted."""
    log10_ratio_median: float | None
    """log10 of predicted over observed median; None if the observed one is 0 or no predicted kill has an entry."""
    ratio_is_bound: bool
    """Whether one of the two medians is only a bound, so that the ratio is too."""
    interval_ns: tuple[int, int] | None
    """Predicted central 90 % interval of the median of as many boots as the cell has."""
    covered: bool
    """Whether the observed median lies in it."""
    seen: Curve
    """Observed survival curve."""
    expected: Curve
    """Predicted one; a step at 0 if every kill comes before an entry, and 1 for ever if no replicate got so far."""
    distance: Distance
    """Of ``expected`` from each observed kill."""

    @property
    def predicted_stuck(self) -> bool:
        """Verdict of the prediction."""
        return not self.without_entry if self.predicted is None else self.predicted.stuck

    @property
    def verdict_agrees(self) -> bool:
        """Whether both sides are stuck, or neither is."""
        return self.predicted_stuck == self.observed.stuck

    @property
    def ratio_counts(self) -> bool:
        """Whether the ratio enters the summary."""
        return self.log10_ratio_median is not None and self.observed.median.value_ns > RATIO_FLOOR_NS

    @property
    def badness(self) -> tuple[bool, float, float]:
        """Order of cells from good to bad: verdict, then medians where they count, then curves."""
        return not self.verdict_agrees, abs(self.log10_ratio_median or 0.0) if self.ratio_counts else 0.0, self.ks


def summarise_side(time_ns: np.ndarray, censored: np.ndarray) -> tuple[Side, Curve]:
    """Return what a table shows of a sample of at least one time, and its curve."""
    curve = Curve.from_sample(time_ns, censored)
    side = Side(
        len(time_ns), float(np.mean(censored)), curve.quantile(0.5), curve.quantile(0.95), is_stuck(time_ns, censored)
    )
    return side, curve


def kill_scores(expected: Curve, time_ns: np.ndarray, censored: np.ndarray, watched_ns: np.ndarray) -> np.ndarray:
    """Return the proper scores of single kills against a predicted curve.

    Parameters
    ----------
    expected : Curve
        What was predicted.
    time_ns, censored : ndarray
        int64[n] and bool[n], the kills.
    watched_ns : ndarray
        int64[n], how long each was or would have been watched.

    Returns
    -------
    ndarray
        float64[n, 3]: the fields of ``Distance``.
    """
    time_ns = np.where(censored, np.maximum(time_ns, watched_ns), time_ns)
    crps = BrierIntegral.of(expected, FLOOR_NS).score(time_ns, watched_ns)
    tail = BrierIntegral.of(expected, STUCK_NS).score(time_ns, watched_ns)
    late = censored | (time_ns >= STUCK_NS)
    return np.stack([crps, tail, (expected.at(np.array([STUCK_NS - 1])) - late) ** 2], axis=1)


def mean_distance(expected: Curve, cell: Cell, watched_ns: np.ndarray) -> Distance:
    """Return the mean of ``kill_scores`` over the kills of a cell."""
    scores = kill_scores(expected, cell.time_ns, cell.censored, watched_ns)
    return Distance(*(float(value) for value in scores.mean(axis=0)))


def score_cell(cell: Cell, sample: Sample, watched_ns: np.ndarray | None = None) -> CellScore:
    """Hold a predicted sample against a cell.

    Parameters
    ----------
    cell : Cell
        Observed episodes.
    sample : Sample
        Predicted ones of the same configuration and k; may be empty.
    watched_ns : ndarray, optional
        int64[n], horizon of each episode; default: that of the cell, or where the watching of a censored one ended.

    Returns
    -------
    CellScore
        With bounds marked as such where censoring hides a median.
    """
    observed, seen = summarise_side(cell.time_ns, cell.censored)
    if watched_ns is None:
        watched_ns = np.where(cell.censored, cell.time_ns, cell.horizon_ns)
    # Episodes are looked at a little after their horizon, and those of several horizons are pooled.
    median_ns = min(observed.median.value_ns, cell.horizon_ns)
    if not len(sample.time_ns):
        immediate = sample.n_without_entry > 0
        beyond = log10(cell.horizon_ns / median_ns) if median_ns > 0 and not immediate else None
        expected = at_once() if immediate else never(cell.horizon_ns)
        distance = mean_distance(expected, cell, watched_ns)
        return CellScore(cell, observed, None, immediate, 1.0, beyond, True, None, False, seen, expected, distance)
    predicted, curve = summarise_side(sample.time_ns, sample.censored)
    ratio = log10(max(1, predicted.median.value_ns) / median_ns) if median_ns > 0 else None
    interval = median_interval(sample, cell.n_boots)
    return CellScore(
        cell,
        observed,
        predicted,
        False,
        ks_distance(seen, curve),
        ratio,
        observed.median.at_least or predicted.median.at_least,
        interval,
        interval[0] <= median_ns <= interval[1],
        seen,
        curve,
        mean_distance(curve, cell, watched_ns),
    )
