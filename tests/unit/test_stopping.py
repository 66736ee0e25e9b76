"""The plan of a run that stops by itself: rounds, budgets, empty cells, and that only whole rounds decide."""

import json

import numpy as np
import pytest

from mcoom.analysis.stopping import FIRST_REPLICATES, Budget, SequentialPlan
from mcoom.codes import EndReason
from mcoom.engine.layout import OUT
from mcoom.spec.until import parse_rule
from mcoom.tally.plan import TallyPlan
from mcoom.tally.tally import PointTally
from tests.unit.episode_rows import HORIZON_NS, kill_rows

S = 1_000_000_000
BLOCK = 16


def times_of(point, first, count):
    """Times of both policies of a point, each a function of its replicate alone; point 1 is often stuck."""
    out = np.empty((2, count), dtype=np.int64)
    for j, r in enumerate(range(first, first + count)):
        rng = np.random.default_rng([11, point, r])
        out[:, j] = np.minimum(rng.exponential(S, 2), HORIZON_NS - 1)
        if point == 1 and rng.random() < 0.4:
            out[0, j] = HORIZON_NS
    return out


def tally_of(rows, first):
    n = rows.shape[1]
    plan = TallyPlan(("a", "b"), "a", ("kill",), ("all",), 0)
    return PointTally.from_outputs(plan, rows, np.full(n, HORIZON_NS), np.zeros(n, dtype=np.int64), first)


def tally(point, first, count):
    return tally_of(kill_rows(times_of(point, first, count)), first)


def blocks(extent, order):
    """Tallies of the blocks of an extent, merged in any order."""
    starts = list(range(extent.first, extent.first + extent.n_replicates, BLOCK))
    order(starts)
    stop = extent.first + extent.n_replicates
    merged = None
    for start in starts:
        part = tally(extent.point, start, min(BLOCK, stop - start))
        merged = part if merged is None else merged.merge(part)
    return merged


def run(text, n_points=2, per_point=5_000, total=None, order=lambda starts: None, make=None):
    """All rounds and the plan at the end."""
    plan = SequentialPlan(parse_rule(text, ("kill",)), n_points, BLOCK, Budget(per_point, total))
    so_far, rounds = {}, []
    while extents := plan.next_round():
        rounds.append(extents)
        for extent in reversed(extents):
            fresh = make(extent) if make else blocks(extent, order)
            so_far[extent.point] = so_far[extent.point].merge(fresh) if extent.point in so_far else fresh
            plan.take(extent.point, fresh, so_far[extent.point])
    return plan, rounds


def test_it_stops_when_all_cells_are_good_enough():
    plan, rounds = run("livelock_prob ci_width < 0.1")
    assert plan.n_open == 0
    assert [e.n_replicates for e in rounds[0]] == [FIRST_REPLICATES] * 2
    # 40 % takes more than 0 %: the second point gets more.
    assert plan.n_done[0] < plan.n_done[1] < 5_000
    for point in (0, 1):
        found = plan.standings(point)
        assert [s.policy for s in found] == ["a", "b"]
        assert all(s.high - s.low < 0.1 for s in found)
    assert plan.to_json()["open"] == []


def test_extents_follow_on_one_another_in_whole_blocks():
    _, rounds = run("livelock_prob ci_width < 0.1")
    at = [0, 0]
    for extents in rounds:
        assert list(extents) == sorted(extents)
        for extent in extents:
            assert extent.first == at[extent.point]
            assert extent.n_replicates % BLOCK == 0
            assert extent.n_replicates <= max(FIRST_REPLICATES, at[extent.point] + BLOCK - 1)
            at[extent.point] += extent.n_replicates


def test_order_of_blocks_does_not_show():
    rng = np.random.default_rng(1)
    rule = "rmst relative_error < 20 % and livelock_prob ci_width < 0.2 and median ci_width < 2 s"
    usual, rounds = run(rule)
    shuffled, others = run(rule, order=rng.shuffle)
    assert rounds == others
    assert usual.to_json() == shuffled.to_json()
    assert len(rounds) > 2


