"""The log-rank test of pairs, from the rows that a run kept.

Takes a tally with raw rows, gives what the joint tallies cannot: how much smaller the variance of the log-rank
statistic is because both policies saw the same draws. Must know nothing about the other contrasts.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.special import fdtrc

from mcoom.analysis.binned import CellView
from mcoom.analysis.curve_tests import PairedLogrank
from mcoom.analysis.pairs import paired_logrank
from mcoom.analysis.sample import Sample
from mcoom.tally.status import Status, classify

MIN_ROWS = 50
"""Fewer pairs say too little about a variance."""
_OUT = (Status.NOT_REACHED, Status.BUDGET_BEFORE)


def raw_sample(view: CellView) -> tuple[Sample, NDArray[np.bool_]]:
    """Return the kept rows of a view as raw times, and which of them count.

    Parameters
    ----------
    view : CellView

    Returns
    -------
    Sample
        One entry per kept row of the view's strata, ns; what never comes is censored at the horizon of its replicate,
        and so is what comes after it. Entries that do not count are censored at 0.
    bool[n]
        Whether the entry counts: the invocation was reached.
    """
    rows = view.tally.rows
    inside = np.ones(rows.strata.size, dtype=bool) if view.stratum is None else rows.strata == view.stratum
    standing = classify(view.estimand, rows.outputs[view.p : view.p + 1])
    status, times = standing.status[0][inside], standing.times_ns[0][inside]
    horizon = rows.horizon_ns[inside]
    is_timed = (status == Status.SEEN) | (status == Status.HORIZON)
    restricted = np.where(is_timed, np.minimum(times, horizon), horizon)
    counts = ~np.isin(status, _OUT)
    seen = (status == Status.SEEN) & (times < horizon)
    return Sample(np.where(counts, restricted, 0).astype(np.float64), seen & counts), counts


def logrank_of_pairs(view: CellView, baseline: CellView, z: float | None) -> PairedLogrank | None:
    """Test by the log-rank statistic of all replicates with the variance of pairs.

    Parameters
    ----------
    view, baseline : CellView
        Of one tally, estimand and stratum.
    z : float or None
        The statistic with the variance of independent replicates.

    Returns
    -------
    PairedLogrank or None
        None if fewer than 50 kept rows count under both, or a budget ran out (its cases are not in the rows).

    Notes
    -----
    z^2 divided by the ratio of the two variances, which n rows estimate, is about F(1, n - 1) without a difference.
    """
    if z is None or view.cases or baseline.cases or view.tally.rows.strata.size < MIN_ROWS:
        return None
    (own, own_counts), (other, other_counts) = raw_sample(view), raw_sample(baseline)
    both = own_counts & other_counts
    n = int(both.sum())
    if n < MIN_ROWS:
        return None
    test = paired_logrank(Sample(own.times[both], own.events[both]), Sample(other.times[both], other.events[both]))
    if not test.variance_ratio:
        return None
    return PairedLogrank(float(fdtrc(1, n - 1, z * z / test.variance_ratio)), test.variance_ratio, n)
