"""The predicted interval of an observed median.

Takes a predicted sample with its simulated boots and machines, gives the central interval of the median of as many
boots as a cell has. Must know nothing of what was observed but that number.
"""

import numpy as np

from mcoom.validate.machine import MACHINES
from mcoom.validate.predict import Sample

INTERVAL = 0.9
"""Mass of the central interval."""
_DRAWS = 100
"""Medians drawn per machine: the 5 % point of 40 machines stands on 200 of 4,000."""


def median_interval(sample: Sample, n_boots: int, seed: int = 0) -> tuple[int, int]:
    """Return the central 90 % interval of the median of a cell of ``n_boots`` boots, ns.

    A cell comes from one machine, so its boots share what the machine is. For each simulated machine ``n_boots`` of its
    boots are drawn with replacement, with all their rounds, and the median of the pooled times is taken; the interval
    holds the central mass of these medians over the machines. Censored times stand for themselves: the horizon, or a
    little more.

    Parameters
    ----------
    sample : Sample
        Predicted times of one k, at least one.
    n_boots : int
        Boots of the cell, at least 1.
    seed : int
        Of the draws of boots.

    Returns
    -------
    tuple of int
        Two of the times.
    """
    random = np.random.Generator(np.random.PCG64(seed))
    # Boots beyond a few dozen leave nothing of the randomness of boots; drawing more would only cost time.
    n_drawn = min(n_boots, 40)
    medians: list[int] = []
    for machine in range(MACHINES):
        boots = np.unique(sample.boot[sample.boot % MACHINES == machine])
        if not len(boots):
            continue
        picks = random.integers(len(boots), size=(_DRAWS, n_drawn))
        medians += _medians(sample, boots, picks).tolist()
    low, high = np.quantile(medians, [(1 - INTERVAL) / 2, (1 + INTERVAL) / 2], method="inverted_cdf")
    return int(low), int(high)


def _medians(sample: Sample, boots: np.ndarray, picks: np.ndarray) -> np.ndarray:
    """Return the median of the pooled times of picked boots, one per row of ``picks`` (positions in ``boots``)."""
    here = np.isin(sample.boot, boots)
    times = sample.time_ns[here]
    owner = np.searchsorted(boots, sample.boot[here])
    order = np.argsort(times, kind="stable")
    drawn = np.zeros((len(picks), len(boots)), dtype=np.int64)
    np.add.at(drawn, (np.arange(len(picks))[:, None], picks), 1)
    # Each time counts as often as its boot was picked: the median is where half of the counts are reached.
    counted = np.cumsum(drawn[:, owner[order]], axis=1)
    return np.asarray(times[order][(counted >= (counted[:, -1:] + 1) // 2).argmax(axis=1)])
