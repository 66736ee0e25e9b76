"""Intervals of all scores by resampling boots.

Takes cell scores and the boots of their episodes, gives percentile intervals. Must know nothing of how a cell is
scored beyond the parts of ``CellScore``; predictions stay as they are.

Boots are drawn with replacement from all boots of the file, so kills and rounds of a boot stay together. A cell has the
weight (draws of its boots) / (its boots), 1 in the mean, and its observed side is computed again from the boots drawn.

Source: Davison and Hinkley, Bootstrap Methods and their Application (1997), section 3.8, percentile intervals 5.3.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mcoom.design.stream import draw, stream_key
from mcoom.validate.boots import Boots, CellBoots
from mcoom.validate.cells import STUCK_NS, Cell
from mcoom.validate.score import RATIO_FLOOR_NS, CellScore, kill_scores

DRAWS = 1000
"""Bootstrap samples."""
CONFIDENCE = 0.95
_SEED = 20170716
"""Of the resampling alone; fixed, so that a report depends on its predictions and nothing else."""
_PURPOSE = 32

Intervals = dict[str, tuple[float, float] | None]
"""Score -> 95 % interval; None where no sample has the score."""


@dataclass(frozen=True)
class _Resampled:
    """One cell in every bootstrap sample: weight and what the summary is made of, float64[D] each."""

    weight: np.ndarray
    stuck: np.ndarray
    """1 where the resampled kills are stuck."""
    median_ns: np.ndarray
    ks: np.ndarray
    distance: np.ndarray
    """float64[D, 3], the fields of ``Distance``."""


def draw_boots(n_boots: int, n_draws: int = DRAWS) -> np.ndarray:
    """Return how often each boot is in each bootstrap sample: int64[n_draws, n_boots], rows sum to ``n_boots``."""
    counts = np.zeros((n_draws, n_boots), dtype=np.int64)
    keys = stream_key(_SEED, 0, np.arange(n_draws), 0, 0, _PURPOSE)
    rows = np.arange(n_draws)
    for i in range(n_boots):
        # Multiply and shift: the same as a division by 2^53, without rounding up to n_boots.
        chosen = ((draw(keys, i) >> np.uint64(11)).astype(np.float64) / 2.0**53 * n_boots).astype(np.int64)
        counts[rows, np.minimum(chosen, n_boots - 1)] += 1
    return counts


def bootstrap(scores: Sequence[CellScore], boots: Boots, n_draws: int = DRAWS) -> Intervals:
    """Return 95 % intervals of the scores of ``Summary``.

    Parameters
    ----------
    scores : sequence of CellScore
        At least one.
    boots : Boots
        Of the same cells.
    n_draws : int
        Bootstrap samples.

    Returns
    -------
    dict
        ``stuck_recall``, ``stuck_specificity``, ``median_abs_log10_ratio``, ``coverage``, ``median_ks``,
        ``crps_decades``, ``crps_tail_decades``, ``brier_stuck`` -> (low, high).
    """
    counts = draw_boots(boots.n_boots, n_draws)
    cells = [_resample(score, of, counts) for score, of in zip(scores, boots.cells, strict=True)]
    weight = np.stack([cell.weight for cell in cells])
    stuck = np.stack([cell.stuck for cell in cells])
    median = np.stack([cell.median_ns for cell in cells])
    distance = np.stack([cell.distance for cell in cells])
    says_stuck = np.array([[score.predicted_stuck] for score in scores], dtype=float)
    log10_predicted = np.array([[_log10_predicted(score)] for score in scores])
    low, high = (np.array([[_interval(score)[i]] for score in scores]) for i in (0, 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.abs(log10_predicted - np.log10(median))
    counted = weight * ((median > RATIO_FLOOR_NS) & np.isfinite(ratio))
    draws = {
        "stuck_recall": _share(weight * stuck, says_stuck),
        "stuck_specificity": _share(weight * (1 - stuck), 1 - says_stuck),
        "median_abs_log10_ratio": _weighted_median(np.where(counted > 0, ratio, 0.0), counted),
        "coverage": _share(weight, ((low <= median) & (median <= high)).astype(float)),
        "median_ks": _weighted_median(np.stack([cell.ks for cell in cells]), weight),
        "crps_decades": _share(weight, distance[:, :, 0]),
        "crps_tail_decades": _share(weight, distance[:, :, 1]),
        "brier_stuck": _share(weight, distance[:, :, 2]),
    }
    return {name: _percentiles(values) for name, values in draws.items()}


def _resample(score: CellScore, of: CellBoots, counts: np.ndarray) -> _Resampled:
    """Compute the observed side of one cell in every sample, and its distance from the prediction."""
    numbers, which = np.unique(of.boot, return_inverse=True)
    drawn = counts[:, numbers]
    weight = drawn.sum(axis=1) / len(numbers)
    cell = score.cell
    if len(numbers) == 1:
        shape = np.ones(len(counts))
        bounded_ns = min(score.observed.median.value_ns, cell.horizon_ns)
        fixed = np.array([[score.distance.crps, score.distance.tail, score.distance.stuck]])
        return _Resampled(
            weight, shape * score.observed.stuck, shape * bounded_ns, shape * score.ks, np.repeat(fixed, len(counts), 0)
        )
    multiplicity = drawn[:, which].astype(float)
    total = np.maximum(multiplicity.sum(axis=1), 1.0)
    late = (cell.censored | (cell.time_ns >= STUCK_NS)).astype(float)
    each = kill_scores(score.expected, cell.time_ns, cell.censored, of.watched_ns)
    median_ns, ks = _curves(score, multiplicity)
    return _Resampled(weight, (2 * (multiplicity @ late) >= total).astype(float), median_ns, ks,
                      multiplicity @ each / total[:, None])  # fmt: skip


def _curves(score: CellScore, multiplicity: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return median and KS distance of the Kaplan-Meier curve of a cell with each kill counted several times."""
    cell: Cell = score.cell
    times = np.unique(cell.time_ns)
    at = np.searchsorted(times, cell.time_ns)
    ended = np.zeros((len(multiplicity), len(times)))
    leaving = np.zeros_like(ended)
    for i, column in enumerate(at):
        leaving[:, column] += multiplicity[:, i]
        if not cell.censored[i]:
            ended[:, column] += multiplicity[:, i]
    at_risk = leaving[:, ::-1].cumsum(axis=1)[:, ::-1]
    survival = np.cumprod(1.0 - ended / np.maximum(at_risk, 1e-9), axis=1)
    below = survival <= 0.5 + 1e-12
    watched = np.where(leaving > 0, times, 0).max(axis=1)
    median_ns = np.where(below.any(axis=1), times[below.argmax(axis=1)], watched)
    if score.predicted is None:
        return np.minimum(median_ns, cell.horizon_ns), np.ones(len(multiplicity))
    grid = np.unique(np.concatenate([times, score.expected.times_ns]))
    steps = np.hstack([np.ones((len(survival), 1)), survival])[:, np.searchsorted(times, grid, side="right")]
    gap = np.abs(steps - score.expected.at(grid))
    # Beyond the last time watched in a sample nothing is compared.
    both = grid[None, :] <= np.minimum(watched, score.expected.horizon_ns)[:, None]
    return np.minimum(median_ns, cell.horizon_ns), np.where(both, gap, 0.0).max(axis=1)


