"""Limits that hold whenever a run stopped, in the place of those for a fixed n."""

import numpy as np
import pytest
from scipy.stats import binom, norm

from mcoom.analysis.anytime import METHOD, Sequential, mean_limits
from mcoom.analysis.binned import CellView
from mcoom.analysis.sequential import even_odds_p, proportion_sequence, same_probability_p
from mcoom.analysis.verdict import analyse
from mcoom.store.record import PointRecord, Results
from mcoom.tally import PointTally, TallyPlan
from tests.unit.episode_rows import kill_rows, kill_tally

HORIZON = 1_000_000_000


def run_of(n, seed=0):
    rng = np.random.default_rng(seed)
    base = rng.exponential(4e8, n).astype(np.int64) + 1
    tally = kill_tally([base, (base * 0.8).astype(np.int64) + 1], HORIZON)
    return Results(tally.plan, (PointRecord(0, "all", {}, tally),), {})


def test_every_interval_is_a_sequence_and_wider_than_for_a_fixed_n():
    run = run_of(500)
    fixed, ours = analyse(run), analyse(run, sequential=Sequential(0.05, {}))
    for before, after in zip(fixed.estimates, ours.estimates, strict=True):
        for name in ("livelock_prob", "median_ns", "p90_ns", "rmst_ns"):
            old, new = getattr(before, name), getattr(after, name)
            assert new.method == METHOD
            assert new.value == old.value
            assert new.low <= old.low
            assert new.high is None or new.high >= old.high
        assert after.livelock_wilson is None
    (before,), (after,) = fixed.contrasts, ours.contrasts
    for name in ("rmst_diff_ns", "prob_superiority", "livelock_diff", "median_diff_ns", "rmst_ratio"):
        old, new = getattr(before, name), getattr(after, name)
        assert new.method == METHOD
        assert new.low <= old.low <= old.high <= new.high, name


def test_what_the_rounds_kept_is_taken():
    kept = {(0, "p0", "kill"): ((1.0, 2.0), (0.5, 3.0)), (0, "p1", "kill"): ((4.0, 6.0), (3.5, 7.0))}
    analysis = analyse(run_of(100), sequential=Sequential(0.05, kept))
    assert [(e.rmst_ns.low, e.rmst_ns.high) for e in analysis.estimates] == [(1.0, 2.0), (4.0, 6.0)]
    assert (analysis.contrasts[0].rmst_diff_ns.low, analysis.contrasts[0].rmst_diff_ns.high) == (0.5, 6.5)
    assert (analysis.contrasts[0].rmst_ratio.low, analysis.contrasts[0].rmst_ratio.high) == (3.5 / 3, 14.0)


def test_the_sum_alone_gives_that_of_a_coin():
    view = CellView(run_of(200).points[0].tally, "p0", "kill")
    share = np.array([view.total("restricted_sum", 0) / HORIZON])
    low, high = proportion_sequence(share, share, np.array([200]))
    assert mean_limits(view, 0.05) == pytest.approx((HORIZON * low[0], HORIZON * high[0]))


def means_missed(draw, mean, repeats, fixed=False):
    """Runs in which the sequence of the mean of shares was wrong at any of 60 looks."""
    rng, looks = np.random.default_rng(7), np.unique(np.geomspace(5, 3_000, 60).astype(int))
    x = draw(rng, (repeats, 3_000))
    sums = np.cumsum(x, axis=1)[:, looks - 1]
    n = np.broadcast_to(looks, sums.shape)
    if fixed:
        squares = np.cumsum(x * x, axis=1)[:, looks - 1]
        half = 1.96 * np.sqrt(np.maximum(0, squares / n - (sums / n) ** 2) / n)
        return int((np.abs(sums / n - mean) > half).any(axis=1).sum())
    low, high = proportion_sequence(sums, sums, n)
    return int(((low > mean) | (high < mean)).any(axis=1).sum())


@pytest.mark.parametrize("law", ["coin", "uniform", "short"])
def test_sums_of_shares_are_covered_at_all_times(law):
    """At most 5 % of runs are ever wrong (alarm at the 1e-6 quantile); the twin for a fixed n: 15 % or more."""
    draw, mean = {
        "coin": (lambda rng, size: (rng.random(size) < 0.3).astype(float), 0.3),
        "uniform": (lambda rng, size: rng.random(size), 0.5),
        "short": (lambda rng, size: np.minimum(1, rng.exponential(0.1, size)), 0.1 * (1 - np.exp(-10))),
    }[law]
    assert means_missed(draw, mean, 400) <= binom.isf(1e-6, 400, 0.05)
    assert means_missed(draw, mean, 400, fixed=True) >= 60


