"""The tally of one point: all its policies, estimands and strata.

Takes blocks of outputs, gives an object that merges with others of the same plan in any order and any grouping to the
same integers. Must know nothing about files or statistics.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mcoom.engine.layout import INF, OUT_FIELDS
from mcoom.tally.cell import Arrays, histogram_keys, tally_cell, tally_counts
from mcoom.tally.edges import n_bins
from mcoom.tally.field import FIELDS, shape_of
from mcoom.tally.grouping import Grouping
from mcoom.tally.histogram import Kind, SparseHistogram
from mcoom.tally.joint import tally_joint
from mcoom.tally.limbs import add_limbs
from mcoom.tally.plan import TallyPlan
from mcoom.tally.rows import RawRows
from mcoom.tally.status import Case, Restricted, Standing, classify, has_cases, restrict


def histogram_shape(plan: TallyPlan) -> tuple[int, ...]:
    """Return the shape of the dense histogram: (policy, estimand, stratum, kind, bin)."""
    return (len(plan.policies), len(plan.estimands), len(plan.stratum_labels), len(Kind), n_bins())


@dataclass(frozen=True, eq=False)
class PointTally:
    """Integer tallies of one point; treat all arrays as read-only.

    ``tally["status_count"]`` gives an array by its name; ``mcoom.tally.field.FIELDS`` lists names, axes and units.
    """

    plan: TallyPlan
    """Names along the axes."""
    arrays: Arrays
    """Counts (int64) and exact sums (uint64 limbs) by name."""
    histogram: SparseHistogram
    """Times, indexed (policy, estimand, stratum, kind, bin)."""
    horizon_min_ns: int
    """Smallest horizon of a replicate, ns; 2**62 if empty."""
    horizon_max_ns: int
    """Largest horizon of a replicate, ns; 0 if empty."""
    rows: RawRows
    """Rows of outputs of the replicates with the lowest numbers."""

    @classmethod
    def empty(cls, plan: TallyPlan) -> "PointTally":
        """Return the tally of no replicates: the neutral element of ``merge``."""
        arrays: Arrays = {
            field.name: np.zeros(shape_of(field, plan), dtype=np.uint64 if field.is_sum else np.int64)
            for field in FIELDS
        }
        none = np.zeros(0, dtype=np.int64)
        outputs = np.zeros((len(plan.policies), 0, len(OUT_FIELDS)), dtype=np.int64)
        rows = RawRows(none, none, none, outputs)
        return cls(plan, arrays, SparseHistogram.empty(histogram_shape(plan)), INF, 0, rows)

    @classmethod
    def from_outputs(
        cls,
        plan: TallyPlan,
        outputs: NDArray[np.int64],
        horizon_ns: NDArray[np.int64],
        strata: NDArray[np.int64],
        first: int,
    ) -> "PointTally":
        """Count a block of replicates.

        Parameters
        ----------
        plan : TallyPlan
        outputs : int64[P, R, len(OUT_FIELDS)]
            Rows of outputs by policy (in the order of the plan) and replicate.
        horizon_ns : int64[R]
            Horizon of each replicate, ns.
        strata : int64[R]
            Stratum of each replicate, an index into ``plan.stratum_labels``.
        first : int
            Number of the first replicate.

        Returns
        -------
        PointTally

        Raises
        ------
        ValueError
            The shapes do not fit one another or the plan, or a stratum is not one of the plan's.
        """
        n_replicates = strata.shape[0]
        if outputs.shape != (len(plan.policies), n_replicates, len(OUT_FIELDS)) or horizon_ns.shape != strata.shape:
            raise ValueError(f"outputs {outputs.shape}, horizons {horizon_ns.shape}, strata {strata.shape} do not fit")
        if n_replicates == 0:
            return cls.empty(plan)
        if strata.min() < 0 or strata.max() >= len(plan.stratum_labels):
            raise ValueError(f"strata {strata.min()}..{strata.max()}: must be 0..{len(plan.stratum_labels) - 1}")
        tally = cls.empty(plan)
        n_kept = min(plan.raw_rows, n_replicates)
        rows = RawRows(
            np.arange(first, first + n_kept, dtype=np.int64),
            strata[:n_kept].astype(np.int64),
            horizon_ns[:n_kept].astype(np.int64),
            outputs[:, :n_kept].copy(),
        )
        if len(plan.stratum_labels) > 1:
            order = np.argsort(strata, kind="stable")
            outputs, horizon_ns, strata = outputs[:, order], horizon_ns[order], strata[order]
        group = Grouping(strata, len(plan.stratum_labels))
        tally_counts(tally.arrays, outputs, group)
        keys = []
        for e, estimand in enumerate(plan.estimands):
            standing = classify(estimand, outputs)
            restricted = _restrict_all(standing, horizon_ns)
            tally_cell(tally.arrays, e, standing, restricted, horizon_ns, group)
            tally_joint(tally.arrays, e, plan.i_baseline, standing, restricted, group)
            keys.append(histogram_keys(e, len(plan.estimands), standing, horizon_ns, group))
        histogram = SparseHistogram.from_flat(histogram_shape(plan), np.concatenate(keys))
        return cls(plan, tally.arrays, histogram, int(horizon_ns.min()), int(horizon_ns.max()), rows)

    def merge(self, other: "PointTally") -> "PointTally":
        """Return the tally of both sets of replicates; associative and commutative.

        Raises
        ------
        ValueError
            The plans differ, or a replicate of the raw rows is in both.
        """
        if self.plan != other.plan:
            raise ValueError("tallies of different plans do not merge")
        arrays: Arrays = {}
        for field in FIELDS:
            a, b = self.arrays[field.name], other.arrays[field.name]
            arrays[field.name] = add_limbs(a, b) if field.is_sum else a + b
        return PointTally(
            self.plan,
            arrays,
            self.histogram.merge(other.histogram),
            min(self.horizon_min_ns, other.horizon_min_ns),
            max(self.horizon_max_ns, other.horizon_max_ns),
            self.rows.merge(other.rows, self.plan.raw_rows),
        )

    @property
    def n_replicates(self) -> int:
        """Number of replicates counted."""
        return int(self.arrays["n_replicates"].sum())

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self.arrays[name]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, PointTally):
            return NotImplemented
        return (
            self.plan == other.plan
            and (self.horizon_min_ns, self.horizon_max_ns) == (other.horizon_min_ns, other.horizon_max_ns)
            and self.histogram == other.histogram
            and self.rows == other.rows
            and all(np.array_equal(self.arrays[f.name], other.arrays[f.name]) for f in FIELDS)
        )

    __hash__ = None  # type: ignore[assignment]


def _restrict_all(standing: Standing, horizon_ns: NDArray[np.int64]) -> dict[Case, Restricted]:
    """Restricted times by case; one object for all cases where they do not differ."""
    if not has_cases(standing, horizon_ns):
        one = restrict(standing, horizon_ns, Case.VALUE)
        return dict.fromkeys(Case, one)
    return {case: restrict(standing, horizon_ns, case) for case in Case}
