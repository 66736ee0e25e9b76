"""Error rates of our own intervals and tests, on known laws with censoring.

Each test repeats an experiment of n replicates 1,000 times (as strata of one tally, so that the whole way from outputs
to interval is under test) and alarms where the number of hits is improbable at 1e-6 if the stated rate held: coverage
of a 95 % interval at least 93 %, false rejections at 5 % at most 6 %. The draws are fixed by ``MCOOM_TEST_SEED``. A
twin with a wrong interval or a wrong law must be caught by the same threshold.
"""

import os
from functools import lru_cache

import numpy as np
import pytest
from scipy import stats

from mcoom.analysis.binned import CellView
from mcoom.analysis.compare import compare_cell
from mcoom.analysis.estimate import estimate_cell
from mcoom.analysis.multiplicity import holm
from mcoom.tally import PointTally, TallyPlan
from tests.unit.episode_rows import kill_rows

SEED = int(os.environ.get("MCOOM_TEST_SEED", "20"))
REPEATS = 1_000
N = 200
MEAN_NS = 2e9
FALSE_ALARM = 1e-6
ENOUGH = stats.binom.ppf(FALSE_ALARM, REPEATS, 0.93)
TOO_MANY = stats.binom.isf(FALSE_ALARM, REPEATS, 0.06)
HORIZONS = {share: int(-MEAN_NS * np.log(share)) for share in (0.002, 0.1, 0.5)}
"""Horizon by the share of censored times."""


def draw(rng, size, factor):
    """Times of baseline and policy: exponential, correlated by a common part (a Gaussian copula, rho = 0.7)."""
    common, own, other = rng.standard_normal((3, size))
    u, v = (stats.norm.cdf(0.7**0.5 * common + 0.3**0.5 * x) for x in (own, other))
    return (-MEAN_NS * np.log(u)).astype(np.int64), (-factor * MEAN_NS * np.log(v)).astype(np.int64)


