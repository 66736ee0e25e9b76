"""Reports of stalls, as data.

Takes ``reports.toml``, gives frozen records. Must know nothing of the engine and of predictions.
"""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from mcoom.errors import SpecError
from mcoom.units import closest, parse_time_ns

QUANTITIES = ("gap", "reap")
OVER = ("longest", "each")
_WORDS = ("id", "date", "kernel", "source", "setup", "stated")
_KEYS = frozenset(
    (*_WORDS, "quantity", "over", "seen_from", "seen_to", "ended", "scenario", "policy", "kills", "horizon", "use",
     "assume", "reason", "miss",
     "what_if", "what_if_set")
)  # fmt: skip


@dataclass(frozen=True)
class Setting:
    """How a report is simulated."""

    scenario: str
    """Built-in scenario."""
    policy: str
    kills: int
    """Kills of an episode, 2..8."""
    horizon_ns: int
    """Without a kill for so long, an episode ends."""
    assume: tuple[str, ...]
    """Overrides ``key=value`` for what the report does not say."""


@dataclass(frozen=True)
class WhatIf:
    """A change of a setting that shows what a report would follow from; it decides no verdict."""

    words: str
    changes: tuple[str, ...]
    """Overrides ``key=value``, after those of the setting."""


@dataclass(frozen=True)
class StallReport:
    """What somebody reported."""

    id: str
    """Number in the catalogue of reports."""
    date: str
    kernel: str
    source: str
    setup: str
    stated: str
    """What is said of the duration."""
    quantity: str
    """``gap``: time without a kill, from the first entry or the kill before; ``reap``: from SIGKILL to memory free."""
    over: str
    """``longest`` of an episode, or ``each`` one."""
    seen_ns: tuple[int, int]
    """Shortest and longest duration stated; equal if there is one."""
    ended: bool
    """Whether the stall ended; if not, it was at least as long as seen."""
    setting: Setting | None
    reason: str
    """Why there is no setting; empty if there is one."""
    what_if: WhatIf | None
    miss: str
    """What is believed to be the reason where prediction and report cannot both be true; empty if they can."""


def load_reports(text: str | None = None, name: str = "reports.toml") -> tuple[StallReport, ...]:
    """Read the reports.

    Parameters
    ----------
    text : str, optional
        TOML; default: that of the reports that come with mcoom.
    name : str
        For messages.

    Returns
    -------
    tuple of StallReport
        In the order of the file.

    Raises
    ------
    SpecError
        If a key is missing, unknown or wrong: names file, report, key, value and what is allowed.
    """
    if text is None:
        text = (files("mcoom.literature") / "reports.toml").read_text(encoding="utf-8")
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SpecError(f"{name}: {error}; allowed: TOML") from error
    assumed = document.get("assumed", {})
    reports = tuple(_report(raw, assumed, name) for raw in document.get("report", []))
    ids = [report.id for report in reports]
    for one in ids:
        if ids.count(one) > 1:
            raise SpecError(f"{name}: report {one}: id: is there twice; allowed: once")
    return reports


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


def _report(raw: dict[str, Any], assumed: dict[str, Any], name: str) -> StallReport:
    """Check one table."""
    place = f"{name}: report {raw.get('id', '?')}"
    for key in raw:
        if key not in _KEYS:
            raise SpecError(f"{place}: {key}: unknown key{closest(key, _KEYS)}; allowed: {', '.join(sorted(_KEYS))}")
    for key in _WORDS:
        if not isinstance(raw.get(key), str) or not raw[key]:
            raise SpecError(f"{place}: {key} = {raw.get(key)!r}: missing or no text; allowed: text")
    for key, allowed in (("quantity", QUANTITIES), ("over", OVER)):
        if raw.get(key) not in allowed:
            raise SpecError(f"{place}: {key} = {raw.get(key)!r}: not known; allowed: {', '.join(allowed)}")
    if not isinstance(raw.get("ended"), bool):
        raise SpecError(f"{place}: ended = {raw.get('ended')!r}: not a truth value; allowed: true, false")
    if ("scenario" in raw) == ("reason" in raw):
        raise SpecError(f"{place}: scenario: allowed: either a scenario or a reason why there is none")
    low_ns = _time(raw, "seen_from", place)
    high_ns = _time(raw, "seen_to", place) if "seen_to" in raw else low_ns
    if not 0 < low_ns <= high_ns:
        raise SpecError(f"{place}: seen_to = {raw.get('seen_to')!r}: before seen_from; allowed: a longer time")
    return StallReport(
        id=raw["id"],
        date=raw["date"],
        kernel=raw["kernel"],
        source=raw["source"],
        setup=raw["setup"],
        stated=raw["stated"],
        quantity=raw["quantity"],
        over=raw["over"],
        seen_ns=(low_ns, high_ns),
        ended=raw["ended"],
        setting=_setting(raw, assumed, place, high_ns) if "scenario" in raw else None,
        reason=raw.get("reason", ""),
        what_if=_what_if(raw, place),
        miss=raw.get("miss", ""),
    )


def _setting(raw: dict[str, Any], assumed: dict[str, Any], place: str, seen_ns: int) -> Setting:
    """Check how a report is to be simulated.

    By default an episode is watched a twentieth longer than the report was: its horizon runs from the first entry after
    a release, a gap from the kill before.
    """
    kills = raw.get("kills")
    if not isinstance(kills, int) or not 2 <= kills <= 8:
        raise SpecError(f"{place}: kills = {kills!r}: out of range; allowed: 2 to 8")
    use = raw.get("use")
    if use is not None and use not in assumed:
        raise SpecError(f"{place}: use = {use!r}: not in [assumed]; allowed: {', '.join(assumed)}")
    shared = assumed[use]["assume"] if use is not None else []
    horizon_ns = _time(raw, "horizon", place) if "horizon" in raw else seen_ns + seen_ns // 20
    return Setting(
        str(raw["scenario"]), str(raw.get("policy", "")), kills, horizon_ns, (*shared, *raw.get("assume", []))
    )


def _what_if(raw: dict[str, Any], place: str) -> WhatIf | None:
    """Check a change of the setting."""
    if ("what_if" in raw) != ("what_if_set" in raw) or ("what_if" in raw and "scenario" not in raw):
        raise SpecError(f"{place}: what_if: allowed: with what_if_set and a scenario, or none of them")
    return WhatIf(str(raw["what_if"]), tuple(raw["what_if_set"])) if "what_if" in raw else None


def _time(raw: dict[str, Any], key: str, place: str) -> int:
    """Read a time."""
    try:
        return parse_time_ns(raw.get(key))
    except ValueError as error:
        raise SpecError(f"{place}: {key} = {raw.get(key)!r}: {error}") from error
