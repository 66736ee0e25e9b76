"""Survival curves against published numbers and against two independent programs."""

import lifelines
import numpy as np
import pytest
from lifelines.utils import restricted_mean_survival_time
from scipy import stats

from mcoom.analysis.binned import CellView
from mcoom.analysis.survival import LifeTable, kaplan_meier, quantile, restricted_mean
from mcoom.tally.edges import latency_edges_ns
from tests.unit.episode_rows import HORIZON_NS, kill_tally
from tests.unit.leukemia import CONTROL, CONTROL_TABLE, TREATED, TREATED_CENSORED, TREATED_TABLE

SECOND = 10**9


def censored_sample(seed, n=400, n_values=60):
    """Times with ties, about half censored: as (times, is seen)."""
    rng = np.random.default_rng(seed)
    life, loss = rng.exponential(20, n), rng.exponential(25, n)
    return np.ceil(np.minimum(life, loss)).clip(1, n_values).astype(int), life <= loss


def table_of(times, is_seen, n_values=60):
    deaths, losses = (np.bincount(times[m], minlength=n_values + 1) for m in (is_seen, ~is_seen))
    return LifeTable.of_times(np.arange(n_values + 1.0), deaths, losses)


def test_published_curve_of_the_6mp_trial():
    """Cox and Oakes (1984), table 4.1; Kleinbaum and Klein (2012), table 2.3; R survfit prints the same."""
    curve = kaplan_meier(TREATED_TABLE)
    assert curve.mid_ns.tolist() == [6, 7, 10, 13, 16, 22, 23]
    assert curve.n_at_risk.tolist() == [21, 17, 15, 12, 11, 7, 6]
    assert np.round(curve.survival, 3).tolist() == [0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448]
    assert np.round(curve.std_error, 4).tolist() == [0.0764, 0.0869, 0.0963, 0.1068, 0.1141, 0.1282, 0.1346]


def test_published_medians_of_the_6mp_trial():
    """SAS PROC LIFETEST, CONFTYPE=LOGLOG: 23 [13, .] and 8 [4, 11]."""
    treated, control = (quantile(kaplan_meier(t), 0.5) for t in (TREATED_TABLE, CONTROL_TABLE))
    assert (treated.value, treated.low, treated.high) == (23, 13, None)
    assert (control.value, control.low, control.high) == (8, 4, 11)
    assert treated.reason is not None
    assert control.reason is None


