"""Validation from end to end.

Takes the names of measured files, gives a report. Predictions are finished before the first outcome is looked at; must
know nothing of the command line.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from mcoom import __version__
from mcoom._jit import engine_digest
from mcoom.errors import DataError
from mcoom.validate.boots import find_boots
from mcoom.validate.bootstrap import bootstrap
from mcoom.validate.build import unmodelled
from mcoom.validate.calibration import calibrate
from mcoom.validate.cause import likely_causes
from mcoom.validate.cells import Cell, group_cells
from mcoom.validate.counts import count_predicted, read_counts
from mcoom.validate.measured import Configuration, Measured, data_path, read_text
from mcoom.validate.merge import read_all, stage_costs_beside
from mcoom.validate.predict import Prediction, predict_all
from mcoom.validate.prediction_file import PredictionSource, digest_text, read_predictions, write_predictions
from mcoom.validate.report import Diagnosis, Report
from mcoom.validate.score import CellScore, score_cell
from mcoom.validate.stages import SHIPPED_COSTS, StageCosts, read_stage_costs
from mcoom.validate.summary import Summary, summarise
from mcoom.validate.transition import find_transitions


class Advances(Protocol):
    """Something that counts finished episodes."""

    def expect(self, total: int) -> None:
        """Take note of what there is to do."""

    def advance(self, n: int) -> None:
        """Count ``n`` more."""


@dataclass(frozen=True)
class Settings:
    """How a validation predicts."""

    replicates: int
    """Simulated boots per configuration, at least 1."""
    seed: int
    """Root seed, 0..2**62."""
    threads: int
    """Worker threads, at least 1; the report does not depend on it."""
    load: Path | None = None
    """File of predictions to score in place of new ones; ``replicates`` and ``seed`` are then those of the file."""
    save: Path | None = None
    """File to write the predictions to, before anything is scored."""


def validate(paths: Sequence[str], settings: Settings, progress: Advances | None = None) -> Report:
    """Predict every cell of measured files from stage costs and score the predictions.

    Parameters
    ----------
    paths : sequence of str
        Measured files, taken as one; none: the public episodes that come with mcoom. A ``stage_costs.csv`` beside them
        is used in place of the shipped one.
    settings : Settings
        How.
    progress : Advances, optional
        Told of finished replicates.

    Returns
    -------
    Report
        Scores of all cells and what follows from them.

    Raises
    ------
    DataError
        If a file cannot be read or a field is not allowed.
    StoreError
        If predictions cannot be written.
    """
    measured = read_all(paths)
    cells = group_cells(measured)
    if not cells:
        raise DataError(
            f"{measured.name}: none of its {measured.n_rows} episodes ever began; allowed: at least one that did"
        )
    costs_path = stage_costs_beside(paths)
    stages = read_stage_costs(costs_path)
    predictions, source = _predictions(measured.configurations, stages, costs_path, settings, progress)
    boots = find_boots(measured, cells)
    scores = tuple(
        score_cell(cell, predictions[cell.configuration].samples[cell.k - 1], of.watched_ns)
        for cell, of in zip(cells, boots.cells, strict=True)
    )
    summary = summarise(scores, boots)
    return Report(
        measured=measured.name,
        n_rows=measured.n_rows,
        n_never_open=measured.n_never_open,
        n_configurations=len(measured.configurations),
        n_boots=boots.n_boots,
        n_budget=sum(prediction.n_budget for prediction in predictions),
        notes=_notes(measured, source),
        source=source,
        scores=scores,
        summary=summary,
        intervals=bootstrap(scores, boots),
        calibration=calibrate(scores),
        transitions=find_transitions(scores),
        worst=_diagnose(paths, measured, summary, stages, source),
    )


def _predictions(
    configurations: tuple[Configuration, ...],
    stages: StageCosts,
    costs_path: str | None,
    settings: Settings,
    progress: Advances | None,
) -> tuple[tuple[Prediction, ...], PredictionSource]:
    """Read predictions, or make them and keep them where that is asked."""
    text = read_text(data_path(SHIPPED_COSTS) if costs_path is None else Path(costs_path))
    if settings.load is not None:
        predictions, source = read_predictions(settings.load, configurations)
        if source.stage_costs_sha256 != digest_text(text):
            raise DataError(
                f"{settings.load}: predicted from other stage costs ({source.stage_costs}) than {stages.name}; "
                "allowed: "
                "the stage costs that lie beside the measured files"
            )
    else:
        if progress is not None:
            progress.expect(settings.replicates * len(configurations))
        advance = None if progress is None else lambda done, of: progress.advance(settings.replicates)
        source = PredictionSource(
            settings.replicates, settings.seed, stages.name, digest_text(text), engine_digest(), __version__
        )
        predictions = predict_all(
            configurations, stages, settings.replicates, settings.seed, settings.threads, advance
        )  # fmt: skip
    if settings.save is not None:
        write_predictions(settings.save, configurations, predictions, source)
    return predictions, source


def _notes(measured: Measured, source: PredictionSource) -> tuple[str, ...]:
    """Return what a reader has to know: factors that are not modelled, and predictions of another engine."""
    notes = [note for configuration in measured.configurations for note in unmodelled(configuration.factors)]
    notes = [f"not modelled: {note}" for note in dict.fromkeys(notes)]
    if source.engine_digest != engine_digest():
        notes.append(f"the predictions were made by another engine ({source.engine_digest[:12]}, mcoom {source.mcoom})")
    return tuple(notes)


def _diagnose(
    paths: Sequence[str], measured: Measured, summary: Summary, stages: StageCosts, source: PredictionSource
) -> tuple[Diagnosis, ...]:
    """Count what went on in the worst cells on both sides, and say where their misses may come from."""
    worst: tuple[CellScore, ...] = summary.worst
    cells: list[Cell] = [score.cell for score in worst]
    found = []
    for score, seen in zip(worst, read_counts(paths, cells), strict=True):
        configuration = measured.configurations[score.cell.configuration]
        predicted = count_predicted(configuration, score.cell.k, stages, source.replicates, source.seed)
        found.append(Diagnosis(score, seen, predicted, likely_causes(score, seen, predicted)))
    return tuple(found)
