"""Which boot each episode of a cell comes from: the clusters of the data.

Takes a measured file and its cells, gives arrays beside those of the cells. Must know nothing of predictions. Rounds
and kills of a boot hang together, so whatever is resampled is resampled by boots.
"""

from dataclasses import dataclass

import numpy as np

from mcoom.validate.cells import Cell
from mcoom.validate.measured import Factors, Measured


@dataclass(frozen=True)
class CellBoots:
    """Boots and horizons of the episodes of one cell, in the order of ``Cell.time_ns``."""

    boot: np.ndarray
    """int64[n]: number of the boot in the file; boots are numbered by configuration and name."""
    watched_ns: np.ndarray
    """int64[n]: horizon of its boot; of a censored episode, the time it was watched."""


@dataclass(frozen=True)
class Boots:
    """Boots of all cells."""

    cells: tuple[CellBoots, ...]
    n_boots: int


def find_boots(measured: Measured, cells: tuple[Cell, ...]) -> Boots:
    """Return the boots of the episodes of each cell.

    Parameters
    ----------
    measured : Measured
        The file.
    cells : tuple of Cell
        ``group_cells(measured)``.

    Returns
    -------
    Boots
        A ``CellBoots`` per cell, in order.
    """
    number: dict[tuple[Factors, str], int] = {}
    horizon: dict[tuple[Factors, str], int] = {}
    for configuration in measured.configurations:
        for boot in configuration.boots:
            key = (configuration.factors, boot.boot_id)
            number[key], horizon[key] = len(number), boot.horizon_ns
    rows: dict[tuple[Factors, int], list[tuple[int, int]]] = {}
    for episode in measured.episodes:
        key = (episode.factors, episode.boot_id)
        watched_ns = episode.time_ns if episode.censored else horizon[key]
        rows.setdefault((episode.factors, episode.k), []).append((number[key], watched_ns))
    found = []
    for cell in cells:
        numbers, watched = zip(*rows[cell.factors, cell.k], strict=True)
        found.append(CellBoots(np.array(numbers, dtype=np.int64), np.array(watched, dtype=np.int64)))
    return Boots(tuple(found), len(number))
