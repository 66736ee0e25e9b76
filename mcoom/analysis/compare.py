"""Contrasts of one cell.

Takes a policy and a baseline of one tally, gives one ``Contrast``: paired if the tally was counted against this
baseline, else not, and it says which. Must know nothing about families of contrasts.
"""

from mcoom.analysis.binned import CellView
from mcoom.analysis.estimate import n_members
from mcoom.analysis.logrank import logrank_z, two_sided_p
from mcoom.analysis.multiplicity import largest_p
from mcoom.analysis.paired import bounds_of, outcomes, paired_livelock, paired_rmst, paired_superiority
from mcoom.analysis.result import CellKey, Contrast
from mcoom.analysis.unpaired import case_pairs, unpaired_livelock, unpaired_rmst, unpaired_superiority
from mcoom.tally.status import Bound


def compare_cell(view: CellView, baseline: CellView, cell: CellKey, level: float = 0.95) -> Contrast:
    """Compare a policy with a baseline.

    Parameters
    ----------
    view, baseline : CellView
        Of one tally, estimand and stratum.
    cell : mapping
        What to call the cell.
    level : float
        Confidence level of all intervals.

    Returns
    -------
    Contrast
        Not adjusted for its family yet.
    """
    is_paired = baseline.policy == view.tally.plan.baseline
    z, p = _logrank(view, baseline)
    bounds = bounds_of(view, baseline)
    is_exact = view.counts("n_early") == 0 and baseline.counts("n_early") == 0
    if is_paired:
        livelock, livelock_p = paired_livelock(view, bounds, level)
        superiority, superiority_p = paired_superiority(view, bounds, level)
    else:
        livelock, livelock_p = unpaired_livelock(view, baseline, level)
        superiority, superiority_p = unpaired_superiority(view, baseline, level)
    # Where a time is censored before the horizon its restricted value is not known: only the curves are left.
    is_paired_mean = bool(is_paired and is_exact)
    means = paired_rmst(view, bounds, level) if is_paired_mean else unpaired_rmst(view, baseline, level)
    return Contrast(
        cell=cell,
        policy=view.policy,
        baseline=baseline.policy,
        estimand=view.estimand,
        paired=is_paired,
        n=n_members(view),
        n_baseline=n_members(baseline),
        n_pairs=int(view.counts("n_pairs")[Bound.VALUE]) if is_paired else None,
        logrank_z=z,
        logrank_p=p,
        rmst_diff_ns=means[0],
        rmst_p=means[1],
        rmst_paired=is_paired_mean,
        prob_superiority=superiority,
        superiority_p=superiority_p,
        livelock_diff=livelock,
        livelock_p=livelock_p,
        outcomes=outcomes(view) if is_paired else {},
    )


def _logrank(view: CellView, baseline: CellView) -> tuple[float | None, float | None]:
    """Statistic, and a p-value that holds in all cases of exhausted budgets."""
    z = logrank_z(view.life_table(), baseline.life_table())
    others = [logrank_z(view.life_table(a), baseline.life_table(b)) for a, b in case_pairs(view, baseline)]
    return z, largest_p([(0.0, None) if s is None else (s, two_sided_p(s)) for s in (z, *others)])
