"""Hazards, contrasts of restricted means and quantiles, and probability of superiority under censoring."""

import lifelines
import numpy as np
import pytest
from scipy import stats

from mcoom.analysis.hazard import cumulative_hazard, hazard_rates, nelson_aalen
from mcoom.analysis.quantile_diff import quantile_difference
from mcoom.analysis.restricted import RestrictedMean, compare_restricted_means, contrast_means
from mcoom.analysis.result import Interval
from mcoom.analysis.sample import Sample, life_tables
from mcoom.analysis.superiority import censored_superiority, gehan_bounds
from mcoom.analysis.survival import kaplan_meier, quantile
from mcoom.analysis.unpaired import superiority_of_tables
from tests.unit.leukemia import CONTROL_TABLE, TREATED_TABLE
from tests.unit.test_rank_tests import samples


def test_nelson_aalen_equals_lifelines():
    sample = samples(1, (200,), (1,))[0]
    ours = nelson_aalen(sample.table())
    other = lifelines.NelsonAalenFitter(nelson_aalen_smoothing=False).fit(sample.times, sample.events)
    at = other.cumulative_hazard_.loc[ours.mid_ns].to_numpy()[:, 0]
    assert ours.hazard == pytest.approx(at, rel=1e-9)
    # The limits by the formula, for lifelines has another variance: R's d / Y^2, on the log scale.
    variance = np.cumsum(
        np.diff(np.concatenate(([0.0], ours.hazard))) / sample.table().at_risk[sample.table().deaths > 0]
    )
    assert ours.std_error == pytest.approx(np.sqrt(variance))
    factor = np.exp(stats.norm.ppf(0.975) * ours.std_error / ours.hazard)
    assert ours.band_low == pytest.approx(ours.hazard / factor)
    assert ours.band_high == pytest.approx(ours.hazard * factor)


def test_cumulative_hazard_without_a_death_has_the_exact_limit():
    interval = cumulative_hazard(Sample.of([5.0] * 50, [0] * 50).table(), 4.0)
    assert interval.value == interval.low == 0.0
    assert 1 - np.exp(-interval.high) == pytest.approx(stats.binomtest(0, 50).proportion_ci(0.95).high)
    assert cumulative_hazard(Sample.of([], []).table(), 1.0).reason == "no replicates"


def test_rates_are_deaths_over_time_at_risk():
    table = Sample.of([1, 2, 4, 6], [1, 0, 1, 1]).table()
    early, late, none = hazard_rates(table, (0, 3, 6, 9))
    assert (early.n_deaths, early.exposure_ns) == (1, 1 + 2 + 3 + 3)
    assert (late.n_deaths, late.exposure_ns) == (2, 1 + 3)
    assert late.per_ns.value == 0.5
    low, high = stats.chi2.ppf(0.025, 4) / 2, stats.chi2.ppf(0.975, 6) / 2
    assert (late.per_ns.low, late.per_ns.high) == pytest.approx((low / 4, high / 4))
    assert none.per_ns.reason == "nobody at risk"
    with pytest.raises(ValueError, match="must increase"):
        hazard_rates(table, (3, 3))


def test_ratio_and_time_lost_by_the_delta_method():
    first, second = RestrictedMean(4.0, 0.04), RestrictedMean(5.0, 0.09)
    found = contrast_means(first, second, 10.0)
    error = (0.04 / 16 + 0.09 / 25) ** 0.5
    assert found.ratio.value == pytest.approx(0.8)
    assert np.log(found.ratio.high / 0.8) == pytest.approx(stats.norm.ppf(0.975) * error)
    assert found.lost_ratio.value == pytest.approx(6 / 5)
    assert found.p_difference == pytest.approx(2 * stats.norm.sf(1 / 0.13**0.5))
    paired = contrast_means(first, second, 10.0, covariance=0.05)
    assert paired.difference.high - paired.difference.low < found.difference.high - found.difference.low


def test_an_unknown_tail_leaves_limits_and_no_value():
    curves = [kaplan_meier(t) for t in (TREATED_TABLE, CONTROL_TABLE)]
    found = compare_restricted_means(*curves, 50.0)
    assert found.difference.value is found.ratio.value is found.p_difference is None
    assert found.difference.low < compare_restricted_means(*curves, 35.0).difference.value < found.difference.high
    with pytest.raises(ValueError, match="tau = 0"):
        compare_restricted_means(*curves, 0)


