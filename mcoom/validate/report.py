"""The validation report, and its form for programs.

Takes scores and what was made of them, gives plain JSON data. Must know nothing of how either was computed; what it
says of a miss it says in numbers.
"""

from dataclasses import asdict, dataclass

from mcoom.validate.bootstrap import Intervals
from mcoom.validate.calibration import Calibration
from mcoom.validate.counts import Counts
from mcoom.validate.prediction_file import PredictionSource
from mcoom.validate.score import CellScore, Distance, Side
from mcoom.validate.summary import FactorResidual, Summary
from mcoom.validate.transition import Crossing, Transition


@dataclass(frozen=True)
class Diagnosis:
    """One bad cell: what went on in it on both sides, and where the miss may come from."""

    score: CellScore
    seen: Counts
    predicted: Counts
    causes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Report:
    """A finished validation."""

    measured: str
    """Files of the episodes."""
    n_rows: int
    n_never_open: int
    """Rows left out: their episode never began."""
    n_configurations: int
    n_boots: int
    n_budget: int
    """Replicates that ran out of events."""
    notes: tuple[str, ...]
    """What a reader has to know."""
    source: PredictionSource
    """What the predictions were made from."""
    scores: tuple[CellScore, ...]
    summary: Summary
    intervals: Intervals
    """95 % intervals of the scores, by boots."""
    calibration: Calibration
    transitions: tuple[Transition, ...]
    worst: tuple[Diagnosis, ...]
    """The cells of ``summary.worst``."""

    def to_json(self) -> dict[str, object]:
        """Return plain data: ``cells`` in the order of the file, and ``summary``; missing numbers are None."""
        return {
            "cells": [cell_json(score) for score in self.scores],
            "summary": self.summary_json(),
        }

    def summary_json(self) -> dict[str, object]:
        """Return the summary as plain data."""
        summary = self.summary
        return {
            "n_cells": summary.n_cells,
            "n_stuck": summary.n_stuck,
            "stuck_recall": summary.recall.value,
            "stuck_specificity": summary.specificity.value,
            "median_abs_log10_ratio": summary.median_abs_log10_ratio,
            "stuck_recall_interval": [summary.recall.low, summary.recall.high],
            "stuck_specificity_interval": [summary.specificity.low, summary.specificity.high],
            "constant_answers": {
                "always_stuck": {"stuck_recall": 1.0, "stuck_specificity": 0.0},
                "never_stuck": {"stuck_recall": 0.0, "stuck_specificity": 1.0},
            },
            "n_ratios": summary.n_ratios,
            "n_ratios_that_are_bounds": summary.n_bounds,
            "n_cells_predicted_without_entry": summary.n_without_entry,
            "coverage": summary.coverage.value,
            "coverage_interval": [summary.coverage.low, summary.coverage.high],
            "median_ks": summary.median_ks,
            **distance_json(summary.distance),
            "skill": summary.skill,
            "references": {
                "same_curve_for_all": distance_json(summary.reference.same_for_all),
                "own_observed_curve": distance_json(summary.reference.own_curve),
            },
            "bootstrap_intervals": {
                name: None if pair is None else list(pair) for name, pair in self.intervals.items()
            },
            "calibration": asdict(self.calibration) | {"density": list(self.calibration.density)},
            "transitions": [transition_json(item) for item in self.transitions if item.crosses],
            "factor_residuals": [_residual_json(residual) for residual in summary.residuals],
            "worst_cells": [
                cell_json(one.score)
                | {"counts": {"observed": asdict(one.seen), "predicted": asdict(one.predicted)}}
                | {"likely_causes": list(one.causes)}
                for one in self.worst
            ],
            "measured": self.measured,
            "stage_costs": self.source.stage_costs,
            "replicates": self.source.replicates,
            "seed": self.source.seed,
            "engine_digest": self.source.engine_digest,
            "n_configurations": self.n_configurations,
            "n_boots": self.n_boots,
            "n_rows": self.n_rows,
            "n_rows_never_open": self.n_never_open,
            "n_replicates_out_of_events": self.n_budget,
            "notes": list(self.notes),
        }


def distance_json(distance: Distance) -> dict[str, float]:
    """Return proper scores as plain data."""
    return {
        "crps_decades": distance.crps,
        "crps_tail_decades": distance.tail,
        "brier_stuck": distance.stuck,
    }


def _side_json(side: Side | None, stuck: bool) -> dict[str, object]:
    """Return one side of a cell as plain data; an empty prediction has n 0 and no times."""
    if side is None:
        times = ("censored_share", "median_ns", "median_at_least", "p95_ns", "p95_at_least")
        return {"n": 0, **dict.fromkeys(times), "stuck": stuck}
    return {
        "n": side.n,
        "censored_share": side.censored_share,
        "median_ns": side.median.value_ns,
        "median_at_least": side.median.at_least,
        "p95_ns": side.p95.value_ns,
        "p95_at_least": side.p95.at_least,
        "stuck": stuck,
    }


def cell_json(score: CellScore) -> dict[str, object]:
    """Return one cell as plain data."""
    return {
        "cell": score.cell.labels(),
        "n": score.observed.n,
        "n_boots": score.cell.n_boots,
        "observed": _side_json(score.observed, score.observed.stuck),
        "predicted": _side_json(score.predicted, score.predicted_stuck),
        "predicted_without_entry": score.without_entry,
        "ks": score.ks,
        **distance_json(score.distance),
        "log10_ratio_median": score.log10_ratio_median,
        "ratio_is_bound": score.ratio_is_bound,
        "median_interval_ns": None if score.interval_ns is None else list(score.interval_ns),
        "median_covered": score.covered,
        "verdict_agrees": score.verdict_agrees,
    }


def _crossing_json(crossing: Crossing) -> dict[str, int | float | None]:
    """Return where one side gets stuck as plain data."""
    return {"below": crossing.below, "stuck_from": crossing.above, "n_at_200_ms": crossing.between}


def transition_json(transition: Transition) -> dict[str, object]:
    """Return one family's transition as plain data."""
    return {
        "family": transition.labels,
        "sizes": list(transition.sizes),
        "observed": _crossing_json(transition.observed),
        "predicted": _crossing_json(transition.predicted),
        "agrees": transition.agrees,
        "sleep_and_hold": transition.sleeps_under_lock,
    }


def _residual_json(residual: FactorResidual) -> dict[str, object]:
    """Return the cells of one factor value as plain data."""
    return {
        "factor": residual.column,
        "value": residual.value,
        "n_cells": residual.n_cells,
        "verdict_agreement": residual.verdicts_agree / residual.n_cells,
        "n_ratios": residual.n_ratios,
        "median_log10_ratio": residual.median_log10_ratio,
        "median_abs_log10_ratio": residual.median_abs_log10_ratio,
    }
