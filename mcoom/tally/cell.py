"""What is counted of one policy at a time.

Takes how the replicates stand with an estimand, gives the entries of the marginal arrays and of the histogram. Must
know nothing about other policies: mcoom.tally.joint has the comparisons.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mcoom.codes import EndReason
from mcoom.engine.layout import OUT
from mcoom.tally.edges import bin_of_ns, n_bins
from mcoom.tally.field import COUNTS
from mcoom.tally.grouping import Grouping
from mcoom.tally.histogram import Kind
from mcoom.tally.status import Case, Restricted, Standing, Status, is_early

Arrays = dict[str, NDArray[Any]]
"""Arrays of a tally by name: int64 counts and uint64 limbs."""


def tally_counts(arrays: Arrays, outputs: NDArray[np.int64], group: Grouping) -> None:
    """Fill the arrays that do not depend on an estimand.

    Parameters
    ----------
    arrays : dict
        Arrays of the tally, written to.
    outputs : int64[P, R, len(OUT_FIELDS)]
        Rows sorted by stratum.
    group : Grouping
    """
    arrays["n_replicates"][...] = np.bincount(group.strata, minlength=group.n_strata)
    arrays["end_count"][...] = group.count_codes(outputs[..., OUT["end_reason"]], len(EndReason))
    for c, name in enumerate(COUNTS):
        values = outputs[..., OUT[name]]
        is_set = values >= 0
        known = np.where(is_set, values, 0)
        arrays["count_n"][..., c] = group.count(is_set)
        arrays["count_sum"][..., c, :] = group.sum(known)
        arrays["count_sumsq"][..., c, :] = group.sum_product(known, known)


def tally_cell(
    arrays: Arrays,
    e: int,
    standing: Standing,
    restricted: dict[Case, Restricted],
    horizon_ns: NDArray[np.int64],
    group: Grouping,
) -> None:
    """Fill the entries of one estimand.

    Parameters
    ----------
    arrays : dict
        Arrays of the tally, written to.
    e : int
        Index of the estimand.
    standing : Standing
        Of the replicates, sorted by stratum.
    restricted : dict
        Restricted times by case.
    horizon_ns : int64[R]
    group : Grouping
    """
    seen = np.where(standing.status == Status.SEEN, standing.times_ns, 0)
    arrays["status_count"][:, e] = group.count_codes(standing.status, len(Status))
    arrays["n_livelock"][:, e] = group.count(standing.is_livelock)
    arrays["n_early"][:, e] = group.count(is_early(standing, horizon_ns))
    arrays["time_sum"][:, e] = group.sum(seen)
    arrays["time_sumsq"][:, e] = group.sum_product(seen, seen)
    for case in Case:
        # Without exhausted budgets the cases are one object: sum once.
        if case != Case.VALUE and restricted[case] is restricted[Case.VALUE]:
            arrays["restricted_sum"][:, e, :, case] = arrays["restricted_sum"][:, e, :, Case.VALUE]
            arrays["restricted_sumsq"][:, e, :, case] = arrays["restricted_sumsq"][:, e, :, Case.VALUE]
            continue
        times = restricted[case].times_ns
        arrays["restricted_sum"][:, e, :, case] = group.sum(times)
        arrays["restricted_sumsq"][:, e, :, case] = group.sum_product(times, times)


_KIND = {
    Kind.SEEN: (Status.SEEN,),
    Kind.HORIZON: (Status.HORIZON,),
    Kind.BUDGET: (Status.BUDGET, Status.BUDGET_BEFORE),
    Kind.NEVER: (Status.NO_VICTIM, Status.RECOVERED),
    Kind.BUDGET_NEVER: (Status.BUDGET,),
    Kind.BEFORE_NEVER: (Status.BUDGET_BEFORE,),
}
_AT_HORIZON = frozenset({Kind.NEVER, Kind.BUDGET_NEVER, Kind.BEFORE_NEVER})


def histogram_keys(
    e: int, n_estimands: int, standing: Standing, horizon_ns: NDArray[np.int64], group: Grouping
) -> NDArray[np.int64]:
    """Return the flat indices of one estimand's times in the histogram.

    Returns
    -------
    int64[n]
        Indices into (policy, estimand, stratum, kind, bin).
    """
    n_policies = standing.status.shape[0]
    rows = (np.arange(n_policies)[:, None] * n_estimands + e) * group.n_strata + group.strata
    present = np.bincount(standing.status.ravel(), minlength=len(Status)) > 0
    time_bins = bin_of_ns(standing.times_ns)
    horizon_bins = np.broadcast_to(bin_of_ns(horizon_ns), standing.status.shape)
    keys = []
    for kind, statuses in _KIND.items():
        if not any(present[s] for s in statuses):
            continue
        mask = np.isin(standing.status, statuses)
        bins = horizon_bins if kind in _AT_HORIZON else time_bins
        keys.append((rows[mask] * len(Kind) + kind) * n_bins() + bins[mask])
    return np.concatenate(keys) if keys else np.zeros(0, dtype=np.int64)
