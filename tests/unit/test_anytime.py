"""Limits that hold whenever a run stopped, in the place of those for a fixed n."""

import numpy as np
import pytest
from scipy.stats import binom

from mcoom.analysis.anytime import METHOD, Sequential, mean_limits
from mcoom.analysis.binned import CellView
from mcoom.analysis.sequential import proportion_sequence
from mcoom.analysis.verdict import analyse
from mcoom.store.record import PointRecord, Results
from tests.unit.episode_rows import kill_tally

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
