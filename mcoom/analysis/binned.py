"""From tallies to life tables.

Takes a tally and which cell of it, gives life tables and counts under each case of exhausted budgets. Must know
nothing about estimators.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mcoom.analysis.survival import LifeTable
from mcoom.tally.edges import bin_of_ns, latency_edges_ns
from mcoom.tally.histogram import Kind
from mcoom.tally.limbs import int_from_limbs
from mcoom.tally.status import Case, Status
from mcoom.tally.tally import PointTally

_DEATHS = {
    Case.VALUE: (Kind.SEEN,),
    Case.BEST: (Kind.SEEN, Kind.BUDGET),
    Case.WORST: (Kind.SEEN,),
}
_CENSORED = {
    Case.VALUE: (Kind.HORIZON, Kind.NEVER, Kind.BUDGET_NEVER),
    Case.BEST: (Kind.HORIZON, Kind.NEVER),
    Case.WORST: (Kind.HORIZON, Kind.NEVER, Kind.BUDGET_NEVER, Kind.BEFORE_NEVER),
}


@dataclass(frozen=True)
class CellView:
    """One policy and estimand of a tally, over all strata or one of them."""

    tally: PointTally
    """The tally."""
    policy: str
    """Name of the policy."""
    estimand: str
    """Name of the estimand."""
    stratum: int | None = None
    """Index of the stratum; None for the whole cell."""

    @property
    def p(self) -> int:
        """Index of the policy."""
        return self.tally.plan.policies.index(self.policy)

    @property
    def e(self) -> int:
        """Index of the estimand."""
        return self.tally.plan.estimands.index(self.estimand)

    @property
    def strata(self) -> slice:
        """Strata that belong to the view."""
        return slice(None) if self.stratum is None else slice(self.stratum, self.stratum + 1)

    def counts(self, name: str) -> NDArray[np.int64]:
        """Return an int64 array (policy, estimand, stratum, ...) of the tally, at this view, summed over strata."""
        total: NDArray[np.int64] = self.tally[name][self.p, self.e, self.strata].sum(axis=0)
        return total

    def total(self, name: str, last: int) -> int:
        """Return an exact sum (policy, estimand, stratum, case or bound, limb) at this view."""
        return int_from_limbs(self.tally[name][self.p, self.e, self.strata, last])

    def status(self) -> dict[Status, int]:
        """Return the number of replicates by status."""
        return {s: int(n) for s, n in zip(Status, self.counts("status_count"), strict=True)}

    @property
    def n_replicates(self) -> int:
        """Replicates of the view, whether they count or not."""
        return int(self.tally["n_replicates"][self.strata].sum())

    @property
    def tau_ns(self) -> int:
        """Restriction of the means, ns: the horizon, or the smallest of them; 0 without replicates."""
        return self.tally.horizon_min_ns if self.tally.n_replicates else 0

    @property
    def has_one_horizon(self) -> bool:
        """Whether all replicates of the point have one horizon."""
        return self.tally.horizon_min_ns == self.tally.horizon_max_ns

    @property
    def has_exact_mean(self) -> bool:
        """Whether every time is known up to the horizon, budgets apart."""
        return self.has_one_horizon and int(self.counts("n_early")) == 0

    @property
    def has_rows(self) -> bool:
        """Whether the rows that were kept are a part of what the view counts."""
        return bool(self.tally.rows.strata.size)

    @property
    def cases(self) -> tuple[Case, ...]:
        """Cases beyond ``Case.VALUE`` that differ from it: none where no budget ran out."""
        status = self.status()
        return (Case.BEST, Case.WORST) if status[Status.BUDGET] + status[Status.BUDGET_BEFORE] else ()

    def life_table(self, case: Case = Case.VALUE) -> LifeTable:
        """Return the life table under a case, up to the largest horizon.

        Later events (a recovery may come after its horizon) are censored there.
        """
        dense = self.tally.histogram.dense
        if self.stratum is None:
            histogram = dense(self.p, self.e).sum(axis=0)
        else:
            histogram = dense(self.p, self.e, self.stratum)
        deaths = histogram[list(_DEATHS[case])].sum(axis=0)
        censored = histogram[list(_CENSORED[case])].sum(axis=0)
        return self._table(deaths, censored)

    def _table(self, deaths: NDArray[np.int64], censored: NDArray[np.int64]) -> LifeTable:
        """Return the life table of counts by bin, cut at the largest horizon."""
        edges = latency_edges_ns().astype(np.float64)
        low, high = np.concatenate(([0.0], edges)), np.concatenate((edges, [np.inf]))
        limit = self.tally.horizon_max_ns if self.tally.n_replicates else 0
        last = int(bin_of_ns(np.array([limit]))[0])
        # The horizon ends inside this bin: events of the bin come before it, censorings at it or later.
        beyond = deaths[last + 1 :].sum() + censored[last:].sum()
        high[last] = min(high[last], limit) if limit < edges[-1] else high[last]
        mid = np.where(np.isfinite(high), (low + high) / 2, low)
        rows = slice(0, last + 1)
        extra = np.array([float(limit)])
        return LifeTable(
            np.concatenate((low[rows], extra)),
            np.concatenate((mid[rows], extra)),
            np.concatenate((high[rows], extra)),
            np.append(deaths[rows], 0),
            np.concatenate((censored[:last], [0, beyond])),
        )
