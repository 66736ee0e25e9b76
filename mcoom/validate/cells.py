"""Cells: the episodes of one configuration and one k, pooled over its boots and rounds.

Takes a measured file, gives its cells in the order of its configurations. A cell is all factors and k. The horizon of a
boot is no factor (it ends the watching and changes nothing before), nor are seed, boot, round and block of the design:
505 configurations and 1,836 cells in the public file, 229 of them stuck. Must know nothing of predictions.
"""

from dataclasses import dataclass

import numpy as np

from mcoom.validate.measured import Factors, Measured

STUCK_NS = 200_000_000
"""A kill that takes this long, or is censored, counts towards the verdict *stuck*."""


@dataclass(frozen=True)
class Cell:
    """Observed episodes of one configuration and k."""

    configuration: int
    """Position in ``Measured.configurations``."""
    factors: Factors
    k: int
    time_ns: np.ndarray
    """int64[n]: time to kill, or time watched if censored."""
    censored: np.ndarray
    """bool[n]."""
    n_boots: int
    """Boots among them: the sample size, as rounds of a boot nearly repeat."""
    horizon_ns: int
    """Longest horizon of the configuration's boots."""

    def labels(self) -> dict[str, str | int]:
        """Return column -> value of all factors, then of k."""
        return {**self.factors.labels(), "k": self.k}


def group_cells(measured: Measured) -> tuple[Cell, ...]:
    """Return the cells of a file that hold at least one episode, by configuration and k."""
    rows: dict[tuple[Factors, int], list[tuple[int, bool, str]]] = {}
    for episode in measured.episodes:
        key = (episode.factors, episode.k)
        rows.setdefault(key, []).append((episode.time_ns, episode.censored, episode.boot_id))
    cells = []
    for i, configuration in enumerate(measured.configurations):
        for k in range(1, configuration.factors.kills + 1):
            episodes = rows.get((configuration.factors, k))
            if episodes:
                times, censored, boots = zip(*episodes, strict=True)
                cells.append(
                    Cell(
                        i,
                        configuration.factors,
                        k,
                        np.array(times, dtype=np.int64),
                        np.array(censored, dtype=bool),
                        len(set(boots)),
                        max(boot.horizon_ns for boot in configuration.boots),
                    )
                )
    return tuple(cells)


def is_stuck(time_ns: np.ndarray, censored: np.ndarray) -> bool:
    """Return the verdict *stuck*: at least half of these kills take 200 ms or more, censored ones counted as such."""
    return 2 * int(np.count_nonzero(censored | (time_ns >= STUCK_NS))) >= len(time_ns)
