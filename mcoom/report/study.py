"""The report of a run: a page, its figures and its findings.

Takes results and their analysis, gives a study that can be written to a folder. Decides what is shown and in which
order; must know nothing of how an estimate was computed or a figure drawn.
"""

from collections import Counter
from dataclasses import dataclass
from itertools import chain

from mcoom.analysis.map import LivelockMap
from mcoom.analysis.multiplicity import ADJUSTMENT_NAMES
from mcoom.analysis.verdict import Analysis, analyse
from mcoom.errors import SpecError
from mcoom.figure.map import short_name
from mcoom.report.any_law import contrast_notes, counted_text, estimate_notes
from mcoom.report.comparison import (
    MAX_POINTS,
    composite_lines,
    contrast_cells,
    describe,
    estimate_cells,
    fixed_n_notes,
)
from mcoom.report.declared import families_text, policy_titles
from mcoom.report.extent import FIXED_N, replicates_text, stopping_text
from mcoom.report.finding import Finding, contrast_findings, livelock_findings, onset
from mcoom.report.law import contest_of, law_text
from mcoom.report.page import Page
from mcoom.report.plate import (
    Plate,
    curves_plate,
    forest_plate,
    is_grid,
    is_saltelli,
    map_of,
    map_plate,
    ridges_plate,
    sensitivity_plate,
)
from mcoom.report.quantity import share_text
from mcoom.report.sentence import TESTS_OF_A_SENTENCE, direction, earlier
from mcoom.store.record import PointRecord, Results

_MAX_SHOWN = 2
"""Points of a large sweep that get figures of their own."""


@dataclass(frozen=True)
class Study:
    """A report, ready to be written."""

    page: Page
    """All of it."""
    plates: tuple[Plate, ...]
    """Its figures, in the order of the page."""
    findings: tuple[Finding, ...]
    """What it claims."""


class _Writer:
    """Adds parts to the page and remembers figures and findings."""

    def __init__(self, results: Results, analysis: Analysis) -> None:
        self.results = results
        self.analysis = analysis
        self.estimands = list(dict.fromkeys(estimate.estimand for estimate in analysis.estimates))
        self.baseline = analysis.contrasts[0].baseline if analysis.contrasts else results.plan.baseline
        record = results.provenance
        self.page = Page(
            f"{record.get('scenario_name')}: {record.get('scenario_title')}",
            f"{replicates_text(results)}, {len(results.points):,} point(s) x "
            f"{len(results.plan.policies)} policies, seed {record.get('seed')}; {share_text(analysis.level)} intervals",
        )
        if note := stopping_text(results):
            self.page.paragraph(f"This run was {note}.")
        self.plates: list[Plate] = []
        self.findings: list[Finding] = []

    def show(self, plate: Plate) -> None:
        self.plates.append(plate)
        self.page.figure(plate.svg, plate.caption, plate.alt)

    def claim(self, findings: list[Finding], *, is_lead: bool = False) -> None:
        self.findings += findings
        for finding in findings:
            self.page.finding(finding.text, finding.provenance, is_lead=is_lead)

    def study(self) -> Study:
        return Study(self.page, tuple(self.plates), tuple(self.findings))


def build_study(results: Results, analysis: Analysis) -> Study:
    """Write the report of a run.

    Parameters
    ----------
    results : Results
        The file.
    analysis : Analysis
        What follows from it.

    Returns
    -------
    Study
        A run of few points shows each; a sweep begins with its map.

    Raises
    ------
    SpecError
        If matplotlib is missing.
    """
    writer = _Writer(results, analysis)
    n_axes = sum(len({point.values[path] for point in results.points}) > 1 for path in results.points[0].values)
    has_map = n_axes >= 2 and is_grid(results)
    is_large = len(results.points) > MAX_POINTS
    if has_map:
        _write_map(writer, map_of(results, level=analysis.level))
    if not is_large:
        writer.page.section("Findings" if not has_map else "Findings at each point")
        writer.claim(contrast_findings(analysis, results.provenance))
    if n_axes:
        _write_sweep(writer)
    shown = _notable(writer) if is_large else list(results.points)
    for point in shown:
        _write_point(writer, point)
    if not is_large and len(results.plan.stratum_labels) > 1:
        _write_strata(writer)
    _write_reading(writer)
    _write_origin(writer)
    return writer.study()