def test_difference_of_quantiles_recovers_the_sides_of_both_intervals():
    found = quantile_difference(Interval(10.0, 7.0, 14.0, ""), Interval(6.0, 5.0, 9.0, ""))
    assert (found.value, found.low, found.high) == pytest.approx((4.0, 4 - 18**0.5, 4 + 17**0.5))
    half = quantile_difference(Interval(10.0, 7.0, None, "", "unbounded"), Interval(6.0, 5.0, 9.0, ""))
    assert half.high is None
    assert half.low is not None
    assert half.reason
    assert quantile_difference(Interval(None, 7.0, None, "", "stays above"), found).value is None


def test_superiority_without_censoring_is_mann_whitney():
    tables = life_tables([Sample.of(np.round(s.times, 1)) for s in samples(2, (90, 70), (1.5, 1))])
    ours, p = censored_superiority(*tables, 1e9)
    counts, other_p = superiority_of_tables(*tables)
    assert ours.value == pytest.approx(counts.value)
    assert p == pytest.approx(other_p, rel=0.2)
    assert (ours.low, ours.high) == pytest.approx((counts.low, counts.high), abs=0.01)


def test_superiority_restricted_at_tau_lets_the_rest_tie():
    tables = life_tables([Sample.of([1, 2, 30]), Sample.of([2, 20, 40])])
    # Against 2, 20+, 40+ at tau = 10: 1 wins 3; 2 ties one and wins 2; 30+ loses one and ties 2.
    assert censored_superiority(*tables, 10.0)[0].value == pytest.approx((3 + 0.5 + 2 + 1) / 9)
    low, high = gehan_bounds(*tables, 10.0)
    assert low == high == pytest.approx(6.5 / 9)


def test_superiority_under_censoring_is_unbiased_and_within_its_bounds():
    rng = np.random.default_rng(5)
    n = 20_000
    x, y, loss_x, loss_y = rng.exponential(1, n), rng.exponential(1.5, n), rng.exponential(2, n), rng.exponential(1, n)
    groups = [Sample.of(np.minimum(t, c), t <= c) for t, c in ((x, loss_x), (y, loss_y))]
    tables, tau = life_tables(groups), 2.0
    truth = (np.minimum(x, tau) < np.minimum(y[::-1], tau)).mean() + ((x > tau) & (y[::-1] > tau)).mean() / 2
    interval, _ = censored_superiority(*tables, tau)
    assert interval.value == pytest.approx(truth, abs=0.015)
    low, high = gehan_bounds(*tables, tau)
    assert low < interval.low < interval.high < high
    wins = (groups[0].times < groups[1].times[::-1]).mean()
    assert abs(wins - truth) > 0.02  # the twin that must fail: censored times taken for events


def test_superiority_beyond_the_last_at_risk_is_bounded_only():
    interval, p = censored_superiority(*life_tables([Sample.of([1, 2, 3], [1, 0, 0]), Sample.of([2, 5, 9])]), 8.0)
    assert interval.value is p is None
    assert 0 <= interval.low < interval.high <= 1


def test_a_step_on_the_level_has_its_quantile_in_the_middle():
    """R's quantile.survfit and the median of a sample of even size."""
    assert quantile(kaplan_meier(Sample.of([1, 2, 4, 8]).table()), 0.5).value == 3.0
    assert quantile(kaplan_meier(Sample.of([1, 2, 4, 8], [1, 1, 0, 0]).table()), 0.5).value == 5.0
    with pytest.raises(ValueError, match="prob = 1"):
        quantile(kaplan_meier(TREATED_TABLE), 1)


@pytest.mark.parametrize("transform", ["log", "plain"])
def test_bands_on_other_scales(transform):
    curve = kaplan_meier(TREATED_TABLE, 0.95, transform)
    z = stats.norm.ppf(0.975)
    shift = z * curve.std_error / (curve.survival if transform == "log" else 1)
    low = curve.survival * np.exp(-shift) if transform == "log" else curve.survival - shift
    assert curve.band_low == pytest.approx(low)
    assert quantile(curve, 0.5).method == f"Kaplan-Meier, {transform} band inverted"
    with pytest.raises(ValueError, match="transform = 'logit'"):
        kaplan_meier(TREATED_TABLE, 0.95, "logit")
