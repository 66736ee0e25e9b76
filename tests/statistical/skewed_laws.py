"""Laws of many shapes, cut at a horizon, with their restricted means; and their intervals from integers alone.

Every law is a quantile function, so two of them can be correlated by a Gaussian copula. Times are integers, what an
interval is made of is what a tally holds: exact sums, counts in bins, how many are at the horizon, and kept pairs.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy import stats

from mcoom.analysis.mean import BY_VARIANCE, mean_and_variance, mean_interval, seen_interval
from mcoom.analysis.pair_sums import PairSums
from mcoom.analysis.restricted import RestrictedMean
from mcoom.analysis.shape import ApartShape, PairShape
from mcoom.analysis.spread import Spread
from mcoom.analysis.two_means import TwoMeans
from mcoom.tally.edges import bin_of_ns, latency_edges_ns

UNIT = 100_000
"""A time of 1, ns."""
FAR = 100
"""Without censoring the horizon is so many means away."""
CENSORED = (0, 10, 50, 90)
"""Percent at the horizon."""


def _two_points(u):
    return np.where(u < 0.5, 1.0, 2.0)


def _mixture(u):
    """Four in five about 1, one in five about 5."""
    low, high = stats.gamma(9, scale=1 / 9), stats.gamma(9, scale=5 / 9)
    return np.where(u < 0.8, low.ppf(np.minimum(u / 0.8, 1)), high.ppf(np.clip((u - 0.8) / 0.2, 0, 1)))


LAWS = {
    "exponential": stats.expon().ppf,
    "gamma 1/2": stats.gamma(0.5).ppf,
    "gamma 2": stats.gamma(2).ppf,
    "Weibull 1/2": stats.weibull_min(0.5).ppf,
    "Weibull 2": stats.weibull_min(2).ppf,
    "lognormal 1/2": stats.lognorm(0.5).ppf,
    "lognormal 1": stats.lognorm(1.0).ppf,
    "normal": stats.norm(10, 1).ppf,
    "uniform": lambda u: u,
    "two points": _two_points,
    "mixture": _mixture,
}
_GRID = (np.arange(1_000_000) + 0.5) / 1_000_000
_EDGES = latency_edges_ns().astype(np.float64)
_LOW, _HIGH = np.concatenate(([0.0], _EDGES)), np.concatenate((_EDGES, [np.inf]))


@dataclass(frozen=True)
class Restricted:
    """A law, multiplied by a factor and cut at a horizon."""

    name: str
    factor: float
    tau: int

    @classmethod
    def of(cls, name, percent, factor=1.0):
        """The horizon is that of the law itself, whatever the factor."""
        values = _values(name)
        far = FAR * values.mean()
        # A law with two values is cut where the larger one is, or has none beyond the horizon.
        tau = np.quantile(values, 1 - percent / 100, method="inverted_cdf") if percent else far
        return cls(name, factor, int(tau * UNIT))

    def times(self, u):
        return self.cut(LAWS[self.name](u))

    def cut(self, values):
        return np.minimum((self.factor * UNIT * values).astype(np.int64), self.tau)

    @property
    def mean(self):
        return _mean(self)


@cache
def _values(name):
    return LAWS[name](_GRID)


@cache
def _mean(law):
    return float(law.cut(_values(law.name)).mean())


def spread_of_times(x, tau):
    """What the bins tell of times."""
    found = Spread.of_bins(_LOW, _HIGH, np.bincount(bin_of_ns(x[x < tau]), minlength=len(_LOW)))
    n_top = float((x >= tau).sum())
    if not n_top:
        return found
    return Spread(np.append(found.values, tau), np.append(found.counts, n_top), np.append(found.widths, 0.0))


def interval_of(x, tau, make=mean_interval):
    """The restricted mean of one group."""
    total, square = int(x.sum()), int((x * x).sum())
    n_top = int((x >= tau).sum())
    return make(total, square, len(x), (0.0, float(tau)), n_top=n_top, spread=spread_of_times(x, tau))


def seen_of(x, tau):
    """The same without its limits for every law."""
    return interval_of(x, tau, seen_interval)


def _restricted(x, tau, make):
    found = interval_of(x, tau, make)
    mean, variance = mean_and_variance(int(x.sum()), int((x * x).sum()), len(x))
    limits = None if found.method in BY_VARIANCE else (found.low, found.high)
    return RestrictedMean(mean, variance, 0.0, limits, any_law=found.any_law)


def two_apart(x, y, tau, make=mean_interval):
    """Two independent groups."""
    first, second = _restricted(x, tau, make), _restricted(y, tau, make)
    own, other = spread_of_times(x, tau), spread_of_times(y, tau)
    shape = ApartShape(
        (len(x), len(y)),
        (first.variance, second.variance),
        (own.skewness, other.skewness),
        (own.excess, other.excess),
    )
    return TwoMeans(first, second, 0.0, shape, float(tau))


def two_paired(x, y, tau, make=mean_interval):
    """Pairs, all of which were kept."""
    totals = (int(t.sum()) for t in (x, x * x, y, y * y, x * y))
    sums = PairSums(len(x), *totals, tau, (int((x >= tau).sum()), int((y >= tau).sum())))
    first, second = _restricted(x, tau, make), _restricted(y, tau, make)
    shape = PairShape(len(x), x.astype(np.float64), y.astype(np.float64))
    return TwoMeans(first, second, sums.covariance, shape, float(tau))


def correlated(rng, size, rho):
    """Two arrays of uniform variates."""
    common, own, other = rng.standard_normal((3, *size))
    return [stats.norm.cdf(rho**0.5 * common + (1 - rho) ** 0.5 * x) for x in (own, other)]
