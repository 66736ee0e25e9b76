"""The table of reports and predictions, for people and for programs.

Takes judgements, gives text, Markdown and plain JSON data. Must know nothing of how they came about.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from mcoom.literature.judge import Judgement


def judgements_json(judgements: Sequence[Judgement], replicates: int, seed: int, engine: str) -> dict[str, Any]:
    """Return judgements as plain data."""
    simulated = [one for one in judgements if one.fits is not None]
    return {
        "replicates": replicates,
        "seed": seed,
        "engine_digest": engine,
        "n_reports": len(judgements),
        "n_simulated": len(simulated),
        "n_that_fit": sum(one.fits is True for one in simulated),
        "reports": [_judgement_json(one) for one in judgements],
    }


def _judgement_json(one: Judgement) -> dict[str, Any]:
    report, setting = one.report, one.report.setting
    return {
        "id": report.id,
        "date": report.date,
        "kernel": report.kernel,
        "source": report.source,
        "setup": report.setup,
        "stated": report.stated,
        "quantity": report.quantity,
        "over": report.over,
        "seen_ns": list(report.seen_ns),
        "ended": report.ended,
        "scenario": None if setting is None else setting.scenario,
        "policy": None if setting is None else setting.policy,
        "kills": None if setting is None else setting.kills,
        "horizon_ns": None if setting is None else setting.horizon_ns,
        "assumed": [] if setting is None else list(setting.assume),
        "not_simulated_because": report.reason or None,
        "miss_because": report.miss or None,
        **_prediction_json(one),
        "what_if": None
        if report.what_if is None or one.otherwise is None
        else {
            "words": report.what_if.words,
            "changed": list(report.what_if.changes),
            **_prediction_json(one.otherwise),
        },
    }


def _prediction_json(one: Judgement) -> dict[str, Any]:
    return {
        "n": one.n,
        "n_censored": one.n_censored,
        "probability": one.probability,
        "probability_interval": None if one.interval is None else list(one.interval),
        "median_ns": one.median_ns,
        "central_95_ns": None if one.range_ns is None else list(one.range_ns),
        "central_95_open": one.range_open,
        "fits": one.fits,
    }


def duration_text(ns: int) -> str:
    """Return a time with three digits in the largest unit up to seconds."""
    for size, unit in ((10**9, "s"), (10**6, "ms"), (10**3, "us")):
        if ns >= size:
            return f"{ns / size:.3g} {unit}" if ns < 1000 * size else f"{ns / size:.0f} {unit}"
    return f"{ns} ns"


def seen_text(row: Mapping[str, Any]) -> str:
    """Return what was seen: ``> 720 s`` where the end was not."""
    low, high = row["seen_ns"]
    if low != high:
        return f"{duration_text(low)} to {duration_text(high)}"
    return f"{'' if row['ended'] else '>= '}{duration_text(low)}"


def probability_text(row: Mapping[str, Any]) -> str:
    """Return the predicted probability of at least the duration seen, with its interval."""
    if row["probability"] is None:
        return "-"
    low, high = row["probability_interval"]
    return f"{100 * row['probability']:.3g} % ({100 * low:.2g} to {100 * high:.3g})"


def range_text(row: Mapping[str, Any]) -> str:
    """Return median and central range of the prediction."""
    if row["central_95_ns"] is None:
        return "-"
    low, high = (duration_text(ns) for ns in row["central_95_ns"])
    return f"{duration_text(row['median_ns'])} ({low} to {'> ' if row['central_95_open'] else ''}{high})"


def verdict_text(row: Mapping[str, Any]) -> str:
    """Return the verdict in a word."""
    return {True: "fits", False: "does not fit", None: "not simulated"}[row["fits"]]


def literature_text(data: Mapping[str, Any]) -> str:
    """Return the table as text."""
    lines = [f"{'report':20} {'seen':>18} {'P(at least that)':>24}  {'predicted median (central 95 %)':44} verdict"]
    for row in data["reports"]:
        lines.append(
            f"{row['id']:20} {seen_text(row):>18} {probability_text(row):>24}  {range_text(row):44} {verdict_text(row)}"
        )
        why = row["not_simulated_because"] or (row["miss_because"] if row["fits"] is False else None)
        if why:
            lines.append(f"{'':21}{why}")
        if row["what_if"]:
            other = row["what_if"]
            lines.append(f"{'':21}what if {other['words']}: {probability_text(other)}, {range_text(other)}")
    lines += [
        "",
        f"{data['n_simulated']} of {data['n_reports']} reports can be simulated, {data['n_that_fit']} of "
        "these fit: an ended "
        "stall lies in the predicted central 95 % range, one whose end nobody saw has a probability of at least 2 %.",
        f"{data['replicates']} episodes each, seed {data['seed']}; what a report does not say is drawn "
        "from distributions "
        "that --json names.",
    ]
    return "\n".join(lines)
