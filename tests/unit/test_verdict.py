"""The whole analysis: keys, families, and how unfinished episodes enter."""

import json

import numpy as np
import pytest

from mcoom.analysis.binned import CellView
from mcoom.analysis.compare import compare_cell
from mcoom.analysis.estimate import estimate_cell
from mcoom.analysis.multiplicity import holm
from mcoom.analysis.proportion import clopper_pearson
from mcoom.analysis.verdict import analyse
from mcoom.codes import EndReason
from mcoom.engine.layout import OUT
from mcoom.store.record import PointRecord, Results
from mcoom.tally import PointTally, TallyPlan
from tests.unit.episode_rows import HORIZON_NS, blank_row, episodes, kill_rows

PLAN = TallyPlan(("a", "b", "c"), "a", ("kill", "kill_2", "recovery", "hold_max"), ("light", "heavy"), 2)
SECOND = 10**9


def results(n_points=2, n=200):
    points = []
    for i in range(n_points):
        rows, horizon = episodes(i, 3, n)
        tally = PointTally.from_outputs(PLAN, rows, horizon, np.arange(n) % 2, 0)
        points.append(PointRecord(i, f"hz={100 * (i + 1)}", {"hz": 100 * (i + 1)}, tally))
    return Results(PLAN, tuple(points), {})


RESULTS = results()
REPORT = analyse(RESULTS)


def tally_of(rows, plan=None):
    """Tally of rows (P, R) for ``kill`` and ``kill_2`` of policies p0, p1, ..."""
    plan = plan or TallyPlan(tuple(f"p{p}" for p in range(len(rows))), "p0", ("kill", "kill_2"))
    n = rows.shape[1]
    return PointTally.from_outputs(plan, rows, np.full(n, HORIZON_NS), np.zeros(n, dtype=np.int64), 0)


def test_keys_that_a_reader_may_count_on():
    out = REPORT.to_json()
    assert json.loads(json.dumps(out, allow_nan=False)) == out
    for estimate in out["estimates"]:
        assert {"cell", "policy", "estimand", "n", "n_censored"} <= set(estimate)
        for name in ("livelock_prob", "median_ns", "p99_ns", "rmst_ns", "p_reached"):
            assert {"value", "low", "high"} <= set(estimate[name])
        assert {"n_budget", "n_no_victim", "n_not_reached"} <= set(estimate)
    for contrast in out["contrasts"]:
        assert {"policy", "baseline", "estimand", "logrank_p", "p_adjusted", "paired", "cell"} <= set(contrast)
        for name in ("rmst_diff_ns", "prob_superiority", "livelock_diff"):
            assert {"value", "low", "high", "paired", "p", "p_adjusted"} <= set(contrast[name])
    assert out["estimates"][0]["cell"] == {"point": 0, "label": "hz=100", "hz": 100}


def test_one_estimate_per_cell_policy_and_estimand_and_one_contrast_less():
    assert len(REPORT.estimates) == 2 * 3 * 4
    assert len(REPORT.contrasts) == 2 * 2 * 4
    assert {c.policy for c in REPORT.contrasts} == {"b", "c"}
    chosen = analyse(RESULTS, estimands=["kill"], baseline="b")
    assert len(chosen.estimates) == 6
    assert {(c.policy, c.baseline, c.paired) for c in chosen.contrasts} == {("a", "b", False), ("c", "b", False)}


def test_the_family_is_all_contrasts_of_the_call():
    p_values = [c.logrank_p for c in REPORT.contrasts]
    size = sum(p is not None for p in p_values)
    assert REPORT.to_json()["family"] == {
        "method": "holm",
        "of": "logrank_p",
        "over": "all policies, cells and estimands of this analysis; each other test likewise, on its own",
        "size": size,
        "error_rate": 0.05,
    }
    smallest = min(REPORT.contrasts, key=lambda c: c.logrank_p)
    assert smallest.p_adjusted == pytest.approx(min(1.0, size * smallest.logrank_p))
    assert all(c.p_adjusted >= c.logrank_p for c in REPORT.contrasts)
    assert all(c.family_size == size for c in REPORT.contrasts)
    for name in ("rmst", "superiority", "livelock"):
        raw = [getattr(c, f"{name}_p") for c in REPORT.contrasts]
        assert [getattr(c, f"{name}_p_adjusted") for c in REPORT.contrasts] == holm(raw)


def test_strata_are_cells_that_add_up():
    by_stratum = analyse(RESULTS, by_stratum=True, estimands=["kill"]).estimates
    for point in (0, 1):
        whole, light, heavy = (
            next(e for e in by_stratum if e.policy == "b" and e.cell["point"] == point and e.cell.get("stratum") == s)
            for s in (None, "light", "heavy")
        )
        assert whole.n == light.n + heavy.n
        assert whole.n_censored == light.n_censored + heavy.n_censored
    assert len(by_stratum) == 3 * len(analyse(RESULTS, estimands=["kill"]).estimates)


