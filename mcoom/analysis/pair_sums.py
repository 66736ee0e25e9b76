"""Exact sums over pairs of restricted times.

Takes the joint tallies of a policy and the baseline, gives their means, variances and covariance. Must know nothing of
tests or intervals of contrasts.
"""

from dataclasses import dataclass

from mcoom.analysis.binned import CellView
from mcoom.analysis.estimate import n_members
from mcoom.analysis.mean import EXACT_SUMS, mean_and_variance, mean_interval
from mcoom.analysis.restricted import RestrictedMean
from mcoom.tally.status import Bound, Status


@dataclass(frozen=True)
class PairSums:
    """Sums over n pairs, x of the policy and y of the baseline, in ns and ns2."""

    n: int
    """Pairs."""
    x: int
    """Sum of the policy's times."""
    xx: int
    """Sum of their squares."""
    y: int
    """Sum of the baseline's times."""
    yy: int
    """Sum of their squares."""
    xy: int
    """Sum of the products."""
    tau: int
    """Largest possible time."""
    tops: tuple[int, int] | None
    """How many of either stand at tau; None where that is not counted pair by pair."""

    @classmethod
    def of(cls, view: CellView, bound: Bound) -> "PairSums":
        """Return the sums of a policy against the baseline of its tally, under one bound on exhausted budgets."""
        n = int(view.counts("n_pairs")[bound])
        names = "policy_sum", "policy_sumsq", "baseline_sum", "baseline_sumsq", "cross_sum"
        x, xx, y, yy, xy = (view.total(name, bound) for name in names)
        return cls(n, x, xx, y, yy, xy, view.tally.horizon_max_ns, _tops(view, n) if bound == Bound.VALUE else None)

    @property
    def difference(self) -> tuple[float, float]:
        """Mean of x - y and the variance of that mean; n >= 1."""
        return mean_and_variance(self.x - self.y, self.xx + self.yy - 2 * self.xy, self.n)

    @property
    def covariance(self) -> float:
        """Of the two means; n >= 1."""
        apart = mean_and_variance(self.x, self.xx, self.n)[1] + mean_and_variance(self.y, self.yy, self.n)[1]
        return (apart - self.difference[1]) / 2

    def means(self, level: float) -> tuple[RestrictedMean, RestrictedMean]:
        """Return both restricted means, with limits of their own where their variances are no guide; n >= 1."""
        tops = self.tops or (None, None)
        own, other = (
            _mean(total, square, self.n, self.tau, top, level)
            for total, square, top in ((self.x, self.xx, tops[0]), (self.y, self.yy, tops[1]))
        )
        return own, other


def _tops(view: CellView, n: int) -> tuple[int, int] | None:
    """Count those at the horizon, if all who count under either policy are pairs."""
    baseline = CellView(view.tally, view.tally.plan.baseline, view.estimand, view.stratum)
    counts = []
    for side in (view, baseline):
        if n_members(side) != n or not side.has_exact_mean:
            return None
        counts.append(n - side.status()[Status.SEEN])
    return counts[0], counts[1]


def _mean(total: int, square: int, n: int, tau: int, top: int | None, level: float) -> RestrictedMean:
    mean, variance = mean_and_variance(total, square, n)
    found = mean_interval(total, square, n, (0.0, float(tau)), level, n_top=top)
    limits = None if found.method == EXACT_SUMS else (float(found.low or 0.0), float(found.high or 0.0))
    return RestrictedMean(mean, variance, 0.0, limits)
