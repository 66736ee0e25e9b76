"""Tallies against a slow count by hand, and the laws of merging."""

import time
from functools import reduce
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcoom.codes import EndReason
from mcoom.engine.layout import OUT
from mcoom.tally import PointTally, TallyPlan
from mcoom.tally.edges import bin_of_ns
from mcoom.tally.field import COUNTS, FIELDS, axis_labels, shape_of
from mcoom.tally.histogram import Kind
from mcoom.tally.limbs import ints_from_limbs
from mcoom.tally.plan import ESTIMANDS
from mcoom.tally.status import Bound, Case, Status
from tests.unit.episode_rows import HORIZON_NS, episodes, kill_rows

ESTIMANDS_TRIED = ("kill", "kill_2", "release", "recovery", "hold_max")
PLAN = TallyPlan(("a", "b", "c"), "b", ESTIMANDS_TRIED, ("light", "heavy"), 4)


def blocks(seed, n, plan=PLAN):
    outputs, horizon = episodes(seed, len(plan.policies), n)
    strata = np.random.default_rng(seed + 1).integers(0, len(plan.stratum_labels), n)
    return outputs, horizon, strata


def tally_range(data, low, high, plan=PLAN):
    outputs, horizon, strata = data
    return PointTally.from_outputs(plan, outputs[:, low:high], horizon[low:high], strata[low:high], low)


DATA = blocks(1, 300)
WHOLE = tally_range(DATA, 0, 300)


# A second, slow way to the same numbers, one replicate at a time, from docs/estimands.md.


def stands(estimand, row):
    """(status, time) of one row, as (str, int)."""
    get = lambda name: int(row[OUT[name]])  # noqa: E731
    j = int(estimand[5:]) - 1 if estimand.startswith("kill_") else 0
    end = EndReason(get("end_reason"))
    if get(f"t0_ns_{j}") < 0:
        return ("BUDGET_BEFORE" if end == EndReason.BUDGET else "NOT_REACHED"), 0
    if estimand == "hold_max":
        if end in (EndReason.BUDGET, EndReason.NO_VICTIM):
            return end.name, get("hold_max_ns")
        is_cut = get("hold_open") and end == EndReason.HORIZON
        return ("HORIZON" if is_cut else "SEEN"), get("hold_max_ns")
    column = {"release": "release_ns_0", "recovery": "recovery_ns"}.get(estimand, f"kill_ns_{j}")
    if get(column) >= 0:
        return "SEEN", get(column)
    waited = get("end_ns") - get(f"t0_ns_{j}")
    return ("HORIZON" if end == EndReason.KILLS_DONE else end.name), waited


def restricted(status, t, case):
    """Restricted time, or None if the replicate does not count."""
    h = HORIZON_NS
    if status == "NOT_REACHED" or (status == "BUDGET_BEFORE" and case == "value"):
        return None
    if status == "SEEN":
        return min(t, h)
    if status == "HORIZON":
        return h if t < h and case == "worst" else min(t, h)
    if status in ("BUDGET", "BUDGET_BEFORE") and case == "best":
        return min(t, h)
    return h


def cells(plan=PLAN):
    for p, policy in enumerate(plan.policies):
        for e, estimand in enumerate(plan.estimands):
            for k in range(len(plan.stratum_labels)):
                yield p, policy, e, estimand, k


@pytest.mark.parametrize("p", range(3))
@pytest.mark.parametrize("e", range(len(ESTIMANDS_TRIED)))
@pytest.mark.parametrize("k", range(2))
def test_marginal_numbers_are_those_counted_by_hand(p, e, k):
    outputs, _, strata = DATA
    pairs = [stands(ESTIMANDS_TRIED[e], row) for row in outputs[p, strata == k]]
    by_status = [sum(s == status.name for s, _ in pairs) for status in Status]
    assert WHOLE["status_count"][p, e, k].tolist() == by_status
    seen = [t for s, t in pairs if s == "SEEN"]
    assert ints_from_limbs(WHOLE["time_sum"][p, e, k]) == [sum(seen)]
    assert ints_from_limbs(WHOLE["time_sumsq"][p, e, k]) == [sum(t * t for t in seen)]
    assert WHOLE["n_early"][p, e, k] == sum(s == "HORIZON" and t < HORIZON_NS for s, t in pairs)
    for case in Case:
        times = [r for s, t in pairs if (r := restricted(s, t, case.name.lower())) is not None]
        assert ints_from_limbs(WHOLE["restricted_sum"][p, e, k, case]) == [sum(times)]
        assert ints_from_limbs(WHOLE["restricted_sumsq"][p, e, k, case]) == [sum(t * t for t in times)]


