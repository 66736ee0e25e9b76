"""Numbers, tables, sentences and traces in words."""

from dataclasses import replace

import numpy as np
import pytest

from mcoom.analysis.result import Contrast, Estimate, Interval
from mcoom.codes import EndReason, Program, SchedClass, Trace
from mcoom.engine.layout import CLASS, CLASS_FIELDS, MACHINE, MACHINE_FIELDS
from mcoom.report.any_law import contrast_notes, counted_text, estimate_notes
from mcoom.report.comparison import contrast_cells, contrast_lines, describe, estimate_lines, fixed_n_notes
from mcoom.report.law import find_contest
from mcoom.report.quantity import p_text, share_interval, share_text, time_interval, time_text
from mcoom.report.sentence import sentence
from mcoom.report.table import table_lines
from mcoom.report.trace import event_words, task_names, trace_json, trace_lines


@pytest.mark.parametrize(
    ("ns", "text"),
    [(0, "0 s"), (1, "1 ns"), (999, "999 ns"), (999.9, "1 us"), (12_345, "12.3 us"), (1.5e9, "1.5 s"),
     (720e9, "720 s"), (-2.5e6, "-2.5 ms"), (None, "-"), (float("nan"), "-"), (1e10, "10 s"), (1.2345e12, "1230 s")],
)  # fmt: skip
def test_time_text(ns, text):
    assert time_text(ns) == text


@pytest.mark.parametrize(
    ("share", "text"), [(0.5, "50 %"), (0.00123, "0.123 %"), (1, "100 %"), (0, "0 %"), (0.9999, "100 %"), (None, "-")]
)
def test_share_text(share, text):
    assert share_text(share) == text


@pytest.mark.parametrize(
    ("p", "text"), [(1e-17, "< 1e-16"), (0.05, "0.05"), (1, "1"), (None, "-"), (1.234e-5, "1.2e-05")]
)
def test_p_text(p, text):
    assert p_text(p) == text


def test_intervals():
    assert time_interval(Interval(2e9, 1.5e9, None, "m", "no upper limit")) == "2 s [1.5, -]"
    assert time_interval(Interval(None, None, None, "m", "x")) == "-"
    assert time_interval(Interval(None, 3e9, None, "m", "x"), signed=True) == "-"
    assert time_interval(Interval(3e6, 2e6, 4e6, "m"), signed=True) == "+3 ms [2, 4]"
    assert time_interval(Interval(0.0, -1e6, 1e6, "m"), signed=True) == "0 ms [-1, 1]"
    assert time_interval(Interval(3e6, 2e6, 4e6, "m"), short=True) == "3 ms"
    assert share_interval(Interval(None, None, None, "m", "x")) == "-"
    assert share_interval(Interval(0.1, 0.05, 0.15, "m"), signed=True) == "+10 % [5, 15]"


def test_tables_align():
    lines = table_lines(("a", "bb"), [("long", "1"), ("x", "1000")])
    assert lines == ["a       bb", "long     1", "x     1000"]


def interval(value, low=None, high=None):
    return Interval(value, low, high, "m")


def estimate(policy, *, n=100, n_seen=90, livelock=0.0, n_budget=0, estimand="kill"):
    names = ("n_seen", "n_horizon", "n_budget", "n_no_victim", "n_recovered", "n_not_reached", "n_budget_before")
    counts = dict.fromkeys(names, 0) | {"n_seen": n_seen, "n_budget": n_budget, "n_horizon": n - n_seen - n_budget}
    return Estimate(
        cell={"point": 0, "label": "all"}, policy=policy, estimand=estimand, tau_ns=10**10, n=n, counts=counts,
        p_reached=interval(1.0, 0.9, 1.0), livelock_prob=interval(livelock, 0.0, 0.1),
        median_ns=interval(1e6, 9e5, 2e6), p99_ns=interval(None, 5e9), rmst_ns=interval(2e9, 1e9, 3e9),
    )  # fmt: skip


def contrast(
    *,
    p=1e-6,
    diff=(-1e9, -2e9, -5e8),
    outcomes=None,
    livelock_p=0.5,
    estimand="kill",
    mean_p=1e-6,
    share=0.7,
    order_p=1e-6,
):
    return Contrast(
        cell={"point": 0, "label": "all"}, policy="new", baseline="old", estimand=estimand, paired=True, n=100,
        n_baseline=100, n_pairs=100, logrank_z=3.0, logrank_p=p, rmst_diff_ns=interval(*diff), rmst_paired=True,
        prob_superiority=interval(share, 0.6, 0.8), livelock_diff=interval(-0.1, -0.2, 0.0), livelock_p=livelock_p,
        outcomes=outcomes or {"n_win": 70, "n_tie": 0, "n_loss": 30}, p_adjusted=p, livelock_p_adjusted=livelock_p,
        rmst_p_adjusted=mean_p, superiority_p_adjusted=order_p,
    )  # fmt: skip