_WHOLE = 100
"""From here on counts of tasks are shown as whole numbers."""


def _write_map(writer: _Writer, found: LivelockMap) -> None:
    page, baseline = writer.page, writer.baseline
    page.section("Where it livelocks, and what avoids it")
    lead, *others = livelock_findings(found, baseline, writer.results.provenance)
    writer.claim([lead], is_lead=True)
    writer.show(map_plate(found))
    # Nobody knows a policy by its name who did not write the scenario.
    titles = policy_titles(writer.results)
    page.listing([f"{name}: {titles[name]}" for name in writer.results.plan.policies if name in titles])
    writer.claim(others)
    if not found.y.is_numeric:
        return
    panels = {(panel.label, panel.policy): panel for panel in found.panels}
    policies = list(dict.fromkeys(panel.policy for panel in found.panels))
    rows = []
    for label in dict.fromkeys(panel.label for panel in found.panels):
        for column, value in enumerate(found.x.values):
            limit = panels[label, baseline].boundary[column]
            firsts = [onset(panels[label, policy], found.y.values, column) for policy in policies]
            place = {**panels[label, baseline].facet, found.x.path: value}
            where = ", ".join(f"{short_name(path)} {at}" for path, at in place.items())
            law = "-" if limit is None else f"{limit:,.0f}" if limit >= _WHOLE else f"{limit:.3g}"
            rows.append((where, law, *("-" if first is None else str(first) for first in firsts)))
    page.table(
        ("", f"closed form, {baseline}", *policies),
        rows,
        f"Smallest {found.y.path} at which at least half of the replicates livelock; - where none does.",
    )


def _write_sweep(writer: _Writer) -> None:
    """Write what holds over all points: which parameter matters, and how often each policy is the better one."""
    page, analysis = writer.page, writer.analysis
    page.section("Over all points")
    has_livelock = any(e.livelock_prob.value for e in analysis.estimates)
    if is_saltelli(writer.results) or (has_livelock and is_grid(writer.results)):
        try:
            writer.show(sensitivity_plate(writer.results, analysis, writer.estimands))
        except SpecError as error:
            page.note(str(error))
    rate = analysis.error_rate / TESTS_OF_A_SENTENCE
    rows = []
    for name in writer.estimands:
        for policy in writer.results.plan.policies:
            ways = Counter(direction(c, rate) for c in analysis.contrasts if (c.estimand, c.policy) == (name, policy))
            if ways:
                counts = (f"{ways[way]:,}" for way in ("earlier", "later", "mixed", "open"))
                rows.append((name, policy, f"{ways.total():,}", *counts))
    if rows:
        header = ("estimand", "policy", "points", "sooner", "later", "no one direction", "not told apart")
        page.table(header, rows, f"At how many points each policy is told apart from {writer.baseline}.", left=2)
        if note := counted_text(analysis.contrasts):
            page.note(note[0].upper() + note[1:] + ".")
        if analysis.is_sequential:
            page.note("Where only the log-rank test tells them apart, " + FIXED_N.removeprefix("* ") + ".")


def _notable(writer: _Writer) -> list[PointRecord]:
    """Choose the points of a large sweep that are shown: the largest gains in livelock, in mean and in order."""
    contrasts = [c for c in writer.analysis.contrasts if c.estimand == writer.estimands[0]]
    chosen: list[int] = []
    for name, better in (("livelock_diff", 1), ("rmst_diff_ns", 1), ("prob_superiority", -1)):
        known = [(c, getattr(c, name).value) for c in contrasts]
        ranked = sorted(((c, v) for c, v in known if v is not None), key=lambda item: better * item[1])
        new = [int(c.cell["point"]) for c, _ in ranked if int(c.cell["point"]) not in chosen]
        chosen += new[:1]
    by_index = {point.index: point for point in writer.results.points}
    return [by_index[index] for index in chosen[:_MAX_SHOWN]]


