"""Contrasts of two means from sums, against closed forms; and what their shape is made of."""

import numpy as np
import pytest
from scipy import stats

from mcoom.analysis.binned import CellView
from mcoom.analysis.compare import compare_cell
from mcoom.analysis.estimate import estimate_cell
from mcoom.analysis.restricted import RestrictedMean
from mcoom.analysis.shape import ApartShape, PairShape, spread_of
from mcoom.analysis.spread import Spread
from mcoom.analysis.two_means import TwoMeans
from mcoom.engine.layout import OUT
from mcoom.tally import PointTally, TallyPlan
from tests.statistical.skewed_laws import two_apart, two_paired
from tests.unit.episode_rows import HORIZON_NS, kill_rows, kill_tally

RNG = np.random.default_rng(8)
X = RNG.lognormal(12, 0.8, 400).astype(np.int64)
Y = (X * RNG.lognormal(0.2, 0.3, 400)).astype(np.int64)
TAU = 100_000_000


class Plain:
    """No skewness, many degrees of freedom."""

    def of_ratio(self, r):
        return 0.0, 1e9


def test_moments_are_those_of_scipy():
    spread = Spread.of_values(X)
    assert spread.skewness == pytest.approx(stats.skew(X, bias=False))
    assert spread.excess == pytest.approx(stats.kurtosis(X, bias=False))
    assert Spread.of_values(X[:2]).skewness == Spread.of_values(X[:3]).excess == 0
    assert Spread.of_values(np.full(9, 4)).skewness == 0


def test_bins_tell_the_shape_unless_they_are_coarse():
    edges = np.array([0.0, 10, 20, 30])
    counts = np.array([1, 30, 1])
    assert Spread.of_bins(edges[:-1], edges[1:], counts).is_fine is False
    many = np.linspace(0, 30, 61)
    fine = Spread.of_bins(many[:-1], many[1:], np.arange(60))
    assert fine.is_fine
    assert fine.n == np.arange(60).sum()
    assert fine.below(10.0).values.max() < 10
    assert not Spread.of_bins(edges[:-1], edges[1:], np.zeros(3, dtype=int)).is_fine


def test_stretched_values_have_the_exact_mean():
    spread = Spread(np.array([1.0, 2.0, 10.0]), np.array([4.0, 4.0, 2.0]), np.zeros(3))
    moved = spread.with_mean(3.3, 10.0)
    assert moved.values @ moved.counts / 10 == pytest.approx(3.3)
    assert moved.values[-1] == 10


def test_ratio_is_fiellers_set():
    x, y = RestrictedMean(10.0, 0.5), RestrictedMean(8.0, 0.3)
    found = TwoMeans(x, y, 0.1, Plain(), 100.0).ratio()
    z = stats.norm.ppf(0.975)
    # (x - r y)^2 = z^2 (v - 2 r c + r^2 w), a quadratic in r.
    roots = np.roots([64 - z * z * 0.3, -160 + 2 * z * z * 0.1, 100 - z * z * 0.5])
    assert (found.low, found.high) == pytest.approx(tuple(sorted(roots)), rel=1e-6)
    assert found.value == 1.25


def test_a_ratio_to_what_may_be_nothing_is_not_bounded():
    found = TwoMeans(RestrictedMean(10.0, 0.5), RestrictedMean(1.0, 0.4), 0.0, Plain(), 100.0).ratio()
    assert (found.high, found.reason) == (None, "the second may be 0")
    assert 0 < found.low < 10
    nothing = TwoMeans(RestrictedMean(0.0, 0.0), RestrictedMean(1.0, 0.4), 0.0, Plain(), 100.0).ratio()
    assert nothing.value is None


@pytest.mark.parametrize("make", [two_paired, two_apart])
def test_p_is_the_level_at_which_the_interval_touches_0(make):
    means = make(X[:60], Y[:60], TAU)
    p = means.p()
    wider, narrower = means.difference(1 - p * 0.99), means.difference(1 - p * 1.01)
    assert wider.high >= 0 >= narrower.high


def test_many_pairs_have_students_interval():
    x, y = (np.tile(t, 50) for t in (X, Y))
    found = two_paired(x, y, TAU).difference()
    low, high = stats.ttest_rel(x, y).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((low, high), rel=0.01)


def test_skewness_of_a_difference_of_independent_means():
    """Cumulants of sums of independent values add: 2e5 means of 20 and of 30."""
    a, b = stats.expon(), stats.gamma(2)
    shape = ApartShape((20, 30), (1 / 20, 2 / 30), (2.0, stats.gamma(2).stats("s")), (6.0, 3.0))
    rng = np.random.default_rng(0)
    drawn = a.rvs((200_000, 20), random_state=rng).mean(1) - 0.7 * b.rvs((200_000, 30), random_state=rng).mean(1)
    skewness, freedom = shape.of_ratio(0.7)
    assert skewness == pytest.approx(stats.skew(drawn), abs=0.03)
    assert 0 < freedom < 49 / 3


def test_too_few_kept_pairs_tell_nothing():
    kept = PairShape(1_000, X[:40].astype(float), Y[:40].astype(float))
    assert kept.of_ratio(1.0) == (0.0, 333.0)
    assert PairShape(40, X[:40].astype(float), Y[:40].astype(float)).of_ratio(1.0)[0] != 0


def test_limits_for_every_law_hold_the_interval():
    for make in (two_paired, two_apart):
        means = make(X, Y, TAU)
        for found in (means.difference(), means.ratio()):
            assert found.any_law[0] <= found.low and found.high <= found.any_law[1]
        # 3.7 in 400 may wait up to the horizon under either, unseen.
        assert means.difference().any_law[1] > 0.008 * TAU


def test_kept_rows_tell_what_coarse_bins_do_not():
    """Times within one bin: the shape is that of the rows; of nobody there is none."""
    times = 1_000_000_000 + (np.random.default_rng(2).exponential(1e5, 80)).astype(np.int64)
    view = CellView(kill_tally([times, times], raw_rows=60), "p1", "kill")
    assert spread_of(view).skewness == pytest.approx(stats.skew(times[:60], bias=False), rel=0.05)
    assert spread_of(view).n == pytest.approx(80)
    assert not spread_of(CellView(kill_tally([times, times], raw_rows=40), "p1", "kill")).is_fine
    rows = kill_rows([times[:5], times[:5]])
    rows[0, :, OUT["t0_ns_0"]] = -1  # never reached under the first policy
    plan = TallyPlan(("p0", "p1"), "p0", ("kill",), ("all",), 5)
    nobody = PointTally.from_outputs(plan, rows, np.full(5, HORIZON_NS), np.zeros(5, dtype=np.int64), 0)
    own, other = CellView(nobody, "p1", "kill"), CellView(nobody, "p0", "kill")
    assert spread_of(other).n == 0
    assert estimate_cell(other, {}).rmst_ns.reason == "no replicates"
    assert compare_cell(own, other, {}).rmst_diff_ns.value is None
    assert compare_cell(other, own, {}).rmst_ratio.value is None
