"""The scores of all cells in a few numbers.

Takes cell scores, gives recall and specificity of the verdict with exact intervals, the median ratio, coverage, and
residuals by factor. Must know nothing of how cells were scored.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mcoom.validate.boots import Boots
from mcoom.validate.brier import mixture
from mcoom.validate.score import CellScore, Distance, mean_distance

CONFIDENCE = 0.95
"""Of the intervals of shares (Clopper and Pearson, Biometrika 26 (1934) 404-413)."""
WORST = 10
"""Cells named in the summary."""


@dataclass(frozen=True)
class Share:
    """A share with its exact interval."""

    hits: int
    n: int
    low: float
    high: float

    @property
    def value(self) -> float | None:
        """The share itself, None of nothing."""
        return self.hits / self.n if self.n else None

    @classmethod
    def of(cls, flags: Sequence[bool]) -> "Share":
        """Return the share of true flags."""
        from scipy.stats import binomtest

        hits, n = sum(flags), len(flags)
        if not n:
            return cls(0, 0, 0.0, 1.0)
        interval = binomtest(hits, n).proportion_ci(CONFIDENCE, method="exact")
        return cls(hits, n, float(interval.low), float(interval.high))


@dataclass(frozen=True)
class FactorResidual:
    """The cells that share one value of one factor."""

    column: str
    value: str | int
    n_cells: int
    verdicts_agree: int
    n_ratios: int
    median_log10_ratio: float | None
    """Signed: above 0, predictions are too slow."""
    median_abs_log10_ratio: float | None


@dataclass(frozen=True)
class Reference:
    """Proper scores to read the prediction's by."""

    same_for_all: Distance
    """Of one curve for every cell, the mean of all observed ones: what somebody knows who cannot tell cells apart."""
    own_curve: Distance
    """Of each cell's own observed curve: what is left is the spread within cells, which nobody can predict."""


@dataclass(frozen=True)
class Summary:
    """All cells."""

    n_cells: int
    n_stuck: int
    recall: Share
    """Stuck cells predicted stuck."""
    specificity: Share
    """Other cells predicted not stuck."""
    coverage: Share
    """Cells whose observed median lies in the predicted interval."""
    n_ratios: int
    """Cells whose observed median exceeds 0.2 ms and that have a predicted one."""
    n_bounds: int
    """Of these, with a median that is only a bound."""
    n_without_entry: int
    """Cells for which nothing is predicted, as every k-th kill comes before anybody enters."""
    median_abs_log10_ratio: float | None
    median_ks: float
    distance: Distance
    """Proper scores, mean over cells."""
    reference: Reference
    residuals: tuple[FactorResidual, ...]
    worst: tuple[CellScore, ...]

    @property
    def skill(self) -> float | None:
        """Share of the way from the same curve for all to each cell's own: 1 is as good as can be, 0 is no use."""
        best, worst = self.reference.own_curve.crps, self.reference.same_for_all.crps
        return (worst - self.distance.crps) / (worst - best) if worst > best else None


def summarise(scores: Sequence[CellScore], boots: Boots | None = None) -> Summary:
    """Return the summary of at least one cell score; ``boots`` says how long each kill was watched."""
    stuck = [score for score in scores if score.observed.stuck]
    others = [score for score in scores if not score.observed.stuck]
    counted = [score for score in scores if score.ratio_counts]
    return Summary(
        len(scores),
        len(stuck),
        Share.of([score.predicted_stuck for score in stuck]),
        Share.of([not score.predicted_stuck for score in others]),
        Share.of([score.covered for score in scores]),
        len(counted),
        sum(score.ratio_is_bound for score in counted),
        sum(score.without_entry for score in scores),
        _median_ratio(counted, absolute=True),
        float(np.median([score.ks for score in scores])),
        mean_of([score.distance for score in scores]),
        _reference(scores, boots),
        _residuals(scores),
        tuple(sorted(scores, key=lambda score: score.badness, reverse=True)[:WORST]),
    )


def mean_of(distances: Sequence[Distance]) -> Distance:
    """Return the mean of at least one distance, each with the same weight."""
    columns = zip(*((one.crps, one.tail, one.stuck) for one in distances), strict=True)
    return Distance(*(float(np.mean(column)) for column in columns))


def _reference(scores: Sequence[CellScore], boots: Boots | None) -> Reference:
    """Return the scores of two answers that use the outcomes themselves."""
    everybody = mixture([score.seen for score in scores])
    same, own = [], []
    for i, score in enumerate(scores):
        cell = score.cell
        default = np.where(cell.censored, cell.time_ns, cell.horizon_ns)
        watched_ns = default if boots is None else boots.cells[i].watched_ns
        same.append(mean_distance(everybody, cell, watched_ns))
        own.append(mean_distance(score.seen, cell, watched_ns))
    return Reference(mean_of(same), mean_of(own))


def _median_ratio(scores: Sequence[CellScore], *, absolute: bool) -> float | None:
    """Return the median of the ratios that count, None of none."""
    counted = [score.log10_ratio_median for score in scores if score.ratio_counts]
    ratios = [ratio for ratio in counted if ratio is not None]
    if not ratios:
        return None
    return float(np.median(np.abs(ratios) if absolute else ratios))


def _residuals(scores: Sequence[CellScore]) -> tuple[FactorResidual, ...]:
    """Return residuals by each value of each factor that has several, and by k."""
    labels = [score.cell.labels() for score in scores]
    residuals = []
    for column in labels[0]:
        values = {label[column] for label in labels}
        if len(values) < 2:
            continue
        for value in sorted(values, key=lambda item: (isinstance(item, str), item)):
            group = [score for score, label in zip(scores, labels, strict=True) if label[column] == value]
            residuals.append(
                FactorResidual(
                    column,
                    value,
                    len(group),
                    sum(score.verdict_agrees for score in group),
                    sum(score.ratio_counts for score in group),
                    _median_ratio(group, absolute=False),
                    _median_ratio(group, absolute=True),
                )
            )
    return tuple(residuals)