@pytest.mark.parametrize("p", range(3))
@pytest.mark.parametrize("e", range(len(ESTIMANDS_TRIED)))
def test_joint_numbers_are_those_counted_by_hand(p, e):
    outputs, _, strata = DATA
    cases = {Bound.VALUE: ("value", "value"), Bound.POLICY_BEST: ("best", "worst"),
             Bound.BASELINE_BEST: ("worst", "best")}  # fmt: skip
    for k in range(2):
        for bound, (own_case, other_case) in cases.items():
            pairs = []
            for own, other in zip(outputs[p, strata == k], outputs[1, strata == k], strict=True):
                x = restricted(*stands(ESTIMANDS_TRIED[e], own), own_case)
                y = restricted(*stands(ESTIMANDS_TRIED[e], other), other_case)
                if x is not None and y is not None:
                    pairs.append((x, y))
            at = (p, e, k, bound)
            assert WHOLE["n_pairs"][at] == len(pairs)
            assert WHOLE["livelock_table"][at].sum() == len(pairs)
            expected = [sum(x < y for x, y in pairs), sum(x == y for x, y in pairs), sum(x > y for x, y in pairs)]
            assert WHOLE["win_tie_loss"][at].tolist() == expected
            assert ints_from_limbs(WHOLE["policy_sum"][at]) == [sum(x for x, _ in pairs)]
            assert ints_from_limbs(WHOLE["baseline_sum"][at]) == [sum(y for _, y in pairs)]
            assert ints_from_limbs(WHOLE["policy_sumsq"][at]) == [sum(x * x for x, _ in pairs)]
            assert ints_from_limbs(WHOLE["baseline_sumsq"][at]) == [sum(y * y for _, y in pairs)]
            assert ints_from_limbs(WHOLE["cross_sum"][at]) == [sum(x * y for x, y in pairs)]


def test_livelock_table_of_the_known_part():
    outputs, _, strata = DATA
    for k in range(2):
        table = np.zeros((2, 2), dtype=int)
        for own, other in zip(outputs[0, strata == k], outputs[1, strata == k], strict=True):
            if all(stands("kill", row)[0] not in ("NOT_REACHED", "BUDGET_BEFORE") for row in (own, other)):
                stuck = [row[OUT["livelock"]] == 0 and row[OUT["kill_ns_0"]] < 0 for row in (own, other)]
                table[int(stuck[0]), int(stuck[1])] += 1
        assert WHOLE["livelock_table"][0, 0, k, Bound.VALUE].tolist() == table.tolist()


def test_histograms_hold_every_replicate_in_its_bin():
    outputs, _, strata = DATA
    kinds = {"SEEN": [Kind.SEEN], "HORIZON": [Kind.HORIZON], "BUDGET": [Kind.BUDGET, Kind.BUDGET_NEVER],
             "NO_VICTIM": [Kind.NEVER], "RECOVERED": [Kind.NEVER], "NOT_REACHED": [],
             "BUDGET_BEFORE": [Kind.BUDGET, Kind.BEFORE_NEVER]}  # fmt: skip
    never = {Kind.NEVER, Kind.BUDGET_NEVER, Kind.BEFORE_NEVER}
    expected = np.zeros(WHOLE.histogram.shape, dtype=np.int64)
    for p, _, e, estimand, k in cells():
        for row in outputs[p, strata == k]:
            status, t = stands(estimand, row)
            for kind in kinds[status]:
                expected[p, e, k, kind, bin_of_ns(np.array([HORIZON_NS if kind in never else t]))[0]] += 1
    assert np.array_equal(WHOLE.histogram.dense(), expected)
    assert np.array_equal(WHOLE.histogram.dense(2, 1), expected[2, 1])


def test_sums_of_columns_and_end_reasons():
    outputs, _, strata = DATA
    for p in range(3):
        for k in range(2):
            rows = outputs[p, strata == k]
            ends = [int((rows[:, OUT["end_reason"]] == reason).sum()) for reason in EndReason]
            assert WHOLE["end_count"][p, k].tolist() == ends
            for c, name in enumerate(COUNTS):
                values = [int(v) for v in rows[:, OUT[name]] if v >= 0]
                assert WHOLE["count_n"][p, k, c] == len(values)
                assert ints_from_limbs(WHOLE["count_sum"][p, k, c]) == [sum(values)]
                assert ints_from_limbs(WHOLE["count_sumsq"][p, k, c]) == [sum(v * v for v in values)]
    assert WHOLE.n_replicates == 300


def test_the_rows_made_up_here_have_every_status():
    total = WHOLE["status_count"].sum(axis=(0, 1, 2))
    assert all(total > 0)


