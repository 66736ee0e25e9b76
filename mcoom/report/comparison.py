"""The comparison of a run as text: tables of estimates and contrasts, and a sentence for each.

Takes results and their analysis, gives aligned lines. Must know nothing of how an estimate was computed; what it says
follows from the interval and the adjusted p-value alone.
"""

from collections import Counter
from collections.abc import Sequence

from mcoom.analysis.composite import SUFFIX, CompositeContrast, CompositeEstimate
from mcoom.analysis.multiplicity import ADJUSTMENT_NAMES
from mcoom.analysis.result import Contrast, Estimate
from mcoom.analysis.verdict import Analysis
from mcoom.report.any_law import contrast_notes, counted_text, estimate_notes
from mcoom.report.declared import families_text
from mcoom.report.extent import FIXED_N, replicates_text, stopping_text
from mcoom.report.quantity import p_text, share_interval, share_text, time_interval, time_text
from mcoom.report.sentence import TESTS_OF_A_SENTENCE, direction, earlier, sentence
from mcoom.report.table import table_lines
from mcoom.store.record import PointRecord, Results

MAX_POINTS = 6
"""Points that get tables of their own; more of them share one."""
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")


def describe(estimand: str) -> str:
    """Say what an estimand is.

    Examples
    --------
    >>> describe("kill_2")
    'second invocation -> SIGKILL'
    """
    if estimand.startswith("kill"):
        number = int(estimand.partition("_")[2] or 1)
        return f"{ORDINALS[number - 1]} invocation -> SIGKILL"
    return {
        "release": "first invocation -> the victim's memory is free",
        "recovery": "first invocation -> free above the high mark, nobody in the slow path",
        "hold_max": "longest time one task owned oom_lock",
    }[estimand]


def comparison_text(results: Results, analysis: Analysis) -> str:
    """Return the comparison of a run.

    Parameters
    ----------
    results : Results
        The file: names and counts.
    analysis : Analysis
        What follows from it.

    Returns
    -------
    str
        Lines; no trailing newline.
    """
    record = results.provenance
    lines = [
        f"{record.get('scenario_name')}: {record.get('scenario_title')}",
        f"{replicates_text(results)}, seed {record.get('seed')}; {share_text(analysis.level)} intervals in brackets",
        *([note] if (note := stopping_text(results)) else []),
        *([note] if (note := families_text(analysis)) else []),
    ]
    if len(results.points) > MAX_POINTS:
        return "\n".join([*lines, "", *_many_points(results, analysis)])
    for point in results.points:
        lines += _point(results, analysis, point)
    return "\n".join(lines)


def _point(results: Results, analysis: Analysis, point: PointRecord) -> list[str]:
    lines: list[str] = []
    estimates = [e for e in analysis.estimates if e.cell["point"] == point.index]
    contrasts = [c for c in analysis.contrasts if c.cell["point"] == point.index]
    for estimand, stratum in dict.fromkeys((e.estimand, e.cell.get("stratum")) for e in estimates):
        chosen = [e for e in estimates if (e.estimand, e.cell.get("stratum")) == (estimand, stratum)]
        against = [c for c in contrasts if (c.estimand, c.cell.get("stratum")) == (estimand, stratum)]
        where = [f"point {point.index} ({point.label})"] if len(results.points) > 1 else []
        where += [f"stratum {stratum}"] if stratum is not None else []
        lines += ["", ", ".join([f"{estimand}: {describe(estimand)}", *where])]
        lines += estimate_lines(chosen)
        lines += estimate_notes(chosen)
        lines += composite_lines(analysis, point.index, estimand, stratum)
        if against:
            lines += ["", *contrast_lines(against), *contrast_notes(against), *fixed_n_notes(against)]
            by_policy = {e.policy: e for e in chosen}
            rate = analysis.error_rate / TESTS_OF_A_SENTENCE
            lines += [sentence(c, by_policy[c.policy], by_policy[c.baseline], rate) for c in against]
    return lines


Cells = tuple[Sequence[str], Sequence[Sequence[str]]]
"""Header and rows of a table."""


def estimate_lines(estimates: Sequence[Estimate]) -> list[str]:
    """Return the table of estimates of one cell and estimand as text, a row per policy."""
    return table_lines(*estimate_cells(estimates))


def estimate_cells(estimates: Sequence[Estimate]) -> Cells:
    """Return the table of estimates of one cell and estimand, a row per policy."""
    has_budget = any(e.counts["n_budget"] + e.counts["n_budget_before"] for e in estimates)
    has_panic = any(e.counts["n_no_victim"] for e in estimates)
    tau = max(e.tau_ns for e in estimates)
    header = ["policy", "n", "reached", "censored"]
    header += ["budget"] if has_budget else []
    header += ["panic"] if has_panic else []
    header += ["livelock", "median", "p99", f"restricted mean to {time_text(tau)}"]
    rows = []
    for e in estimates:
        row = [e.policy, f"{e.n:,}", share_interval(e.p_reached, short=True), f"{e.n_censored:,}"]
        row += [f"{e.counts['n_budget'] + e.counts['n_budget_before']:,}"] if has_budget else []
        row += [f"{e.counts['n_no_victim']:,}"] if has_panic else []
        row += [share_interval(e.livelock_prob), *(time_interval(i) for i in (e.median_ns, e.p99_ns, e.rmst_ns))]
        rows.append(row)
    return header, rows