def test_what_holds_for_a_fixed_n_is_named():
    run = run_of(300)
    assert not any(c.fixed_n for c in analyse(run).contrasts)
    ours = analyse(run, sequential=Sequential(0.05, {}))
    (paired,) = ours.contrasts
    assert set(paired.fixed_n) == {"logrank_z", "logrank_p", "p_adjusted", "curves", "livelock_mid_p"}
    (apart,) = analyse(run, sequential=Sequential(0.05, {}), baseline="p1").contrasts
    assert {"prob_superiority", "superiority_p"} < set(apart.fixed_n)
    assert "livelock_p" not in apart.fixed_n
    assert "fixed_n" in paired.to_json()
    assert "fixed_n" not in analyse(run).contrasts[0].to_json()


def test_strata_and_all_points_are_for_a_fixed_n():
    plan = TallyPlan(("p0", "p1"), "p0", ("kill",), ("even", "odd"))
    rows = kill_rows([np.arange(1, 41) * 10**6, np.arange(2, 42) * 10**6], HORIZON)
    tally = PointTally.from_outputs(plan, rows, np.full(40, HORIZON), np.arange(40) % 2, 0)
    run = Results(tally.plan, tuple(PointRecord(i, str(i), {}, tally) for i in (0, 1)), {})
    found = analyse(run, sequential=Sequential(0.05, {}), by_stratum=True)
    for entry in (*found.estimates, *found.contrasts):
        assert ("rmst_p" in entry.fixed_n or "rmst_ns" in entry.fixed_n) == ("stratum" in entry.cell)
    data = found.to_json()
    assert data["stratified"] and all(entry["fixed_n"] == ["all"] for entry in data["stratified"])
    assert all("fixed_n" not in entry for entry in analyse(run).to_json()["stratified"])


def test_tests_of_a_sequence_are_cautious_and_see_a_difference():
    run = run_of(200)
    fixed, ours = analyse(run).contrasts[0], analyse(run, sequential=Sequential(0.05, {})).contrasts[0]
    for name in ("rmst_p", "superiority_p", "livelock_p"):
        assert getattr(fixed, name) < getattr(ours, name), name
    assert ours.superiority_p < 1e-6
    assert analyse(run_of(20_000), sequential=Sequential(0.05, {})).contrasts[0].rmst_p < 0.05
    assert same_probability_p((30, 100), (30, 100)) == same_probability_p((0, 0), (3, 9)) == 1.0
    assert same_probability_p((30, 100), (80, 100)) == same_probability_p((80, 100), (30, 100)) < 1e-4
    assert same_probability_p((0, 500), (500, 500)) < 1e-50
    assert even_odds_p(0, 0) == even_odds_p(5, 5) == 1.0


def test_p_is_the_level_at_which_the_sequences_part():
    p = same_probability_p((20, 100), (75, 120))
    assert 1e-6 < p < 0.01
    for factor, is_apart in ((1.02, True), (0.98, False)):
        k, n = np.array([20, 75]), np.array([100, 120])
        low, high = proportion_sequence(k, k, n, p / 2 * factor)
        assert (high[0] < low[1]) is np.bool_(is_apart)


def ever_rejected(p_of, repeats, n=3_000):
    """Runs without a difference in which a p-value was at most 5 % at any of 60 looks."""
    rng, looks = np.random.default_rng(11), np.unique(np.geomspace(5, n, 60).astype(int))
    counts = np.cumsum(rng.random((2, repeats, n)) < 0.4, axis=2)[:, :, looks - 1]
    return sum(
        any(p_of(int(counts[0, r, i]), int(counts[1, r, i]), int(looks[i])) <= 0.05 for i in range(looks.size))
        for r in range(repeats)
    )


@pytest.mark.parametrize("is_odds", [False, True])
def test_tests_of_a_sequence_hold_under_looking(is_odds):
    """At most 5 % (alarm at the 1e-6 quantile); the twins for a fixed n: 15 % or more."""

    def ours(k, j, n):
        return even_odds_p(k, j) if is_odds else same_probability_p((k, n), (j, n))

    def fixed(k, j, n):
        error = ((k + j) if is_odds else 2 * (k + j) / 2 * (1 - (k + j) / 2 / n)) ** 0.5
        return 2 * norm.sf(abs(k - j) / error) if error else 1.0

    assert ever_rejected(ours, 200) <= binom.isf(1e-6, 200, 0.05)
    assert ever_rejected(fixed, 200) >= 30
