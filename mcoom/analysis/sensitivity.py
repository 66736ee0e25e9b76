"""Which parameters make the difference: first-order and total Sobol indices of an estimate.

Takes the points of a ``saltelli`` design, gives for each policy and parameter the share of the variance between points
that the parameter explains alone, and together with all others. Must know nothing about files or drawing.

The estimate of a point carries the noise of its replicates. The noise of different points is independent (the point is
part of every stream key), so it is subtracted where a square would contain it: indices are those of what is estimated,
not of the estimates. docs/estimands.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from mcoom.analysis.binned import CellView
from mcoom.analysis.estimate import estimate_cell, n_members
from mcoom.analysis.mean import mean_and_variance
from mcoom.analysis.result import Interval, not_estimable
from mcoom.analysis.survival import kaplan_meier, quantile
from mcoom.analysis.verdict import PointLike, ResultsLike
from mcoom.errors import SpecError
from mcoom.tally.status import Case
from mcoom.units import closest

Floats = NDArray[np.float64]
"""Array of doubles."""
QUANTITIES = ("livelock_prob", "p_reached", "rmst", "median", "p99")
"""Estimates that have indices."""
METHOD = "Saltelli-Jansen, noise subtracted, bootstrap of the base points"
"""Method of the indices."""
N_BOOTSTRAP = 2000
"""Resamples behind each interval."""
_SEED = 20_260_101
_CHUNK = 1 << 22


@dataclass(frozen=True)
class SobolIndex:
    """The indices of one parameter."""

    path: str
    """Canonical path of the parameter."""
    first: Interval
    """Share of the variance that the parameter explains on its own."""
    total: Interval
    """Share that it takes part in, alone or with others; about ``first`` if it acts on its own."""


@dataclass(frozen=True)
class Sensitivity:
    """Sobol indices of one quantity under one policy."""

    policy: str
    """Name of the policy."""
    estimand: str
    """Name of the estimand."""
    quantity: str
    """One of ``QUANTITIES``."""
    n_base: int
    """Base points."""
    mean: float
    """Mean over the points, ns or a probability."""
    variance: float
    """Variance between points without the noise of their replicates, ns^2 or a probability squared."""
    noise_frac: float
    """Share of the raw variance between points that is noise of their replicates."""
    indices: tuple[SobolIndex, ...]
    """One per parameter, in the order of the design."""

    def to_json(self) -> dict[str, Any]:
        """Return the record as plain data."""
        return {
            "policy": self.policy,
            "estimand": self.estimand,
            "quantity": self.quantity,
            "n_base": self.n_base,
            "mean": self.mean,
            "variance": self.variance,
            "noise_frac": self.noise_frac,
            "indices": [
                {"parameter": i.path, "first": i.first.to_json(), "total": i.total.to_json()} for i in self.indices
            ],
        }


def sobol_indices(
    results: ResultsLike,
    *,
    estimand: str | None = None,
    quantity: str = "rmst",
    policies: Sequence[str] | None = None,
    level: float = 0.95,
) -> list[Sensitivity]:
    """Estimate the Sobol indices of one quantity.

    Parameters
    ----------
    results : Results or alike
        Plan and points of a run with ``[design] kind = "saltelli"``.
    estimand : str, optional
        Which estimand; default: the first of the run.
    quantity : str
        One of ``QUANTITIES``; times are in ns.
    policies : sequence of str, optional
        Which policies; default: all.
    level : float
        Confidence level of each interval.

    Returns
    -------
    list of Sensitivity
        One per policy. Indices are not clipped: a small one may come out below 0, within its interval.

    Raises
    ------
    SpecError
        The design is not a Saltelli design, a name is unknown, or a point has no such estimate.

    Source
    ------
    First order: Saltelli et al. (2010), Comput. Phys. Commun. 181, table 2 (b). Total: Jansen (1999), Comput. Phys.
    Commun. 117. Intervals: Archer, Saltelli, Sobol (1997), J. Stat. Comput. Simul. 58 (percentile bootstrap).
    """
    plan = results.plan
    chosen = plan.estimands[0] if estimand is None else estimand
    _check_names(results, chosen, quantity, policies)
    names, n_base = saltelli_layout(results.points)
    found = []
    for policy in policies or plan.policies:
        pairs = [_value_and_noise(CellView(point.tally, policy, chosen), quantity) for point in results.points]
        missing = [i for i, pair in enumerate(pairs) if pair is None]
        if missing:
            raise SpecError(
                f"sensitivity: {chosen} {quantity} under {policy} cannot be estimated at {len(missing)} of "
                f"{len(pairs)} points (first: {missing[0]}); allowed: a quantity that every point has, such as "
                "livelock_prob or rmst"
            )
        values = np.array(pairs, dtype=np.float64).reshape(n_base, len(names) + 2, 2)
        found.append(_indices(policy, chosen, quantity, names, values[..., 0], values[..., 1], level))
    return found


def _check_names(results: ResultsLike, estimand: str, quantity: str, policies: Sequence[str] | None) -> None:
    """Refuse what the run or this module does not know."""
    plan = results.plan
    for what, name, known in (
        ("estimand", estimand, plan.estimands),
        ("quantity", quantity, QUANTITIES),
        *(("policy", policy, plan.policies) for policy in policies or ()),
    ):
        if name not in known:
            raise SpecError(f"sensitivity: {what} = {name}: unknown{closest(name, known)}; allowed: {', '.join(known)}")


def saltelli_layout(points: Sequence[PointLike]) -> tuple[tuple[str, ...], int]:
    """Check that the points are A, B and A with one parameter of B, base point by base point.

    Parameters
    ----------
    points : sequence of points
        In the order of the run.

    Returns
    -------
    names : tuple of str
        Sampled parameters, in order.
    n_base : int
        Base points.

    Raises
    ------
    SpecError
        If they are not.
    """
    names = tuple(points[0].values) if points else ()
    step = len(names) + 2
    advice = 'allowed: a run with [design] kind = "saltelli" (docs/scenarios.md)'
    if not names or len(points) % step or len(points) < 2 * step:
        raise SpecError(
            f"sensitivity: {len(points)} points of {len(names)} parameters are no Saltelli design; {advice}"
        )
    for start in range(0, len(points), step):
        a, b = points[start].values, points[start + 1].values
        for i, name in enumerate(names):
            if dict(points[start + 2 + i].values) != {**a, name: b[name]}:
                at = start + 2 + i
                raise SpecError(
                    f"sensitivity: point {at} is not point {start} with {name} of point {start + 1}; {advice}"
                )
    return names, len(points) // step


def _value_and_noise(view: CellView, quantity: str) -> tuple[float, float] | None:
    """Give an estimate and the variance of its noise; None if it cannot be estimated."""
    n = n_members(view)
    if quantity == "p_reached":
        n, k = view.n_replicates, n
    elif quantity == "livelock_prob":
        k = int(view.counts("n_livelock"))
    if n < 2:
        return None
    if quantity in ("p_reached", "livelock_prob"):
        return k / n, k / n * (1 - k / n) / (n - 1)
    if quantity == "rmst" and view.has_exact_mean:
        sums = view.total("restricted_sum", Case.VALUE), view.total("restricted_sumsq", Case.VALUE)
        return mean_and_variance(*sums, n)
    if quantity == "rmst":
        return _from_interval(estimate_cell(view, {}).rmst_ns)
    curve = kaplan_meier(view.life_table(), 0.95)
    return _from_interval(quantile(curve, 0.5 if quantity == "median" else 0.99))


def _from_interval(found: Interval) -> tuple[float, float] | None:
    """Give the value and the variance that its 95 % interval stands for."""
    if found.value is None or found.low is None or found.high is None:
        return None
    return found.value, ((found.high - found.low) / (2 * float(ndtri(0.975)))) ** 2


def _indices(
    policy: str,
    estimand: str,
    quantity: str,
    names: tuple[str, ...],
    values: Floats,
    noise: Floats,
    level: float,
) -> Sensitivity:
    """Estimate all indices from values and variances of noise, (N, d + 2) each."""
    n_base = values.shape[0]
    centre = values[:, :2].mean()
    first, total, variance, raw = index_estimates(values - centre, noise, np.ones((1, n_base)))
    rng = np.random.default_rng(_SEED)
    tails = (1 - level) / 2
    parts = []
    for size in _chunks(N_BOOTSTRAP, n_base):
        weights = rng.multinomial(n_base, np.full(n_base, 1 / n_base), size).astype(np.float64)
        parts.append(np.stack(index_estimates(values - centre, noise, weights)[:2]))
    resampled = np.concatenate(parts, axis=1)
    # A resample may lose all variance: what it says of the indices is nothing, not a limit.
    low, high = np.nanquantile(resampled, [tails, 1 - tails], axis=1) if variance[0] > 0 else (None, None)
    records = []
    for i, name in enumerate(names):
        if low is None or high is None:
            nothing = not_estimable(METHOD, "points do not differ by more than the noise of their replicates")
            records.append(SobolIndex(name, nothing, nothing))
            continue
        limits = [(float(low[j, i]), float(high[j, i])) for j in (0, 1)]
        records.append(
            SobolIndex(
                name, Interval(float(first[0, i]), *limits[0], METHOD), Interval(float(total[0, i]), *limits[1], METHOD)
            )
        )
    noise_frac = float(1 - variance[0] / raw[0]) if raw[0] > 0 else 0.0
    return Sensitivity(
        policy, estimand, quantity, n_base, float(centre), max(0.0, float(variance[0])), noise_frac, tuple(records)
    )


def index_estimates(values: Floats, noise: Floats, weights: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Give indices and variances for each set of weights of the base points.

    Parameters
    ----------
    values : float64[N, d + 2]
        Estimates at A, B and the d mixed points of each base point, less a common centre.
    noise : float64[N, d + 2]
        Variance of the noise of each.
    weights : float64[W, N]
        How often each base point counts; every row adds up to N.

    Returns
    -------
    first, total : float64[W, d]
        NaN where the variance is not above 0.
    variance, raw : float64[W]
        Variance between points, without noise and with it.
    """
    n = values.shape[0]
    a, b, mixed = values[:, :1], values[:, 1:2], values[:, 2:]
    # Every estimator is a function of means over base points: one product of matrices serves all resamples.
    columns = [a, b, a * a, b * b, noise[:, :2], b * (mixed - a), mixed - a, (mixed - a) ** 2, noise[:, 2:]]
    means = weights @ np.concatenate(columns, axis=1) / n
    d = mixed.shape[1]
    mean = (means[:, 0] + means[:, 1]) / 2
    raw = ((means[:, 2] + means[:, 3]) / 2 - mean**2) * (2 * n / (2 * n - 1))
    noise_a = means[:, 4:5]
    variance = raw - means[:, 4:6].mean(axis=1)
    products, steps = means[:, 6 : 6 + d], means[:, 6 + d : 6 + 2 * d]
    squares, noise_mixed = means[:, 6 + 2 * d : 6 + 3 * d], means[:, 6 + 3 * d :]
    scale = np.where(variance > 0, variance, np.nan)[:, None]
    first = (products - mean[:, None] * steps) / scale
    total = (squares - noise_a - noise_mixed) / 2 / scale
    return first, total, variance, raw


def _chunks(total: int, width: int) -> list[int]:
    """Cut resamples so that the matrix of weights stays small."""
    size = max(1, min(total, _CHUNK // max(1, width)))
    return [size] * (total // size) + ([total % size] if total % size else [])
