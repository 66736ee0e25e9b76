"""What a result file holds, before any statistics.

Takes results as read, gives text or plain data: names, cells, how their episodes ended, provenance. Must know nothing
of estimates.
"""

from typing import Any

from mcoom.codes import EndReason
from mcoom.report.table import table_lines
from mcoom.store.record import PointRecord, Results

MAX_POINTS = 40
"""Points shown as text; ``--json`` gives all."""


def ends_of(results: Results, point: PointRecord) -> dict[str, dict[str, int]]:
    """Return how the episodes of a point ended.

    Parameters
    ----------
    results : Results
        The file.
    point : PointRecord
        One of its points.

    Returns
    -------
    dict
        Policy to end reason to number of replicates, all strata together.
    """
    counts = point.tally["end_count"].sum(axis=1)
    return {
        policy: {reason.name: int(counts[p, reason]) for reason in EndReason}
        for p, policy in enumerate(results.plan.policies)
    }


def contents_json(results: Results) -> dict[str, Any]:
    """Return what a file holds as plain data."""
    return {
        "scenario": results.provenance.get("scenario_name"),
        "policies": list(results.plan.policies),
        "baseline": results.plan.baseline,
        "estimands": list(results.plan.estimands),
        "strata": list(results.plan.stratum_labels),
        "points": [
            {
                "index": point.index,
                "label": point.label,
                "values": dict(point.values),
                "n_replicates": point.tally.n_replicates,
                "n_raw_rows": len(point.tally.rows.replicates),
                "ends": ends_of(results, point),
            }
            for point in results.points
        ],
        "provenance": dict(results.provenance),
    }


def contents_text(results: Results) -> str:
    """Return what a file holds as text: cells with their ends, then provenance."""
    record = results.provenance
    lines = [
        f"{record.get('scenario_name')}: {record.get('scenario_title')}",
        f"{len(results.points)} point(s) x {len(results.plan.policies)} policies; baseline {results.plan.baseline}; "
        f"estimands {', '.join(results.plan.estimands)}",
        *([f"strata: {', '.join(results.plan.stratum_labels)}"] if len(results.plan.stratum_labels) > 1 else []),
        "",
        *table_lines(_HEADER, _rows(results), left=3),
    ]
    if len(results.points) > MAX_POINTS:
        lines.append(f"... and {len(results.points) - MAX_POINTS} more points (--json gives all)")
    lines.append("")
    width = max(len(name) for name in record)
    lines += [f"{name:<{width}}  {value}" for name, value in record.items() if name != "scenario_text"]
    return "\n".join(lines)


_HEADER = ("point", "label", "policy", "replicates", *(reason.name for reason in EndReason))


def _rows(results: Results) -> list[tuple[str, ...]]:
    return [
        (
            str(point.index),
            point.label,
            policy,
            f"{point.tally.n_replicates:,}",
            *(f"{n:,}" for n in ends.values()),
        )
        for point in results.points[:MAX_POINTS]
        for policy, ends in ends_of(results, point).items()
    ]
