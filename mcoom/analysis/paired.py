"""Comparisons replicate by replicate.

Takes the joint tallies of a policy and the baseline, gives differences whose variance knows that both saw the same
random numbers. Must know nothing about the unpaired ways.
"""

from mcoom.analysis.binned import CellView
from mcoom.analysis.mean import mean_interval, mean_p
from mcoom.analysis.multiplicity import largest_p
from mcoom.analysis.proportion import mcnemar_mid_p, mcnemar_p, paired_difference, wilson
from mcoom.analysis.result import Interval, not_estimable, span
from mcoom.tally.status import Bound

_OTHERS = (Bound.POLICY_BEST, Bound.BASELINE_BEST)


def bounds_of(view: CellView, baseline: CellView) -> tuple[Bound, ...]:
    """Return the bounds that may differ from ``Bound.VALUE``."""
    is_open = view.cases or baseline.cases or view.counts("n_early") or baseline.counts("n_early")
    return _OTHERS if is_open else ()


def paired_rmst(view: CellView, bounds: tuple[Bound, ...], level: float) -> tuple[Interval, float | None]:
    """Estimate the difference of restricted means, policy minus baseline, in ns, and test it by Student's t."""
    tau = float(view.tally.horizon_max_ns)
    intervals, tests = [], []
    for bound in (Bound.VALUE, *bounds):
        n = int(view.counts("n_pairs")[bound])
        x, y = view.total("policy_sum", bound), view.total("baseline_sum", bound)
        squares = view.total("policy_sumsq", bound) + view.total("baseline_sumsq", bound)
        square = squares - 2 * view.total("cross_sum", bound)
        intervals.append(mean_interval(x - y, square, n, (-tau, tau), level, "paired, exact sums, t"))
        tests.append((float(x - y), mean_p(x - y, square, n)))
    return span(intervals[0], intervals[1:]), largest_p(tests)


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
    Wilson's limits with the number of trials scaled so that p (1 - p) / n is the variance of the mean score: ties
    make the score vary less. If all trials went one way, the limits are those of the largest share of other outcomes
    that would have stayed unseen.
    """
    method = "paired, Wilson with ties"
    n = win + tie + loss
    if n == 0:
        return not_estimable(method, "no pairs")
    value = (win + tie / 2) / n
    variance = (win + tie / 4) / n - value * value
    if n in (win, tie, loss):
        unseen = 1 - ((1 - level) / 2) ** (1 / n)
        return Interval(value, value * (1 - unseen), value + unseen * (1 - value), method + ", all alike")
    low, high = wilson(value, n * value * (1 - value) / variance, level)
    return Interval(value, low, high, method)


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
