"""The validation report, for people and for programs.

Takes scores and their summary, gives text and plain JSON data. Must know nothing of how either was computed; what it
says of a miss it says in numbers.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from mcoom.validate.curve import Quantile
from mcoom.validate.score import CellScore, Side
from mcoom.validate.summary import FactorResidual, Share, Summary

_HEADER = (
    f"{'':2}{'n':>4} {'boots':>5} {'cens %':>6} {'pred %':>6} {'median':>9} {'pred':>9} {'p95':>9} {'pred':>9} "
    f"{'KS':>4} {'log10':>6} {'stuck':>7} {'90 %':>4}  cell"
)


@dataclass(frozen=True)
class Report:
    """A finished validation."""

    measured: str
    """File of the episodes."""
    stage_costs: str
    """File of the stage costs."""
    replicates: int
    """Per configuration."""
    seed: int
    n_rows: int
    n_never_open: int
    """Rows left out: their episode never began."""
    n_configurations: int
    n_budget: int
    """Replicates that ran out of events."""
    notes: tuple[str, ...]
    """Factors that the model does not have."""
    scores: tuple[CellScore, ...]
    summary: Summary

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
            "factor_residuals": [_residual_json(residual) for residual in summary.residuals],
            "worst_cells": [cell_json(score) for score in summary.worst],
            "measured": self.measured,
            "stage_costs": self.stage_costs,
            "replicates": self.replicates,
            "seed": self.seed,
            "n_configurations": self.n_configurations,
            "n_rows": self.n_rows,
            "n_rows_never_open": self.n_never_open,
            "n_replicates_out_of_events": self.n_budget,
            "notes": list(self.notes),
        }

    def to_text(self) -> str:
        """Return the report as text: a line per cell, worst first, then residuals by factor, then the summary."""
        varying = _varying_columns(self.scores)
        worst_first = sorted(self.scores, key=lambda score: score.badness, reverse=True)
        lines = [
            "Observed against predicted, worst cells first (times in ms; > only a bound; ! wrong verdict).",
            _HEADER,
            *(cell_line(score, varying) for score in worst_first),
            "",
            *residual_lines(self.summary.residuals),
            "",
            *self.summary_lines(),
        ]
        return "\n".join(lines)

    def summary_lines(self) -> list[str]:
        """Return the summary as lines of text."""
        summary = self.summary
        wrong = sum(not score.verdict_agrees for score in self.scores)
        ratio = summary.median_abs_log10_ratio
        lines = [
            f"{summary.n_cells} cells of {self.n_configurations} configurations, "
            f"{self.n_rows - self.n_never_open} kills in {self.measured} "
            f"({self.n_never_open} rows left out: their episode never began).",
            f"Predicted from {self.stage_costs} with {self.replicates} replicates per configuration, seed {self.seed}; "
            "no outcome was read before.",
            f"stuck (half of the kills take 200 ms or more): {summary.n_stuck} cells; {wrong} verdicts are wrong",
            f"  recall       {_share_text(summary.recall)}   (always stuck 100 %, never stuck 0 %)",
            f"  specificity  {_share_text(summary.specificity)}   (always stuck 0 %, never stuck 100 %)",
            f"median |log10 ratio of medians|: {'-' if ratio is None else f'{ratio:.3f}'} over {summary.n_ratios} "
            f"cells above 0.2 ms, {summary.n_bounds} of them bounds",
            f"observed median in the predicted 90 % interval: {_share_text(summary.coverage)}",
            f"median KS distance: {summary.median_ks:.2f}",
        ]
        if summary.n_without_entry:
            lines.append(
                f"{summary.n_without_entry} cells have no predicted time: there every k-th kill comes before an entry"
            )
        if self.n_budget:
            lines.append(f"{self.n_budget} replicates ran out of events; they count as censored where they stopped")
        lines += [f"not modelled: {note}" for note in self.notes]
        return lines


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
        "log10_ratio_median": score.log10_ratio_median,
        "ratio_is_bound": score.ratio_is_bound,
        "median_interval_ns": None if score.interval_ns is None else list(score.interval_ns),
        "median_covered": score.covered,
        "verdict_agrees": score.verdict_agrees,
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


def _varying_columns(scores: Sequence[CellScore]) -> tuple[str, ...]:
    """Return the columns that tell the cells apart, and k."""
    labels = [score.cell.labels() for score in scores]
    return tuple(column for column in labels[0] if column == "k" or len({label[column] for label in labels}) > 1)


def cell_text(score: CellScore, columns: Sequence[str]) -> str:
    """Return the name of a cell: the factors in ``columns``."""
    labels = score.cell.labels()
    return " ".join(f"{column}={labels[column]}" for column in columns if labels[column] != "")


def _ms(quantile: Quantile) -> str:
    """Return a quantile in ms with four digits, ``>`` before a bound."""
    return f"{'>' if quantile.at_least else ''}{quantile.value_ns / 1e6:.4g}"


def cell_line(score: CellScore, columns: Sequence[str]) -> str:
    """Return one cell as a line of the table."""
    seen, predicted = score.observed, score.predicted
    verdicts = ("no", "yes")
    ratio = "-" if score.log10_ratio_median is None else f"{score.log10_ratio_median:+.2f}"
    return (
        f"{' ' if score.verdict_agrees else '!':2}{seen.n:4} {score.cell.n_boots:5} {100 * seen.censored_share:6.0f} "
        f"{'-' if predicted is None else f'{100 * predicted.censored_share:.0f}':>6} "
        f"{_ms(seen.median):>9} {'-' if predicted is None else _ms(predicted.median):>9} "
        f"{_ms(seen.p95):>9} {'-' if predicted is None else _ms(predicted.p95):>9} "
        f"{score.ks:4.2f} {ratio:>6} {verdicts[seen.stuck] + '/' + verdicts[score.predicted_stuck]:>7} "
        f"{'in' if score.covered else 'out':>4}  {cell_text(score, columns)}"
    )


def residual_lines(residuals: Sequence[FactorResidual]) -> list[str]:
    """Return the residuals by factor as a table."""
    lines = [
        "Residuals by factor (median log10 of predicted over observed median, where that exceeds 0.2 ms).",
        f"{'factor':12} {'cells':>6} {'verdicts right':>15} {'ratios':>7} {'signed':>7} {'absolute':>9}",
    ]
    for residual in residuals:
        signed, absolute = residual.median_log10_ratio, residual.median_abs_log10_ratio
        lines.append(
            f"{residual.column + '=' + str(residual.value):12} {residual.n_cells:6} "
            f"{100 * residual.verdicts_agree / residual.n_cells:13.1f} % {residual.n_ratios:7} "
            f"{'-' if signed is None else f'{signed:+.3f}':>7} {'-' if absolute is None else f'{absolute:.3f}':>9}"
        )
    return lines


def _share_text(share: Share) -> str:
    """Return a share with its exact 95 % interval."""
    if share.value is None:
        return "- (no such cell)"
    interval = f"{100 * share.low:.1f} to {100 * share.high:.1f} %"
    return f"{100 * share.value:.1f} % ({share.hits} of {share.n}; 95 %: {interval})"
