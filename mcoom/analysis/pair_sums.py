"""Exact sums over pairs of restricted times.

Takes the joint tallies of a policy and the baseline, gives their means, variances and covariance. Must know nothing of
tests or intervals of contrasts.
"""

from dataclasses import dataclass

from mcoom.analysis.binned import CellView
from mcoom.analysis.estimate import n_members
from mcoom.analysis.mean import BY_VARIANCE, mean_and_variance, mean_interval
from mcoom.analysis.restricted import RestrictedMean
from mcoom.analysis.spread import Spread
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

    def means(
        self, level: float, spreads: tuple[Spread | None, Spread | None] = (None, None)
    ) -> tuple[RestrictedMean, RestrictedMean]:
        """Return both restricted means, with limits of their own where their variances are no guide; n >= 1.

        Parameters
        ----------
        level : float
            Confidence level of their limits.
        spreads : pair of Spread, optional
            How the times of either are spread; without it a mean has no ``any_law``.
        """
        tops = self.tops or (None, None)
        own, other = (
            _mean(total, square, self.n, self.tau, top, level, spread)
            for total, square, top, spread in (
                (self.x, self.xx, tops[0], spreads[0]),
                (self.y, self.yy, tops[1], spreads[1]),
            )
        )
        return own, other


def baseline_of(view: CellView) -> CellView:
    """Return the same cell under the baseline of its tally."""
    return CellView(view.tally, view.tally.plan.baseline, view.estimand, view.stratum)


def _tops(view: CellView, n: int) -> tuple[int, int] | None:
    """Count those at the horizon, if all who count under either policy are pairs."""
    counts = []
    for side in (view, baseline_of(view)):
        if n_members(side) != n or not side.has_exact_mean:
            return None
        counts.append(n - side.status()[Status.SEEN])
    return counts[0], counts[1]


def _mean(
    total: int, square: int, n: int, tau: int, top: int | None, level: float, spread: Spread | None
) -> RestrictedMean:
    mean, variance = mean_and_variance(total, square, n)
    found = mean_interval(total, square, n, (0.0, float(tau)), level, n_top=top, spread=spread)
    limits = None if found.method in BY_VARIANCE else (float(found.low or 0.0), float(found.high or 0.0))
    return RestrictedMean(mean, variance, 0.0, limits, any_law=found.any_law)
