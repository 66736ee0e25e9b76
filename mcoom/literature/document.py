"""The generated part of docs/literature.md.

Takes the JSON of ``mcoom literature --json``, gives Markdown between two marks of the page. Must know nothing of how
the numbers came about; what is written by hand stays outside the marks.

    mcoom literature --json > results/literature.json
    python -m mcoom.literature.document results/literature.json docs/literature.md
"""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mcoom.literature.table import probability_text, range_text, seen_text, verdict_text
from mcoom.report.generated import replace_generated


def render(data: Mapping[str, Any]) -> str:
    """Return the generated part for the data of ``judgements_json``."""
    rows = data["reports"]
    simulated = [row for row in rows if row["fits"] is not None]
    lines = [
        f"{data['n_reports']} reports, {data['n_simulated']} simulated, {data['n_that_fit']} of these fit; "
        f"{data['replicates']} episodes each, seed {data['seed']}, engine {data['engine_digest'][:12]}.",
        "",
        "| report | seen | P(at least that), 95 % | predicted median (central 95 %) | verdict |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| {row['id']} | {seen_text(row)} | {probability_text(row)} | {range_text(row)} | {verdict_text(row)} |"
        for row in simulated
    ]
    lines += ["", "### Why, where it does not fit", ""]
    lines += _misses(simulated)
    lines += ["", "### What was not simulated, and why", "", "| report | seen | why not |", "|---|---|---|"]
    lines += [
        f"| {row['id']} | {seen_text(row)} | {row['not_simulated_because']} |" for row in rows if row["fits"] is None
    ]
    lines += ["", "### What the reports say, and what was assumed", ""]
    for row in rows:
        lines += _details(row)
    return "\n".join(lines)


def _misses(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return a reason per report that does not fit, and what its change of the setting gives."""
    lines = []
    for row in rows:
        if row["fits"] is False:
            lines.append(f"- **{row['id']}**: {row['miss_because'] or 'not known'}.")
        if row["what_if"]:
            other = row["what_if"]
            lines.append(
                f"  - What if {other['words']}: {probability_text(other)} of {other['n']}, {range_text(other)}. "
                f"({', '.join(f'`{change}`' for change in other['changed'])})"
            )
    return lines or ["Every simulated report fits."]


def _details(row: Mapping[str, Any]) -> list[str]:
    """Return what one report states, and the distributions for what it does not."""
    words = (
        f"- **{row['id']}**, {row['date']}, {row['kernel']} ({row['source']}). {row['setup']}. Stated: {row['stated']}."
    )
    if row["scenario"] is None:
        return [words]
    return [
        words,
        f"  Scenario `{row['scenario']}`, policy `{row['policy']}`, {row['kills']} kills; assumed: "
        + ", ".join(f"`{one}`" for one in row["assumed"])
        + ".",
    ]


def main(arguments: Sequence[str]) -> None:
    """Update a page: arguments are the JSON file and the page."""
    source, page = map(Path, arguments)
    data = json.loads(source.read_text(encoding="utf-8"))
    page.write_text(replace_generated(page.read_text(encoding="utf-8"), render(data)), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
