"""Measured costs of stages: what each costs when nothing gets in its way.

Takes ``stage_costs.csv`` (quantiles by stage and covariate), gives costs of the standard machine (1 instruction = 2 ns)
and their shapes. Must know nothing of episodes: no outcome has a way in.
"""

import csv
import io
import re
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from mcoom.errors import DataError
from mcoom.spec.shape import Shape
from mcoom.validate.measured import data_path, read_text

SHIPPED_COSTS = "stage_costs.csv"
"""Name of the file of stage costs, shipped or beside a measured file."""

QUANTILE_COLUMNS = {"min": 0.0, "p05": 0.05, "p25": 0.25, "p50": 0.5, "p75": 0.75, "p95": 0.95}
"""Columns of quantiles that are used, with their probabilities. The maximum is not: the top twentieth of these samples
holds what got in the way of the stage (ticks, interrupts), which the engine makes itself."""

TURN_NS = 4
"""CPU time of an empty loop turn of a think time on the standard machine: two instructions (README of the data)."""
MEAN_FIRST_TURNS = 1000
"""A storm thread first spends uniform 0..2000 turns."""
MEASURED_UWORK = 500
"""``uwork`` of the boots behind ``page_touch``; a think time is uniform on 0..2 uwork turns."""
_BIN_PAGES = 200
"""Width of the bins of pages behind ``exit_mmap``: "pages~p" holds p - 200..p."""


@dataclass(frozen=True)
class StageRow:
    """One stage under one covariate."""

    stage: str
    covariate: str
    n: int
    values: tuple[float, ...]
    """Quantiles at the probabilities of ``QUANTILE_COLUMNS``, rising, ns."""
    maximum: float
    """Largest value, ns."""

    @property
    def median(self) -> float:
        """Median, ns."""
        return self.values[3]

    def at(self, u: np.ndarray, cap: float = 1.0) -> np.ndarray:
        """Return quantiles, ns: linear between the known ones, constant above the last.

        Parameters
        ----------
        u : ndarray
            Probabilities, any shape.
        cap : float
            Probability above which quantiles are taken at ``cap`` itself.

        Returns
        -------
        ndarray
            float64, shape of ``u``.
        """
        return np.asarray(np.interp(np.minimum(u, cap), list(QUANTILE_COLUMNS.values()), self.values))

    def shape(self) -> Shape:
        """Return this row's quantiles over its median."""
        known = zip(QUANTILE_COLUMNS.values(), self.values, strict=True)
        points = [(Fraction(str(p)), Fraction(value) / Fraction(self.median)) for p, value in known]
        return Shape("quantiles", points=(*points, (Fraction(1), points[-1][1])))


