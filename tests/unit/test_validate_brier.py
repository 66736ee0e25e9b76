"""The integrated Brier score: against quadrature, and that it is proper."""

import numpy as np
import pytest
from scipy import integrate

from mcoom.validate.brier import BrierIntegral, at_once, mixture, never
from mcoom.validate.curve import Curve
from mcoom.validate.score import kill_scores, score_cell
from tests.unit.test_validate_score import MS, cell, predicted, sample

LOW = 200_000


def curve_of(times_ms: list[float], censored: list[int] | None = None) -> Curve:
    return Curve.from_sample(*sample(times_ms, censored))


@pytest.mark.parametrize(("time_ms", "watched_ms"), [(0.05, 4000), (3, 4000), (77, 4000), (5000, 4000), (9, 10)])
def test_score_is_the_integral(time_ms, watched_ms):
    curve = curve_of([0.1, 1, 5, 60, 60, 900, 2000], [0, 0, 0, 0, 0, 1, 0])
    y, end = np.int64(time_ms * MS), np.int64(watched_ms * MS)

    def squared(x: float) -> float:
        t = 10.0**x
        return float((curve.at(np.array([t]))[0] - (t < y)) ** 2)

    knots = [float(np.log10(t)) for t in (*curve.times_ns, y) if LOW < t < end]
    expected, _ = integrate.quad(squared, np.log10(LOW), np.log10(end), points=sorted(set(knots)), limit=200)
    found = BrierIntegral.of(curve, LOW).score(np.array([y]), np.array([end]))
    assert found[0] == pytest.approx(expected, abs=1e-9)


def test_a_step_in_the_right_place_scores_0_and_one_decade_off_1():
    step = BrierIntegral.of(curve_of([10]), LOW)
    times = np.array([10 * MS, 100 * MS, MS])
    np.testing.assert_allclose(step.score(times, np.full(3, 4_000 * MS)), [0, 1, 1], atol=1e-12)


def test_never_and_at_once():
    end = np.array([20_000 * MS])
    y = np.array([2_000 * MS])
    assert BrierIntegral.of(never(20_000 * MS), LOW).score(y, end)[0] == pytest.approx(1.0)
    assert BrierIntegral.of(at_once(), LOW).score(y, end)[0] == pytest.approx(4.0)
    assert BrierIntegral.of(never(20_000 * MS), LOW).score(end, end)[0] == 0


def mean_scores(stated: list[float], truth: list[float], horizon_ms: float) -> np.ndarray:
    """Expected score of a stated curve when kills come from ``truth``, cut at a horizon."""
    time_ns, _ = sample(truth)
    horizon = np.full(len(truth), np.int64(horizon_ms * MS))
    return kill_scores(curve_of(stated), np.minimum(time_ns, horizon), time_ns > horizon, horizon).mean(axis=0)


@pytest.mark.parametrize("horizon_ms", [50, 4000])
def test_the_truth_scores_best(horizon_ms):
    rng = np.random.default_rng(11)
    truth = np.exp(rng.normal(4, 2, 400)).tolist()
    honest = mean_scores(truth, truth, horizon_ms)
    for wrong in (
        [t * 2 for t in truth],
        [t / 2 for t in truth],
        (np.median(truth) * (np.array(truth) / np.median(truth)) ** 0.5).tolist(),
        (np.median(truth) * (np.array(truth) / np.median(truth)) ** 2).tolist(),
    ):
        # The twin: a curve that is not the truth must lose, whatever the way in which it is wrong.
        assert mean_scores(wrong, truth, horizon_ms)[0] > honest[0] + 1e-6


def test_wrong_verdict_wrong_median_and_wrong_tail_all_cost():
    seen = cell([10, 11, 12, 2000])
    good = score_cell(seen, predicted([10, 11, 12, 2000])).distance
    late = score_cell(seen, predicted([1000, 1100, 1200, 2000])).distance
    slow = score_cell(seen, predicted([40, 44, 48, 2000])).distance
    no_tail = score_cell(seen, predicted([10, 11, 12, 13])).distance
    assert good.crps < min(slow.crps, no_tail.crps) < late.crps
    assert good.tail == pytest.approx(slow.tail)
    assert no_tail.tail > good.tail
    assert late.stuck > no_tail.stuck > good.stuck == slow.stuck


def test_mixture_is_the_mean():
    mixed = mixture([curve_of([1, 3]), curve_of([2])])
    assert mixed.at(np.array([0, 1, 2, 3]) * MS).tolist() == [1, 0.75, 0.25, 0]
