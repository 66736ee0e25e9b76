"""The whole analysis of a run.

Takes the plan and the points of a run, gives all estimates and contrasts, the contrasts adjusted over their family.
Must know nothing about files or how the result is shown.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from mcoom.analysis.anytime import ALL_OF_CONTRAST, ALL_OF_ESTIMATE, Sequential, SequentialPoint
from mcoom.analysis.binned import CellView
from mcoom.analysis.compare import compare_cell
from mcoom.analysis.composite import (
    CompositeContrast,
    CompositeEstimate,
    adjust_composites,
    compare_composite,
    composite_of,
    estimate_composite,
    has_composite,
)
from mcoom.analysis.estimate import estimate_cell
from mcoom.analysis.logrank import RankSums, rank_sums
from mcoom.analysis.multiplicity import ADJUSTMENTS
from mcoom.analysis.omnibus import Friedman, KSample, friedman_test, k_sample
from mcoom.analysis.result import CellKey, Contrast, Estimate
from mcoom.analysis.stratified import Stratified, stratify
from mcoom.spec.family import ONE_FAMILY, Declared
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
    declared: Declared = ONE_FAMILY
    """Families of contrasts, their error rate and adjustment."""
    composite_estimates: tuple[CompositeEstimate, ...] = ()
    """Late kills over all replicates, where some never got there."""
    composite_contrasts: tuple[CompositeContrast, ...] = ()
    """Their contrasts."""
    k_sample: tuple[KSample, ...] = ()
    """All policies of a cell at once, where there are three or more."""
    stratified: tuple[Stratified, ...] = ()
    """Each policy against the baseline over all points, where there are two or more."""
    friedman: tuple[Friedman, ...] = ()
    """The order of the policies over all points, by estimand."""
    is_sequential: bool = False
    """Whether the run stopped by its own data: then all but whole points holds for a fixed number of replicates."""

    @property
    def adjust(self) -> str:
        """How p-values are adjusted: a key of ``mcoom.analysis.multiplicity.ADJUSTMENTS``."""
        return self.declared.adjust

    @property
    def error_rate(self) -> float:
        """Bound on the chance of any false rejection in a family, if rejecting at p_adjusted <= this."""
        return round(1 - self.level, 12)

    def to_json(self) -> dict[str, Any]:
        """Return everything, ``level`` and what the family is."""
        composites = ("composite_estimates", "composite_contrasts")
        lists = ("estimates", "contrasts", *composites, "k_sample", "stratified", "friedman")
        found = {name: [entry.to_json() for entry in getattr(self, name)] for name in lists}
        if self.is_sequential:
            for name in lists[2:]:
                found[name] = [entry | {"fixed_n": ["all"]} for entry in found[name]]
        return found | {
            "level": self.level,
            "family": {
                "method": self.adjust,
                "of": "logrank_p",
                "over": "the families that the scenario declares, each on its own"
                if self.declared.families
                else "all policies, cells and estimands of this analysis; each other test likewise, on its own",
                "size": sum(contrast.logrank_p is not None for contrast in self.contrasts),
                "error_rate": self.error_rate,
            },
            "families": [
                {"name": f.name, "estimands": list(f.estimands), "policies": list(f.policies)}
                for f in self.declared.families
            ],
        }


def analyse(
    results: ResultsLike,
    *,
    baseline: str | None = None,
    estimands: Sequence[str] | None = None,
    by_stratum: bool = False,
    has_curves: bool = False,
    level: float | None = None,
    declared: Declared | None = None,
    sequential: Sequential | None = None,
) -> Analysis:
    """Estimate and compare everything in a run.

    Parameters
    ----------
    results : Results or alike
        Plan and points; the points are gone through once, so they may be read as they are needed.
    baseline : str, optional
        Policy to compare with; the plan's by default. With another one the contrasts are not paired.
    estimands : sequence of str, optional
        Which estimands; all of the plan by default.
    by_stratum : bool
        Whether to add every stratum as a cell of its own (key ``stratum``); they join the family.
    has_curves : bool
        Whether to keep the survival curves.
    level : float, optional
        Confidence level of every interval; one minus it is the error rate of the family. That of ``declared``.
    declared : Declared, optional
        Families of contrasts, error rate and adjustment; by default one family, 5 %, Holm.
    sequential : Sequential, optional
        Of a run that stopped by its own data: estimates and contrasts of whole points then have limits that hold at all
        times; those of strata, of composites and over points keep limits for a fixed n.

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
    declared = ONE_FAMILY if declared is None else declared
    level = declared.level if level is None else level
    _check_arguments(plan, baseline, estimands)
    strata: list[int | None] = [None]
    if by_stratum and len(plan.stratum_labels) > 1:
        strata += range(len(plan.stratum_labels))
    parts = _Parts(baseline, level, has_curves, sequential is not None)
    for point in results.points:
        times = sequential.of_point(point.index, point.tally) if sequential is not None else None
        for stratum in strata:
            cell = _cell_key(point, plan, stratum)
            for estimand in estimands or plan.estimands:
                views = {p: CellView(point.tally, p, estimand, stratum) for p in plan.policies}
                parts.add(cell, views, times if stratum is None else None)
    return parts.analysis(plan.policies, declared)


def _check_arguments(plan: TallyPlan, baseline: str, estimands: Sequence[str] | None) -> None:
    if baseline not in plan.policies:
        raise ValueError(f"baseline = {baseline!r}: must be one of {', '.join(plan.policies)}")
    for estimand in estimands or ():
        if estimand not in plan.estimands:
            raise ValueError(f"estimand = {estimand!r}: must be one of {', '.join(plan.estimands)}")