@dataclass(frozen=True)
class StageCosts:
    """A file of stage costs."""

    name: str
    rows: tuple[StageRow, ...]

    def find(self, stage: str, starts: str = "") -> StageRow:
        """Return the first row of a stage whose covariate begins with ``starts``.

        Raises
        ------
        DataError
            If there is none.
        """
        for row in self.rows:
            if row.stage == stage and row.covariate.startswith(starts):
                return row
        raise DataError(f"{self.name}: no stage {stage!r} with a covariate {starts!r}...; it is needed to predict")

    def reclaim_pass(self) -> StageRow:
        """Return the row of a futile reclaim pass on the standard machine."""
        return self.find("reclaim_pass", "icount, shift=1")

    def slowest_pass(self, starts: str) -> float:
        """Return how many times as long the slowest pass took as the median one: code at its coldest."""
        row = self.find("reclaim_pass", starts)
        return row.maximum / row.median

    def selection_per_task(self, n_tasks: int) -> StageRow:
        """Return the row of the selection for a number of tasks; beyond the last bin, the last."""
        bins = []
        for row in self.rows:
            if row.stage == "selection_per_task":
                match = re.fullmatch(r"tasks=(\d+)\.\.(\d+)", row.covariate)
                if match is None:
                    raise DataError(f"{self.name}: covariate {row.covariate!r}; allowed: tasks=LOW..HIGH")
                bins.append((int(match[2]), row))
        if not bins:
            raise DataError(f"{self.name}: no stage 'selection_per_task'; it is needed to predict")
        bins.sort(key=lambda item: item[0])
        return next((row for high, row in bins if n_tasks <= high), bins[-1][1])

    def exit_line(self) -> tuple[float, float]:
        """Return (base, per page), ns, of ``exit_mmap``: a line through the medians at the middle of each bin of pages.

        Least squares with the numbers of episodes as weights; a base below 0 becomes 0.
        """
        points = []
        for row in self.rows:
            match = re.match(r"pages~(\d+)", row.covariate) if row.stage == "exit_mmap" else None
            if match is not None:
                points.append((int(match[1]) - _BIN_PAGES / 2, row.median, row.n))
        if len(points) < 2:
            raise DataError(f"{self.name}: {len(points)} rows of exit_mmap with pages~P; allowed: at least 2")
        pages, costs, weights = (np.array(column, dtype=float) for column in zip(*points, strict=True))
        mean_pages, mean_cost = np.average(pages, weights=weights), np.average(costs, weights=weights)
        spread = pages - mean_pages
        slope = np.sum(weights * spread * (costs - mean_cost)) / np.sum(weights * spread**2)
        return max(0.0, float(mean_cost - slope * mean_pages)), float(slope)

    def report_line(self, n_tasks: tuple[float, float], u: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return (base, per task), ns, of ``report``, of whose boots one half listed few tasks and one half many.

        Parameters
        ----------
        n_tasks : tuple of float
            Mean number of tasks of the lower and of the upper half of the measured reports.
        u : ndarray
            Probabilities, any shape: which quantile of either half holds.
        """
        few, many = n_tasks
        report = self.find("report", "dump=2, uart=0")
        # The halves meet at the median, so what is nearest to it says least about either.
        low_ns, high_ns = report.at(0.5 * u), report.at(0.75 + 0.25 * u)
        task_ns = (high_ns - low_ns) / (many - few)
        return low_ns - few * task_ns, task_ns

    def attempt_ns(self, u: np.ndarray, fault_share: np.ndarray) -> np.ndarray:
        """Return quantiles of the cost of an attempt beside its passes, ns, at the probabilities ``u``.

        ``fault_share`` is how much of a page fault comes before the allocator, 0..1, shape of ``u``.

        ``attempt_beside_reclaim`` is the longest time to kill under ``mutex`` over the number of waiters (README of the
        data: 408.04 ms / 512): the first kill, counted from the opening of the gate. So it holds, for each waiter, its
        wake-up by the opener, its first think time and its first fault as far as the allocator. The engine charges
        these apart, and who tries again pays none of them.
        """
        first_ns = MEAN_FIRST_TURNS * TURN_NS
        before_ns = fault_share * self.touch_ns()
        once_ns = self.find("gate_wake_per_thread").median + first_ns + before_ns
        return np.asarray(self.find("attempt_beside_reclaim").at(u) - once_ns)

    def touch_ns(self) -> float:
        """Return the cost of touching a fresh page without the think time, ns."""
        return self.find("page_touch").median - MEASURED_UWORK * TURN_NS


def read_stage_costs(path: str | None = None) -> StageCosts:
    """Read a file of stage costs.

    Parameters
    ----------
    path : str or None
        A CSV file with the columns ``stage``, ``covariate``, ``n``, ``min`` and ``p05`` to ``p95``. None: the one that
        comes with mcoom.

    Returns
    -------
    StageCosts
        Its rows, in order.

    Raises
    ------
    DataError
        If it cannot be read or a field is wrong: file, line, column, value and what is allowed.
    """
    name = SHIPPED_COSTS if path is None else path
    reader = csv.DictReader(io.StringIO(read_text(data_path(name) if path is None else Path(path)), newline=""))
    for column in ("stage", "covariate", "n", *QUANTILE_COLUMNS, "max"):
        if column not in (reader.fieldnames or []):
            raise DataError(f"{name}: line 1: no column {column}; needed: stage, covariate, n, min, p05 to p95, max")
    rows = []
    for row in reader:
        values = tuple(_number(name, reader.line_num, column, row[column]) for column in QUANTILE_COLUMNS)
        if list(values) != sorted(values):
            raise DataError(f"{name}: line {reader.line_num}: quantiles {values} fall; allowed: rising ones")
        n = int(_number(name, reader.line_num, "n", row["n"]))
        maximum = _number(name, reader.line_num, "max", row["max"])
        rows.append(StageRow(row["stage"], row["covariate"], n, values, maximum))
    return StageCosts(name, tuple(rows))


def _number(name: str, line: int, column: str, text: str | None) -> float:
    """Return a field as a number above 0."""
    try:
        value = float(text or "")
    except ValueError:
        value = -1.0
    if not 0 < value < 1e15:
        raise DataError(f"{name}: line {line}, column {column}: {text!r} is not allowed; allowed: a number above 0")
    return value
