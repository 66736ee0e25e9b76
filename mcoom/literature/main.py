"""All reports beside their predictions.

Takes reports, gives judgements. Must know nothing of the command line.
"""

from collections.abc import Sequence
from typing import Protocol

from mcoom.errors import SpecError
from mcoom.literature.judge import Judgement, judge
from mcoom.literature.predict import build_setting, predict_outputs, stalls_of
from mcoom.literature.report import StallReport
from mcoom.units import closest


class Advances(Protocol):
    """Something that counts finished episodes."""

    def expect(self, total: int) -> None:
        """Take note of what there is to do."""

    def advance(self, n: int) -> None:
        """Count ``n`` more."""


def choose(reports: Sequence[StallReport], ids: Sequence[str]) -> tuple[StallReport, ...]:
    """Return the reports whose number is, or begins with, one of ``ids``; all of them if none is given.

    Raises
    ------
    SpecError
        If there is no such report.
    """
    for wanted in ids:
        if not any(_is(report, wanted) for report in reports):
            numbers = dict.fromkeys(report.id.split()[0].rstrip(",") for report in reports)
            raise SpecError(f"report {wanted}: not known{closest(wanted, numbers)}; allowed: {', '.join(numbers)}")
    return tuple(report for report in reports if not ids or any(_is(report, wanted) for wanted in ids))


def _is(report: StallReport, wanted: str) -> bool:
    return report.id == wanted or report.id.split()[0].rstrip(",") == wanted


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
    if progress is not None:
        progress.expect(replicates * sum(report.setting is not None for report in reports))
    found = []
    for report in reports:
        stalls = None
        if report.setting is not None:
            design = build_setting(report.setting, replicates, seed)
            out = predict_outputs(design, threads, None if progress is None else progress.advance)
            stalls = stalls_of(out, report.setting.kills, report.quantity, report.over)
        found.append(judge(report, stalls))
    return tuple(found)
