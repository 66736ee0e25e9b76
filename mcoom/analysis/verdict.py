"""The whole analysis of a run.

Takes the plan and the points of a run, gives all estimates and contrasts, the contrasts adjusted over their family.
Must know nothing about files or how the result is shown.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from mcoom.analysis.binned import CellView
from mcoom.analysis.compare import compare_cell
from mcoom.analysis.estimate import estimate_cell
from mcoom.analysis.multiplicity import holm
from mcoom.analysis.result import CellKey, Contrast, Estimate
from mcoom.tally.plan import TallyPlan
from mcoom.tally.tally import PointTally


class PointLike(Protocol):
    """A point with its tally."""

    @property
    def index(self) -> int:
        """Number of the point."""

    @property
    def label(self) -> str:
        """Label for people."""

    @property
    def values(self) -> Mapping[str, int | float | str]:
        """Value of each swept parameter."""

    @property
    def tally(self) -> PointTally:
        """Tally of its replicates."""


class ResultsLike(Protocol):
    """A run: what a results file holds, or what was just computed."""

    @property
    def plan(self) -> TallyPlan:
        """Plan of all tallies."""

    @property
    def points(self) -> Sequence[PointLike]:
        """Points."""


@dataclass(frozen=True)
class Analysis:
    """Estimates and contrasts of a run."""

    estimates: tuple[Estimate, ...]
    """One per cell, policy and estimand."""
    contrasts: tuple[Contrast, ...]
    """One per cell, estimand and policy other than the baseline."""
    level: float
    """Confidence level of every interval."""

    @property
    def error_rate(self) -> float:
        """Bound on the chance of any false rejection in a family, if rejecting at p_adjusted <= this."""
        return round(1 - self.level, 12)

    def to_json(self) -> dict[str, Any]:
        """Return ``estimates``, ``contrasts``, ``level`` and what the family is."""
        return {
            "estimates": [estimate.to_json() for estimate in self.estimates],
            "contrasts": [contrast.to_json() for contrast in self.contrasts],
            "level": self.level,
            "family": {
                "method": "holm",
                "of": "logrank_p",
                "over": "all policies, cells and estimands of this analysis; each other test likewise, on its own",
                "size": sum(contrast.logrank_p is not None for contrast in self.contrasts),
                "error_rate": self.error_rate,
            },
        }


def analyse(
    results: ResultsLike,
    *,
    baseline: str | None = None,
    estimands: Sequence[str] | None = None,
    by_stratum: bool = False,
    has_curves: bool = False,
    level: float = 0.95,
) -> Analysis:
    """Estimate and compare everything in a run.

    Parameters
    ----------
    results : Results or alike
        Plan and points.
    baseline : str, optional
        Policy to compare with; the plan's by default. With another one the contrasts are not paired.
    estimands : sequence of str, optional
        Which estimands; all of the plan by default.
    by_stratum : bool
        Whether to add every stratum as a cell of its own (key ``stratum``); they join the family.
    has_curves : bool
        Whether to keep the survival curves.
    level : float
        Confidence level of every interval; one minus it is the error rate of the family.

    Returns
    -------
    Analysis

    Raises
    ------
    ValueError
        The baseline or an estimand is not in the plan.
    """
    plan = results.plan
    baseline = plan.baseline if baseline is None else baseline
    if baseline not in plan.policies:
        raise ValueError(f"baseline = {baseline!r}: must be one of {', '.join(plan.policies)}")
    for estimand in estimands or ():
        if estimand not in plan.estimands:
            raise ValueError(f"estimand = {estimand!r}: must be one of {', '.join(plan.estimands)}")
    strata: list[int | None] = [None]
    if by_stratum and len(plan.stratum_labels) > 1:
        strata += range(len(plan.stratum_labels))
    estimates, contrasts = [], []
    for point in results.points:
        for stratum in strata:
            cell = _cell_key(point, plan, stratum)
            for estimand in estimands or plan.estimands:
                views = {policy: CellView(point.tally, policy, estimand, stratum) for policy in plan.policies}
                estimates += [estimate_cell(view, cell, level, has_curves) for view in views.values()]
                contrasts += [
                    compare_cell(view, views[baseline], cell, level)
                    for policy, view in views.items()
                    if policy != baseline
                ]
    return Analysis(tuple(estimates), tuple(_adjust(contrasts)), level)


def _cell_key(point: PointLike, plan: TallyPlan, stratum: int | None) -> CellKey:
    key: dict[str, int | float | str] = {"point": point.index, "label": point.label, **point.values}
    if stratum is not None:
        key["stratum"] = plan.stratum_labels[stratum]
    return key


_TESTS = {
    "logrank_p": "p_adjusted",
    "rmst_p": "rmst_p_adjusted",
    "superiority_p": "superiority_p_adjusted",
    "livelock_p": "livelock_p_adjusted",
}


def _adjust(contrasts: Sequence[Contrast]) -> list[Contrast]:
    """Adjust each test over a family of its own."""
    size = sum(contrast.logrank_p is not None for contrast in contrasts)
    columns = [holm([getattr(contrast, name) for contrast in contrasts]) for name in _TESTS]
    rows = zip(contrasts, *columns, strict=True)
    return [replace(c, **dict(zip(_TESTS.values(), p, strict=True)), family_size=size) for c, *p in rows]
