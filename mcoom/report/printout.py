"""The text that ``run`` and ``compare`` print.

Takes results and their analysis, gives the comparison and, where it speaks of the case, the starvation law beside it.
Must know nothing of how either was computed.
"""

from mcoom.analysis.verdict import Analysis
from mcoom.report.comparison import MAX_POINTS, comparison_text
from mcoom.report.law import contest_of, law_text
from mcoom.store.record import Results


def page_text(results: Results, analysis: Analysis) -> str:
    """Return the whole page as text.

    Parameters
    ----------
    results : Results
        The file.
    analysis : Analysis
        What follows from it.

    Returns
    -------
    str
        Lines; no trailing newline.
    """
    parts = [comparison_text(results, analysis)]
    has_second_kill = any(estimate.estimand == "kill_2" for estimate in analysis.estimates)
    if has_second_kill and len(results.points) <= MAX_POINTS:
        for point in results.points:
            contest = contest_of(results, point)
            if contest is not None:
                parts.append(law_text(results, point, contest))
    return "\n\n".join(part for part in parts if part)
