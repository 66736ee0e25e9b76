"""Binned estimates against raw ones: within the stated bound, on 50 random cells of every kind of censoring.

Raw means the same replicates without bins (``mcoom.analysis.sample``); binned means through outputs, tally and cell.
"""

import numpy as np
import pytest

from mcoom.analysis.binned import CellView
from mcoom.analysis.binning import area_bound, envelope, logrank_bounds, survival_bounds
from mcoom.analysis.compare import compare_cell
from mcoom.analysis.estimate import estimate_cell
from mcoom.analysis.hazard import cumulative_hazard
from mcoom.analysis.logrank import logrank_z
from mcoom.analysis.sample import Sample, life_tables
from mcoom.analysis.superiority import censored_superiority
from mcoom.analysis.survival import kaplan_meier, quantile, restricted_mean
from mcoom.codes import EndReason
from mcoom.engine.layout import OUT
from mcoom.tally import PointTally, TallyPlan
from mcoom.verify.binned import binned_tables
from tests.unit.episode_rows import kill_rows, kill_tally

CELLS = range(50)
SLACK = 1 + 1e-9


def times_of(rng, n):
    """ns, from microseconds to minutes, of a random law; some with heavy ties."""
    kind = rng.integers(4)
    center = 10 ** rng.uniform(4, 9.5)
    if kind == 0:
        times = rng.exponential(center, n)
    elif kind == 1:
        times = rng.lognormal(np.log(center), rng.uniform(0.01, 2), n)
    elif kind == 2:
        times = center * rng.choice([1, 1.001, 1.5, 7], n)
    else:
        times = center + rng.integers(0, 4, n) * center / 100
    return np.maximum(1, times).astype(np.int64)


def pair_of(seed):
    """Times of two policies and their common horizon, 0 to 90 % censored."""
    rng = np.random.default_rng(seed)
    n = int(rng.choice([3, 20, 200, 2_000]))
    first = times_of(rng, n)
    second = (first * rng.lognormal(rng.normal(0, 0.3), 0.2, n)).astype(np.int64) + 1
    horizon = int(np.quantile(first, rng.choice([0.1, 0.5, 0.9, 1.0]))) + 1
    return first, second, horizon


def raw(times, horizon):
    return Sample.of(np.minimum(times, horizon), times < horizon)


def check_within(binned, value, name):
    """The raw value is within the bound of the binned one, or neither is estimable."""
    if value is None or binned.value is None:
        assert value is None, name
        assert binned.value is None, name
        return
    assert abs(binned.value - value) <= binned.bin_error * SLACK + 1e-9 * abs(value), name


@pytest.mark.parametrize("seed", CELLS)
def test_estimates_are_within_their_bound(seed):
    first, _, horizon = pair_of(seed)
    estimate = estimate_cell(CellView(kill_tally(first, horizon), "p0", "kill"), {})
    table = raw(first, horizon).table()
    curve = kaplan_meier(table)
    for name, prob in (("median_ns", 0.5), ("p90_ns", 0.9), ("p99_ns", 0.99), ("p999_ns", 0.999)):
        exact, binned = quantile(curve, prob), getattr(estimate, name)
        check_within(binned, exact.value, name)
        for limit, sign in (("low", 1), ("high", -1)):
            ours, theirs = getattr(binned, limit), getattr(exact, limit)
            assert (ours is None) == (theirs is None), (name, limit)
            assert ours is None or sign * (theirs - ours) >= -1e-9 * theirs, (name, limit)
    check_within(estimate.rmst_ns, np.minimum(first, horizon).mean(), "rmst")
    assert estimate.rmst_ns.bin_error == estimate.livelock_prob.bin_error == 0
    check_within(estimate.cumulative_hazard, cumulative_hazard(table, horizon).value, "hazard")


