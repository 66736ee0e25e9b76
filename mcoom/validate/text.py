"""The validation report as text.

Takes a report, gives lines: cells worst first, residuals, transitions, the worst cells with likely causes, the scores
last. Must know nothing of how anything was computed.
"""

from collections.abc import Sequence

from mcoom.validate.curve import Quantile
from mcoom.validate.family import Naming
from mcoom.validate.report import Report
from mcoom.validate.score import CellScore
from mcoom.validate.summary import FactorResidual, Share
from mcoom.validate.transition import Crossing, Transition

_HEADER = (
    f"{'':2}{'n':>4} {'boots':>5} {'cens %':>6} {'pred %':>6} {'median':>9} {'pred':>9} {'p95':>9} {'pred':>9} "
    f"{'KS':>4} {'CRPS':>5} {'log10':>6} {'stuck':>7} {'90 %':>4}  cell"
)


def report_text(report: Report) -> str:
    """Return the whole report."""
    naming = Naming.of(report.scores)
    worst_first = sorted(report.scores, key=lambda score: score.badness, reverse=True)
    lines = [
        "Observed against predicted, worst cells first (times in ms; > only a bound; ! wrong verdict).",
        f"Names leave out what is usual: {naming.usual_text() or 'nothing'}.",
        _HEADER,
        *(cell_line(score, naming) for score in worst_first),
        "",
        summary_text(report),
    ]
    return "\n".join(lines)


def summary_text(report: Report) -> str:
    """Return the report without the table of all cells."""
    naming = Naming.of(report.scores)
    parts = [
        residual_lines(report.summary.residuals),
        transition_lines(report.transitions, naming),
        worst_lines(report, naming),
        summary_lines(report),
    ]
    return "\n\n".join("\n".join(part) for part in parts if part)


def ms_text(quantile: Quantile) -> str:
    """Return a quantile in ms with four digits, ``>`` before a bound."""
    return f"{'>' if quantile.at_least else ''}{quantile.value_ns / 1e6:.4g}"


