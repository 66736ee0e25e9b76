"""One answer, checked on both paths.

Takes a table of answers, gives for every printed number whether the raw path gives all its digits and whether the
binned path admits it. Must know nothing about text or files.
"""

from dataclasses import dataclass
from typing import Any

from mcoom.analysis.result import finite_or_none
from mcoom.analysis.sample import Sample, life_tables
from mcoom.errors import DataError
from mcoom.verify.answer import Answer, AnswerTable
from mcoom.verify.binned import binned_tables
from mcoom.verify.quantity import COMPUTE, NEEDS, Question, Range


@dataclass(frozen=True)
class Check:
    """One printed number against what mcoom computes."""

    table: str
    """Name of the table."""
    answer: str
    """What was asked."""
    number: str
    """Which number: ``value``, ``se``, ``low``, ``high`` or ``p``."""
    printed: str
    """As it was printed."""
    computed: float | None
    """From raw times; None: not estimable."""
    is_right: bool
    """Whether the raw path gives all printed digits."""
    binned: Range | None
    """Where bins leave the number; None: no bound is known for it, so nothing is claimed."""
    is_within: bool | None
    """Whether the printed number lies there."""
    source: str
    """Who printed it."""
    is_published: bool
    """False: computed by an independent program."""

    @property
    def passed(self) -> bool:
        """Whether nothing is wrong on either path."""
        return self.is_right and self.is_within is not False

    def to_json(self) -> dict[str, Any]:
        """Return the entry of ``checks``."""
        binned = None if self.binned is None else [finite_or_none(x) for x in self.binned]
        return {
            "table": self.table,
            "answer": self.answer,
            "number": self.number,
            "printed": self.printed,
            "computed": finite_or_none(self.computed),
            "raw_passed": self.is_right,
            "binned_range": binned,
            "binned_passed": self.is_within,
            "passed": self.passed,
            "source": self.source,
            "published": self.is_published,
        }


def check_table(table: AnswerTable) -> list[Check]:
    """Check every printed number of a table.

    Raises
    ------
    DataError
        An answer lacks an option that its quantity needs, or has a value that the functions refuse.
    """
    checks = []
    for i, answer in enumerate(table.answers):
        where = f"{table.path}: answer[{i}] ({answer.quantity})"
        for key in NEEDS.get(answer.quantity, ()):
            if key not in answer.options:
                raise DataError(f"{where}.{key}: is missing; {answer.quantity} needs it")
        try:
            checks += _check(table, answer)
        except ValueError as error:
            raise DataError(f"{where}: {error}") from error
    return checks


def _check(table: AnswerTable, answer: Answer) -> list[Check]:
    raw = COMPUTE[answer.quantity](_question(table, answer, is_binned=False))
    binned = COMPUTE[answer.quantity](_question(table, answer, is_binned=True))
    checks = []
    for number, printed in answer.printed.items():
        if number not in raw:
            raise ValueError(f"{number} = {printed.text!r}: {answer.quantity} has only {', '.join(raw)}")
        low, high = raw[number]
        span = binned.get(number)
        checks.append(
            Check(
                table.name,
                answer.name,
                number,
                printed.text,
                low,
                printed.admits(low, high),
                span,
                None if span is None else printed.admits(*span),
                answer.source,
                answer.is_published,
            )
        )
    return checks


def _question(table: AnswerTable, answer: Answer, is_binned: bool) -> Question:
    """Life tables of the groups that an answer is about, from raw times or through bins."""
    tables_of = binned_tables if is_binned else life_tables
    column, strata = answer.options.get("groups", ""), answer.options.get("strata", "")
    groups = table.groups(column)
    tables = dict(zip(groups, tables_of(list(groups.values())), strict=True))
    own = answer.options.get("group")
    if own is None and len(tables) > 1:
        everybody: list[Sample] = list(table.groups("").values())
        chosen = tables_of(everybody)[0]
    else:
        chosen = tables[own if own is not None else next(iter(tables))]
    against = answer.options.get("against")
    by_stratum = [list(tables.values())]
    if strata:
        by_stratum = [tables_of(list(part.values())) for part in table.strata(strata, column)]
    return Question(
        chosen,
        tables[against] if against is not None else None,
        by_stratum,
        list(tables).index(own) if own is not None else 0,
        answer.options,
        is_binned,
    )