def test_curves_on_request():
    curve = analyse(RESULTS, estimands=["kill"], has_curves=True).estimates[0].to_json()["kaplan_meier"]
    assert len({len(column) for column in curve.values()}) == 1
    assert np.all(np.diff(curve["survival"]) < 0)
    assert "kaplan_meier" not in REPORT.estimates[0].to_json()


@pytest.mark.parametrize(("change", "message"), [({"baseline": "x"}, "baseline"), ({"estimands": ["x"]}, "estimand")])
def test_unknown_names_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        analyse(RESULTS, **change)


def test_an_empty_tally_has_no_estimates_and_says_so():
    empty = Results(PLAN, (PointRecord(0, "", {}, PointTally.empty(PLAN)),), {})
    report = analyse(empty)
    assert {e.rmst_ns.reason for e in report.estimates} == {"no replicates"}
    assert all(c.logrank_p is None and c.p_adjusted is None for c in report.contrasts)
    assert json.dumps(report.to_json(), allow_nan=False)


# Invocations that were not reached, kills that never come.


def test_what_was_not_reached_is_no_member():
    rows = kill_rows(np.full((1, 10), SECOND))
    rows[0, :4, OUT["t0_ns_1"]] = 2 * SECOND
    rows[0, :3, OUT["kill_ns_1"]] = SECOND
    rows[0, 3, OUT["end_reason"]] = EndReason.HORIZON
    rows[0, 3, OUT["end_ns"]] = 2 * SECOND + HORIZON_NS
    estimate = estimate_cell(CellView(tally_of(rows), "p0", "kill_2"), {})
    assert (estimate.n, estimate.n_censored, estimate.counts["n_not_reached"]) == (4, 1, 6)
    assert estimate.p_reached.value == 0.4
    assert (estimate.p_reached.low, estimate.p_reached.high) == clopper_pearson(4, 10)
    assert estimate.rmst_ns.value == (3 * SECOND + HORIZON_NS) / 4


def test_a_panic_counts_as_never_and_is_reported():
    rows = kill_rows(np.full((1, 10), SECOND))
    rows[0, :5, OUT["kill_ns_0"]] = -1
    rows[0, :5, OUT["end_reason"]] = EndReason.NO_VICTIM
    estimate = estimate_cell(CellView(tally_of(rows), "p0", "kill"), {})
    assert (estimate.n, estimate.n_censored, estimate.counts["n_no_victim"]) == (10, 5, 5)
    assert estimate.rmst_ns.value == (SECOND + HORIZON_NS) / 2
    assert estimate.p99_ns.value is None
    assert "survival stays above" in estimate.p99_ns.reason


# Exhausted budgets: the interval holds whatever the truth would have been.

SEEDS = range(6)


def with_budget(seed, share=0.1):
    """Kill times of two policies, and rows in which some episodes ran out of their budget before the kill."""
    rng = np.random.default_rng(seed)
    truth = rng.lognormal(22, 2, (2, 300)).astype(np.int64)
    rows = kill_rows(truth)
    is_cut = rng.random(truth.shape) < share
    cut = (np.minimum(truth, HORIZON_NS) * rng.random(truth.shape)).astype(np.int64)
    rows[..., OUT["kill_ns_0"]] = np.where(is_cut, -1, rows[..., OUT["kill_ns_0"]])
    rows[..., OUT["end_reason"]] = np.where(is_cut, EndReason.BUDGET, rows[..., OUT["end_reason"]])
    rows[..., OUT["end_ns"]] = np.where(is_cut, 5 + cut, rows[..., OUT["end_ns"]])
    rows[..., OUT["livelock"]] = np.where(is_cut, -1, rows[..., OUT["livelock"]])
    return truth, rows


@pytest.mark.parametrize("seed", SEEDS)
def test_intervals_span_what_the_budget_hid(seed):
    truth, rows = with_budget(seed)
    known, cut = tally_of(kill_rows(truth)), tally_of(rows)
    for policy in ("p0", "p1"):
        want, got = (estimate_cell(CellView(t, policy, "kill"), {}) for t in (known, cut))
        assert got.n == want.n == 300
        assert got.counts["n_budget"] > 0
        for name in ("livelock_prob", "median_ns", "rmst_ns"):
            inner, outer = getattr(want, name), getattr(got, name)
            assert outer.low <= inner.low <= inner.high
            assert outer.high is None or inner.high <= outer.high
            assert "exhausted" in outer.method


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("swap", [False, True])
def test_contrasts_span_what_the_budget_hid(seed, swap):
    truth, rows = with_budget(seed)
    contrasts = []
    for tally in (tally_of(kill_rows(truth)), tally_of(rows)):
        pair = CellView(tally, "p1", "kill"), CellView(tally, "p0", "kill")
        contrasts.append(compare_cell(*(reversed(pair) if swap else pair), {}))
    want, got = contrasts
    assert got.paired is not swap
    for name in ("rmst_diff_ns", "prob_superiority", "livelock_diff"):
        inner, outer = getattr(want, name), getattr(got, name)
        assert outer.low <= inner.value <= outer.high
        assert outer.high - outer.low > inner.high - inner.low
    for name in ("logrank_p", "livelock_p", "rmst_p", "superiority_p"):
        assert getattr(got, name) >= min(getattr(want, name), 0.05), name


