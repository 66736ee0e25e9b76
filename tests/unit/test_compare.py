"""Contrasts from tallies against the same numbers from the raw times."""

import numpy as np
import pytest
from scipy import stats

from mcoom.analysis.binned import CellView
from mcoom.analysis.compare import compare_cell
from mcoom.analysis.estimate import estimate_cell
from mcoom.analysis.hall import hall_limits
from mcoom.analysis.mean import equal_values_p, mean_interval
from mcoom.tally.edges import bin_of_ns
from tests.unit.episode_rows import HORIZON_NS, kill_tally

RNG = np.random.default_rng(11)
SHARED = RNG.lognormal(20, 2, 1_500)
BASE = (SHARED * RNG.lognormal(0, 0.5, 1_500)).astype(np.int64)
FAST = (SHARED * RNG.lognormal(-0.2, 0.5, 1_500)).astype(np.int64)
TALLY = kill_tally([BASE, FAST])
X, Y = np.minimum(FAST, HORIZON_NS), np.minimum(BASE, HORIZON_NS)


def views(tally=TALLY):
    return CellView(tally, "p1", "kill"), CellView(tally, "p0", "kill")


CONTRAST = compare_cell(*views(), {})
UNPAIRED = compare_cell(*reversed(views()), {})


def test_which_is_paired_is_said():
    assert (CONTRAST.paired, CONTRAST.rmst_paired, CONTRAST.n_pairs) == (True, True, 1_500)
    assert (UNPAIRED.paired, UNPAIRED.rmst_paired, UNPAIRED.n_pairs) == (False, False, None)
    assert CONTRAST.to_json()["prob_superiority"]["paired"] is True
    assert UNPAIRED.to_json()["rmst_diff_ns"]["paired"] is False
    assert "mcnemar_p" in CONTRAST.to_json()
    assert "fisher_p" in UNPAIRED.to_json()


def test_paired_restricted_means():
    """1,500 pairs: Student's interval, to a few parts in a hundred."""
    test = stats.ttest_rel(X, Y)
    low, high = test.confidence_interval(0.95)
    assert np.log(CONTRAST.rmst_p) == pytest.approx(np.log(test.pvalue), rel=0.1)
    interval = CONTRAST.rmst_diff_ns
    assert interval.value == pytest.approx((X - Y).mean(), rel=1e-12)
    assert interval.low <= low and high <= interval.high
    assert interval.high - interval.low == pytest.approx(high - low, rel=0.06)
    assert interval.method == "paired, exact sums, wider of Hall and t"


def test_unpaired_restricted_means():
    half = stats.norm.ppf(0.975) * (X.var(ddof=1) / 1_500 + Y.var(ddof=1) / 1_500) ** 0.5
    interval = UNPAIRED.rmst_diff_ns
    assert interval.value == pytest.approx(Y.mean() - X.mean(), rel=1e-9)
    assert (interval.high - interval.low) / 2 == pytest.approx(half, rel=0.03)
    z = stats.norm.ppf(0.975) * interval.value / half
    assert UNPAIRED.rmst_p == pytest.approx(2 * stats.norm.sf(abs(z)), rel=0.1)


def test_pairing_makes_the_interval_narrower():
    width = [c.rmst_diff_ns.high - c.rmst_diff_ns.low for c in (CONTRAST, UNPAIRED)]
    assert width[0] < 0.6 * width[1]


def test_one_estimate_against_the_raw_times():
    estimate = estimate_cell(views()[0], {})
    error, skewness = X.std(ddof=1) / 1_500**0.5, stats.skew(X, bias=False) / 1_500**0.5
    expected = hall_limits(X.mean(), error, skewness, 1_499 / 3)
    assert np.array([estimate.rmst_ns.low, estimate.rmst_ns.high]) - X.mean() == pytest.approx(
        np.array(expected) - X.mean(), rel=1e-3
    )  # the skewness is that of the bins
    low, high = stats.ttest_1samp(X, 0).confidence_interval(0.95)
    assert expected[1] - expected[0] == pytest.approx(high - low, rel=0.02)
    assert estimate.rmst_ns.value == pytest.approx(X.mean(), rel=1e-12)
    assert estimate.n_censored == (FAST >= HORIZON_NS).sum() > 0
    assert estimate.livelock_prob.value == estimate.n_censored / 1_500


