"""All reports beside their predictions.

Takes reports, gives judgements. Must know nothing of the command line.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from mcoom.literature.judge import Judgement, judge
from mcoom.literature.predict import Stalls, build_setting, predict_outputs, stalls_of
from mcoom.literature.report import Setting, StallReport

WHAT_IF_REPLICATES = 20
"""Episodes of a change of a setting, at most: those that stall for minutes take seconds of CPU time each."""


class Advances(Protocol):
    """Something that counts finished episodes."""

    def expect(self, total: int) -> None:
        """Take note of what there is to do."""

    def advance(self, n: int) -> None:
        """Count ``n`` more."""


def judge_reports(
    reports: Sequence[StallReport], replicates: int, seed: int, threads: int, progress: Advances | None = None
) -> tuple[Judgement, ...]:
    """Predict and judge reports.

    Parameters
    ----------
    reports : sequence of StallReport
        Which.
    replicates : int
        Episodes per report, at least 1.
    seed : int
        Root seed.
    threads : int
        Worker threads; the result does not depend on it.
    progress : Advances, optional
        Told of finished episodes.

    Returns
    -------
    tuple of Judgement
        In order.
    """
    n_what_if = min(replicates, WHAT_IF_REPLICATES)
    if progress is not None:
        n_settings = sum(report.setting is not None for report in reports)
        progress.expect(replicates * n_settings + n_what_if * sum(report.what_if is not None for report in reports))

    def predict(report: StallReport, setting: Setting, n: int) -> Stalls:
        design = build_setting(setting, n, seed)
        out = predict_outputs(design, threads, None if progress is None else progress.advance)
        return stalls_of(out, setting.kills, report.quantity, report.over)

    found = []
    for report in reports:
        if report.setting is None:
            found.append(judge(report, None))
            continue
        judgement = judge(report, predict(report, report.setting, replicates))
        if report.what_if is not None:
            changed = replace(report.setting, assume=(*report.setting.assume, *report.what_if.changes))
            judgement = replace(judgement, otherwise=judge(report, predict(report, changed, n_what_if)))
        found.append(judgement)
    return tuple(found)