@lru_cache(maxsize=4)
def experiment(share, factor, is_paired=True):
    """One stratum per repeat: (tally, horizon)."""
    rng = np.random.default_rng([SEED, int(share * 1000), int(factor * 1000), is_paired])
    base, fast = draw(rng, REPEATS * N, factor)
    if not is_paired:
        fast = rng.permutation(fast)
    horizon = HORIZONS[share]
    plan = TallyPlan(("base", "fast"), "base", ("kill",), tuple(map(str, range(REPEATS))))
    rows = kill_rows([base, fast], horizon)
    return PointTally.from_outputs(plan, rows, np.full(base.size, horizon), np.arange(base.size) // N, 0), horizon


def view(tally, policy, repeat):
    return CellView(tally, policy, "kill", repeat)


def covers(interval, truth):
    low = -np.inf if interval.low is None else interval.low
    return low <= truth <= (np.inf if interval.high is None else interval.high)


def hits(intervals, truth):
    return sum(covers(i, truth) for i in intervals)


def truths(horizon):
    return {
        "median_ns": MEAN_NS * np.log(2),
        "p99_ns": MEAN_NS * np.log(100),
        "rmst_ns": MEAN_NS * (1 - np.exp(-horizon / MEAN_NS)),
        "livelock_prob": np.exp(-horizon / MEAN_NS),
    }


@pytest.mark.parametrize("share", HORIZONS)
def test_coverage_of_estimates(share):
    tally, horizon = experiment(share, 0.8)
    estimates = [estimate_cell(view(tally, "base", r), {}) for r in range(REPEATS)]
    for name, truth in truths(horizon).items():
        if truth < horizon:
            assert hits([getattr(e, name) for e in estimates], truth) >= ENOUGH, name


def test_intervals_of_too_low_a_level_are_caught():
    """The twin that must fail."""
    tally, horizon = experiment(0.1, 0.8)
    estimates = [estimate_cell(view(tally, "base", r), {}, level=0.85) for r in range(REPEATS)]
    for name in ("rmst_ns", "livelock_prob"):
        assert hits([getattr(e, name) for e in estimates], truths(horizon)[name]) < ENOUGH, name


def test_dropping_the_censored_is_caught():
    """The twin that must fail: the mean over the episodes that finished."""
    tally, horizon = experiment(0.5, 0.8)
    found = 0
    for r in range(REPEATS):
        table = view(tally, "base", r).life_table()
        times = np.repeat(table.mid_ns, table.deaths)
        half = stats.norm.ppf(0.975) * times.std(ddof=1) / len(times) ** 0.5
        found += abs(times.mean() - truths(horizon)["rmst_ns"]) <= half
    assert found < ENOUGH


@lru_cache(maxsize=1)
def contrast_truths():
    """Differences of the law itself, from 2e6 draws (100 times more precise than one experiment)."""
    horizon = HORIZONS[0.1]
    base, fast = (np.minimum(t, horizon) for t in draw(np.random.default_rng([SEED, 1]), 2_000_000, 0.8))
    return {
        "rmst_diff_ns": float((fast - base).mean()),
        "prob_superiority": float((fast < base).mean() + (fast == base).mean() / 2),
        "livelock_diff": float((fast == horizon).mean() - (base == horizon).mean()),
    }


def contrasts(tally, policy="fast", baseline="base"):
    return [compare_cell(view(tally, policy, r), view(tally, baseline, r), {}) for r in range(REPEATS)]


def test_coverage_of_paired_contrasts():
    found = contrasts(experiment(0.1, 0.8)[0])
    assert all(c.paired for c in found)
    for name, truth in contrast_truths().items():
        assert hits([getattr(c, name) for c in found], truth) >= ENOUGH, name


def test_coverage_of_unpaired_contrasts():
    """The baseline is not that of the tally: the replicates, here independent, are compared as two samples."""
    found = contrasts(experiment(0.1, 0.8, is_paired=False)[0], "base", "fast")
    base, fast = draw(np.random.default_rng([SEED, 2]), 2_000_000, 0.8)
    horizon = HORIZONS[0.1]
    x, y = np.minimum(base, horizon), np.minimum(np.roll(fast, 1), horizon)
    truth = {
        "rmst_diff_ns": (x - y).mean(),
        "prob_superiority": (x < y).mean() + (x == y).mean() / 2,
        "livelock_diff": (x == horizon).mean() - (y == horizon).mean(),
    }
    assert not any(c.paired for c in found)
    for name, value in truth.items():
        assert hits([getattr(c, name) for c in found], value) >= ENOUGH, name


def test_intervals_about_a_wrong_difference_are_caught():
    """The twin that must fail: the truth of no difference."""
    found = contrasts(experiment(0.1, 0.8)[0])
    for name, wrong in (("rmst_diff_ns", 0.0), ("prob_superiority", 0.5)):
        assert hits([getattr(c, name) for c in found], wrong) < ENOUGH, name


def rejections(p_values):
    return sum(p is not None and p <= 0.05 for p in p_values)


def test_false_rejections_without_a_difference():
    independent = contrasts(experiment(0.1, 1.0, is_paired=False)[0])
    assert rejections([c.logrank_p for c in independent]) <= TOO_MANY
    for name in ("rmst_p", "superiority_p", "livelock_p"):
        assert rejections([getattr(c, name) for c in independent]) <= TOO_MANY, name
    families = [holm([c.logrank_p for c in independent[i : i + 10]]) for i in range(0, REPEATS, 10)]
    limit = stats.binom.isf(FALSE_ALARM, len(families), 0.06)
    assert sum(min(family) <= 0.05 for family in families) <= limit
    # The twin that must fail: ten tests without adjustment.
    naive = [[c.logrank_p for c in independent[i : i + 10]] for i in range(0, REPEATS, 10)]
    assert sum(min(family) <= 0.05 for family in naive) > limit


def test_common_random_numbers_make_the_log_rank_test_conservative_and_not_the_paired_tests():
    paired = contrasts(experiment(0.1, 1.0)[0])
    assert rejections([c.logrank_p for c in paired]) <= stats.binom.isf(FALSE_ALARM, REPEATS, 0.02)
    for name in ("rmst_p", "superiority_p", "livelock_p"):
        assert rejections([getattr(c, name) for c in paired]) <= TOO_MANY, name
    # Power, at hazards 25 % apart: what pairing is for.
    other = contrasts(experiment(0.1, 0.8)[0])
    assert rejections([c.superiority_p for c in other]) > rejections([c.logrank_p for c in other])


def test_a_difference_is_found():
    """The twin that must fail: hazards 25 % apart are no false rejections (power about 0.5 at n = 200, unpaired)."""
    assert rejections([c.logrank_p for c in contrasts(experiment(0.1, 0.8, is_paired=False)[0])]) > TOO_MANY