class _Parts:
    """What the cells gave so far."""

    def __init__(self, baseline: str, level: float, has_curves: bool, is_sequential: bool) -> None:
        self.baseline, self.level, self.has_curves = baseline, level, has_curves
        self.is_sequential = is_sequential
        self.estimates: list[Estimate] = []
        self.contrasts: list[Contrast] = []
        self.composite_estimates: list[CompositeEstimate] = []
        self.composite_contrasts: list[CompositeContrast] = []
        self.k_sample: list[KSample] = []
        self._sums: dict[tuple[str, str], tuple[RankSums, bool]] = {}

    def add(self, cell: CellKey, views: dict[str, CellView], times: SequentialPoint | None) -> None:
        """Add one estimand of one cell."""
        base = views[self.baseline]
        others = [view for policy, view in views.items() if policy != self.baseline]
        estimates = [estimate_cell(view, cell, self.level, self.has_curves) for view in views.values()]
        contrasts = [compare_cell(view, base, cell, self.level) for view in others]
        if times is not None:
            estimates, contrasts = [times.estimate(e) for e in estimates], [times.contrast(c) for c in contrasts]
        elif self.is_sequential:
            estimates = [replace(e, fixed_n=ALL_OF_ESTIMATE) for e in estimates]
            contrasts = [replace(c, fixed_n=ALL_OF_CONTRAST) for c in contrasts]
        self.estimates += estimates
        self.contrasts += contrasts
        if len(views) > 2:
            self.k_sample.append(k_sample(list(views.values()), cell))
        if has_composite(list(views.values())):
            composites = {policy: composite_of(view) for policy, view in views.items()}
            self.composite_estimates += [estimate_composite(v, cell, self.level) for v in composites.values()]
            self.composite_contrasts += [
                compare_composite(composites[view.policy], composites[self.baseline], cell, self.level)
                for view in others
            ]
        if "stratum" not in cell:
            for view in others:
                sums = rank_sums([view.life_table(), base.life_table()])
                before, had_cases = self._sums.get((view.policy, view.estimand), (RankSums.zero(2), False))
                has_cases = had_cases or bool(view.cases or base.cases)
                self._sums[view.policy, view.estimand] = before + sums, has_cases

    def analysis(self, policies: Sequence[str], declared: Declared) -> Analysis:
        """Return the whole, adjusted over its families."""
        contrasts = _adjust(self.contrasts, declared)
        return Analysis(
            tuple(self.estimates),
            tuple(contrasts),
            self.level,
            declared,
            tuple(self.composite_estimates),
            adjust_composites(self.composite_contrasts, declared.adjust),
            tuple(self.k_sample),
            tuple(self.stratified(contrasts)),
            tuple(self.friedman(policies)),
            self.is_sequential,
        )

    def stratified(self, contrasts: Sequence[Contrast]) -> list[Stratified]:
        """Return the contrasts over all points, where there are two or more."""
        found = []
        for (policy, estimand), (sums, has_cases) in self._sums.items():
            chosen = [c for c in contrasts if (c.policy, c.estimand) == (policy, estimand) and "stratum" not in c.cell]
            if len(chosen) > 1:
                found.append(stratify(chosen, sums, has_cases, self.level))
        return found

    def friedman(self, policies: Sequence[str]) -> list[Friedman]:
        """Return the order of the policies over all points, by estimand."""
        found = []
        for estimand in dict.fromkeys(e.estimand for e in self.estimates):
            means: dict[object, dict[str, float]] = {}
            for e in self.estimates:
                if e.estimand == estimand and "stratum" not in e.cell and e.rmst_ns.value is not None:
                    means.setdefault(e.cell["point"], {})[e.policy] = e.rmst_ns.value
            table = [[row[p] for p in policies] for row in means.values() if len(row) == len(policies)]
            test = friedman_test(table, policies, estimand, self.level)
            found += [test] if test is not None else []
        return found


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


def _adjust(contrasts: Sequence[Contrast], declared: Declared) -> list[Contrast]:
    """Adjust each test within the declared families."""
    named = [replace(c, family=declared.family_of(c.estimand, c.policy)) for c in contrasts]
    places: dict[str, list[int]] = {}
    for place, contrast in enumerate(named):
        places.setdefault(contrast.family, []).append(place)
    for members in places.values():
        adjusted = _adjust_family([named[place] for place in members], declared.adjust)
        for place, contrast in zip(members, adjusted, strict=True):
            named[place] = contrast
    return named


def _adjust_family(contrasts: Sequence[Contrast], method: str) -> list[Contrast]:
    """Adjust each test over a family; tests of other kinds are families of their own."""
    size = sum(contrast.logrank_p is not None for contrast in contrasts)
    adjust = ADJUSTMENTS[method]
    columns = [adjust([getattr(contrast, name) for contrast in contrasts]) for name in _TESTS]
    rows = zip(contrasts, *columns, strict=True)
    adjusted = [replace(c, **dict(zip(_TESTS.values(), p, strict=True)), family_size=size) for c, *p in rows]
    curves = [contrast.curves for contrast in adjusted]
    combos = adjust([c.maxcombo_p if c is not None else None for c in curves])
    crossings = adjust([c.crossing_p if c is not None else None for c in curves])
    return [
        replace(a, curves=replace(c, maxcombo_p_adjusted=p, crossing_p_adjusted=q)) if c is not None else a
        for a, c, p, q in zip(adjusted, curves, combos, crossings, strict=True)
    ]
