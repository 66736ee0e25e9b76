"""Many cells at once: pooled effects, Friedman, step-up families, and the analysis that uses them."""

import time
import tracemalloc

import numpy as np
import pytest
from scipy import stats

from mcoom.analysis.multiplicity import benjamini_hochberg, benjamini_yekutieli, holm
from mcoom.analysis.omnibus import friedman_test
from mcoom.analysis.stratified import pool_effects
from mcoom.analysis.verdict import analyse
from mcoom.report.comparison import comparison_text
from mcoom.report.declared import families_text
from mcoom.spec.family import Declared, Family
from mcoom.store.record import PointRecord, Results
from tests.unit.episode_rows import kill_tally

P_VALUES = [0.001, 0.008, 0.039, 0.041, 0.042, 0.06, 0.074, 0.205, 0.212, 0.216]


def test_step_up_procedures_equal_scipy():
    for ours, method in ((benjamini_hochberg, "bh"), (benjamini_yekutieli, "by")):
        assert ours(P_VALUES) == pytest.approx(stats.false_discovery_control(P_VALUES, method=method))
        with_gap = ours([None, *P_VALUES])
        assert with_gap[0] is None
        assert with_gap[1:] == ours(P_VALUES)
    assert all(a <= b for a, b in zip(benjamini_hochberg(P_VALUES), holm(P_VALUES), strict=True))


def test_friedman_equals_scipy_with_ties():
    table = np.random.default_rng(2).integers(0, 5, (12, 4)).astype(float)
    found, other = friedman_test(table, "abcd"), stats.friedmanchisquare(*table.T)
    assert found.chisq == pytest.approx(other.statistic)
    assert found.p == pytest.approx(other.pvalue)
    assert found.kendall_w == pytest.approx(found.chisq / (12 * 3))
    assert sum(i.value for i in found.mean_ranks) == pytest.approx(10)
    agreed = friedman_test(np.arange(12).reshape(4, 3), "abc")
    assert agreed.kendall_w == 1.0
    assert friedman_test([[1.0, float("nan")], [1, 2]], "ab") is None
    assert friedman_test([], "ab") is None


def test_pooling_weighs_by_precision_and_sees_heterogeneity():
    found = pool_effects([1.0, 3.0], [1.0, 4.0])
    assert found.effect.value == pytest.approx((1 + 3 / 4) / (1 + 1 / 4))
    assert found.heterogeneity == pytest.approx((1 - 1.4) ** 2 + (3 - 1.4) ** 2 / 4)
    assert pool_effects([2.0], [1.0]).heterogeneity_p is None
    with pytest.raises(ValueError, match="all > 0"):
        pool_effects([1.0], [0.0])


def run_of(n_points, factors, n=300, raw_rows=0):
    """A run of exponential policies on common random numbers."""
    points = []
    for i in range(n_points):
        rng = np.random.default_rng([7, i])
        shared = rng.exponential(4e9 * (1 + i), n)
        times = [(shared * factor * rng.lognormal(0, 0.2, n)).astype(np.int64) for factor in factors]
        points.append(PointRecord(i, f"point {i}", {}, kill_tally(times, raw_rows=raw_rows)))
    return Results(points[0].tally.plan, tuple(points), {})


def test_a_run_of_many_points_is_joined():
    run = run_of(5, (1.0, 0.8, 1.3))
    analysis = analyse(run)
    (friedman,) = analysis.friedman
    assert friedman.mean_ranks[1].value == 1.0
    assert friedman.p < 0.01
    sooner, later = analysis.stratified
    assert (sooner.policy, sooner.n_cells) == ("p1", 5)
    mean = np.mean([c.rmst_diff_ns.value for c in analysis.contrasts if c.policy == "p1"])
    assert sooner.rmst_diff_ns.value == pytest.approx(mean)
    assert sooner.rmst_diff_ns.high < 0 < later.rmst_diff_ns.low
    each = [c.rmst_diff_ns for c in analysis.contrasts if c.policy == "p1"]
    up = np.sqrt(sum((i.any_law[1] - i.value) ** 2 for i in each)) / len(each)
    assert sooner.rmst_diff_ns.any_law[1] == pytest.approx(max(mean + up, sooner.rmst_diff_ns.high))
    assert sooner.logrank_z > 0 > later.logrank_z
    outcomes = [c.outcomes for c in analysis.contrasts if c.policy == "p1"]
    assert (sooner.n_win, sooner.n_loss) == tuple(sum(o[name] for o in outcomes) for name in ("n_win", "n_loss"))
    assert len(analysis.k_sample) == 5
    ratios = analysis.k_sample[0].to_json()["observed_over_expected"]
    assert ratios["p1"] > 1 > ratios["p2"]


