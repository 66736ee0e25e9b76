"""The generated part of docs/validation.md, and its figures.

Takes a finished validation, gives Markdown between two marks of the page, and two drawings. Must know nothing of how
the numbers came about; what is written by hand stays outside the marks.

    python -m mcoom.validate.document PREDICTIONS.npz docs results/validation.json
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from mcoom.report.generated import replace_generated
from mcoom.validate.family import Naming, find_families
from mcoom.validate.report import Report
from mcoom.validate.table import (
    Rows,
    reference_rows,
    residual_rows,
    score_rows,
    transition_rows,
    worst_title,
)

LOCK_RULES, CALIBRATION = "figures/lock-rules.svg", "figures/calibration.svg"
"""Drawings, beside the page."""


def markdown_table(header: Sequence[str], rows: Rows) -> list[str]:
    """Return a table as lines of Markdown."""
    return [f"| {' | '.join(header)} |", "|" + "---|" * len(header), *(f"| {' | '.join(row)} |" for row in rows)]


def render(report: Report) -> str:
    """Return the generated part for a validation."""
    naming = Naming.of(report.scores)
    parts = [
        *_scores(report),
        *_figures(report),
        "### Where storms get stuck",
        "",
        "Storm sizes between which the median of a family of cells crosses 200 ms; in brackets the size "
        "that a power law "
        "through the two medians gives.",
        "",
        *markdown_table(("family", "observed", "predicted", ""), transition_rows(report.transitions, naming)),
        "",
        "### The worst cells",
        "",
        "What differs is found by rules from counts of both sides. It is a hint, not a proof.",
        "",
        *(line for one in report.worst for line in (f"- {worst_title(one, naming)}", *_indented(one.causes))),
        "",
        "### Families",
        "",
        *markdown_table(("family", "cells", "verdicts wrong"), _family_rows(report)),
        "",
        "### Residuals by factor",
        "",
        "log10 of predicted over observed median, median over the cells whose observed median exceeds 0.2 ms.",
        "",
        *markdown_table(
            ("factor", "cells", "verdicts right", "ratios", "signed", "absolute"), residual_rows(report.summary)
        ),
    ]
    return "\n".join(parts)


def _scores(report: Report) -> list[str]:
    """Return the scores as lines of Markdown."""
    summary, source = report.summary, report.source
    return [
        "### Scores of the public episodes",
        "",
        f"{summary.n_cells} cells of {report.n_configurations} configurations and {report.n_boots} boots; "
        f"{report.n_rows - report.n_never_open} kills of `{report.measured}`; predicted from `{source.stage_costs}`, "
        f"{source.replicates} replicates each, seed {source.seed}.",
        "",
        *markdown_table(("score", "value", "95 % by boots"), score_rows(report)),
        "",
        f"Of the ratios, {summary.n_bounds} are bounds, as censoring hides a median. {summary.n_without_entry} cells "
        "have no predicted time: every kill there comes before an entry.",
        "",
        *markdown_table(
            ("answer", "recall", "specificity", "integrated Brier", "from 200 ms on", "Brier at 200 ms"),
            reference_rows(summary),
        ),
        "",
    ]


def _figures(report: Report) -> list[str]:
    """Return the figures as lines of Markdown."""
    # Reading it needs matplotlib, as the module of the figure does.
    from mcoom.validate.lock_rules import caption

    return [
        "### Four lock rules",
        "",
        f"![Time to kill against storm size for four lock rules]({LOCK_RULES})",
        "",
        caption(report.scores),
        "",
        "### Calibration",
        "",
        f"![Predicted against observed medians, and the histogram of probabilities]({CALIBRATION})",
        "",
        f"{100 * report.calibration.outside:.0f} % of the observed mass lies at times that no replicate "
        "came to. Flat bars "
        "would be right spreads, heaps at the ends are spreads that are too narrow.",
        "",
    ]


def _indented(causes: Sequence[str]) -> list[str]:
    return [f"  - {cause}" for cause in causes]


def _family_rows(report: Report) -> Rows:
    return [
        (family.title, str(len(family.scores)), str(family.n_wrong)) for family in find_families(report.scores)
    ]  # fmt: skip


def write_document(report: Report, folder: Path) -> None:
    """Update ``validation.md`` of a folder of documents, and the figures beside it."""
    from mcoom.figure.style import save
    from mcoom.validate.calibration_figure import calibration_figure
    from mcoom.validate.lock_rules import lock_rules_figure

    page = folder / "validation.md"
    page.write_text(replace_generated(page.read_text(encoding="utf-8"), render(report)), encoding="utf-8")
    (folder / "figures").mkdir(exist_ok=True)
    rules = lock_rules_figure(report.scores)
    if rules is not None:
        save(rules, folder / LOCK_RULES)
    save(calibration_figure(report.scores, report.calibration), folder / CALIBRATION)


def main(arguments: Sequence[str]) -> None:
    """Update documents: arguments are a file of predictions of the public episodes, the folder, and a JSON file."""
    from mcoom.validate.main import Settings, validate

    predictions, folder, data = map(Path, arguments)
    report = validate((), Settings(1, 1, 1, load=predictions))
    write_document(report, folder)
    data.write_text(json.dumps(report.summary_json(), indent=1, allow_nan=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
