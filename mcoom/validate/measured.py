"""Measured episodes, read from a file and split into what a prediction may see and what only scoring may.

Takes a CSV file (plain, gzip or xz), gives configurations with their boots on one side and episodes on the other. Must
know nothing of the engine; ``read_factors``, ``read_boot`` and ``read_pass_cost`` never touch an outcome of a row.
"""

import csv
import gzip
import hashlib
import io
import lzma
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from statistics import median

from mcoom.errors import DataError, UnreadableError
from mcoom.validate.columns import (
    DESIGN_COLUMNS,
    FACTOR_COLUMNS,
    OUTCOME_COLUMNS,
    PASS_COST,
    PASS_COST_COLUMN,
    REQUIRED_COLUMNS,
    Column,
)

SHIPPED = "episodes-public.csv.gz"
"""The measured file that comes with mcoom, in its folder ``data``."""


@dataclass(frozen=True)
class Factors:
    """What was set for a boot: all that a prediction knows of a cell. A field per factor column, none for outcomes."""

    accel: str
    shift: int | None
    """Nanoseconds per instruction are 2**shift; None with ``mttcg``."""
    vcpu: int
    hz: int
    preempt: str
    fail: str
    hold: int
    hpol: str
    hnice: int
    n: int
    spol: str
    snice: int
    hogs: int
    gpol: str
    gate: int
    kills: int
    """Column ``V``: kills per round."""
    vkb: int
    vpol: str
    reaper: int
    reapdelay: int
    dump: int
    uart: int
    npthrottle: int
    uwork: int

    def labels(self) -> dict[str, str | int]:
        """Return column name -> value as the file has it, in column order (``shift`` empty where there is none)."""
        return {column: "" if (value := getattr(self, _field(column))) is None else value for column in FACTOR_COLUMNS}

    def point(self) -> int:
        """Return a number of 0..2**62-1 that depends on the factors alone: the point of the streams' keys."""
        text = ";".join(f"{column}={value}" for column, value in self.labels().items())
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 2


@dataclass(frozen=True)
class Boot:
    """One boot of a configuration: how long its episodes were watched, and how fast its machine was."""

    boot_id: str
    horizon_ns: int
    """Censoring horizon of each of its episodes."""
    pass_ns: int | None
    """Measured cost of a reclaim pass, of ``mttcg`` boots only."""


@dataclass(frozen=True)
class Configuration:
    """A unique combination of factors, and its boots in the order of their names."""

    factors: Factors
    boots: tuple[Boot, ...]
    rounds: int = 1
    """Rounds of a boot: the last one of which there is a row."""


@dataclass(frozen=True)
class Episode:
    """Outcome of one kill."""

    factors: Factors
    boot_id: str
    round: int
    k: int
    """1..V: the k-th kill of its round."""
    censored: bool
    """Whether the horizon came first."""
    time_ns: int
    """Time to kill, or the time watched if censored."""


@dataclass(frozen=True)
class Measured:
    """A measured file."""

    name: str
    configurations: tuple[Configuration, ...]
    episodes: tuple[Episode, ...]
    n_rows: int
    """Rows of the file."""
    n_never_open: int
    """Rows left out: no memory was released before (``censored`` 2), or the horizon came before the episode began."""


def _field(column: str) -> str:
    """Return the field of ``Factors`` for a column."""
    return "kills" if column == "V" else column


def _convert(column: Column, text: str) -> str | int | None:
    """Return a checked field as a number where the column holds numbers."""
    if not text:
        return None
    return int(text) if column.kind == "int" or (column.choices and column.choices[0].isdigit()) else text


def read_factors(row: Mapping[str, str]) -> Factors:
    """Return the factors of a checked row; reads factor columns alone."""
    values = {_field(name): _convert(column, row[name]) for name, column in FACTOR_COLUMNS.items()}
    return Factors(**values)  # type: ignore[arg-type]


def read_pass_cost(row: Mapping[str, str]) -> float | None:
    """Return ``np_mean_ns`` of an ``mttcg`` row, None for any other or where the field is empty.

    The README of the data names it as the pass cost to use for such a cell, whose speed is that of a noisy host; the
    column is not looked at for a machine with instruction-counted time.
    """
    if row["accel"] != "mttcg":
        return None
    return float(row[PASS_COST_COLUMN]) if row[PASS_COST_COLUMN] else None


def read_episode(row: Mapping[str, str], factors: Factors) -> Episode | None:
    """Return the outcome of a checked row, None if its episode never began.

    It never began if the previous victim's memory was never released (``censored`` 2), or if the horizon came before
    the first entry (``censored`` 1 and a time that is not positive).
    """
    censored = row["censored"]
    if censored == "2" or (censored == "1" and int(row["ttk_ns"]) <= 0):
        return None
    return Episode(factors, row["boot_id"], int(row["round"]), int(row["k"]), censored == "1", int(row["ttk_ns"]))


def data_path(name: str) -> Path:
    """Return the path of a file that comes with mcoom in its folder ``data``."""
    return Path(str(files("mcoom") / "data" / name))


