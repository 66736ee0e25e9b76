"""What went on during the kills of a cell, counted: observed and predicted, in the same terms.

Takes a measured file, or a configuration that is simulated again with its trace, gives the same few numbers for both.
Must know nothing of what they mean. The counts of a file are outcomes: they are read after all is predicted and scored,
and only to say where a miss may come from.
"""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mcoom.codes import Trace
from mcoom.engine.layout import OUT
from mcoom.engine.replicates import run_block, trace_replicate
from mcoom.validate.build import build_inputs, build_policy
from mcoom.validate.cells import Cell
from mcoom.validate.measured import SHIPPED, Configuration, data_path, read_factors, read_text
from mcoom.validate.stages import StageCosts

TRACED = 20
"""Rounds of a configuration that are traced."""
MAX_RECORDS = 3_000_000
"""Of a trace: a storm that spins for seconds fills them."""

COUNT_COLUMNS = ("lockwait_ns", "crit_ns", "killer_cpu_ns", "killer_is_holder", "n_fail", "n_entry", "n_pass")
"""Columns of a measured file that are counted where it has them."""


@dataclass(frozen=True)
class Counts:
    """Medians over the kills of a cell that were seen; None where nothing is known."""

    n: int
    """Kills counted."""
    lockwait_ns: float | None
    """From the start to the killer's acquisition of the lock."""
    crit_ns: float | None
    """From there to SIGKILL."""
    killer_cpu_ns: float | None
    """CPU that the killer used in that time."""
    holder_kills: float | None
    """Share of the kills by the holder, not by a storm thread."""
    n_fail: float | None
    """Failed trylocks, or waits begun."""
    passes_per_attempt: float | None
    """Reclaim passes over entries; the prediction's are those of whole rounds."""

    @property
    def starved_ns(self) -> float | None:
        """Time that the killer had the lock and no CPU."""
        if self.crit_ns is None or self.killer_cpu_ns is None:
            return None
        return max(0.0, self.crit_ns - self.killer_cpu_ns)


NOTHING = Counts(0, None, None, None, None, None, None)
"""Of a cell without a kill."""


def read_counts(paths: Sequence[str], cells: Sequence[Cell]) -> tuple[Counts, ...]:
    """Return the observed counts of some cells.

    Parameters
    ----------
    paths : sequence of str
        Files that have been read before; none means the one that comes with mcoom.
    cells : sequence of Cell
        Which.

    Returns
    -------
    tuple of Counts
        In order; columns that no file has give None.
    """
    wanted = {(cell.factors, cell.k): i for i, cell in enumerate(cells)}
    rows: list[list[dict[str, float]]] = [[] for _ in cells]
    for path in [Path(path) for path in paths] or [data_path(SHIPPED)]:
        for row in csv.DictReader(io.StringIO(read_text(path), newline="")):
            at = wanted.get((read_factors(row), int(row["k"]))) if row["censored"] == "0" else None
            if at is not None:
                known = {column: number for column in COUNT_COLUMNS if (number := _number(row.get(column))) is not None}
                rows[at].append(known)
    return tuple(_observed(kills) for kills in rows)


def _number(text: str | None) -> float | None:
    """Return a field as a number; None where it is empty or none."""
    try:
        return float(text) if text else None
    except ValueError:
        return None


def _observed(kills: list[dict[str, float]]) -> Counts:
    """Return the counts of the kills of one cell."""
    if not kills:
        return NOTHING

    def middle(column: str) -> float | None:
        return _median([kill[column] for kill in kills if column in kill])

    both = [kill for kill in kills if "n_pass" in kill and kill.get("n_entry", 0) > 0]
    passes, entries = sum(kill["n_pass"] for kill in both), sum(kill["n_entry"] for kill in both)
    holder = [kill["killer_is_holder"] for kill in kills if "killer_is_holder" in kill]
    return Counts(
        len(kills),
        middle("lockwait_ns"),
        middle("crit_ns"),
        middle("killer_cpu_ns"),
        float(np.mean(holder)) if holder else None,
        middle("n_fail"),
        passes / entries if entries else None,
    )


def _median(values: list[float]) -> float | None:
    return float(np.median(values)) if values else None


@dataclass(frozen=True)
class _Kill:
    """One predicted kill, from a trace."""

    lockwait_ns: int
    crit_ns: int
    cpu_ns: int
    by_holder: bool
    n_fail: int


def count_predicted(
    configuration: Configuration, k: int, stages: StageCosts, replicates: int, seed: int, traced: int = TRACED
) -> Counts:
    """Simulate some rounds of a configuration again and count the events of their k-th kill.

    Parameters
    ----------
    configuration : Configuration
        Factors and boots.
    k : int
        1..V.
    stages : StageCosts
        Costs of the standard machine.
    replicates, seed : int
        Those of the prediction: the traced rounds are among them.
    traced : int
        At most so many rounds, spread evenly over those that have such a kill.

    Returns
    -------
    Counts
        ``NOTHING`` if none of them has such a kill after an entry.
    """
    inputs = build_inputs(configuration, stages, replicates, seed)
    policy = build_policy(configuration.factors)
    # A round in which an earlier kill never came has nothing to count, and the longest trace.
    has_kill = np.flatnonzero(run_block(inputs, policy)[:, OUT[f"kill_ns_{k - 1}"]] > 0)
    kills, passes, entries = [], 0, 0
    spread = np.unique(np.linspace(0, len(has_kill) - 1, min(traced, len(has_kill))).astype(int))
    for row in has_kill[spread].tolist():
        trace, out = trace_replicate(inputs, policy, row, MAX_RECORDS)
        passes += int(out[OUT["n_pass"]])
        entries += int(out[OUT["n_entry"]])
        kill = _kill_of(trace, out, k - 1)
        if kill is not None:
            kills.append(kill)
    if not kills:
        return NOTHING
    columns = zip(*((kill.lockwait_ns, kill.crit_ns, kill.cpu_ns, kill.n_fail) for kill in kills), strict=True)
    lockwait, crit, cpu, fail = (float(np.median(column)) for column in columns)
    share = float(np.mean([kill.by_holder for kill in kills]))
    return Counts(len(kills), lockwait, crit, cpu, share, fail, passes / entries if entries else None)


def _kill_of(trace: np.ndarray, out: np.ndarray, j: int) -> _Kill | None:
    """Return invocation ``j`` of one replicate; None if it saw no kill after an entry, or the trace ends before it."""
    start_ns, kill_ns = int(out[OUT[f"t0_ns_{j}"]]), int(out[OUT[f"kill_ns_{j}"]])
    if kill_ns <= 0:
        return None
    time_ns, code, task = trace[:, 0], trace[:, 1], trace[:, 3]
    killed = np.flatnonzero((code == Trace.KILL) & (time_ns == start_ns + kill_ns))
    if not killed.size:
        return None
    killer = int(task[killed[0]])
    acquired = np.flatnonzero((code[: killed[0]] == Trace.ACQUIRE) & (task[: killed[0]] == killer))
    if not acquired.size:
        return None
    acquired_ns = int(time_ns[acquired[-1]])
    inside = (time_ns >= start_ns) & (time_ns <= start_ns + kill_ns)
    return _Kill(
        max(0, acquired_ns - start_ns),
        start_ns + kill_ns - acquired_ns,
        int(out[OUT[f"owner_cpu_ns_{j}"]]),
        killer == 0,
        int(np.count_nonzero(inside & (code == Trace.TRYFAIL))),
    )
