"""Validation from end to end.

Takes the name of a measured file, gives a report. Predictions are finished before the first outcome is looked at; must
know nothing of the command line.
"""

from pathlib import Path
from typing import Protocol

from mcoom.errors import DataError
from mcoom.validate.build import unmodelled
from mcoom.validate.cells import group_cells
from mcoom.validate.measured import read_measured
from mcoom.validate.predict import predict_all
from mcoom.validate.report import Report
from mcoom.validate.score import score_cell
from mcoom.validate.stages import SHIPPED_COSTS, read_stage_costs
from mcoom.validate.summary import summarise


class Advances(Protocol):
    """Something that counts finished episodes."""

    def expect(self, total: int) -> None:
        """Take note of what there is to do."""

    def advance(self, n: int) -> None:
        """Count ``n`` more."""


def stage_costs_beside(path: str | None) -> str | None:
    """Return the stage costs that lie beside a measured file, None (those that mcoom ships) if there are none."""
    if path is None:
        return None
    beside = Path(path).parent / SHIPPED_COSTS
    return str(beside) if beside.is_file() else None


def validate(path: str | None, replicates: int, seed: int, threads: int, progress: Advances | None = None) -> Report:
    """Predict every cell of a measured file from stage costs and score the predictions.

    Parameters
    ----------
    path : str or None
        Measured file; None: the public episodes that come with mcoom. A ``stage_costs.csv`` beside it is used in place
        of the shipped one.
    replicates : int
        Simulated rounds per configuration, at least 1.
    seed : int
        Root seed, 0..2**63 - 1.
    threads : int
        Worker threads, at least 1; the report does not depend on it.
    progress : Advances, optional
        Told of finished replicates.

    Returns
    -------
    Report
        Scores of all cells and their summary.

    Raises
    ------
    DataError
        If a file cannot be read or a field is not allowed.
    """
    measured = read_measured(path)
    cells = group_cells(measured)
    if not cells:
        raise DataError(
            f"{measured.name}: none of its {measured.n_rows} episodes ever began; allowed: at least one that did"
        )
    stages = read_stage_costs(stage_costs_beside(path))
    if progress is not None:
        progress.expect(replicates * len(measured.configurations))
    advance = None if progress is None else lambda done, of: progress.advance(replicates)
    predictions = predict_all(measured.configurations, stages, replicates, seed, threads, advance)
    scores = tuple(score_cell(cell, predictions[cell.configuration].samples[cell.k - 1]) for cell in cells)
    notes = {note: None for configuration in measured.configurations for note in unmodelled(configuration.factors)}
    return Report(
        measured.name,
        stages.name,
        replicates,
        seed,
        measured.n_rows,
        measured.n_never_open,
        len(measured.configurations),
        sum(prediction.n_budget for prediction in predictions),
        tuple(notes),
        scores,
        summarise(scores),
    )
