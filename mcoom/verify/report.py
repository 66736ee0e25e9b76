"""The outcome of all checks.

Takes checks, gives a text and JSON. Must know nothing about how a number was computed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mcoom.verify.answer import AnswerTable
from mcoom.verify.check import Check


@dataclass(frozen=True)
class VerifyReport:
    """All checks of all tables."""

    tables: tuple[AnswerTable, ...]
    """The tables."""
    checks: tuple[Check, ...]
    """The checks, in the order of the tables."""

    @property
    def passed(self) -> bool:
        """Whether every check passed."""
        return all(check.passed for check in self.checks)

    def to_json(self) -> dict[str, Any]:
        """Return ``passed``, counts, tables with their sources, and all checks."""
        return {
            "passed": self.passed,
            "n_checks": len(self.checks),
            "n_failed": sum(not check.passed for check in self.checks),
            "tables": [
                {"name": t.name, "title": t.title, "source": t.source, "licence": t.licence, "file": str(t.path)}
                for t in self.tables
            ],
            "checks": [check.to_json() for check in self.checks],
        }

    def to_text(self) -> str:
        """Return a line per table, each failure in full, and a last line that says pass or fail."""
        lines = [f"{'table':12} {'numbers':>7} {'raw':>9} {'binned':>9}  published  title"]
        for table in self.tables:
            chosen = [check for check in self.checks if check.table == table.name]
            bounded = [check for check in chosen if check.is_within is not None]
            raw, binned = _share([c.is_right for c in chosen]), _share([bool(c.is_within) for c in bounded])
            published = sum(c.is_published for c in chosen)
            lines.append(f"{table.name:12} {len(chosen):7} {raw:>9} {binned:>9} {published:10}  {table.title}")
        for check in self.checks:
            if not check.passed:
                lines += _failure(check)
        failed = sum(not check.passed for check in self.checks)
        verdict = f"FAIL: {failed} of {len(self.checks)} numbers" if failed else f"pass: {len(self.checks)} numbers"
        lines.append(
            f"{verdict} (raw: all printed digits; binned: within the bound on what bins do, where there is one)"
        )
        return "\n".join(lines)


def _share(passed: Sequence[bool]) -> str:
    return f"{sum(passed)}/{len(passed)}"


def _failure(check: Check) -> list[str]:
    computed = "not estimable" if check.computed is None else f"{check.computed:.12g}"
    lines = [f"  {check.table}: {check.answer}: {check.number}: printed {check.printed}, computed {computed}"]
    if check.computed is not None and not check.is_right and check.printed.lstrip("<").strip() != "NA":
        lines[0] += f", difference {check.computed - float(check.printed.lstrip('<')):.3g}"
    if check.is_within is False and check.binned is not None:
        low, high = ("not estimable" if x is None else f"{x:.12g}" for x in check.binned)
        lines.append(f"    from bins: {low} .. {high}")
    lines.append(f"    source: {check.source}")
    return lines
