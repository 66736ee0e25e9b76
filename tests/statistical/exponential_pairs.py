"""Two exponential laws with known answers, censored by a horizon or at random, for tests of error rates."""

import os
from dataclasses import dataclass

import numpy as np
from scipy import stats

from mcoom.analysis.sample import Sample

SEED = int(os.environ.get("MCOOM_TEST_SEED", "20"))
FALSE_ALARM = 1e-6
RATIO = 1.25
"""Mean of the second law; that of the first is 1."""
HORIZON = {0: np.inf, 10: -np.log(0.1), 50: -np.log(0.5), 90: -np.log(0.9)}
"""By percentage of the first law that is censored."""
TAU = {0: 2.0, 10: 1.5, 50: 0.6, 90: 0.09}
"""Restriction of the means, within what is seen."""


@dataclass(frozen=True)
class Censoring:
    """How times are cut off."""

    percent: int
    """Of the first law."""
    kind: str
    """``horizon`` (one for all) or ``random`` (exponential)."""

    def limits(self, rng, n):
        if self.kind == "horizon" or self.percent == 0:
            return np.full(n, HORIZON[self.percent])
        return rng.exponential((100 - self.percent) / self.percent, n)

    def __str__(self):
        return f"{self.percent}-{self.kind}"


CENSORINGS = [Censoring(p, k) for p in HORIZON for k in ("horizon", "random") if p or k == "horizon"]


def draw_pair(rng, n, ratio=RATIO, correlation=0.0):
    """Times of both laws; correlated by a Gaussian copula."""
    common, own, other = rng.standard_normal((3, n))
    weights = correlation**0.5, (1 - correlation) ** 0.5
    u, v = (stats.norm.cdf(weights[0] * common + weights[1] * x) for x in (own, other))
    return -np.log(u), -ratio * np.log(v)


def samples(rng, n, censoring, ratio=RATIO, correlation=0.0):
    """Both groups; a horizon is common, as it is for replicates on the same draws."""
    x, y = draw_pair(rng, n, ratio, correlation)
    limits = censoring.limits(rng, n), censoring.limits(rng, n)
    return [Sample.of(np.minimum(t, c), t <= c) for t, c in zip((x, y), limits, strict=True)]


def truths(tau):
    """What the estimands are, first law, second law and contrasts."""
    first, second = 1 - np.exp(-tau), RATIO * (1 - np.exp(-tau / RATIO))
    both = 1 - np.exp(-tau * (1 + 1 / RATIO))
    return {
        "survival": np.exp(-0.8 * tau),
        "hazard": 0.8 * tau,
        "rate": 1.0,
        "rmst": first,
        "rmst difference": first - second,
        "rmst ratio": first / second,
        "time lost ratio": (tau - first) / (tau - second),
        "superiority": both / (1 + 1 / RATIO) + (1 - both) / 2,
        **{f"quantile {p}": -np.log(1 - p) for p in (0.05, 0.5, 0.9)},
        **{f"quantile difference {p}": -np.log(1 - p) * (1 - RATIO) for p in (0.05, 0.5, 0.9)},
    }
