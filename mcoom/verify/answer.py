"""Tables of answers: what is asked of which data, and what was printed.

Takes a TOML file and the CSV file beside it, gives checked records. Must know nothing about how an answer is computed;
docs/statistics.md describes the format.
"""

import csv
import math
import re
import tomllib
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from mcoom.analysis.sample import Sample
from mcoom.errors import DataError, UnreadableError
from mcoom.units import closest

QUANTITIES = (
    "n", "events", "at_risk", "survival", "quantile", "median", "rmst", "rmtl", "rmst_difference",
    "rmst_ratio", "rmtl_ratio", "cumulative_hazard", "observed", "expected", "logrank", "maxcombo", "superiority",
)  # fmt: skip
"""What may be asked; docs/statistics.md says what each is."""
NUMBERS = ("value", "se", "low", "high", "p")
"""Printed numbers of an answer."""
OPTIONS = {
    "group": str, "against": str, "groups": str, "strata": str, "time": float, "prob": float, "tau": float,
    "rho": float, "gamma": float, "level": float, "transform": str,
}  # fmt: skip
"""What an answer may say about how it was computed, and the type."""
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_PRINTED = re.compile(rf"<?\s?{_NUMBER.pattern}")
NOT_ESTIMABLE = "NA"
"""Printed where a program had nothing to print."""


@dataclass(frozen=True)
class Printed:
    """A number as it was printed: its digits say how exact it is."""

    text: str
    """The digits, ``NA``, or ``<`` and digits where only a bound was printed."""

    def admits(self, low: float | None, high: float | None) -> bool:
        """Return whether a number known to be within low..high may have been printed so.

        To the last digit, that is to half a unit of it (and the rounding of one float). None: not estimable.
        """
        if self.text == NOT_ESTIMABLE or low is None or high is None:
            return self.text == NOT_ESTIMABLE and low is None and high is None
        if self.text.startswith("<"):
            return low < float(self.text[1:])
        half = 0.5 * 10.0 ** int(Decimal(self.text).as_tuple().exponent) * (1 + 1e-9)
        number = float(self.text)
        return low - half <= number + 1e-12 * abs(number) and number - 1e-12 * abs(number) <= high + half


@dataclass(frozen=True)
class Answer:
    """One line of printed output."""

    quantity: str
    """What was asked: one of ``QUANTITIES``."""
    options: dict[str, Any]
    """How it was computed: keys of ``OPTIONS``."""
    printed: dict[str, Printed]
    """The numbers: keys of ``NUMBERS``."""
    source: str
    """Who printed it, where."""
    is_published: bool
    """False: computed by an independent program for this table, not found in print."""

    @property
    def name(self) -> str:
        """What identifies the answer within its table."""
        return " ".join([self.quantity, *(f"{key}={value}" for key, value in self.options.items())])


@dataclass(frozen=True, eq=False)
class AnswerTable:
    """Data with the answers about them."""

    name: str
    """Short name."""
    path: Path
    """File it came from."""
    title: str
    """What the data are."""
    source: str
    """Who published the data."""
    licence: str
    """Under what terms."""
    unit: str
    """Unit of the times."""
    scale: float
    """Answers are about times divided by this (365.25: data in days, answers in years)."""
    columns: dict[str, list[str]]
    """Columns of the data."""
    answers: tuple[Answer, ...]
    """The answers."""

    def groups(self, column: str) -> dict[str, Sample]:
        """Return the sample of each value of a column, in the order of first appearance; ``""``: everybody."""
        if not column:
            return {"": self._sample(range(len(self.columns["time"])))}
        members: dict[str, list[int]] = {}
        for i, value in enumerate(self.columns[column]):
            members.setdefault(value, []).append(i)
        return {value: self._sample(rows) for value, rows in members.items()}

    def strata(self, column: str, groups: str) -> list[dict[str, Sample]]:
        """Return the groups within each value of a column; rows without a value are left out."""
        names = list(dict.fromkeys(self.columns[groups]))
        found = []
        for stratum in dict.fromkeys(v for v in self.columns[column] if v):
            rows = [i for i, v in enumerate(self.columns[column]) if v == stratum]
            found.append({g: self._sample([i for i in rows if self.columns[groups][i] == g]) for g in names})
        return found

    def _sample(self, rows: Any) -> Sample:
        times, events = self.columns["time"], self.columns["event"]
        return Sample.of([float(times[i]) / self.scale for i in rows], [int(events[i]) for i in rows])