def composite_lines(analysis: Analysis, point: int, estimand: str, stratum: object) -> list[str]:
    """Return the table of a late kill over all replicates, where some never got there; else nothing."""

    def is_chosen(entry: CompositeEstimate | CompositeContrast) -> bool:
        place = entry.cell["point"], entry.cell.get("stratum")
        return place == (point, stratum) and entry.estimand == estimand + SUFFIX

    estimates = [e for e in analysis.composite_estimates if is_chosen(e)]
    if not estimates:
        return []
    against = {c.policy: c for c in analysis.composite_contrasts if is_chosen(c)}
    first = "over all replicates *" if analysis.is_sequential else "over all replicates"
    header = (first, "n", "never reached", "killed", "restricted mean", "difference", "adjusted p")
    rows = []
    for e in estimates:
        c = against.get(e.policy)
        row = [e.policy, f"{e.n:,}", f"{e.n_not_reached:,}", share_interval(e.success), time_interval(e.rmst_ns)]
        row += ["", ""] if c is None else [time_interval(c.rmst_diff_ns, signed=True), p_text(c.rmst_p_adjusted)]
        rows.append(row)
    notes = [*estimate_notes(estimates), *contrast_notes(list(against.values()))]
    notes += [FIXED_N] if analysis.is_sequential else []
    return ["", *table_lines(header, rows), *notes]


def contrast_lines(contrasts: Sequence[Contrast]) -> list[str]:
    """Return the table of contrasts of one cell and estimand as text, a row per policy."""
    return table_lines(*contrast_cells(contrasts))


def fixed_n_notes(entries: Sequence[Contrast | Estimate]) -> list[str]:
    """Say of what is marked in the table that it holds for a number of replicates fixed beforehand; else nothing."""
    return [FIXED_N] if any(entry.fixed_n for entry in entries) else []


def contrast_cells(contrasts: Sequence[Contrast]) -> Cells:
    """Return the table of contrasts of one cell and estimand, a row per policy."""
    fixed = {name for c in contrasts for name in c.fixed_n}

    def title(text: str, name: str) -> str:
        return f"{text} *" if name in fixed else text

    header = (
        f"against {contrasts[0].baseline}",
        title("restricted mean", "rmst_diff_ns"),
        title(f"P({earlier(contrasts[0].estimand)})", "prob_superiority"),
        title("livelock", "livelock_diff"),
        title("log-rank p", "logrank_p"),
        title("adjusted p", "p_adjusted"),
        "",
    )
    rows = [
        (
            c.policy,
            time_interval(c.rmst_diff_ns, signed=True),
            share_interval(c.prob_superiority),
            share_interval(c.livelock_diff, signed=True),
            p_text(c.logrank_p),
            p_text(c.p_adjusted),
            "paired" if c.paired else "",
        )
        for c in contrasts
    ]
    return header, rows


def _many_points(results: Results, analysis: Analysis) -> list[str]:
    """One table for one estimand over all points: a sweep is read by its map, not by its pages."""
    estimand = analysis.estimates[0].estimand
    p_adjusted = {(c.cell["point"], c.policy): c.p_adjusted for c in analysis.contrasts if c.estimand == estimand}
    mark = " *" if analysis.is_sequential else ""
    rows = [
        (
            str(e.cell["point"]),
            str(e.cell["label"]),
            e.policy,
            f"{e.n:,}",
            f"{e.n_censored:,}",
            share_interval(e.livelock_prob, short=True),
            time_interval(e.median_ns, short=True),
            time_interval(e.rmst_ns, short=True),
            p_text(p_adjusted.get((e.cell["point"], e.policy))),
        )
        for e in analysis.estimates
        if e.estimand == estimand and "stratum" not in e.cell
    ]
    header = ("point", "label", "policy", "n", "censored", "livelock", "median", "restricted mean", f"adjusted p{mark}")
    return [
        f"{estimand}: {describe(estimand)} (--estimand for another, --json for all with intervals)",
        *table_lines(header, rows, left=3),
        f"adjusted p: log-rank against {results.plan.baseline}, {ADJUSTMENT_NAMES[analysis.adjust]} "
        f"over {max((c.family_size for c in analysis.contrasts), default=0):,} contrasts",
        *([FIXED_N] if mark else []),
        *([note] if (note := counted_text([e for e in analysis.estimates if e.estimand == estimand])) else []),
        *_count_points(
            [c for c in analysis.contrasts if c.estimand == estimand], analysis.error_rate / TESTS_OF_A_SENTENCE
        ),
    ]


def _count_points(contrasts: Sequence[Contrast], error_rate: float) -> list[str]:
    """Give a sentence for each policy: at how many points it is earlier, later, undecided."""
    lines = []
    for policy in dict.fromkeys(c.policy for c in contrasts):
        ways = Counter(direction(c, error_rate) for c in contrasts if c.policy == policy)
        lines.append(
            f"=> {contrasts[0].estimand}: {policy} against {contrasts[0].baseline}: "
            f"{earlier(contrasts[0].estimand)} at {ways['earlier']} of {ways.total()} points, the reverse at "
            f"{ways['later']}, different without one direction at {ways['mixed']}, not told apart at {ways['open']}."
        )
    return lines
