"""One contrast over many cells.

Takes the contrast of a policy with a baseline in each cell, gives it once: the mean effect over the cells and the
stratified tests. Must know nothing about how a cell was counted.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from scipy.special import chdtrc, ndtri

from mcoom.analysis.logrank import RankSums, rank_test, two_sided_p
from mcoom.analysis.proportion import mcnemar_p
from mcoom.analysis.result import Contrast, Interval, finite_or_none, not_estimable


@dataclass(frozen=True)
class Pooled:
    """Effects of strata, pooled."""

    effect: Interval
    """Pooled effect."""
    p: float | None
    """Two-sided p-value of no effect."""
    heterogeneity: float
    """Cochran's Q."""
    heterogeneity_p: float | None
    """p-value of one effect in all strata; None with one stratum."""


def pool_effects(effects: Sequence[float], variances: Sequence[float], level: float = 0.95) -> Pooled:
    """Pool independent effects with weights inverse to their variances.

    Parameters
    ----------
    effects, variances : sequence of float
        By stratum; variances > 0.
    level : float
        Confidence level.

    Raises
    ------
    ValueError
        No strata, or a variance that is not positive.

    References
    ----------
    1. Cochran (1954), The combination of estimates from different experiments, Biometrics 10, 101-129.
    """
    if not effects or len(effects) != len(variances) or min(variances) <= 0:
        raise ValueError(f"{len(effects)} effects with variances {list(variances)}: must be as many, all > 0")
    weights = [1 / v for v in variances]
    total = sum(weights)
    effect = sum(w * e for w, e in zip(weights, effects, strict=True)) / total
    error = total**-0.5
    half = float(ndtri(0.5 + level / 2)) * error
    q = sum(w * (e - effect) ** 2 for w, e in zip(weights, effects, strict=True))
    q_p = float(chdtrc(len(effects) - 1, q)) if len(effects) > 1 else None
    interval = Interval(effect, effect - half, effect + half, "inverse variance, normal")
    return Pooled(interval, two_sided_p(effect / error), q, q_p)


@dataclass(frozen=True)
class Stratified:
    """A policy against the baseline over all cells of a run, for one estimand."""

    policy: str
    """The policy."""
    baseline: str
    """What it is compared with."""
    estimand: str
    """Which estimand."""
    n_cells: int
    """Cells."""
    rmst_diff_ns: Interval
    """Mean over the cells of the difference of restricted means, each cell counting once, ns."""
    rmst_p: float | None
    """Normal test of no mean difference."""
    logrank_z: float | None
    """Stratified log-rank statistic, positive: the policy is earlier."""
    logrank_p: float | None
    """Its p-value; None where a budget ran out."""
    n_win: int | None
    """Pairs of all cells in which the policy was earlier; None if not paired."""
    n_loss: int | None
    """Pairs in which the baseline was."""
    sign_p: float | None
    """Exact sign test over the pairs of all cells."""

    def to_json(self) -> dict[str, Any]:
        """Return the entry of ``stratified``."""
        names = ("policy", "baseline", "estimand", "n_cells", "n_win", "n_loss")
        numbers = ("rmst_p", "logrank_z", "logrank_p", "sign_p")
        out: dict[str, Any] = {name: getattr(self, name) for name in names}
        out["rmst_diff_ns"] = self.rmst_diff_ns.to_json()
        return out | {name: finite_or_none(getattr(self, name)) for name in numbers}


def stratify(contrasts: Sequence[Contrast], sums: RankSums, has_cases: bool, level: float = 0.95) -> Stratified:
    """Join the contrasts of one policy and estimand over the cells of a run.

    Parameters
    ----------
    contrasts : sequence of Contrast
        One per cell, all of one policy, baseline and estimand.
    sums : RankSums
        Sums of policy and baseline over the cells.
    has_cases : bool
        Whether a budget ran out somewhere: then the tests that know of no cases are left out.
    level : float
        Confidence level.

    Notes
    -----
    Cells are points of a design that somebody chose, so each counts once in the mean effect, however noisy: weights by
    precision would answer for the cells that happen to be quiet.
    """
    first = contrasts[0]
    known = [c.rmst_diff_ns for c in contrasts if c.rmst_diff_ns.value is not None]
    test = rank_test(sums)
    diff, p = _mean_effect(known, level, len(known) == len(contrasts))
    paired = all(c.paired for c in contrasts)
    win, loss = (sum(c.outcomes.get(name, 0) for c in contrasts) for name in ("n_win", "n_loss"))
    return Stratified(
        first.policy, first.baseline, first.estimand, len(contrasts), diff, p,
        test.z, None if has_cases else test.p,
        win if paired else None, loss if paired else None,
        mcnemar_p(win, loss) if paired and not has_cases else None,
    )  # fmt: skip


def _mean_effect(effects: Sequence[Interval], level: float, is_whole: bool) -> tuple[Interval, float | None]:
    """Mean of independent effects; their errors are read off their intervals."""
    method = "mean over the cells, normal"
    if not is_whole or not effects:
        return not_estimable(method, "not estimable in some of the cells"), None
    z = float(ndtri(0.5 + level / 2))
    n = len(effects)
    # The wider side of an interval: it may be cut at the range of the times, or span exhausted budgets.
    errors = [max(_f(e.high) - _f(e.value), _f(e.value) - _f(e.low)) / z for e in effects]
    value = sum(_f(e.value) for e in effects) / n
    error = math.sqrt(sum(e * e for e in errors)) / n
    if not math.isfinite(error):
        return not_estimable(method, "not bounded in some of the cells"), None
    p = two_sided_p(value / error) if error > 0 else None
    found = Interval(value, value - z * error, value + z * error, method, any_law=_any_law(effects, value))
    return found.spanning_any_law(), p


def _any_law(effects: Sequence[Interval], value: float) -> tuple[float, float] | None:
    """Limits of the mean effect from those of each that hold for every law; None where one has none."""
    limits = [(_f(e.value), *e.any_law) for e in effects if e.any_law is not None]
    if len(limits) < len(effects):
        return None
    down, up = (
        math.hypot(*distances) / len(effects) for distances in zip(*((v - a, b - v) for v, a, b in limits), strict=True)
    )
    return value - down, value + up


def _f(x: float | None) -> float:
    return math.nan if x is None else x
