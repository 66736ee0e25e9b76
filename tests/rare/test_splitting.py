"""Splitting on systems with known answers: unbiased, within its interval, and cheap."""

import numpy as np
import pytest
from scipy.stats import binom

from mcoom.errors import SpecError
from mcoom.rare.estimate import RareProbability, brute_force_events, combine, rare_probability
from mcoom.rare.levels import Levels, choose_levels, refine
from mcoom.rare.restart import restart
from mcoom.rare.splitting import brute_force, fixed_effort, spread
from tests.rare.systems import Tandem, Walk

GAMBLER = Walk(0.45, 10)
QUEUE = Walk(1 / 3, 1)
"""M/M/1 with rho = 0.5, between two times at which it is empty."""
SMALL = Walk(0.4, 2)


def estimate(system, target, method, n, seed=1, repeats=20):
    levels = choose_levels(system, target, 100, seed=seed)
    if method == "fixed effort":
        return rare_probability(
            lambda r: fixed_effort(system, levels.levels, n, seed=seed, repeat=r),
            repeats=repeats,
            pilot_events=levels.n_events,
        )
    return rare_probability(
        lambda r: restart(system, levels.levels, levels.splits, n, seed=seed, repeat=r),
        repeats=repeats,
        pilot_events=levels.n_events,
    )


def check_holds(found, truth, n_errors=6):
    """The truth is within 6 standard errors (t, 19 degrees of freedom: false alarm below 1e-5)."""
    assert abs(np.log(found.value / truth)) < n_errors * found.relative_error


@pytest.mark.parametrize("method", ["fixed effort", "RESTART"])
@pytest.mark.parametrize(
    ("system", "target", "probability"),
    [(QUEUE, 20, 9.5e-7), (QUEUE, 30, 9.3e-10), (Walk(0.3 / 1.3, 1), 18, 9.0e-10), (Tandem(1, 4, 4), 14, 1.5e-7)],
)
def test_known_answers(system, target, probability, method):
    truth = system.probability(target)
    assert truth == pytest.approx(probability, rel=0.02)
    found = estimate(system, target, method, 300)
    check_holds(found, truth)
    assert found.relative_error < 0.2
    assert found.low < found.value < found.high


def test_agrees_with_counting_where_both_can_run():
    truth = SMALL.probability(12)
    counted = brute_force(SMALL, 12, 200_000, seed=2)
    assert abs(counted.probability - truth) < 5 * np.sqrt(truth / 200_000)
    for method in ("fixed effort", "RESTART"):
        check_holds(estimate(SMALL, 12, method, 300), truth)


def even(system, target, n, seed=1, repeats=20, is_even=True):
    """RESTART on levels of one step each, as ``docs/rare_events.md`` has it for walks and queues."""
    levels = refine(choose_levels(system, target, 200, seed=seed), 1.0)
    return rare_probability(
        lambda r: restart(system, levels.levels, levels.splits, n, seed=seed, repeat=r, is_even=is_even),
        repeats=repeats,
        pilot_events=levels.n_events,
    )


def cheaper(system, target, method, n, repeats):
    """How many times the events of splitting, pilot included, counting needs for the same relative error.

    Counting needs (1 - p) / (p e^2) trajectories for a relative error e. The error of splitting is itself estimated
    from the repeats, so the ratio is known to within a factor of (1 +- 2 / sqrt(2 repeats))^2.
    """
    truth = system.probability(target)
    assert 5e-7 < truth < 2e-6
    counted = brute_force(system, target, 4_000, seed=2)
    found = method(system, target, n, repeats=repeats)
    check_holds(found, truth)
    return brute_force_events(truth, counted.n_events / 4_000, found.relative_error) / found.n_events


LISTED = [(GAMBLER, 79, 50), (QUEUE, 20, 100), (Walk(0.8 / 1.8, 1), 56, 400), (Walk(0.3 / 1.3, 1), 12, 100)]
"""The gambler, and M/M/1 with rho 0.5, 0.8 and 0.3, at 1e-6."""


def test_a_thousand_times_cheaper_than_counting():
    """With 60 repeats the ratio is known to within a factor 1.5: 2,000 leaves that margin (measured: 29,000)."""
    assert cheaper(QUEUE, 20, even, 100, repeats=60) > 2_000


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("system", "target", "n"), LISTED)
def test_a_thousand_times_cheaper_for_each_system(system, target, n):
    assert cheaper(system, target, even, n, repeats=100) > 1_000


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_without_even_draws_a_loaded_queue_is_not():
    """Twin: RESTART with independent keys, rho = 0.8; no choice of levels and splits lifts it much above 1,000."""

    def independent(*args, **kwargs):
        return even(*args, **kwargs, is_even=False)

    assert cheaper(Walk(0.8 / 1.8, 1), 56, independent, 100, repeats=100) < 1_500


def test_counting_fails_the_same_comparison():
    """Twin: counting is as cheap as itself."""
    truth = SMALL.probability(6)
    found = rare_probability(lambda r: brute_force(SMALL, 6, 2_000, seed=3, repeat=r))
    per_run = found.n_events / 40_000
    assert 0.3 < brute_force_events(truth, per_run, found.relative_error) / found.n_events < 3


def test_the_mean_is_the_probability():
    """Few copies, many repeats: the mean over 800 small runs is right within 5 standard errors (error 1e-6)."""
    truth = SMALL.probability(10)
    levels, splits = (4.0, 6.0, 8.0, 10.0), (4, 3, 3)
    for once in (
        lambda r: fixed_effort(SMALL, levels, 7, seed=4, repeat=r),
        lambda r: restart(SMALL, levels, splits, 2, seed=4, repeat=r, is_even=False),
        lambda r: restart(SMALL, levels, splits, 2, seed=4, repeat=r),
        lambda r: restart(SMALL, tuple(map(float, range(3, 11))), (2, 1, 2, 1, 2, 1, 2), 3, seed=4, repeat=r),
    ):
        found = np.array([once(r).probability for r in range(800)])
        assert abs(found.mean() - truth) < 5 * found.std() / np.sqrt(len(found))


