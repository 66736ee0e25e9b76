"""Calibration: whether times fall where a prediction puts them as often as it says.

Takes cell scores, gives the histogram of the probability integral transform. Must know nothing of drawing.

A kill at y has F(y-) to F(y) of the predicted distribution F: its mass is spread evenly over that range, and that of a
kill censored at c over F(c) to 1. If the predictions are right and cells are many, the histogram is flat; a hump in the
middle says that predicted spreads are too wide, heaps at both ends that they are too narrow.

Source: Czado, Gneiting, Held, Biometrics 65 (2009) 1254-1261 (discrete distributions).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mcoom.validate.score import CellScore

BINS = 20


@dataclass(frozen=True)
class Calibration:
    """Where observed kills fall in their predicted distributions."""

    density: tuple[float, ...]
    """Mean density in each of ``BINS`` equal bins of probability; 1 everywhere is perfect."""
    outside: float
    """Mass at times that no replicate came to, on the early side and on the late one together."""
    n_cells: int
    n_kills: int


def calibrate(scores: Sequence[CellScore]) -> Calibration:
    """Return the histogram over all cells, each with the same weight, and in it each kill.

    Parameters
    ----------
    scores : sequence of CellScore
        Cells without a prediction (``predicted`` None) are left out.

    Returns
    -------
    Calibration
        All zero if no cell is left.
    """
    predicted = [score for score in scores if score.predicted is not None]
    total, outside, n_kills = np.zeros(BINS), 0.0, 0
    for score in predicted:
        cell, curve = score.cell, score.expected
        low = 1.0 - curve.at(cell.time_ns - 1)
        high = np.where(cell.censored, 1.0, 1.0 - curve.at(cell.time_ns))
        total += bin_mass(low, high).mean(axis=0)
        beyond = (high <= 0.0) | (low >= 1.0 - 1e-12)
        outside += float(beyond.mean())
        n_kills += len(cell.time_ns)
    n = max(1, len(predicted))
    return Calibration(tuple(float(x) for x in total / n * BINS), outside / n, len(predicted), n_kills)


def bin_mass(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Return the share of each range low..high (0..1) in each bin: float64[n, BINS], rows sum to 1."""
    edges = np.linspace(0.0, 1.0, BINS + 1)
    # A range of no width is a point: it belongs to the bin that begins at it, the last one to the last bin.
    width = np.where(high > low, high - low, 1.0)
    overlap = np.minimum(high[:, None], edges[1:]) - np.maximum(low[:, None], edges[:-1])
    mass = np.maximum(overlap, 0.0) / width[:, None]
    points = np.flatnonzero(high <= low)
    mass[points, np.minimum((low[points] * BINS).astype(int), BINS - 1)] = 1.0
    return np.asarray(mass)