@pytest.mark.parametrize(
    ("text", "per_point"),
    [("rmst relative_error < 25 %", 20_000), ("median relative_error < 20 %", 5_000), ("p90 ci_width < 3 s", 20_000)],
)
def test_times_can_decide(text, per_point):
    plan, _ = run(text, n_points=1, per_point=per_point)
    assert plan.n_open == 0
    exact = times_of(0, 0, plan.n_done[0])
    for standing, column in zip(plan.standings(0), exact, strict=True):
        ordered = np.sort(column)
        at = {"median": ordered[-(-len(column) // 2) - 1], "p90": ordered[-(-9 * len(column) // 10) - 1]}
        value = {"rmst": column.mean(), **at}
        assert standing.value == pytest.approx(value[standing.clause.quantity], rel=0.02)
        assert standing.low < value[standing.clause.quantity] < standing.high


def never_reached(extent):
    """No invocation ever opens."""
    rows = kill_rows(times_of(0, extent.first, extent.n_replicates))
    rows[..., OUT["n_inv"]] = 0
    for name in ("t0_ns_0", "kill_ns_0", "release_ns_0", "livelock"):
        rows[..., OUT[name]] = -1
    rows[..., OUT["end_reason"]] = EndReason.HORIZON
    return tally_of(rows, extent.first)


@pytest.mark.parametrize(
    "text", ["livelock_prob ci_width < 0.9", "rmst ci_width < 29 s", "median ci_width < 29 s", "p99 relative_error < 9"]
)
def test_an_empty_cell_is_never_satisfied(text):
    plan, _ = run(text, n_points=1, per_point=1_000, make=never_reached)
    assert plan.n_done == [1_000]
    assert plan.n_open == 1
    assert {s.reason for s in plan.standings(0)} == {"never reached"}
    assert json.loads(json.dumps(plan.to_json(), allow_nan=False))["n_points_open"] == 1


def test_a_probability_of_nothing_has_no_relative_error():
    """0 of n is no estimate that is 1 % right; its width is still known."""
    plan, _ = run("livelock_prob relative_error < 50 %", n_points=1, per_point=500)
    assert plan.n_open == 1
    assert plan.n_done == [500]


def test_a_median_that_is_censored_is_never_satisfied():
    def stuck(extent):
        return tally_of(kill_rows(np.full((2, extent.n_replicates), HORIZON_NS)), extent.first)

    plan, _ = run("median relative_error < 90 %", n_points=1, per_point=500, make=stuck)
    assert plan.n_open == 1
    assert "before the horizon" in plan.standings(0)[0].reason


def test_a_quantile_is_no_more_exact_than_its_bin():
    def alike(extent):
        return tally_of(kill_rows(np.full((2, extent.n_replicates), S)), extent.first)

    plan, _ = run("median relative_error < 0.1 %", n_points=1, per_point=500, make=alike)
    assert plan.n_open == 1
    assert "as exact as its bin" in plan.standings(0)[0].reason
    assert plan.standings(0)[0].metric < 0.02


def test_exhausted_budgets_widen():
    def exhausted(extent):
        rows = kill_rows(times_of(0, extent.first, extent.n_replicates))
        late = np.arange(extent.first, extent.first + extent.n_replicates) % 5 == 0
        rows[:, late, OUT["kill_ns_0"]] = -1
        rows[:, late, OUT["release_ns_0"]] = -1
        rows[:, late, OUT["end_reason"]] = EndReason.BUDGET
        return tally_of(rows, extent.first)

    plan, _ = run("livelock_prob ci_width < 0.15 and rmst ci_width < 3 s", 1, 3_000, make=exhausted)
    livelock, mean = plan.standings(0)[:2]
    assert livelock.low == 0
    assert livelock.high > 0.2
    assert mean.high - mean.low > 0.2 * HORIZON_NS * 0.9
    assert plan.n_open == 1


def test_a_budget_goes_to_those_that_finish_first():
    """Point 0 needs little, point 1 much: with too little for both, point 0 is finished and the rest is spent on 1."""
    free, _ = run("livelock_prob ci_width < 0.1")
    total = free.n_done[0] + free.n_done[1] // 2
    plan, _ = run("livelock_prob ci_width < 0.1", total=total)
    assert total - BLOCK < sum(plan.n_done) <= total
    assert plan.n_done[0] == free.n_done[0]
    assert [all(s.is_met for s in plan.standings(p)) for p in (0, 1)] == [True, False]


def test_a_budget_smaller_than_a_round():
    plan, rounds = run("livelock_prob ci_width < 0.1", total=70)
    assert plan.n_done == [32, 32]  # every point gets a share: none may stay without a count
    assert len(rounds) == 1
    plan, rounds = run("livelock_prob ci_width < 0.1", per_point=10)
    assert plan.n_done == [10, 10]


def test_a_round_has_to_be_taken_whole():
    plan = SequentialPlan(parse_rule("livelock_prob ci_width < 0.1", ("kill",)), 2, BLOCK, Budget(1000))
    extents = plan.next_round()
    first = blocks(extents[0], lambda starts: None)
    plan.take(0, first, first)
    with pytest.raises(RuntimeError, match="not taken"):
        plan.next_round()
    with pytest.raises(RuntimeError, match="asked for"):
        plan.take(0, first, first)
    half = tally(1, 0, FIRST_REPLICATES // 2)
    with pytest.raises(RuntimeError, match="asked for"):
        plan.take(1, half, half)