def say(c, policy=None, baseline=None):
    return sentence(c, policy or estimate("new"), baseline or estimate("old"), 0.05)


def test_sentence_of_a_clear_case():
    assert say(contrast()) == (
        "=> kill: new is sooner than old: by 1 s in the restricted mean (500 ms to 2 s; adjusted p 1e-06), "
        "sooner with probability 70 %."
    )
    assert "is later than old: by 1 s" in say(contrast(diff=(1e9, 5e8, 2e9), share=0.3))
    assert "is longer than old" in say(contrast(diff=(1e9, 5e8, 2e9), share=0.3, estimand="hold_max"))


def test_sentence_claims_nothing_without_a_small_p():
    text = say(contrast(p=0.2, mean_p=0.3, order_p=0.4))
    assert "is not told apart from old (adjusted p 0.2" in text
    assert "sooner" not in text


def test_sentence_rests_on_the_test_of_its_claim():
    mean = say(contrast(p=1.0, order_p=0.5))
    assert "is sooner than old by 1 s in the restricted mean" in mean
    assert "undecided" in mean
    order = say(contrast(p=1.0, mean_p=0.5))
    assert "is mostly sooner than old: sooner with probability 70 %" in order
    assert "in its curve (log-rank, adjusted p 1e-06)" in say(contrast(mean_p=0.5, order_p=0.5))


def test_sentence_of_crossing_curves():
    text = say(contrast(diff=(1e9, 5e8, 2e9)))
    assert "but not in one direction: sooner with probability 70 %, yet later by 1 s" in text


def test_sentence_of_ties_and_of_what_cannot_be_compared():
    ties = {"n_win": 0, "n_tie": 100, "n_loss": 0}
    assert "all 100 pairs are ties" in say(contrast(outcomes=ties))
    assert "old never reached the invocation" in say(contrast(p=None), baseline=estimate("old", n=0, n_seen=0))
    assert "neither was ever seen" in say(contrast(p=None), estimate("new", n_seen=0), estimate("old", n_seen=0))


def test_sentence_with_livelock():
    new, old = estimate("new"), estimate("old", livelock=0.4)
    assert say(contrast(livelock_p=1e-9), new, old).endswith("; livelock 0 % against 40 % (adjusted p 1e-09).")
    assert say(contrast(), new, old).endswith("; livelock 0 % against 40 %, not told apart.")


def test_panics_have_a_column_where_there_are_any():
    panicked = estimate("b")
    panicked.counts["n_no_victim"] = 3
    assert "panic" not in estimate_lines([estimate("a")])[0]
    assert "panic" in estimate_lines([estimate("a"), panicked])[0]


def test_budget_has_a_column_only_where_it_ran_out():
    assert "budget" not in estimate_lines([estimate("a")])[0]
    assert "budget" in estimate_lines([estimate("a"), estimate("b", n_seen=80, n_budget=5)])[0]
    assert "> 5 s" in estimate_lines([estimate("a")])[1]


def test_contrast_table_says_paired():
    assert contrast_lines([contrast()])[1].endswith("paired")


def test_every_estimand_is_described():
    assert describe("kill_8") == "eighth invocation -> SIGKILL"
    assert all(describe(name) for name in ("kill", "release", "recovery", "hold_max"))


def classes(*rows):
    out = np.zeros((len(rows), len(CLASS_FIELDS)), np.int64)
    for i, row in enumerate(rows):
        for name, value in row.items():
            out[i, CLASS[name]] = value
    return out


OWNER = {"count": 1, "program": Program.ALLOCATOR, "sclass": SchedClass.IDLE, "weight": 3}
STORM = {"count": 10, "program": Program.ALLOCATOR, "sclass": SchedClass.OTHER, "weight": 1024}
VICTIM = {"count": 2, "program": Program.SLEEPER, "sclass": SchedClass.OTHER, "weight": 1024}


def machine(n_cpus):
    row = np.zeros(len(MACHINE_FIELDS), np.int64)
    row[MACHINE["n_cpus"]] = n_cpus
    return row


def test_law_of_the_mail():
    contest = find_contest(machine(1), classes(OWNER, VICTIM, STORM | {"count": 927}))
    assert contest.wait_ns(1e6) == pytest.approx(927 * 1024 / 3 * 1e6)
    assert contest.used_ns(contest.wait_ns(5e5)) == pytest.approx(5e5)


