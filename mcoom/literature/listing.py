"""What was reported, as a list.

Takes reports, gives text and plain JSON data. Must know nothing of predictions, so that a list needs no engine.
"""

from collections.abc import Sequence
from dataclasses import asdict

from mcoom.literature.report import StallReport
from mcoom.units import format_ns


def listing_json(reports: Sequence[StallReport]) -> list[dict[str, object]]:
    """Return reports as plain data: all that ``reports.toml`` says of them."""
    return [asdict(report) for report in reports]


def listing_text(reports: Sequence[StallReport]) -> str:
    """Return reports as text, four lines each."""
    lines = []
    for report in reports:
        low, high = (format_ns(ns) for ns in report.seen_ns)
        seen = f"{low} to {high}" if low != high else low if report.ended else f"at least {low}"
        setting = report.setting
        lines += [
            f"{report.id}  ({report.date}, {report.kernel}; {report.source})",
            f"    {report.setup}",
            f"    {report.stated}  -> {seen}",
            f"    not simulated: {report.reason}"
            if setting is None
            else f"    simulated as {setting.scenario} under {setting.policy}, {setting.kills} kills",
        ]
    return "\n".join(lines)