def read_text(path: Path) -> str:
    """Return the text of a file, unpacked if its name ends in ``.gz`` or ``.xz``.

    Raises
    ------
    DataError
        If it cannot be read, unpacked or decoded as UTF-8.
    """
    try:
        raw = path.read_bytes()
        if path.suffix == ".gz":
            raw = gzip.decompress(raw)
        elif path.suffix == ".xz":
            raw = lzma.decompress(raw)
        return raw.decode("utf-8")
    except (OSError, EOFError, zlib.error, lzma.LZMAError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        kind = UnreadableError if isinstance(error, FileNotFoundError | PermissionError) else DataError
        raise kind(f"{path}: cannot be read: {reason}; allowed: a CSV file, plain, .gz or .xz") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: byte {error.start} is not UTF-8; allowed: a CSV file, plain, .gz or .xz") from error


def _fail(name: str, line: int, column: str, value: str, allowed: str) -> DataError:
    """Return the error for one wrong field."""
    return DataError(f"{name}: line {line}, column {column}: {value!r} is not allowed; allowed: {allowed}")


def _check_row(name: str, line: int, row: Mapping[str, str]) -> None:
    """Raise DataError if a field of a row, or a combination of its fields, is not allowed."""
    tables = (FACTOR_COLUMNS, DESIGN_COLUMNS, OUTCOME_COLUMNS, {PASS_COST_COLUMN: PASS_COST})
    for table in tables:
        for column, rule in table.items():
            if not rule.accepts(row[column]):
                raise _fail(name, line, column, row[column], rule.allowed())
    if row["accel"] == "icount" and not row["shift"]:
        raise _fail(name, line, "shift", "", "a whole number 0..10 where accel is icount")
    for policy, nice in (("hpol", "hnice"), ("spol", "snice")):
        low, high = (1, 99) if row[policy] in "fr" else (-20, 19)
        if not low <= int(row[nice]) <= high:
            raise _fail(name, line, nice, row[nice], f"a whole number {low}..{high} where {policy} is {row[policy]}")
    if int(row["k"]) > int(row["V"]):
        raise _fail(name, line, "k", row["k"], f"a whole number 1..{row['V']} (column V)")
    if row["censored"] != "2" and not row["ttk_ns"]:
        raise _fail(name, line, "ttk_ns", "", f"a whole number where censored is {row['censored']}")
    if row["censored"] == "0" and int(row["ttk_ns"]) < 0:
        raise _fail(name, line, "ttk_ns", row["ttk_ns"], "a whole number of at least 0 where censored is 0")


def _checked_rows(name: str, text: str) -> list[dict[str, str]]:
    """Return the rows of a measured file, each field checked."""
    reader = csv.DictReader(io.StringIO(text, newline=""), restkey="*", restval=None)
    try:
        header = reader.fieldnames or []
        missing = [column for column in REQUIRED_COLUMNS if column not in header]
        if missing:
            raise DataError(f"{name}: line 1: no column {missing[0]}; needed: {', '.join(REQUIRED_COLUMNS)}")
        if len(set(header)) < len(header):
            twice = next(column for column in header if header.count(column) > 1)
            raise DataError(f"{name}: line 1: column {twice} is there twice; allowed: once")
        rows = []
        for row in reader:
            if "*" in row or None in row.values():
                raise DataError(f"{name}: line {reader.line_num}: not {len(header)} fields, as its first line has")
            _check_row(name, reader.line_num, row)
            rows.append(row)
    except csv.Error as error:
        raise DataError(f"{name}: line {reader.line_num}: {error}; allowed: comma-separated fields") from error
    if not rows:
        raise DataError(f"{name}: no episode; allowed: one row per episode below the names of the columns")
    return rows


class _BootRows:
    """What the rows of one boot say of it, while they are being read."""

    def __init__(self, horizon_ns: int) -> None:
        self.horizon_ns = horizon_ns
        self.rounds = 1
        self.pass_costs: list[float] = []


def collect_configurations(rows: list[dict[str, str]]) -> tuple[Configuration, ...]:
    """Return the configurations of checked rows, ordered by their first row; reads no outcome.

    A boot's horizon is its longest. The pass cost of an ``mttcg`` boot is the median over its rows, and if no row of
    it has one, over the rows of its configuration.
    """
    found: dict[Factors, dict[str, _BootRows]] = {}
    for row in rows:
        boots = found.setdefault(read_factors(row), {})
        horizon_ns = int(row["horizon_ms"]) * 1_000_000
        boot = boots.setdefault(row["boot_id"], _BootRows(horizon_ns))
        boot.horizon_ns = max(boot.horizon_ns, horizon_ns)
        boot.rounds = max(boot.rounds, int(row["round"]))
        if (cost := read_pass_cost(row)) is not None:
            boot.pass_costs.append(cost)
    configurations = []
    for factors, boots in found.items():
        pooled = [cost for boot in boots.values() for cost in boot.pass_costs]
        configurations.append(
            Configuration(
                factors,
                tuple(
                    Boot(
                        name,
                        boots[name].horizon_ns,
                        round(median(boots[name].pass_costs or pooled)) if pooled else None,
                    )
                    for name in sorted(boots)
                ),
                max(boot.rounds for boot in boots.values()),
            )
        )
    return tuple(configurations)


def read_measured(path: str | None = None) -> Measured:
    """Read a file of measured episodes.

    Parameters
    ----------
    path : str or None
        A CSV file with the columns of ``REQUIRED_COLUMNS`` (others are ignored), plain, ``.gz`` or ``.xz``. None: the
        public episodes that come with mcoom.

    Returns
    -------
    Measured
        Configurations (factors and boots) apart from episodes (outcomes).

    Raises
    ------
    DataError
        If the file cannot be read or a field of it is wrong: file, line, column, value and what is allowed.
    """
    source = data_path(SHIPPED) if path is None else Path(path)
    name = SHIPPED if path is None else path
    rows = _checked_rows(name, read_text(source))
    episodes = [read_episode(row, read_factors(row)) for row in rows]
    kept = tuple(episode for episode in episodes if episode is not None)
    return Measured(name, collect_configurations(rows), kept, len(rows), len(rows) - len(kept))
