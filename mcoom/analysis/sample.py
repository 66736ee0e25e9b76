"""Raw right-censored times.

Takes one time and one flag per replicate, in any unit, gives life tables without bins. Must know nothing about
tallies: with ``Sample`` every estimator and test of this package works on anybody's data.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mcoom.analysis.survival import LifeTable


@dataclass(frozen=True, eq=False)
class Sample:
    """Times of one group."""

    times: NDArray[np.float64]
    """float64[n] >= 0, time of the event or of the censoring."""
    events: NDArray[np.bool_]
    """bool[n], whether the event was seen."""

    @classmethod
    def of(cls, times: ArrayLike, events: ArrayLike | None = None) -> "Sample":
        """Check raw data and take them.

        Parameters
        ----------
        times : array of float, shape (n,)
            Times >= 0, finite, any unit.
        events : array of bool or 0/1, shape (n,), optional
            Whether the event was seen; all of them by default.

        Raises
        ------
        ValueError
            A time is negative or not finite, an event is neither 0 nor 1, or the shapes differ: says which entry.

        Examples
        --------
        >>> from mcoom.analysis.survival import kaplan_meier, quantile
        >>> quantile(kaplan_meier(Sample.of([1, 2, 3, 5, 8], [1, 1, 0, 1, 1]).table()), 0.5).value
        5.0
        """
        time = np.asarray(times, dtype=np.float64)
        flag = np.ones(time.shape, dtype=np.float64) if events is None else np.asarray(events, dtype=np.float64)
        if time.ndim != 1 or flag.shape != time.shape:
            raise ValueError(f"times {time.shape} and events {flag.shape}: must be of one length, one per replicate")
        wrong = np.flatnonzero(~(np.isfinite(time) & (time >= 0)))
        if wrong.size:
            raise ValueError(f"times[{wrong[0]}] = {time[wrong[0]]}: must be finite and >= 0")
        wrong = np.flatnonzero((flag != 0) & (flag != 1))
        if wrong.size:
            raise ValueError(f"events[{wrong[0]}] = {flag[wrong[0]]}: must be 0 (censored) or 1 (seen)")
        return cls(time, flag == 1)

    @property
    def n(self) -> int:
        """Number of replicates."""
        return int(self.times.size)

    def table(self) -> LifeTable:
        """Return the life table: a row for each distinct time."""
        return life_tables([self])[0]

    def restricted(self, tau: float) -> "Sample":
        """Return the sample with everybody censored at tau who was still waiting then."""
        return Sample(np.minimum(self.times, tau), self.events & (self.times <= tau))


def life_tables(samples: Sequence[Sample]) -> list[LifeTable]:
    """Return the life tables of several groups with the same rows, as tests of several groups need them.

    Parameters
    ----------
    samples : sequence of Sample

    Returns
    -------
    list of LifeTable
        In the order of the samples; a row for each distinct time of any of them.
    """
    times = np.concatenate([sample.times for sample in samples]) if samples else np.zeros(0)
    rows = np.unique(times)
    tables = []
    for sample in samples:
        places = np.searchsorted(rows, sample.times)
        seen, lost = (np.bincount(places[mask], minlength=rows.size) for mask in (sample.events, ~sample.events))
        tables.append(LifeTable.of_times(rows, seen.astype(np.int64), lost.astype(np.int64)))
    return tables