@settings(deadline=None, max_examples=30)
@given(st.lists(st.integers(0, 300), max_size=5), st.randoms(use_true_random=False))
def test_merging_does_not_depend_on_cut_order_or_grouping(cuts, random):
    edges = sorted({0, 300, *cuts})
    parts = [tally_range(DATA, a, b) for a, b in pairwise(edges)]
    parts.append(PointTally.empty(PLAN))
    random.shuffle(parts)
    while len(parts) > 1:
        i = random.randrange(len(parts) - 1)
        parts[i : i + 2] = [parts[i].merge(parts[i + 1])]
    assert parts[0] == WHOLE


@settings(deadline=None, max_examples=10)
@given(st.integers(0, 2**31))
def test_merging_is_commutative_and_associative(seed):
    data = blocks(seed, 30)
    a, b, c = (tally_range(data, i, i + 10) for i in (0, 10, 20))
    assert a.merge(b) == b.merge(a)
    assert a.merge(b).merge(c) == a.merge(b.merge(c))
    assert a.merge(b) != a


def test_raw_rows_are_those_of_the_lowest_replicates():
    rows = reduce(PointTally.merge, [tally_range(DATA, i, i + 3) for i in range(297, -1, -3)]).rows
    assert rows.replicates.tolist() == [0, 1, 2, 3]
    assert np.array_equal(rows.outputs, DATA[0][:, :4])
    assert np.array_equal(rows.strata, DATA[2][:4])


def test_a_replicate_is_not_counted_twice():
    with pytest.raises(ValueError, match="replicate 0 is in both"):
        WHOLE.merge(tally_range(DATA, 0, 10))


def test_other_plans_and_shapes_are_refused():
    other = TallyPlan(PLAN.policies, "a", PLAN.estimands, PLAN.stratum_labels, 4)
    with pytest.raises(ValueError, match="different plans"):
        WHOLE.merge(PointTally.empty(other))
    outputs, horizon, strata = DATA
    with pytest.raises(ValueError, match="do not fit"):
        PointTally.from_outputs(PLAN, outputs[:2], horizon, strata, 0)
    with pytest.raises(ValueError, match=r"must be 0\.\.1"):
        PointTally.from_outputs(PLAN, outputs, horizon, strata + 1, 0)


@pytest.mark.parametrize(
    ("change", "message"),
    [({"policies": ()}, "policies"), ({"policies": ("a", "a", "b")}, "policies"), ({"baseline": "x"}, "baseline"),
     ({"estimands": ("kills",)}, "'kills'"), ({"stratum_labels": ()}, "stratum_labels"), ({"raw_rows": -1}, ">= 0")],
)  # fmt: skip
def test_wrong_plans_are_refused(change, message):
    good = {"policies": ("a", "b"), "baseline": "a", "estimands": ("kill",), "stratum_labels": ("all",), "raw_rows": 0}
    with pytest.raises(ValueError, match=message):
        TallyPlan(**(good | change))


def test_estimands_have_eight_kills():
    assert ESTIMANDS[:2] == ("kill", "kill_2")
    assert "kill_8" in ESTIMANDS
    assert "kill_9" not in ESTIMANDS


def test_field_table_and_arrays_agree():
    labels = axis_labels(PLAN)
    for field in FIELDS:
        array = WHOLE[field.name]
        assert array.shape == shape_of(field, PLAN) == tuple(len(labels[dim]) for dim in field.dims)
        assert array.dtype == (np.uint64 if field.is_sum else np.int64)


def test_horizons_may_differ():
    outputs, _ = episodes(3, 3, 20)
    horizon = np.arange(20, dtype=np.int64) * 1000 + HORIZON_NS
    tally = PointTally.from_outputs(PLAN, outputs, horizon, np.zeros(20, dtype=np.int64), 0)
    assert (tally.horizon_min_ns, tally.horizon_max_ns) == (HORIZON_NS, HORIZON_NS + 19_000)


def test_no_replicates_is_the_neutral_tally():
    none = np.zeros(0, dtype=np.int64)
    assert PointTally.from_outputs(PLAN, DATA[0][:, :0], none, none, 0) == PointTally.empty(PLAN)


def test_a_large_block_is_counted_fast():
    """2 us per replicate and policy measured; the engine takes at least some hundred."""
    times = np.random.default_rng(4).lognormal(16, 2, (2, 100_000)).astype(np.int64)
    rows = kill_rows(times)
    plan = TallyPlan(("a", "b"), "a", ("kill", "kill_2"))
    n = times.shape[1]
    start = time.perf_counter()
    PointTally.from_outputs(plan, rows, np.full(n, HORIZON_NS), np.zeros(n, dtype=np.int64), 0)
    assert (time.perf_counter() - start) / times.size < 20e-6