def _log10_predicted(score: CellScore) -> float:
    """Return log10 of the predicted median, NaN where there is no ratio."""
    if score.log10_ratio_median is None:
        return float("nan")
    if score.predicted is None:
        return float(np.log10(score.cell.horizon_ns))
    return float(np.log10(max(1, score.predicted.median.value_ns)))


def _interval(score: CellScore) -> tuple[float, float]:
    """Return the predicted interval of the median, one that holds nothing where there is none."""
    return (np.inf, -np.inf) if score.interval_ns is None else score.interval_ns


def _share(weight: np.ndarray, value: np.ndarray) -> np.ndarray:
    """Return the weighted mean over cells in each sample, NaN where nothing has a weight."""
    total = weight.sum(axis=0)
    mean = np.divide((weight * value).sum(axis=0), total, out=np.full(len(total), np.nan), where=total > 0)
    return np.asarray(mean)


def _weighted_median(value: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return the weighted median over cells in each sample, NaN where nothing has a weight."""
    order = np.argsort(value, axis=0, kind="stable")
    cumulated = np.cumsum(np.take_along_axis(weight, order, axis=0), axis=0)
    half = (cumulated >= cumulated[-1] / 2).argmax(axis=0)
    found = np.take_along_axis(value, np.take_along_axis(order, half[None, :], axis=0), axis=0)[0]
    return np.where(cumulated[-1] > 0, found, np.nan)


def _percentiles(values: np.ndarray) -> tuple[float, float] | None:
    """Return the central 95 % of the samples that have the score."""
    known = values[np.isfinite(values)]
    if not known.size:
        return None
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(known, [tail, 1 - tail])
    return float(low), float(high)