def load_table(path: Path) -> AnswerTable:
    """Read a table of answers and its data.

    Parameters
    ----------
    path : Path
        TOML file; ``data`` in it names a CSV file relative to it.

    Raises
    ------
    DataError
        A file cannot be read, or something in it is not as docs/statistics.md says: names file, key, value and what is
        allowed.
    """
    document = _load_toml(path)
    head = document.get("table")
    if not isinstance(head, dict):
        raise DataError(f"{path}: table: is missing; a table of answers begins with [table]")
    _check_keys(path, "table", head, ("title", "data", "source", "licence", "unit", "scale"))
    for key in ("title", "data", "source", "licence"):
        if not isinstance(head.get(key), str):
            raise DataError(f"{path}: table.{key} = {head.get(key)!r}: must be text")
    scale = head.get("scale", 1)
    if not isinstance(scale, int | float) or not scale > 0:
        raise DataError(f"{path}: table.scale = {scale!r}: must be a number > 0")
    columns = _load_columns(path.parent / head["data"])
    entries = document.get("answer", [])
    if not isinstance(entries, list) or not entries:
        raise DataError(f"{path}: answer: is missing; at least one [[answer]] is needed")
    answers = tuple(_answer(path, i, entry, columns) for i, entry in enumerate(entries))
    return AnswerTable(
        path.stem, path, head["title"], head["source"], head["licence"], head.get("unit", ""), float(scale),
        columns, answers,
    )  # fmt: skip


def _load_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UnreadableError(f"{path}: cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: cannot be read: {error}") from error
    except tomllib.TOMLDecodeError as error:
        raise DataError(f"{path}: not TOML: {error}") from error


def _check_keys(path: Path, where: str, given: dict[str, Any], known: tuple[str, ...]) -> None:
    for key in given:
        if key not in known:
            raise DataError(f"{path}: {where}.{key}: unknown key{closest(key, known)}; allowed: {', '.join(known)}")


def _load_columns(path: Path) -> dict[str, list[str]]:
    """Columns of a CSV file, checked: ``time`` and ``event`` are numbers in every row."""
    try:
        with path.open(newline="", encoding="utf-8") as file:
            header, *rows = list(csv.reader(file)) or [[]]
    except OSError as error:
        raise UnreadableError(f"{path}: cannot be read: {error.strerror or error}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path}: cannot be read: {error}") from error
    for name in ("time", "event"):
        if name not in header:
            raise DataError(f"{path}:1: has no column {name!r}; it has: {', '.join(header) or 'none'}")
    if not rows:
        raise DataError(f"{path}: has no rows")
    for number, row in enumerate(rows, start=2):
        if len(row) != len(header):
            raise DataError(f"{path}:{number}: {len(row)} fields; the header has {len(header)}")
        time, event = row[header.index("time")], row[header.index("event")]
        if not _NUMBER.fullmatch(time) or not math.isfinite(float(time)) or float(time) < 0:
            raise DataError(f"{path}:{number}: time = {time!r}: must be a number >= 0")
        if event not in ("0", "1"):
            raise DataError(f"{path}:{number}: event = {event!r}: must be 0 (censored) or 1 (seen)")
    return {name: [row[i] for row in rows] for i, name in enumerate(header)}


def _answer(path: Path, i: int, entry: Any, columns: dict[str, list[str]]) -> Answer:
    where = f"answer[{i}]"
    if not isinstance(entry, dict):
        raise DataError(f"{path}: {where} = {entry!r}: must be a table")
    _check_keys(path, where, entry, ("quantity", "source", "published", *NUMBERS, *OPTIONS))
    quantity, source, published = entry.get("quantity"), entry.get("source"), entry.get("published", True)
    if quantity not in QUANTITIES:
        hint = closest(quantity, QUANTITIES) if isinstance(quantity, str) else ""
        raise DataError(f"{path}: {where}.quantity = {quantity!r}: unknown{hint}; allowed: {', '.join(QUANTITIES)}")
    if not isinstance(source, str) or not isinstance(published, bool):
        raise DataError(f"{path}: {where}: source must be text, published true or false")
    printed = {}
    for key in NUMBERS:
        if key in entry:
            if not isinstance(entry[key], str) or not (entry[key] == NOT_ESTIMABLE or _PRINTED.fullmatch(entry[key])):
                raise DataError(f'{path}: {where}.{key} = {entry[key]!r}: must be text as printed, such as "0.750"')
            printed[key] = Printed(entry[key])
    if not printed:
        raise DataError(f"{path}: {where}: has no number; give one of {', '.join(NUMBERS)}")
    options = _options(path, where, entry, columns)
    return Answer(quantity, options, printed, source, published)


def _options(path: Path, where: str, entry: dict[str, Any], columns: dict[str, list[str]]) -> dict[str, Any]:
    options: dict[str, Any] = {}
    for key, kind in OPTIONS.items():
        if key not in entry:
            continue
        value = float(entry[key]) if kind is float and type(entry[key]) is int else entry[key]
        if not isinstance(value, kind):
            raise DataError(f"{path}: {where}.{key} = {value!r}: must be {'text' if kind is str else 'a number'}")
        options[key] = value
    for key in ("groups", "strata"):
        if key in options and options[key] not in columns:
            raise DataError(
                f"{path}: {where}.{key} = {options[key]!r}: not a column of the data; columns: {', '.join(columns)}"
            )
    for key in ("group", "against"):
        allowed = list(dict.fromkeys(columns.get(options.get("groups", ""), [])))
        if key in options and options[key] not in allowed:
            raise DataError(
                f"{path}: {where}.{key} = {options[key]!r}: not a value of groups = {options.get('groups')!r}; "
                f"values: {', '.join(allowed) or 'none'}"
            )
    return options