def test_the_family_is_adjusted_as_asked():
    run = run_of(3, (1.0, 0.95, 1.05))
    p_values = [c.rmst_p for c in analyse(run).contrasts]
    for name, method in (("holm", holm), ("bh", benjamini_hochberg), ("by", benjamini_yekutieli)):
        analysis = analyse(run, declared=Declared(adjust=name))
        assert [c.rmst_p_adjusted for c in analysis.contrasts] == method(p_values)
        assert analysis.to_json()["family"]["method"] == name


def test_declared_families_are_adjusted_apart():
    """Two policies, three points: a family of one policy, and the rest; the twin is one family of all."""
    run = run_of(3, (1.0, 0.95, 1.05))
    declared = Declared(0.1, "holm", (Family("asked", ("kill",), ("p1",)),))
    analysis = analyse(run, declared=declared)
    assert analysis.level == 0.9
    assert analysis.error_rate == 0.1
    assert {c.policy: (c.family, c.family_size) for c in analysis.contrasts} == {"p1": ("asked", 3), "p2": ("other", 3)}
    for policy in ("p1", "p2"):
        chosen = [c for c in analysis.contrasts if c.policy == policy]
        assert [c.rmst_p_adjusted for c in chosen] == holm([c.rmst_p for c in chosen])
    apart, together = (
        [c.rmst_p_adjusted for c in analyse(run, declared=d).contrasts] for d in (declared, Declared(0.1))
    )
    assert apart != together
    assert analysis.to_json()["families"] == [{"name": "asked", "estimands": ["kill"], "policies": ["p1"]}]
    assert "within families declared in the scenario: asked (3 contrasts), other (3 contrasts)" in families_text(
        analysis
    )
    assert families_text(analyse(run)) == ""


def test_kept_rows_give_the_paired_log_rank_test():
    with_rows, without = (analyse(run_of(1, (1.0, 0.85), raw_rows=n)).contrasts[0] for n in (200, 0))
    assert without.curves.paired is None
    paired = with_rows.curves.paired
    assert paired.n_rows == 200
    assert paired.variance_ratio < 0.3
    assert paired.p < with_rows.logrank_p / 10
    assert with_rows.rmst_variance_ratio < 0.3
    assert with_rows.to_json()["curves"]["paired_logrank"]["n_rows"] == 200


def test_crossing_curves_are_said_in_a_sentence():
    rng = np.random.default_rng(8)
    narrow, wide = ((t * 1e9).astype(np.int64) for t in (rng.gamma(25, 1 / 25, 2_000), rng.gamma(1, 1, 2_000)))
    tally = kill_tally([narrow, wide], 4_000_000_000)
    results = Results(tally.plan, (PointRecord(0, "only", {}, tally),), {})
    text = comparison_text(results, analyse(results))
    assert "; the curves cross between " in text
    assert "sooner before, later after (adjusted p " in text
    ordered = analyse(run_of(1, (1.0, 0.7)))
    assert "cross" not in comparison_text(run_of(1, (1.0, 0.7)), ordered)  # the twin that must fail


def test_a_hundred_million_replicates_are_analysed_at_once():
    tally = run_of(1, (1.0, 0.9, 1.1), n=20_000).points[0].tally
    while tally.n_replicates < 10**8:
        tally = tally.merge(tally)
    tracemalloc.start()
    started = time.perf_counter()
    analysis = analyse(Results(tally.plan, (PointRecord(0, "huge", {}, tally),), {}))
    took, (_, peak) = time.perf_counter() - started, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert analysis.estimates[0].n >= 10**8
    assert took < 10
    assert peak < 50e6