def test_ordinary_censoring_would_have_missed_what_the_budget_hid():
    """The twin that must fail: episodes that ran out early, taken as ordinary censoring, hide every long time."""
    truth = np.array([[SECOND] * 50 + [20 * SECOND] * 50])
    rows = kill_rows(truth)
    rows[0, 50:, OUT["kill_ns_0"]] = -1
    rows[0, 50:, OUT["end_ns"]] = 5 + SECOND // 2
    rows[0, 50:, OUT["end_reason"]] = EndReason.HORIZON
    wrong = estimate_cell(CellView(tally_of(rows), "p0", "kill"), {}).median_ns
    rows[0, 50:, OUT["end_reason"]] = EndReason.BUDGET
    right = estimate_cell(CellView(tally_of(rows), "p0", "kill"), {}).p99_ns
    assert wrong.high < 2 * SECOND < np.quantile(truth, 0.75)
    assert right.value is None
    assert right.high is None
    assert right.low < 2 * SECOND


def test_a_budget_that_ran_out_before_the_invocation_leaves_membership_open():
    rows = kill_rows(np.full((1, 20), SECOND))
    rows[0, :10, OUT["t0_ns_1"]] = 2 * SECOND
    rows[0, :10, OUT["kill_ns_1"]] = SECOND
    rows[0, 10:, OUT["end_reason"]] = EndReason.BUDGET
    estimate = estimate_cell(CellView(tally_of(rows), "p0", "kill_2"), {})
    assert (estimate.n, estimate.counts["n_budget_before"]) == (10, 10)
    assert estimate.rmst_ns.value == SECOND
    assert estimate.rmst_ns.low < 0.6 * SECOND
    assert estimate.rmst_ns.high > (SECOND + HORIZON_NS) / 2
    assert estimate.median_ns.high is None
    assert estimate.p_reached.value == 0.5
    assert estimate.p_reached.high == 1.0
    assert estimate.livelock_prob.value == 0
    assert estimate.livelock_prob.high > 0.5


def test_open_holds_are_censored_and_leave_the_exact_path():
    plan = TallyPlan(("p0", "p1"), "p0", ("hold_max",))
    rows = np.broadcast_to(blank_row(), (2, 400, len(OUT))).copy()
    hold = np.random.default_rng(3).integers(1, SECOND, (2, 400))
    rows[..., OUT["t0_ns_0"]] = 1
    rows[..., OUT["hold_max_ns"]] = hold
    rows[:, ::4, OUT["hold_open"]] = 1
    rows[..., OUT["end_reason"]] = EndReason.HORIZON
    tally = tally_of(rows, plan)
    estimate = estimate_cell(CellView(tally, "p1", "hold_max"), {})
    assert estimate.n_censored == 100
    assert "Kaplan-Meier" in estimate.rmst_ns.method
    assert estimate.median_ns.value > np.median(hold[1])
    contrast = compare_cell(CellView(tally, "p1", "hold_max"), CellView(tally, "p0", "hold_max"), {})
    assert (contrast.paired, contrast.rmst_paired) == (True, False)
    assert contrast.prob_superiority.high - contrast.prob_superiority.low > 0.25


def test_horizons_that_differ_leave_the_exact_path():
    times = np.random.default_rng(4).lognormal(22, 2, (1, 500)).astype(np.int64)
    horizon = np.where(np.arange(500) % 2, HORIZON_NS, HORIZON_NS // 2)
    rows = kill_rows(times)
    is_seen = times[0] < horizon
    rows[0, :, OUT["kill_ns_0"]] = np.where(is_seen, times[0], -1)
    rows[0, :, OUT["end_reason"]] = np.where(is_seen, EndReason.KILLS_DONE, EndReason.HORIZON)
    rows[0, :, OUT["end_ns"]] = np.where(is_seen, times[0] + 12, horizon + 5)
    plan = TallyPlan(("p0",), "p0", ("kill",))
    tally = PointTally.from_outputs(plan, rows, horizon, np.zeros(500, dtype=np.int64), 0)
    estimate = estimate_cell(CellView(tally, "p0", "kill"), {})
    assert estimate.tau_ns == HORIZON_NS // 2
    expected = np.minimum(times, HORIZON_NS // 2).mean()
    assert estimate.rmst_ns.value == pytest.approx(expected, rel=0.02)
