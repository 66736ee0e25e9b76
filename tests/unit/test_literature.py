"""Reports of stalls: their data, samples from rows of outputs, and the verdict."""

import re
from pathlib import Path

import numpy as np
import pytest

from mcoom.codes import EndReason
from mcoom.errors import SpecError
from mcoom.literature.judge import central_range, judge
from mcoom.literature.predict import Stalls, build_setting, stalls_of
from mcoom.literature.report import choose, load_reports
from mcoom.literature.table import duration_text, judgements_json, literature_text
from tests.unit.test_validate_predict import out_rows

MS = 1_000_000
REPORTS = load_reports()
FIDELITY = (Path(__file__).resolve().parents[2] / "docs/fidelity.md").read_text()
ONE = """
[[report]]
id = "X"
date = "2020"
kernel = "k"
source = "s"
setup = "u"
stated = "t"
quantity = "gap"
over = "longest"
seen_from = "2 s"
ended = false
"""
SET = 'scenario = "writers-2016"\npolicy = "linux-4.13"\nkills = 2\n'


def test_every_row_of_the_catalogue_is_there():
    numbers = {re.match(r"T\d+b?", report.id).group() for report in REPORTS}
    # T17 is how long a userspace killer searches: no stall.
    assert numbers == {f"T{i}" for i in range(1, 17)} | {"T14b"}


@pytest.mark.parametrize("report", [r for r in REPORTS if r.setting], ids=lambda r: r.id)
def test_every_setting_is_a_scenario(report):
    design = build_setting(report.setting, 3, 1)
    assert design.scenario.horizon_ns >= report.seen_ns[1]
    assert design.scenario.n_kills == report.setting.kills
    assert [policy.name for policy in design.scenario.policies] == [report.setting.policy]
    assert len(design.points) == 1


def test_reasons_name_rows_of_the_fidelity_table_that_exist():
    texts = [report.reason + report.miss for report in REPORTS]
    named = {int(n) for text in texts for n in re.findall(r"fidelity (\d+)", text)}
    assert named
    assert all(f"\n| {n} |" in FIDELITY for n in named)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (ONE, "either a scenario or a reason"),
        (ONE + SET + 'reason = "r"\n', "either a scenario or a reason"),
        (ONE + SET + 'colour = "red"\n', "colour: unknown key"),
        (ONE + SET.replace("kills = 2", "kills = 9"), "kills = 9: out of range; allowed: 2 to 8"),
        (ONE.replace("2 s", "2") + SET, "seen_from = '2'"),
        (ONE.replace('"gap"', '"gaps"') + SET, "quantity = 'gaps': not known; allowed: gap, reap"),
        (ONE.replace("false", "0") + SET, "ended = 0"),
        (ONE.replace('"k"', "4") + SET, "kernel = 4"),
        (ONE + SET + 'use = "others"\n', "use = 'others'"),
        (ONE + SET + 'seen_to = "1 s"\n', "before seen_from"),
        (ONE + SET + ONE + SET, "id: is there twice"),
        ("[[report", "TOML"),
    ],
)
def test_a_mistake_is_named(text, words):
    with pytest.raises(SpecError) as caught:
        load_reports(text, "mine.toml")
    assert words in str(caught.value)
    assert str(caught.value).startswith("mine.toml")


def test_reports_are_chosen_by_number():
    assert [report.id for report in choose(REPORTS, ["T1"])] == ["T1"]
    assert len(choose(REPORTS, ["T2"])) == 3
    assert choose(REPORTS, []) == REPORTS
    with pytest.raises(SpecError, match=r"report T99: not known.*allowed: T1, T2"):
        choose(REPORTS, ["T99"])