def cell_line(score: CellScore, naming: Naming) -> str:
    """Return one cell as a line of the table."""
    seen, predicted = score.observed, score.predicted
    verdicts = ("no", "yes")
    ratio = "-" if score.log10_ratio_median is None else f"{score.log10_ratio_median:+.2f}"
    return (
        f"{' ' if score.verdict_agrees else '!':2}{seen.n:4} {score.cell.n_boots:5} {100 * seen.censored_share:6.0f} "
        f"{'-' if predicted is None else f'{100 * predicted.censored_share:.0f}':>6} "
        f"{ms_text(seen.median):>9} {'-' if predicted is None else ms_text(predicted.median):>9} "
        f"{ms_text(seen.p95):>9} {'-' if predicted is None else ms_text(predicted.p95):>9} "
        f"{score.ks:4.2f} {score.distance.crps:5.2f} {ratio:>6} "
        f"{verdicts[seen.stuck] + '/' + verdicts[score.predicted_stuck]:>7} "
        f"{'in' if score.covered else 'out':>4}  {naming.name(score.cell.labels())}"
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


def crossing_text(crossing: Crossing) -> str:
    """Return where one side gets stuck, in words."""
    if crossing.above is None:
        return f"never (to {crossing.below})"
    if crossing.below is None:
        return f"from {crossing.above}"
    between = "" if crossing.between is None else f" ({crossing.between:.1f})"
    return f"{crossing.below} to {crossing.above}{between}"


def transition_lines(transitions: Sequence[Transition], naming: Naming) -> list[str]:
    """Return the families that get stuck at some storm size, those that sleep under the lock first."""
    crossing = sorted((item for item in transitions if item.crosses), key=lambda item: not item.sleeps_under_lock)
    if not crossing:
        return []
    lines = [
        "Storm size at which the median crosses 200 ms (in brackets: by a power law through the two medians).",
        f"{'observed':>18} {'predicted':>18}  family",
    ]
    return lines + [
        f"{crossing_text(item.observed):>18} {crossing_text(item.predicted):>18} {' ' if item.agrees else '!'} "
        f"{naming.name(item.labels)}"
        for item in crossing
    ]


def worst_lines(report: Report, naming: Naming) -> list[str]:
    """Return the worst cells with what their misses may come from."""
    lines = ["The worst cells and what differs in them (by rule, from counts; no proof)."]
    for one in report.worst:
        seen, predicted = one.score.observed, one.score.predicted
        lines.append(
            f"{naming.name(one.score.cell.labels())}: {ms_text(seen.median)} ms observed, "
            f"{'-' if predicted is None else ms_text(predicted.median)} ms predicted"
        )
        lines += [f"    {cause}" for cause in one.causes]
    return lines


def summary_lines(report: Report) -> list[str]:
    """Return the scores."""
    summary, intervals = report.summary, report.intervals
    wrong = sum(not score.verdict_agrees for score in report.scores)
    same, own = summary.reference.same_for_all, summary.reference.own_curve

    def by_boots(name: str, digits: int = 3, percent: bool = False) -> str:
        pair = intervals.get(name)
        if pair is None:
            return ""
        low, high = (100 * value if percent else value for value in pair)
        return f" [{low:.{digits}f} to {high:.{digits}f}{' %' if percent else ''} by boots]"

    ratio = "-" if summary.median_abs_log10_ratio is None else f"{summary.median_abs_log10_ratio:.3f}"
    lines = [
        f"{summary.n_cells} cells of {report.n_configurations} configurations and {report.n_boots} boots, "
        f"{report.n_rows - report.n_never_open} kills in {report.measured} "
        f"({report.n_never_open} rows left out: their episode never began).",
        f"Predicted from {report.source.stage_costs} with {report.source.replicates} replicates per "
        "configuration, seed "
        f"{report.source.seed}; no outcome was read before. Intervals: 95 %.",
        f"stuck (half of the kills take 200 ms or more): {summary.n_stuck} cells; {wrong} verdicts are wrong",
        f"  recall       {share_text(summary.recall)}{by_boots('stuck_recall', 1, True)}   "
        "(always stuck 100 %, never stuck 0 %)",
        f"  specificity  {share_text(summary.specificity)}{by_boots('stuck_specificity', 1, True)}   "
        "(always stuck 0 %, never stuck 100 %)",
        f"median |log10 ratio of medians|: {ratio}{by_boots('median_abs_log10_ratio')} over {summary.n_ratios} "
        f"cells above 0.2 ms, {summary.n_bounds} of them bounds",
        "observed median in the predicted 90 % interval: "
        f"{share_text(summary.coverage)}{by_boots('coverage', 1, True)}",
        f"integrated Brier score on log time, decades: {summary.distance.crps:.3f}{by_boots('crps_decades')}   "
        f"(one curve for all {same.crps:.3f}, each cell's own {own.crps:.3f}"
        + (")" if summary.skill is None else f": skill {summary.skill:.2f})"),
        f"  of it from 200 ms on: {summary.distance.tail:.3f}{by_boots('crps_tail_decades')}   "
        f"(one curve for all {same.tail:.3f}, own {own.tail:.3f})",
        f"Brier score of 'takes 200 ms or more': {summary.distance.stuck:.4f}{by_boots('brier_stuck', 4)}   "
        f"(one curve for all {same.stuck:.4f}, own {own.stuck:.4f})",
        f"median KS distance: {summary.median_ks:.2f}{by_boots('median_ks', 2)}; "
        f"{100 * report.calibration.outside:.0f} % of the observed mass lies outside all replicates",
    ]
    if summary.n_without_entry:
        lines.append(
            f"{summary.n_without_entry} cells have no predicted time: there every k-th kill comes before an entry"
        )
    if report.n_budget:
        lines.append(f"{report.n_budget} replicates ran out of events; they count as censored where they stopped")
    return lines + list(report.notes)


def share_text(share: Share) -> str:
    """Return a share with its exact 95 % interval, as if cells were independent."""
    if share.value is None:
        return "- (no such cell)"
    interval = f"{100 * share.low:.1f} to {100 * share.high:.1f} %"
    return f"{100 * share.value:.1f} % ({share.hits} of {share.n}; exact: {interval})"
