"""The generated part of docs/validation.md.

Takes the JSON of ``mcoom validate --json``, gives Markdown between two marks of the page. Must know nothing of how the
numbers came about; what is written by hand stays outside the marks.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mcoom.errors import DataError

BEGIN, END = "<!-- generated: begin -->", "<!-- generated: end -->"
"""Marks of the page; what is between them is replaced."""


def _percent(share: float | None) -> str:
    """Return a share as a percentage with one digit."""
    return "-" if share is None else f"{100 * share:.1f} %"


def _interval(share: float | None, interval: Sequence[float]) -> str:
    """Return a share with its interval."""
    return f"{_percent(share)} ({100 * interval[0]:.1f} to {100 * interval[1]:.1f})"


def _ratio(value: float | None, *, sign: bool = False) -> str:
    """Return a log10 ratio with three digits."""
    return "-" if value is None else f"{value:+.3f}" if sign else f"{value:.3f}"


def _ms(side: Mapping[str, Any]) -> str:
    """Return the median of a side in ms, with a mark where it is only a bound."""
    if side["median_ns"] is None:
        return "-"
    return f"{'> ' if side['median_at_least'] else ''}{side['median_ns'] / 1e6:.4g}"


def summary_lines(summary: Mapping[str, Any]) -> list[str]:
    """Return the summary as lines of a Markdown table."""
    return [
        f"{summary['n_cells']} cells of {summary['n_configurations']} configurations; "
        f"{summary['n_rows'] - summary['n_rows_never_open']} kills of `{summary['measured']}`; predicted from "
        f"`{summary['stage_costs']}`, {summary['replicates']} replicates each, seed {summary['seed']}.",
        "",
        "| score | value (95 % interval) | always *stuck* | never *stuck* |",
        "|---|---|---|---|",
        f"| recall of *stuck* ({summary['n_stuck']} cells) | "
        f"{_interval(summary['stuck_recall'], summary['stuck_recall_interval'])} | 100 % | 0 % |",
        f"| specificity ({summary['n_cells'] - summary['n_stuck']} cells) | "
        f"{_interval(summary['stuck_specificity'], summary['stuck_specificity_interval'])} | 0 % | 100 % |",
        f"| median abs. log10 ratio of medians ({summary['n_ratios']} cells above 0.2 ms) | "
        f"{_ratio(summary['median_abs_log10_ratio'])} | | |",
        f"| observed median in the predicted 90 % interval | "
        f"{_interval(summary['coverage'], summary['coverage_interval'])} | | |",
        f"| median KS distance | {summary['median_ks']:.2f} | | |",
        "",
        f"Of the ratios, {summary['n_ratios_that_are_bounds']} are bounds, as censoring hides a median. "
        f"{summary['n_cells_predicted_without_entry']} cells have no predicted time: every kill there comes before an "
        "entry.",
    ]


def residual_lines(residuals: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return residuals by factor as lines of a Markdown table."""
    lines = ["| factor | cells | verdicts right | ratios | signed | absolute |", "|---|---|---|---|---|---|"]
    return lines + [
        f"| {row['factor']} = {row['value']} | {row['n_cells']} | {_percent(row['verdict_agreement'])} | "
        f"{row['n_ratios']} | {_ratio(row['median_log10_ratio'], sign=True)} | "
        f"{_ratio(row['median_abs_log10_ratio'])} |"
        for row in residuals
    ]


def worst_lines(cells: Sequence[Mapping[str, Any]], varying: Sequence[str]) -> list[str]:
    """Return cells as lines of a Markdown table, named by the factors in ``varying``."""
    lines = ["| cell | n | observed ms | predicted ms | KS | verdict |", "|---|---|---|---|---|---|"]
    for cell in cells:
        name = " ".join(f"{column}={cell['cell'][column]}" for column in varying if cell["cell"][column] != "")
        verdict = "right" if cell["verdict_agrees"] else "wrong"
        lines.append(
            f"| {name} | {cell['n']} | {_ms(cell['observed'])} | {_ms(cell['predicted'])} | {cell['ks']:.2f} "
            f"| {verdict} |"
        )
    return lines


def render(data: Mapping[str, Any]) -> str:
    """Return the generated part for the JSON data of a validation."""
    summary = data["summary"]
    varying = list(dict.fromkeys(row["factor"] for row in summary["factor_residuals"]))
    parts = [
        "### Scores",
        "",
        *summary_lines(summary),
        "",
        "### The worst cells",
        "",
        *worst_lines(summary["worst_cells"], varying),
        "",
        "### Residuals by factor",
        "",
        "log10 of predicted over observed median, median over the cells whose observed median exceeds 0.2 ms.",
        "",
        *residual_lines(summary["factor_residuals"]),
    ]
    return "\n".join(parts)


def replace_generated(page: str, generated: str) -> str:
    """Return a page with what is between its marks replaced.

    Raises
    ------
    DataError
        If the page does not have both marks, in order.
    """
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise DataError(f"the page has no marks; allowed: {BEGIN} and below it {END}")
    return f"{before}{BEGIN}\n{generated}\n{END}{after}"


def main(arguments: Sequence[str]) -> None:
    """Update a page: arguments are the JSON file and the page."""
    source, page = map(Path, arguments)
    page.write_text(replace_generated(page.read_text(), render(json.loads(source.read_text()))))


if __name__ == "__main__":
    main(sys.argv[1:])