def _write_point(writer: _Writer, point: PointRecord) -> None:
    page, analysis, results = writer.page, writer.analysis, writer.results
    n_points = len(results.points)
    page.section("Times" if n_points == 1 else f"Times at point {point.index}")
    if n_points > 1:
        page.paragraph(point.label)
    if n_points > MAX_POINTS:
        page.paragraph("One of the points at which a policy gains most on the baseline.")
    estimates = [e for e in analysis.estimates if e.cell["point"] == point.index and "stratum" not in e.cell]
    contrasts = [c for c in analysis.contrasts if c.cell["point"] == point.index and "stratum" not in c.cell]
    writer.show(curves_plate(results, analysis, point, writer.estimands))
    writer.show(ridges_plate(results, point, writer.estimands))
    for estimand in writer.estimands:
        chosen = [e for e in estimates if e.estimand == estimand]
        header, rows = estimate_cells(chosen)
        page.table(header, rows, f"{estimand}: {describe(estimand)}.")
        _write_notes(page, estimate_notes(chosen), fixed_n_notes(chosen))
        _write_composite(page, analysis, point.index, estimand)
    if not contrasts:
        return
    page.section(f"Against {writer.baseline}", level=3)
    suffix = f"-point-{point.index}" if n_points > 1 else ""
    part = Analysis(tuple(estimates), tuple(contrasts), analysis.level)
    writer.show(forest_plate(part, results.plan.policies, "estimand", f"forest{suffix}"))
    for estimand in writer.estimands:
        against = [c for c in contrasts if c.estimand == estimand]
        header, rows = contrast_cells(against)
        page.table(header, rows, f"{estimand}: {describe(estimand)}.")
        _write_notes(page, contrast_notes(against), fixed_n_notes(against))
    if "kill_2" in writer.estimands and n_points <= MAX_POINTS:
        contest = contest_of(results, point)
        law = law_text(results, point, contest) if contest is not None else ""
        if law:
            page.section("Starvation law", level=3)
            page.verbatim(law)


def _write_notes(page: Page, *notes: list[str]) -> None:
    for note in chain(*notes):
        page.note(note)


def _write_composite(page: Page, analysis: Analysis, point: int, estimand: str) -> None:
    """Write a late kill over all replicates, where some never got there."""
    lines = composite_lines(analysis, point, estimand, None)
    if lines:
        page.verbatim("\n".join(lines[1:]))


def _write_strata(writer: _Writer) -> None:
    """Write the contrasts of the first estimand in each stratum."""
    estimand = writer.estimands[0]
    declared = writer.analysis.declared
    found = analyse(writer.results, baseline=writer.baseline, estimands=[estimand], by_stratum=True, declared=declared)
    if not found.contrasts:
        return
    writer.page.section("By stratum")
    writer.page.paragraph(f"{estimand}: {describe(estimand)}, in parts of the run that a drawn factor defines.")
    if writer.analysis.is_sequential:
        writer.page.note(FIXED_N.removeprefix("* ").capitalize() + ".")
    writer.show(forest_plate(found, writer.results.plan.policies, "stratum", "forest-strata"))


def _write_reading(writer: _Writer) -> None:
    page = writer.page
    page.section("How to read this")
    page.table(("estimand", "time from -> to"), [(name, describe(name)) for name in writer.estimands], left=2)
    page.listing(
        (
            "n: replicates in which the invocation was opened; reached: their share of all replicates.",
            "censored: the horizon came first; the time is a lower bound, and every estimate here treats it so.",
            "budget: the limit of events of the simulator came first; intervals span the best and the worst case.",
            "livelock: horizon reached with the CPUs at least 99 % busy and no kill in its last half.",
            "restricted mean: mean of the time cut at the horizon; it exists however often a policy fails. Where "
            "nobody was at the horizon its interval takes for granted that nobody ever is; below the table stands "
            "what it may be otherwise.",
            f"P({earlier(writer.estimands[0])}): that the policy is the earlier of a pair that met the same random "
            "numbers; half of the ties; 50 % is no difference.",
            families_text(writer.analysis).replace("p adjusted", "adjusted p: log-rank test, adjusted")
            or f"adjusted p: log-rank test against the baseline, {ADJUSTMENT_NAMES[writer.analysis.adjust]} over "
            f"{len(writer.analysis.contrasts):,} contrasts of this report.",
        )
    )


def _write_origin(writer: _Writer) -> None:
    page, record = writer.page, writer.results.provenance
    page.section("Where it comes from")
    page.paragraph("The command, with this version, gives the same numbers on any machine and any number of threads.")
    rows = [(name, str(value)) for name, value in record.items() if name != "scenario_text"]
    page.table(("entry", "value"), rows, left=2)
    page.fold("The scenario", str(record.get("scenario_text", "")))
