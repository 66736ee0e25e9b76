"""Late kills over all replicates: a policy that never gets there is not flattered."""

import re

import numpy as np
import pytest
from scipy import stats

from mcoom.analysis.binned import CellView
from mcoom.analysis.composite import compare_composite, composite_of, estimate_composite, has_composite
from mcoom.analysis.estimate import estimate_cell
from mcoom.analysis.hall import hall_limits
from mcoom.analysis.verdict import analyse
from mcoom.codes import EndReason
from mcoom.engine.layout import OUT
from mcoom.report.comparison import comparison_text
from mcoom.store.record import PointRecord, Results
from mcoom.tally import PointTally, TallyPlan
from tests.unit.episode_rows import HORIZON_NS, kill_rows

N = 400
QUICK, SLOW = 10_000_000, 2_000_000_000


def second_kills(n_reached, times_ns, end=EndReason.NO_VICTIM):
    """Rows of one policy: the first kill always comes; the second invocation opens in the first replicates only."""
    rows = kill_rows(np.full(N, 1_000_000))[0]
    reached = np.arange(N) < n_reached
    rows[:, OUT["t0_ns_1"]] = np.where(reached, 5_000_000, -1)
    rows[:, OUT["kill_ns_1"]] = np.where(reached, times_ns, -1)
    rows[:, OUT["n_inv"]] = 1 + reached
    rows[:, OUT["end_reason"]] = np.where(reached, EndReason.KILLS_DONE, end)
    return rows


def tally(end=EndReason.NO_VICTIM):
    """Policy ``panics`` is quick where it gets to the second kill, which is in a quarter; ``steady`` always does."""
    plan = TallyPlan(("steady", "panics"), "steady", ("kill", "kill_2"))
    rows = np.stack((second_kills(N, SLOW), second_kills(N // 4, QUICK, end)))
    return PointTally.from_outputs(plan, rows, np.full(N, HORIZON_NS), np.zeros(N, dtype=np.int64), 0)


def composites(end=EndReason.NO_VICTIM):
    counted = tally(end)
    return [composite_of(CellView(counted, policy, "kill_2")) for policy in ("panics", "steady")]


def test_the_conditional_estimate_flatters_and_the_composite_does_not():
    panics, steady = composites()
    conditional = [estimate_cell(CellView(v.tally, v.policy, "kill_2"), {}).rmst_ns.value for v in (panics, steady)]
    assert conditional == [QUICK, SLOW]
    estimate = estimate_composite(panics, {})
    assert (estimate.n, estimate.n_seen, estimate.n_not_reached) == (N, N // 4, 3 * N // 4)
    assert estimate.rmst_ns.value == pytest.approx(QUICK / 4 + HORIZON_NS * 3 / 4)
    assert estimate.success.value == 0.25
    limits = stats.binomtest(N // 4, N).proportion_ci(0.95)
    assert (estimate.success.low, estimate.success.high) == pytest.approx((limits.low, limits.high))
    assert estimate.median_ns.value is None
    contrast = compare_composite(panics, steady, {})
    assert contrast.rmst_diff_ns.low > 0
    assert contrast.rmst_p < 1e-12
    assert contrast.success_diff.high < 0
    assert contrast.success_p == pytest.approx(stats.fisher_exact([[100, 300], [400, 0]]).pvalue)
    assert contrast.prob_superiority.value == pytest.approx(0.25)


def test_the_spread_counts_those_who_never_got_there():
    estimate = estimate_composite(composites()[0], {})
    times = np.where(np.arange(N) < N // 4, QUICK, HORIZON_NS).astype(float)
    error, skewness = times.std(ddof=1) / N**0.5, stats.skew(times, bias=False) / N**0.5
    expected = hall_limits(times.mean(), error, skewness, (N - 1) / 3)
    assert (estimate.rmst_ns.low, estimate.rmst_ns.high) == pytest.approx(expected, rel=1e-6)


def test_recovery_is_no_failure():
    for end, says_more in ((EndReason.NO_VICTIM, True), (EndReason.RECOVERED, False)):
        assert has_composite([CellView(tally(end), p, "kill_2") for p in ("steady", "panics")]) is says_more
    counted = tally()
    assert not has_composite([CellView(counted, "steady", "kill_2")])
    assert not has_composite([CellView(counted, "panics", "kill")])


def test_exhausted_budgets_may_be_either():
    estimate = estimate_composite(composites(EndReason.BUDGET)[0], {})
    assert (estimate.n, estimate.n_not_reached, estimate.success.value) == (N, 0, 0.25)
    assert estimate.success.high == 1.0
    assert estimate.rmst_ns.value == pytest.approx(QUICK / 4 + HORIZON_NS * 3 / 4)
    assert estimate.rmst_ns.low < QUICK
    assert "spanning exhausted budgets" in estimate.rmst_ns.method


def test_the_analysis_of_a_run_has_them_in_a_family_of_their_own():
    counted = tally()
    analysis = analyse(Results(counted.plan, (PointRecord(0, "only", {}, counted),), {}))
    assert {e.estimand for e in analysis.composite_estimates} == {"kill_2_all"}
    found = analysis.to_json()["composite_contrasts"]
    assert [c["policy"] for c in found] == ["panics"]
    assert found[0]["rmst_p_adjusted"] == found[0]["rmst_p"]


def test_the_text_shows_who_never_got_there():
    counted = tally()
    results = Results(counted.plan, (PointRecord(0, "only", {}, counted),), {})
    lines = comparison_text(results, analyse(results)).splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("over all replicates"))
    steady, panics = lines[start + 1 : start + 3]
    assert re.split(r"\s{2,}", steady)[:3] == ["steady", "400", "0"]
    assert re.split(r"\s{2,}", panics)[:3] == ["panics", "400", "300"]
    assert "25 % [20.8, 29.5]" in panics
    assert "+20.5 s" in panics
