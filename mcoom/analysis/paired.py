"""Comparisons replicate by replicate.

Takes the joint tallies of a policy and the baseline, gives differences whose variance knows that both saw the same
random numbers. Must know nothing about the unpaired ways.
"""

from mcoom.analysis.binned import CellView
from mcoom.analysis.mean import equal_values_p, mean_interval
from mcoom.analysis.multiplicity import largest_p
from mcoom.analysis.pair_sums import PairSums, baseline_of
from mcoom.analysis.proportion import mcnemar_mid_p, mcnemar_p, paired_difference
from mcoom.analysis.result import Interval, not_estimable, span
from mcoom.analysis.shape import PairShape, spread_of
from mcoom.analysis.two_means import TwoMeans, with_method
from mcoom.tally.status import Bound

_OTHERS = (Bound.POLICY_BEST, Bound.BASELINE_BEST)


def bounds_of(view: CellView, baseline: CellView) -> tuple[Bound, ...]:
    """Return the bounds that may differ from ``Bound.VALUE``."""
    is_open = view.cases or baseline.cases or view.counts("n_early") or baseline.counts("n_early")
    return _OTHERS if is_open else ()


PairMeans = list[tuple[PairSums, TwoMeans | None]]
"""Sums over pairs and both means, values first, then the extremes of exhausted budgets; None: under two pairs."""


def pair_means(view: CellView, bounds: tuple[Bound, ...], level: float) -> PairMeans:
    """Return both restricted means of the pairs of a cell.

    Parameters
    ----------
    view : CellView
        The policy; the joint tallies know the baseline.
    bounds : tuple of Bound
        Bounds that may differ from ``Bound.VALUE``.
    level : float
        Confidence level of limits that a mean has of its own.
    """
    baseline = baseline_of(view)
    spreads = spread_of(view), spread_of(baseline)
    found: PairMeans = []
    for bound in (Bound.VALUE, *bounds):
        sums = PairSums.of(view, bound)
        if sums.n < 2:
            found.append((sums, None))
            continue
        first, second = sums.means(level, spreads)
        shape = PairShape.of(view, baseline, sums.n)
        found.append((sums, TwoMeans(first, second, sums.covariance, shape, float(sums.tau))))
    return found


def paired_rmst(found: PairMeans, level: float) -> tuple[Interval, float | None]:
    """Estimate the difference of restricted means, policy minus baseline, in ns, and test it.

    The p-value is the level at which the interval touches 0; where all differences are equal, that of the sign test.
    """
    intervals, tests = [], []
    for sums, means in found:
        interval, p = pair_difference(sums, means, level)
        intervals.append(interval)
        tests.append((float(sums.x - sums.y), p))
    return span(intervals[0], intervals[1:]), largest_p(tests)


def pair_difference(sums: PairSums, means: TwoMeans | None, level: float = 0.95) -> tuple[Interval, float | None]:
    """Estimate the mean of the differences of pairs, policy minus baseline, in ns; and the p-value of none."""
    tau = float(sums.tau)
    x, square = sums.x - sums.y, sums.xx + sums.yy - 2 * sums.xy
    if means is None or sums.difference[1] <= 0:
        found = mean_interval(x, square, sums.n, (-tau, tau), level)
        return with_method(found, "paired"), equal_values_p(x, sums.n)
    return with_method(means.difference(level), "paired, exact sums"), means.p()


def paired_superiority(view: CellView, bounds: tuple[Bound, ...], level: float) -> tuple[Interval, float | None]:
    """Estimate P(policy earlier) + P(tie) / 2 over the pairs, and test it by the exact sign test."""
    intervals, tests = [], []
    for bound in (Bound.VALUE, *bounds):
        win, tie, loss = (int(n) for n in view.counts("win_tie_loss")[bound])
        intervals.append(superiority_interval(win, tie, loss, level))
        tests.append((float(win - loss), mcnemar_p(win, loss) if win + tie + loss else None))
    return span(intervals[0], intervals[1:]), largest_p(tests)


def superiority_interval(win: int, tie: int, loss: int, level: float = 0.95) -> Interval:
    """Estimate P(win) + P(tie) / 2 from independent trials.

    Parameters
    ----------
    win, tie, loss : int
        Trials by outcome.
    level : float
        Confidence level.

    Notes
    -----
    (1 + P(win) - P(loss)) / 2, with the limits of ``paired_difference``: of the ties only their number matters. Without
    ties these are the limits of a share of n.
    """
    method = "paired, MOVER of wins and losses"
    n = win + tie + loss
    if n == 0:
        return not_estimable(method, "no pairs")
    gain = paired_difference(win, loss, n, level)
    low, high = ((1 + float(x or 0.0)) / 2 for x in (gain.low, gain.high))
    return Interval((win + tie / 2) / n, low, high, method)


def outcomes(view: CellView) -> dict[str, int]:
    """Return the pairs by who is earlier."""
    win, tie, loss = (int(n) for n in view.counts("win_tie_loss")[Bound.VALUE])
    return {"n_win": win, "n_tie": tie, "n_loss": loss}


def livelock_mid_p(view: CellView, bounds: tuple[Bound, ...]) -> float | None:
    """Return McNemar's mid-p value of no difference in livelock; None where a budget ran out or there are no pairs."""
    table = view.counts("livelock_table")[Bound.VALUE]
    return None if bounds or not table.sum() else mcnemar_mid_p(int(table[1, 0]), int(table[0, 1]))


def paired_livelock(view: CellView, bounds: tuple[Bound, ...], level: float) -> tuple[Interval, float | None]:
    """Estimate the difference of livelock probabilities, policy minus baseline, and test it by McNemar, exactly."""
    intervals, tests = [], []
    for bound in (Bound.VALUE, *bounds):
        table = view.counts("livelock_table")[bound]
        n, own, other = int(table.sum()), int(table[1, 0]), int(table[0, 1])
        intervals.append(paired_difference(own, other, n, level))
        tests.append((float(own - other), mcnemar_p(own, other) if n else None))
    return span(intervals[0], intervals[1:]), largest_p(tests)