def test_a_biased_estimator_fails_the_same_comparison():
    """Twin: taking always the same copies once more, or forgetting a level, is off by far more than that."""
    truth = SMALL.probability(10)
    wrong = np.array([fixed_effort(SMALL, (4.0, 6.0, 8.0), 7, seed=4, repeat=r).probability for r in range(300)])
    assert abs(wrong.mean() - truth) > 5 * wrong.std() / np.sqrt(len(wrong))


def test_copies_are_spread_evenly_and_in_turn():
    counts = np.array([np.bincount(spread(3, 8, 1, repeat, 0), minlength=3) for repeat in range(600)])
    assert counts.sum(axis=1).tolist() == [8] * 600
    assert set(counts.ravel()) == {2, 3}
    assert (np.abs(counts.mean(axis=0) - 8 / 3) < 0.1).all()


def test_the_same_seed_gives_the_same_answer():
    first, again, other = (estimate(QUEUE, 20, "RESTART", 50, seed=s) for s in (5, 5, 6))
    assert first == again
    assert first.value != other.value


def test_nothing_seen_is_no_upper_limit():
    found = rare_probability(lambda r: brute_force(QUEUE, 30, 10, seed=1, repeat=r))
    assert (found.value, found.low, found.high, found.n_zero) == (0.0, 0.0, None, 20)
    assert "no copy" in found.reason


def test_too_many_splits_are_noticed(monkeypatch):
    monkeypatch.setattr("mcoom.rare.restart.SEGMENTS_MAX", 5_000)
    with pytest.raises(SpecError, match=r"more than 5000 segments.*allowed"):
        restart(QUEUE, tuple(map(float, range(2, 21))), (9,) * 18, 100, seed=1)
    with pytest.raises(ValueError, match="need 1 splits"):
        restart(QUEUE, (3.0, 5.0), (2, 2), 10, seed=1)


def test_a_target_out_of_reach_is_said():
    """A walk with importance that cannot rise: no pilot gets further."""
    with pytest.raises(SpecError, match="the pilot got no further"):
        choose_levels(Walk(0.0, 3), 10.0, 20, seed=1)


def test_one_repeat_has_no_interval():
    with pytest.raises(ValueError, match="at least 2"):
        combine([1e-6], 1)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_cover_with_even_draws():
    """Repeats stay independent, so the interval holds as before: at least 93 % of 1,000 runs."""
    truth, levels = SMALL.probability(12), tuple(map(float, range(3, 13)))
    runs, hits = 1_000, 0
    for run in range(runs):
        found = rare_probability(
            lambda r, run=run: restart(SMALL, levels, (2, 1, 2, 1, 2, 1, 2, 1, 2), 20, seed=500 + run, repeat=r),
            repeats=10,
        )
        hits += found.low <= truth <= found.high
    assert hits >= binom.ppf(1e-6, runs, 0.93)


def coverage(n, repeats, runs):
    """Runs whose interval holds the truth, and whose normal interval of a third of the width does."""
    truth = SMALL.probability(12)
    levels = (4.0, 6.0, 8.0, 10.0, 12.0)
    hits = narrow = 0
    for run in range(runs):
        found: RareProbability = rare_probability(
            lambda r, run=run: fixed_effort(SMALL, levels, n, seed=100 + run, repeat=r), repeats=repeats
        )
        hits += found.low <= truth <= found.high
        narrow += abs(found.value - truth) <= 0.65 * found.relative_error * found.value
    return hits, narrow


def check_cover(n, repeats, runs):
    """At least 93 % (alarm at the 1e-6 quantile); the twin of a third of the width must fail the same test."""
    hits, narrow = coverage(n, repeats, runs)
    enough = binom.ppf(1e-6, runs, 0.93)
    assert hits >= enough > narrow, (hits, narrow)


def test_cover_smoke():
    check_cover(40, 10, 60)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(("n", "repeats"), [(40, 20), (100, 10)])
def test_cover(n, repeats):
    check_cover(n, repeats, 2_000)


def test_refined_levels_keep_the_splits_of_the_pilot():
    pilot = Levels((4.0, 8.0, 12.0), (5, 4), 7, (0.2, 0.05))
    fine = refine(pilot, 1.0)
    assert fine.levels == (4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0)
    assert fine.splits[0] == 5
    assert np.prod(fine.splits[:5]) == pytest.approx(20, rel=0.3)
    assert np.prod(fine.splits) == pytest.approx(20 * 4**0.75, rel=0.4)
    assert refine(Levels((3.0,), (), 1), 1.0).levels == (3.0,)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("system", "target"), [(GAMBLER, 113), (QUEUE, 30), (Walk(0.8 / 1.8, 1), 87)])
def test_even_draws_to_a_billionth(system, target):
    truth = system.probability(target)
    found = even(system, target, 100)
    check_holds(found, truth)
    assert found.relative_error < 0.1
    assert found.low / 1.1 < truth < found.high * 1.1


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_long_walks_to_a_billionth():
    """Near balance the walks are long: the gambler at 0.45 and the queue with rho = 0.8."""
    for system, target in ((GAMBLER, 113), (Walk(0.8 / 1.8, 1), 87)):
        truth = system.probability(target)
        assert truth == pytest.approx(9.2e-10, rel=0.01)
        for method in ("fixed effort", "RESTART"):
            check_holds(estimate(system, target, method, 300), truth)
