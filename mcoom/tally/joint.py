"""What is counted of each policy beside the baseline, replicate by replicate.

Takes the restricted times of all policies under common random numbers, gives the entries that paired comparisons
need. Must know nothing about tests or intervals.
"""

import numpy as np
from numpy.typing import NDArray

from mcoom.tally.cell import Arrays
from mcoom.tally.grouping import Grouping
from mcoom.tally.status import Bound, Case, Restricted, Standing, Status

_CASES = {
    Bound.VALUE: (Case.VALUE, Case.VALUE),
    Bound.POLICY_BEST: (Case.BEST, Case.WORST),
    Bound.BASELINE_BEST: (Case.WORST, Case.BEST),
}

_NAMES = (
    "n_pairs", "livelock_table", "win_tie_loss",
    "policy_sum", "baseline_sum", "policy_sumsq", "baseline_sumsq", "cross_sum",
)  # fmt: skip


def tally_joint(
    arrays: Arrays, e: int, i_baseline: int, standing: Standing, restricted: dict[Case, Restricted], group: Grouping
) -> None:
    """Fill the paired entries of one estimand.

    A replicate is a pair where it counts under both policies. Earlier wins; both at the horizon is a tie.

    Parameters
    ----------
    arrays : dict
        Arrays of the tally, written to.
    e : int
        Index of the estimand.
    i_baseline : int
        Index of the baseline policy.
    standing : Standing
        Of the replicates, sorted by stratum.
    restricted : dict
        Restricted times by case.
    group : Grouping
    """
    possible = standing.is_livelock | np.isin(standing.status, (Status.BUDGET, Status.BUDGET_BEFORE))
    livelock = {Case.VALUE: standing.is_livelock, Case.BEST: standing.is_livelock, Case.WORST: possible}
    is_one_case = restricted[Case.BEST] is restricted[Case.VALUE]
    for bound, (case, case_baseline) in _CASES.items():
        if bound != Bound.VALUE and is_one_case:
            for name in _NAMES:
                arrays[name][:, e, :, bound] = arrays[name][:, e, :, Bound.VALUE]
            continue
        _tally_bound(
            arrays,
            (e, bound),
            restricted[case],
            Restricted(*(a[i_baseline] for a in restricted[case_baseline])),
            livelock[case],
            livelock[case_baseline][i_baseline],
            group,
        )


def _tally_bound(
    arrays: Arrays,
    at: tuple[int, Bound],
    own: Restricted,
    other: Restricted,
    own_livelock: NDArray[np.bool_],
    other_livelock: NDArray[np.bool_],
    group: Grouping,
) -> None:
    """Fill the entries of one bound; ``other`` and ``other_livelock`` are the baseline's, of shape [R]."""
    e, bound = at
    is_pair = own.is_member & other.is_member
    x = np.where(is_pair, own.times_ns, 0)
    y = np.where(is_pair, other.times_ns, 0)
    # Codes in the order of OUTCOMES: an earlier policy wins.
    outcome = np.where(is_pair, 1 + np.sign(x - y), -1)
    table = np.where(is_pair, 2 * own_livelock.astype(np.int64) + other_livelock, -1)
    arrays["n_pairs"][:, e, :, bound] = group.count(is_pair)
    arrays["win_tie_loss"][:, e, :, bound] = group.count_codes(outcome, 3)
    arrays["livelock_table"][:, e, :, bound] = group.count_codes(table, 4).reshape(x.shape[0], -1, 2, 2)
    arrays["policy_sum"][:, e, :, bound] = group.sum(x)
    arrays["baseline_sum"][:, e, :, bound] = group.sum(y)
    arrays["policy_sumsq"][:, e, :, bound] = group.sum_product(x, x)
    arrays["baseline_sumsq"][:, e, :, bound] = group.sum_product(y, y)
    arrays["cross_sum"][:, e, :, bound] = group.sum_product(x, y)