def test_restricted_mean_without_censoring_is_that_of_the_sample():
    """Without censoring the restricted mean is the mean of min(time, tau), its variance that of the sample / n."""
    for tau in (10.0, 23.0, 35.0):
        times = np.minimum(CONTROL, tau)
        interval = restricted_mean(kaplan_meier(CONTROL_TABLE), tau, scale="plain")
        half = stats.norm.ppf(0.975) * times.std() / len(times) ** 0.5
        assert interval.value == pytest.approx(times.mean(), rel=1e-12)
        assert interval.high == pytest.approx(min(times.mean() + half, tau), rel=1e-12)
        assert interval.low == pytest.approx(times.mean() - half, rel=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_curve_and_band_equal_lifelines(seed):
    times, is_seen = censored_sample(seed)
    curve = kaplan_meier(table_of(times, is_seen))
    fit = lifelines.KaplanMeierFitter().fit(times, is_seen)
    at = fit.survival_function_at_times(curve.mid_ns).to_numpy()
    assert curve.survival == pytest.approx(at, rel=1e-12, abs=1e-15)
    band = fit.confidence_interval_.loc[curve.mid_ns].to_numpy()
    inside = (curve.survival > 0) & (curve.survival < 1)
    assert curve.band_low[inside] == pytest.approx(band[inside, 0], rel=1e-9)
    assert curve.band_high[inside] == pytest.approx(band[inside, 1], rel=1e-9)
    assert quantile(curve, 0.5).value == fit.median_survival_time_


@pytest.mark.filterwarnings("ignore:The confidence interval is undefined:RuntimeWarning")  # where survival is 0
@pytest.mark.parametrize("seed", range(4))
def test_curve_and_band_equal_scipy(seed):
    times, is_seen = censored_sample(seed + 10)
    curve = kaplan_meier(table_of(times, is_seen))
    sf = stats.ecdf(stats.CensoredData.right_censored(times, ~is_seen)).sf
    at = np.searchsorted(sf.quantiles, curve.mid_ns)
    assert curve.survival == pytest.approx(sf.probabilities[at], rel=1e-12, abs=1e-15)
    limits = sf.confidence_interval(0.95, method="log-log")
    inside = (curve.survival > 0) & (curve.survival < 1)
    assert curve.band_low[inside] == pytest.approx(limits.low.probabilities[at][inside], rel=1e-9)
    assert curve.band_high[inside] == pytest.approx(limits.high.probabilities[at][inside], rel=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_restricted_mean_equals_lifelines(seed):
    times, is_seen = censored_sample(seed + 20)
    fit = lifelines.KaplanMeierFitter().fit(times, is_seen)
    for tau in (5.5, 20.0, float(times.max())):
        expected = restricted_mean_survival_time(fit, t=tau)
        assert restricted_mean(kaplan_meier(table_of(times, is_seen)), tau).value == pytest.approx(expected, rel=1e-9)


def test_restricted_variance_is_the_textbook_sum():
    """Klein and Moeschberger (2003), formula 4.5.2, written out term by term."""
    tau, at_risk, survival, steps = 35.0, 21, 1.0, []
    for week in range(36):
        deaths, losses = TREATED.count(week), TREATED_CENSORED.count(week)
        if deaths:
            survival *= 1 - deaths / at_risk
            steps.append((week, deaths, at_risk, survival))
        at_risk -= deaths + losses
    ends = [*(s[0] for s in steps[1:]), tau]
    areas = [s[3] * (end - s[0]) for s, end in zip(steps, ends, strict=True)]
    variance = sum(sum(areas[i:]) ** 2 * d / (y * (y - d)) for i, (_, d, y, _) in enumerate(steps))
    interval = restricted_mean(kaplan_meier(TREATED_TABLE), tau, scale="plain")
    assert interval.value == pytest.approx(6 + sum(areas), rel=1e-12)
    assert interval.value - interval.low == pytest.approx(stats.norm.ppf(0.975) * variance**0.5, rel=1e-12)


def test_a_mean_beyond_the_last_replicate_at_risk_is_not_estimable():
    curve = kaplan_meier(TREATED_TABLE)
    interval = restricted_mean(curve, 50.0)
    assert interval.value is None
    assert "censored before" in interval.reason
    assert interval.low < restricted_mean(curve, 35.0).value < interval.high


def test_no_deaths_and_no_replicates():
    empty = np.zeros(2, dtype=np.int64)
    curve = kaplan_meier(LifeTable.of_times(np.array([1.0, 2.0]), empty, np.array([0, 5])))
    assert quantile(curve, 0.5).to_json()["value"] is None
    assert restricted_mean(curve, 2.0).value == 2.0
    nobody = kaplan_meier(LifeTable.of_times(np.array([1.0, 2.0]), empty, empty))
    assert quantile(nobody, 0.5).reason == restricted_mean(nobody, 2.0).reason == "no replicates"


def test_deaths_come_before_censorings_of_the_same_time():
    table = LifeTable.of_times(np.array([1.0]), np.array([1]), np.array([1]))
    assert kaplan_meier(table).survival.tolist() == [0.5]


def test_binned_curve_of_the_trial_is_the_published_one():
    """One week = 1 s: weeks up to 35 fall into bins of their own, so only the time axis is rounded."""
    times = np.array([*TREATED]) * SECOND
    tally = kill_tally(np.append(times, [HORIZON_NS] * 12), 36 * SECOND)
    curve = kaplan_meier(CellView(tally, "p0", "kill").life_table())
    assert curve.deaths.tolist() == [3, 1, 1, 1, 1, 1, 1, 12]
    assert curve.mid_ns[:7] == pytest.approx(np.unique(times), rel=0.02)
    assert np.all((curve.low_ns[:7] <= np.unique(times)) & (np.unique(times) < curve.high_ns[:7]))


def test_binned_quantiles_are_within_one_bin_and_their_limits_span_it():
    rng = np.random.default_rng(5)
    times = rng.lognormal(18, 1.5, 5_000).astype(np.int64)
    curve = kaplan_meier(CellView(kill_tally(times), "p0", "kill").life_table())
    exact = kaplan_meier(LifeTable.of_times(*_exact(times)))
    for prob in (0.1, 0.5, 0.99):
        binned, raw = quantile(curve, prob), quantile(exact, prob)
        assert binned.value == pytest.approx(raw.value, rel=0.02)
        assert binned.low <= raw.low <= raw.value <= raw.high <= binned.high


def _exact(times):
    values, deaths = np.unique(np.minimum(times, HORIZON_NS), return_counts=True)
    is_end = values == HORIZON_NS
    return values.astype(float), np.where(is_end, 0, deaths), np.where(is_end, deaths, 0)


def test_a_horizon_inside_a_bin_keeps_deaths_before_and_censorings_at_it():
    edges = latency_edges_ns()
    horizon = int(edges[900] + 2 * (edges[901] - edges[900]) // 3)
    times = np.array([horizon - 1, horizon - 2, horizon, horizon])
    table = CellView(kill_tally(times, horizon), "p0", "kill").life_table()
    curve = kaplan_meier(table)
    assert table.n == 4
    assert curve.survival.tolist() == [0.5]
    assert edges[900] <= curve.mid_ns[0] < horizon
    assert curve.last_ns == horizon


def test_level_widens_the_band():
    wide, narrow = (kaplan_meier(TREATED_TABLE, level) for level in (0.99, 0.9))
    assert np.all(wide.band_low < narrow.band_low)
    assert np.all(wide.band_high > narrow.band_high)


def test_where_nobody_survives_the_upper_limit_is_the_exact_one():
    everybody = LifeTable.of_times(np.array([3.0]), np.array([100]), np.array([0]))
    curve = kaplan_meier(everybody)
    assert curve.band_high[0] == pytest.approx(stats.binomtest(0, 100).proportion_ci(0.95).high)
    assert quantile(curve, 0.5).high == 3.0
    assert quantile(curve, 0.99).high is None