def rows() -> np.ndarray:
    return out_rows(
        # Kills at 10 and 45 ms, done.
        {"t0_ns_0": 4 * MS, "kill_ns_0": 6 * MS, "release_ns_0": 9 * MS, "t0_ns_1": 40 * MS, "kill_ns_1": 5 * MS,
         "release_ns_1": 8 * MS, "end_ns": 48 * MS,
         "end_reason": EndReason.KILLS_DONE},
        # One kill at 10 ms, then none until the horizon.
        {"t0_ns_0": 0, "kill_ns_0": 10 * MS, "release_ns_0": 20 * MS, "t0_ns_1": 30 * MS, "end_ns": 1030 * MS,
         "end_reason": EndReason.HORIZON},
        # A kill whose memory never came back.
        {"t0_ns_0": 0, "kill_ns_0": 10 * MS, "end_ns": 1000 * MS,
         "end_reason": EndReason.HORIZON},
        # Nothing ever opened.
        {"end_ns": 5 * MS, "end_reason": EndReason.BUDGET},
    )  # fmt: skip


def sample(quantity: str, over: str) -> list[tuple[float, bool]]:
    stalls = stalls_of(rows(), 2, quantity, over)
    return [(ns / MS, bool(cut)) for ns, cut in zip(stalls.time_ns.tolist(), stalls.censored, strict=True)]


def test_gaps_run_from_kill_to_kill():
    assert sample("gap", "each") == [(6, False), (35, False), (10, False), (1020, True), (10, False), (990, True)]
    assert sample("gap", "longest") == [(35, False), (1020, True), (990, True)]


def test_reaps_run_from_sigkill_to_free():
    assert sample("reap", "each") == [(3, False), (3, False), (10, False), (990, True)]
    assert stalls_of(rows(), 2, "reap", "each").n_unknown == 1


def stalls(times_s: list[float], censored: list[int] | None = None, unknown: int = 0) -> Stalls:
    flags = np.array(censored or [0] * len(times_s), dtype=bool)
    return Stalls((np.array(times_s) * 1e9).astype(np.int64), flags, len(times_s), unknown)


def test_a_stall_whose_end_nobody_saw_needs_two_percent():
    (report,) = load_reports(ONE + SET)
    fits = judge(report, stalls([1.0] * 98 + [2.0, 5.0], [0] * 99 + [1]))
    assert (fits.probability, fits.fits) == (0.02, True)
    misses = judge(report, stalls([1.0] * 99 + [5.0]))
    assert (misses.probability, misses.fits) == (0.01, False)
    assert misses.interval[0] < 0.01 < misses.interval[1]


def test_what_is_not_known_widens_the_interval():
    (report,) = load_reports(ONE + SET)
    plain = judge(report, stalls([1.0] * 50))
    cut_early = judge(report, stalls([1.0] * 50, [1] * 10 + [0] * 40))
    unknown = judge(report, stalls([1.0] * 50, unknown=10))
    assert plain.interval[1] < min(cut_early.interval[1], unknown.interval[1])
    assert plain.interval[0] == cut_early.interval[0] == 0


def test_a_stall_that_ended_must_lie_in_the_central_range():
    (report,) = load_reports(ONE.replace("false", "true") + 'seen_to = "3 s"\n' + SET)
    inside = [0.5, *np.linspace(1.5, 4, 98).tolist(), 9]
    assert judge(report, stalls(inside)).fits
    assert not judge(report, stalls([t / 2 for t in inside])).fits
    assert not judge(report, stalls([t * 3 for t in inside])).fits
    assert judge(report, stalls([1.0] * 50 + [2.0] * 50, [0] * 50 + [1] * 50)).range_open


def test_central_range_leaves_a_fortieth_on_each_side():
    (low, high), is_open = central_range(stalls(np.arange(1, 201).astype(float).tolist()))
    assert (low / 1e9, high / 1e9, is_open) == (6, 195, False)


def test_table_says_all():
    (report,) = load_reports(ONE + SET)
    data = judgements_json([judge(report, stalls([1.0, 3.0])), judge(REPORTS[4], None)], 2, 1, "e")
    assert (data["n_reports"], data["n_simulated"], data["n_that_fit"]) == (2, 1, 1)
    text = literature_text(data)
    assert ">= 2 s" in text
    assert "not simulated" in text
    assert REPORTS[4].reason in text


@pytest.mark.parametrize(
    ("ns", "text"), [(5, "5 ns"), (1500, "1.5 us"), (20_500_000, "20.5 ms"), (1800 * 10**9, "1800 s")]
)
def test_durations(ns, text):
    assert duration_text(ns) == text
