"""All policies at once.

Takes the cells of a run, gives the k-sample log-rank test of a cell and Friedman's test over cells, with the effects
they are about. Must know nothing about single contrasts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtrc, ndtri
from scipy.stats import rankdata

from mcoom.analysis.binned import CellView
from mcoom.analysis.logrank import logrank_test
from mcoom.analysis.result import CellKey, Interval, finite_or_none


@dataclass(frozen=True)
class KSample:
    """Whether all policies of a cell have one law."""

    cell: CellKey
    """Which cell."""
    estimand: str
    """Which estimand."""
    policies: tuple[str, ...]
    """Policies."""
    observed_over_expected: tuple[float | None, ...]
    """By policy: events seen over events expected without a difference; above 1 is sooner than the rest."""
    chisq: float | None
    """Statistic."""
    df: int
    """Degrees of freedom."""
    p: float | None
    """p-value; None where a budget ran out or there was nothing to compare."""

    def to_json(self) -> dict[str, Any]:
        """Return the entry of ``k_sample``."""
        return {
            "cell": dict(self.cell),
            "estimand": self.estimand,
            "observed_over_expected": dict(zip(self.policies, self.observed_over_expected, strict=True)),
            "chisq": finite_or_none(self.chisq),
            "df": self.df,
            "p": finite_or_none(self.p),
        }


def k_sample(views: Sequence[CellView], cell: CellKey) -> KSample:
    """Test by the log-rank statistic whether all policies of a cell have one law.

    Parameters
    ----------
    views : sequence of CellView
        One per policy, of one tally, estimand and stratum.
    cell : mapping
        What to call the cell.
    """
    names = tuple(view.policy for view in views)
    test = logrank_test(*(view.life_table() for view in views))
    ratios = tuple(float(o / e) if e > 0 else None for o, e in zip(test.observed, test.expected, strict=True))
    # Under exhausted budgets each policy has a best and a worst case: too many to span, so nothing is claimed.
    p = None if any(view.cases for view in views) else test.p
    return KSample(cell, views[0].estimand, names, ratios, test.chisq, test.df, p)


@dataclass(frozen=True)
class Friedman:
    """Whether the order of the policies is the same in most cells."""

    estimand: str
    """Which estimand."""
    policies: tuple[str, ...]
    """Policies."""
    n_cells: int
    """Cells in which all policies had a restricted mean."""
    mean_ranks: tuple[Interval, ...]
    """By policy: mean rank over the cells, 1 is soonest."""
    kendall_w: float | None
    """Agreement of the cells, 0 (none) .. 1 (one order in all)."""
    chisq: float | None
    """Statistic, corrected for ties."""
    p: float | None
    """p-value of no order."""

    def to_json(self) -> dict[str, Any]:
        """Return the entry of ``friedman``."""
        return {
            "estimand": self.estimand,
            "n_cells": self.n_cells,
            "mean_rank": {p: i.to_json() for p, i in zip(self.policies, self.mean_ranks, strict=True)},
            "kendall_w": finite_or_none(self.kendall_w),
            "chisq": finite_or_none(self.chisq),
            "p": finite_or_none(self.p),
        }


def friedman_test(
    values: ArrayLike, policies: Sequence[str], estimand: str = "", level: float = 0.95
) -> Friedman | None:
    """Test whether policies keep an order over cells.

    Parameters
    ----------
    values : array of float, shape (cells, policies)
        One number per cell and policy, smaller is sooner; cells with a NaN are left out.
    policies : sequence of str
        Names of the columns.
    estimand : str
        What the numbers are about.
    level : float
        Confidence level of the mean ranks (simultaneous over the policies: Bonferroni).

    Returns
    -------
    Friedman or None
        None with fewer than two policies or two whole cells.

    References
    ----------
    1. Friedman (1937), The use of ranks to avoid the assumption of normality implicit in the analysis of variance,
       JASA 32, 675-701.
    """
    table = np.asarray(values, dtype=np.float64)
    table = table[np.all(np.isfinite(table), axis=1)] if table.size else table.reshape(0, len(policies))
    n, k = table.shape
    if k < 2 or n < 2:
        return None
    ranks = rankdata(table, axis=1)
    means = ranks.mean(axis=0)
    # Sum of squares of the ranks within the cells; ties make it smaller than n k (k^2 - 1) / 12.
    within = float(np.sum((ranks - (k + 1) / 2) ** 2))
    between = n * float(np.sum((means - (k + 1) / 2) ** 2))
    w = between / within if within > 0 else None
    chisq = n * (k - 1) * w if w is not None else None
    p = float(chdtrc(k - 1, chisq)) if chisq is not None else None
    half = float(ndtri(1 - (1 - level) / (2 * k))) * ranks.std(axis=0, ddof=1) / n**0.5
    intervals = tuple(
        Interval(float(m), max(1.0, float(m - h)), min(float(k), float(m + h)), "mean rank, normal, Bonferroni")
        for m, h in zip(means, half, strict=True)
    )
    return Friedman(estimand, tuple(policies), n, intervals, w, chisq, p)