def test_paired_superiority():
    wins, ties = (X < Y).sum(), (X == Y).sum()
    assert CONTRAST.outcomes == {"n_win": wins, "n_tie": ties, "n_loss": 1_500 - wins - ties}
    assert CONTRAST.prob_superiority.value == pytest.approx((wins + ties / 2) / 1_500)
    assert CONTRAST.superiority_p == pytest.approx(stats.binomtest(wins, 1_500 - ties).pvalue)


def test_unpaired_superiority_is_mann_whitney_on_the_bins():
    x, y = (np.where(t >= HORIZON_NS, 9_999, bin_of_ns(t)) for t in (FAST, BASE))
    u = stats.mannwhitneyu(x, y).statistic
    assert UNPAIRED.prob_superiority.value == pytest.approx(u / 1_500**2)  # p0 earlier than p1
    # Brunner and Munzel's statistic has the same variance.
    z, p = stats.brunnermunzel(x, y, distribution="normal")
    assert UNPAIRED.superiority_p == pytest.approx(p, rel=1e-6)
    error = (UNPAIRED.prob_superiority.value - 0.5) / abs(z)
    half = (UNPAIRED.prob_superiority.high - UNPAIRED.prob_superiority.low) / 2
    assert half == pytest.approx(stats.norm.ppf(0.975) * error * np.sign(error), rel=0.01)


def test_livelock_is_mcnemar_if_paired_and_fisher_if_not():
    x, y = FAST >= HORIZON_NS, BASE >= HORIZON_NS
    own, other = int((x & ~y).sum()), int((~x & y).sum())
    assert CONTRAST.livelock_p == pytest.approx(stats.binomtest(own, own + other).pvalue)
    assert CONTRAST.livelock_diff.value == pytest.approx((own - other) / 1_500)
    expected = stats.fisher_exact([[y.sum(), (~y).sum()], [x.sum(), (~x).sum()]]).pvalue
    assert UNPAIRED.livelock_p == pytest.approx(expected)


def test_logrank_is_that_of_the_binned_times():
    mid = lambda t: np.where(t >= HORIZON_NS, HORIZON_NS, bin_of_ns(t))  # noqa: E731
    sample = [stats.CensoredData.right_censored(mid(t), t >= HORIZON_NS) for t in (FAST, BASE)]
    other = stats.logrank(*sample)
    assert CONTRAST.logrank_p == pytest.approx(other.pvalue, rel=1e-9)
    assert CONTRAST.logrank_z > 0  # the faster policy is earlier


def test_a_policy_against_its_twin_shows_nothing():
    contrast = compare_cell(*views(kill_tally([BASE, BASE])), {})
    assert contrast.rmst_diff_ns.value == 0
    assert contrast.prob_superiority.value == 0.5
    assert contrast.prob_superiority.low < 0.5 < contrast.prob_superiority.high
    assert contrast.livelock_diff.value == 0
    assert contrast.livelock_p == 1.0
    assert abs(contrast.logrank_z) < 1e-9


def test_equal_values_bound_what_stayed_unseen():
    interval = mean_interval(50 * 7, 50 * 49, 50, (0.0, 100.0))
    unseen = 1 - 0.025 ** (1 / 50)
    assert (interval.low, interval.high) == pytest.approx((7 - unseen * 7, 7 + unseen * 93))
    assert mean_interval(0, 0, 0, (0.0, 1.0)).reason == "no replicates"
    one = mean_interval(7, 49, 1, (0.0, 100.0))
    assert one.low < 7 < one.high
    assert equal_values_p(50 * 7, 50) == 0.5**49
    assert equal_values_p(0, 50) == 1.0
    assert equal_values_p(0, 0) is None


def test_sums_beyond_float_precision_keep_their_variance():
    """1e7 values around 1e15 that differ by +-1: a float sum of squares would lose the variance altogether."""
    n, center = 10**7, 10**15
    total, total_sq = n * center, n * (center**2 + 1)
    interval = mean_interval(total, total_sq, n, (0.0, 2e15))
    half = stats.t.ppf(0.975, (n - 1) / 3) / (n - 1) ** 0.5
    assert interval.high - interval.value == pytest.approx(half, abs=0.2)
    assert interval.method == "exact sums, t"
