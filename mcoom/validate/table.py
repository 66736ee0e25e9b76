"""The tables of the validation report, as rows of words.

Takes parts of a report, gives rows for a page of HTML or Markdown. Must know nothing of either.
"""

from collections.abc import Sequence

from mcoom.validate.family import Naming
from mcoom.validate.report import Diagnosis, Report
from mcoom.validate.score import Distance
from mcoom.validate.summary import Share, Summary
from mcoom.validate.text import crossing_text, ms_text
from mcoom.validate.transition import Transition

Rows = list[tuple[str, ...]]


def percent_text(share: Share) -> str:
    """Return a share as a percentage with its counts."""
    return "-" if share.value is None else f"{100 * share.value:.1f} % ({share.hits} of {share.n})"


def score_rows(report: Report) -> Rows:
    """Return the scores: name, value, interval by boots."""
    summary, distance = report.summary, report.summary.distance
    ratio = summary.median_abs_log10_ratio

    def interval(name: str, digits: int, factor: float = 1.0) -> str:
        pair = report.intervals.get(name)
        return "-" if pair is None else f"{factor * pair[0]:.{digits}f} to {factor * pair[1]:.{digits}f}"

    return [
        (f"recall of stuck ({summary.n_stuck} cells)", percent_text(summary.recall), interval("stuck_recall", 1, 100)),
        (
            f"specificity ({summary.n_cells - summary.n_stuck} cells)",
            percent_text(summary.specificity),
            interval("stuck_specificity", 1, 100),
        ),
        (
            f"median abs. log10 ratio of medians ({summary.n_ratios} cells above 0.2 ms)",
            "-" if ratio is None else f"{ratio:.3f}",
            interval("median_abs_log10_ratio", 3),
        ),
        (
            "observed median in the predicted 90 % interval",
            percent_text(summary.coverage),
            interval("coverage", 1, 100),
        ),
        ("integrated Brier score on log time, decades", f"{distance.crps:.3f}", interval("crps_decades", 3)),
        ("of it from 200 ms on", f"{distance.tail:.3f}", interval("crps_tail_decades", 3)),
        ("Brier score of 200 ms or more", f"{distance.stuck:.4f}", interval("brier_stuck", 4)),
        ("median KS distance", f"{summary.median_ks:.2f}", interval("median_ks", 2)),
    ]


def reference_rows(summary: Summary) -> Rows:
    """Return answers to read the scores by: name, recall, specificity, and the three proper scores."""

    def row(name: str, recall: str, specificity: str, distance: Distance | None) -> tuple[str, ...]:
        scores = ("-",) * 3 if distance is None else (
            f"{distance.crps:.3f}", f"{distance.tail:.3f}", f"{distance.stuck:.4f}"
        )  # fmt: skip
        return name, recall, specificity, *scores

    return [
        row("always stuck", "100 %", "0 %", None),
        row("never stuck", "0 %", "100 %", None),
        row("the mean observed curve for all", "-", "-", summary.reference.same_for_all),
        row("the prediction", _plain(summary.recall), _plain(summary.specificity), summary.distance),
        row("each cell's own observed curve", "-", "-", summary.reference.own_curve),
    ]


def _plain(share: Share) -> str:
    return "-" if share.value is None else f"{100 * share.value:.1f} %"


def transition_rows(transitions: Sequence[Transition], naming: Naming) -> Rows:
    """Return the families that get stuck at some storm size: name, observed, predicted, verdict."""
    crossing = sorted((item for item in transitions if item.crosses), key=lambda item: not item.sleeps_under_lock)
    return [
        (
            naming.name(item.labels),
            crossing_text(item.observed),
            crossing_text(item.predicted),
            "same" if item.agrees else "differs",
        )
        for item in crossing
    ]


def worst_title(one: Diagnosis, naming: Naming) -> str:
    """Return the name of a bad cell and the medians of its two sides."""
    predicted = one.score.predicted
    middle = "nothing" if predicted is None else f"{ms_text(predicted.median)} ms"
    return (
        f"{naming.name(one.score.cell.labels())}: {ms_text(one.score.observed.median)} ms observed, {middle} predicted"
    )


def residual_rows(summary: Summary) -> Rows:
    """Return the residuals by factor: value, cells, verdicts right, ratios, signed and absolute median log10 ratio."""
    return [
        (
            f"{one.column} = {one.value if one.value != '' else '-'}",
            str(one.n_cells),
            f"{100 * one.verdicts_agree / one.n_cells:.1f} %",
            str(one.n_ratios),
            "-" if one.median_log10_ratio is None else f"{one.median_log10_ratio:+.3f}",
            "-" if one.median_abs_log10_ratio is None else f"{one.median_abs_log10_ratio:.3f}",
        )
        for one in summary.residuals
    ]
