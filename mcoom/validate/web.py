"""The validation report as one page of HTML.

Takes a report, gives a document that needs no network: scores, figures, transitions, the worst cells with likely
causes, residuals, and the curves of every cell. Must know nothing of how anything was computed.
"""

from mcoom.figure.style import to_svg
from mcoom.report.page import Page
from mcoom.validate.calibration_figure import calibration_figure
from mcoom.validate.family import ALWAYS_NAMED, FAMILY_COLUMNS, Naming, find_families
from mcoom.validate.lock_rules import caption, lock_rules_figure
from mcoom.validate.panel import family_svg
from mcoom.validate.report import Report
from mcoom.validate.score import CellScore
from mcoom.validate.table import (
    reference_rows,
    residual_rows,
    score_rows,
    transition_rows,
    worst_title,
)

_HOW_TO_READ = (
    "Each panel is one cell: the share of kills still to come against time on a logarithmic axis. "
    "Solid: observed. Dashed: "
    "predicted. The thin line is 200 ms; a bar at the end of a curve marks kills cut off by the "
    "horizon; a shaded panel "
    "has a wrong verdict. Rows are configurations, columns the k-th kill of a round."
)


def report_html(report: Report) -> str:
    """Return the page.

    Parameters
    ----------
    report : Report
        A finished validation.

    Returns
    -------
    str
        The same report gives the same text.
    """
    naming = Naming.of(report.scores)
    page = Page(
        "Validation against measured episodes",
        f"{report.measured}; {report.summary.n_cells} cells, {report.n_boots} boots; predicted from "
        f"{report.source.stage_costs}, {report.source.replicates} replicates, seed {report.source.seed}",
    )
    _add_scores(page, report)
    _add_figures(page, report)
    rows = transition_rows(report.transitions, naming)
    if rows:
        page.section("Where storms get stuck")
        page.paragraph(
            "Storm sizes between which the median of a family of cells crosses 200 ms; in brackets the size "
            "that a power "
            "law through the two medians gives."
        )
        page.table(("family", "observed", "predicted", ""), rows)
    page.section("The worst cells")
    page.paragraph("What differs is found by rules from counts of both sides. It is a hint, not a proof.")
    for one in report.worst:
        page.section(worst_title(one, naming), 4)
        page.listing(one.causes)
    page.section("Residuals by factor")
    page.table(("factor", "cells", "verdicts right", "ratios", "signed", "absolute"), residual_rows(report.summary))
    page.section("All cells")
    page.paragraph(_HOW_TO_READ)
    page.paragraph(f"Names leave out what is usual: {naming.usual_text() or 'nothing'}.")
    _add_families(page, report, naming)
    page.section("Provenance")
    page.listing(
        [
            f"measured: {report.measured} ({report.n_rows} rows, {report.n_never_open} left out: never began)",
            f"stage costs: {report.source.stage_costs}, SHA-256 {report.source.stage_costs_sha256}",
            f"engine {report.source.engine_digest}, mcoom {report.source.mcoom}",
            *report.notes,
        ]
    )
    return page.html()


def _add_scores(page: Page, report: Report) -> None:
    """Add the table of scores."""
    page.section("Scores")
    page.table(("score", "value", "95 % by boots"), score_rows(report))
    header = ("answer", "recall", "specificity", "integrated Brier", "from 200 ms on", "Brier at 200 ms")
    page.table(header, reference_rows(report.summary), "To read the scores by: nothing does better than the last row.")
    page.note(
        "stuck: at least half of the kills of a cell take 200 ms or more. The integrated Brier score is "
        "the CRPS of log10 "
        "of the time from 0.2 ms to the horizon: it is proper, and counts wrong verdicts, medians and "
        "tails in decades. "
        "Intervals: bootstrap of whole boots."
    )


def _add_figures(page: Page, report: Report) -> None:
    """Add the figures that one looks at first."""
    rules = lock_rules_figure(report.scores)
    if rules is not None:
        page.section("Four lock rules")
        page.figure(
            to_svg(rules),
            caption(report.scores),
            "Panels of time to kill against storm size for four lock rules: measured medians as points, "
            "predicted median "
            "and band.",
        )
    page.section("Calibration")
    outside = 100 * report.calibration.outside
    page.figure(
        to_svg(calibration_figure(report.scores, report.calibration)),
        "Left: predicted against observed median of each cell, with the predicted 90 % interval of a median of as many "
        "kills as the cell has boots. Right: where observed kills fall in their predicted distributions; flat is "
        f"perfect, heaps at the ends are spreads that are too narrow. {outside:.0f} % of the mass lies "
        "at times that no "
        "replicate came to.",
        "Left: scatter of predicted over observed medians around the diagonal. Right: histogram of probabilities.",
    )


def _add_families(page: Page, report: Report, naming: Naming) -> None:
    """Add the panels of all cells, family by family."""
    columns = sorted({score.cell.k for score in report.scores})
    left_out = (*FAMILY_COLUMNS, "k")
    for family in find_families(report.scores):
        page.section(family.title, 3)
        rows: dict[int, list[CellScore]] = {}
        for score in family.scores:
            rows.setdefault(score.cell.configuration, []).append(score)
        named = [(naming.name(cells[0].cell.labels(), left_out), cells) for cells in rows.values()]
        page.figure(
            family_svg(named, columns),
            f"{family.title}: {len(family.scores)} cells, {family.n_wrong} with a wrong verdict. Names show "
            f"{', '.join(column for column in ALWAYS_NAMED if column not in left_out)} and what is unusual.",
            f"{len(family.scores)} small panels of observed and predicted survival curves.",
        )