def test_law_does_not_speak_of_other_cases():
    assert find_contest(machine(2), classes(OWNER, STORM)) is None
    assert find_contest(machine(1), classes(STORM)) is None
    assert find_contest(machine(1), classes(OWNER)) is None
    assert find_contest(machine(1), classes(OWNER | {"count": 2}, STORM)) is None
    assert find_contest(machine(1), classes(OWNER, STORM | {"sclass": SchedClass.FIFO})) is None


def test_tasks_have_names():
    assert task_names(classes(OWNER, VICTIM)) == [
        "allocator/idle 0",
        "sleeper/other 1",
        "sleeper/other 2",
        "oom_reaper 3",
    ]


def test_every_record_has_words():
    names = ["a", "b"]
    for kind in Trace:
        for argument in (0, 1):
            if kind != Trace.BAIL or argument:
                assert event_words(kind, 0, argument, names)
    assert event_words(Trace.END, -1, EndReason.BUDGET, names) == "END BUDGET"


def test_allocations_in_a_row_make_one_line():
    trace = np.array(
        [[i * 1000, Trace.ALLOC, 0, 0, 50 - i] for i in range(3)] + [[5000, Trace.ENTER, 0, 0, 0]], np.int64
    )
    short, full = list(trace_lines(trace, ["a"])), list(trace_lines(trace, ["a"], has_all=True))
    assert len(short) == 2
    assert short[0].endswith("gets memory, 48 pages left (3 times)")
    assert len(full) == 4
    assert trace_json(trace, ["a"])[-1] == {
        "time_ns": 5000, "event": "ENTER", "cpu": 0, "task": 0, "name": "a", "arg": 0, "words": "enters may_oom",
    }  # fmt: skip


def wide(value, low, high, *any_law):
    return Interval(value, low, high, "m", any_law=any_law)


def test_what_went_unseen_is_said_where_it_matters():
    narrow = replace(estimate("old"), rmst_ns=wide(2e9, 1e9, 3e9, 0.9e9, 3.5e9))
    far = replace(estimate("new"), rmst_ns=wide(2e9, 1e9, 3e9, 0.9e9, 8e9))
    assert estimate_notes([narrow, estimate("none")]) == []
    assert estimate_notes([narrow, far]) == [
        "restricted means, allowing for unseen waits up to the horizon: new 2 s [0.9, 8]"
    ]
    assert counted_text([narrow, far]).startswith("1 of 2 intervals of restricted means")
    assert counted_text([narrow]) == ""


def test_a_sentence_says_how_far_what_went_unseen_reaches():
    seen = replace(contrast(), rmst_diff_ns=wide(-1e9, -2e9, -5e8, -2.2e9, -4e8))
    assert "unseen" not in say(seen)
    far = replace(contrast(), rmst_diff_ns=wide(-1e9, -2e9, -5e8, -9e9, 7e9))
    assert "(500 ms to 2 s; -7 s to 9 s allowing for unseen waits; adjusted p 1e-06)" in say(far)
    assert contrast_notes([far]) == [
        "differences of restricted means, allowing for unseen waits up to the horizon: new -1 s [-9, 7]"
    ]
    later = replace(contrast(), rmst_diff_ns=wide(1e9, 5e8, 2e9, -7e9, 9e9))
    assert "-7 s to 9 s allowing for unseen waits" in say(later)


def test_limits_for_every_law_are_in_json():
    data = wide(-1e9, -2e9, -5e8, -9e9, float("inf")).to_json()
    assert (data["any_law_low"], data["any_law_high"]) == (-9e9, None)
    assert "any_law_low" not in interval(1.0).to_json()


def test_what_holds_for_a_fixed_n_only_is_marked():
    fixed = replace(contrast(), fixed_n=("logrank_p", "p_adjusted"))
    header, _ = contrast_cells([fixed])
    assert header[1:6] == ("restricted mean", "P(sooner)", "livelock", "log-rank p *", "adjusted p *")
    assert fixed_n_notes([fixed])[0].startswith("* for a number of replicates fixed beforehand")
    assert fixed_n_notes([contrast()]) == []
    assert "fixed beforehand" in say(replace(fixed, p_adjusted=0.3, rmst_p_adjusted=0.3, superiority_p_adjusted=0.3))
    assert "fixed beforehand" not in say(fixed)
    apart = replace(fixed, fixed_n=("superiority_p",), rmst_p_adjusted=0.5)
    assert "fixed beforehand" in say(apart)