@pytest.mark.parametrize("seed", CELLS)
def test_contrasts_are_within_their_bound(seed):
    first, second, horizon = pair_of(seed)
    tally = kill_tally([first, second], horizon)
    views = CellView(tally, "p1", "kill"), CellView(tally, "p0", "kill")
    contrast, unpaired = compare_cell(*views, {}), compare_cell(*reversed(views), {})
    own, base = (raw(t, horizon) for t in (second, first))
    tables = life_tables([own, base])
    z, span = logrank_z(*tables), contrast.curves.logrank_z_range
    if z is not None and span is not None:
        assert span[0] - 1e-9 <= z <= span[1] + 1e-9
    x, y = own.times, base.times
    assert contrast.rmst_ratio.value == pytest.approx(x.mean() / y.mean())
    if len(x) > 2:
        exact = censored_superiority(tables[1], tables[0], horizon)[0]
        check_within(unpaired.prob_superiority, exact.value, "superiority")


def mixed(seed):
    """Raw samples with censoring anywhere, and their binned tables."""
    rng = np.random.default_rng(1_000 + seed)
    samples = []
    for _ in range(2):
        n = int(rng.choice([5, 60, 600]))
        life, loss = times_of(rng, n), times_of(rng, n)
        samples.append(Sample.of(np.minimum(life, loss).astype(float), life <= loss))
    return samples, binned_tables(samples)


@pytest.mark.parametrize("seed", CELLS)
def test_curves_with_censoring_anywhere_lie_in_their_envelope(seed):
    samples, tables = mixed(seed)
    for sample, table in zip(samples, tables, strict=True):
        curve, ends = kaplan_meier(sample.table()), envelope(table)
        for time in np.quantile(sample.times, [0.05, 0.3, 0.6, 0.9, 1.0]):
            step = curve.at(time)
            low, high = survival_bounds(ends, time)
            assert low - 1e-12 <= (1.0 if step is None else curve.survival[step]) <= high + 1e-12
        tau = float(np.quantile(sample.times, 0.8))
        exact, binned = restricted_mean(curve, tau).value, restricted_mean(kaplan_meier(table), tau).value
        bound = area_bound(ends, tau, binned)
        assert exact is None or binned is None or abs(exact - binned) <= bound * SLACK
    z, span = logrank_z(*life_tables(samples)), logrank_bounds(*tables)
    assert z is None or span is None or span[0] - 1e-9 <= z <= span[1] + 1e-9


def test_a_bound_that_is_too_small_is_caught():
    """The twin that must fail: a fifth of the bound is not enough for the medians."""
    wrong = 0
    for seed in CELLS:
        first, _, horizon = pair_of(seed)
        binned = estimate_cell(CellView(kill_tally(first, horizon), "p0", "kill"), {}).median_ns
        exact = quantile(kaplan_meier(raw(first, horizon).table()), 0.5)
        wrong += binned.value is not None and abs(binned.value - exact.value) > binned.bin_error / 5
    assert wrong > 5


def test_horizons_in_the_bin_of_a_death_are_in_the_bound():
    """Two horizons in one bin, a death between them: the risk set of the death is not that of the bin."""
    start = 1_000_000_000
    deaths, short = start + np.arange(5) * 1_000_000 + 2_000_000, np.full(20, start + 1_000_000)
    rows = kill_rows(np.concatenate((deaths, short)), start + 15_000_000)
    rows[..., 5:, OUT["kill_ns_0"]] = -1
    rows[..., 5:, OUT["end_reason"]] = EndReason.HORIZON
    rows[..., 5:, OUT["end_ns"]] = short + 5
    horizons = np.concatenate((np.full(5, start + 15_000_000), short))
    plan = TallyPlan(("p0",), "p0", ("kill",))
    tally = PointTally.from_outputs(plan, rows, horizons, np.zeros(25, dtype=np.int64), 0)
    estimate = estimate_cell(CellView(tally, "p0", "kill"), {})
    exact = Sample.of(np.concatenate((deaths, short)), np.arange(25) < 5).table()
    raw_curve = kaplan_meier(exact)
    assert raw_curve.survival[-1] == 0.0
    ends = envelope(CellView(tally, "p0", "kill").life_table(), has_one_end=False)
    assert ends.low.survival[-1] == 0.0
    assert estimate.median_ns.value is None or estimate.median_ns.bin_error is not None
