"""Sobol indices: known functions, the noise of replicates, and designs that do not allow them."""

import json
from dataclasses import dataclass

import numpy as np
import pytest

from mcoom.analysis.sensitivity import index_estimates, saltelli_layout, sobol_indices
from mcoom.design.unit_cube import design_words, saltelli
from mcoom.errors import SpecError
from mcoom.tally.plan import TallyPlan
from mcoom.tally.tally import PointTally
from tests.unit.episode_rows import HORIZON_NS, kill_tally

S = 1_000_000_000


@dataclass
class Point:
    index: int
    label: str
    values: dict[str, int | float | str]
    tally: PointTally


@dataclass
class Run:
    plan: TallyPlan
    points: list[Point]


def coordinates(n_base, names=("a", "b", "c"), seed=3):
    words = saltelli(n_base, lambda half: [design_words(seed, f"{half} {name}", n_base) for name in names])
    return words.astype(np.float64) / 2**64


def run(n_base, time_s, names=("a", "b", "c"), replicates=30, noise=0.5):
    """Policy p0 takes ``time_s`` of the point on average, policy p1 a second everywhere."""
    points = []
    for i, u in enumerate(coordinates(n_base, names)):
        rng = np.random.default_rng([7, i])
        times = np.stack([time_s(u) + noise * rng.standard_normal(replicates), 1 + noise * rng.random(replicates)])
        tally = kill_tally(np.maximum(1, times * S).astype(np.int64))
        points.append(Point(i, "p", dict(zip(names, u.tolist(), strict=True)), tally))
    return Run(points[0].tally.plan, points)


def additive(u):
    """Variances 16 / 12, 4 / 12 and none: first-order and total indices 0.8, 0.2, 0."""
    return 10 + 4 * u[0] + 2 * u[1]


def product(u):
    """Only together: 20 x (a - 1/2)(b - 1/2) has first-order indices 0 and total indices 1."""
    return 10 + 20 * (u[0] - 0.5) * (u[1] - 0.5)


def test_parameters_that_add_up():
    found = sobol_indices(run(64, additive), level=0.999)[0]
    assert [i.path for i in found.indices] == ["a", "b", "c"]
    for index, truth in zip(found.indices, (0.8, 0.2, 0), strict=True):
        for interval in (index.first, index.total):
            assert interval.low < truth < interval.high
            assert interval.value == pytest.approx(truth, abs=0.05)
    assert found.mean == pytest.approx(13 * S, rel=0.01)
    assert found.variance == pytest.approx(20 / 12 * S**2, rel=0.1)
    json.dumps(found.to_json(), allow_nan=False)


def test_parameters_that_act_together():
    found = sobol_indices(run(128, product), quantity="rmst", level=0.999)[0]
    for index, (first, total) in zip(found.indices, ((0, 1), (0, 1), (0, 0)), strict=True):
        assert index.first.low < first < index.first.high
        assert index.total.low < total < index.total.high
        assert index.total.value == pytest.approx(total, abs=0.15)


def test_noise_of_replicates_is_taken_out():
    """As much noise as signal: without its subtraction the parameter that does nothing would have a total near 0.5."""
    noisy = run(256, additive, replicates=8, noise=3.0)
    found = sobol_indices(noisy)[0]
    assert 0.3 < found.noise_frac < 0.5
    assert abs(found.indices[2].total.value) < 0.1
    assert found.indices[2].total.low < 0 < found.indices[2].total.high
    values = np.array([p.tally["restricted_sum"][0, 0, 0, 0, 1] / 8 / S for p in noisy.points]).reshape(256, 5)
    _, raw, _, _ = index_estimates(values - values.mean(), np.zeros((256, 5)), np.ones((1, 256)))
    assert raw[0, 2] > 0.25


def test_probabilities_and_quantiles_have_indices_too():
    def times(u):
        return 40.0 if u[0] > 0.5 else 1.0

    found = sobol_indices(run(64, times, noise=0.1), quantity="livelock_prob")[0]
    assert found.indices[0].first.value == pytest.approx(1, abs=0.05)
    assert found.mean == pytest.approx(0.5, abs=0.1)
    median = sobol_indices(run(64, additive), quantity="median")[0]
    assert median.indices[0].first.low < 0.8 < median.indices[0].first.high


def test_no_difference_is_said():
    found = sobol_indices(run(16, lambda u: 5.0, noise=0.0))[0]
    assert found.indices[0].first.value is None
    assert "do not differ" in found.indices[0].first.reason


def test_what_was_not_seen_is_refused():
    with pytest.raises(SpecError, match=r"median under p0 cannot be estimated at \d+ of 80 points.*rmst"):
        sobol_indices(run(16, lambda u: 20 + 20 * u[0]), quantity="median")


@pytest.mark.parametrize("change", ["shuffle", "grid", "cut", "one", "none"])
def test_other_designs_are_refused(change):
    points = run(16, additive, replicates=2).points
    if change == "shuffle":
        points[2], points[3] = points[3], points[2]
    elif change == "grid":
        for i, point in enumerate(points):
            point.values = {"a": i, "b": 0, "c": 0}
    elif change == "cut":
        points = points[:-1]
    elif change == "one":
        points = points[:5]
    else:
        points = []
    with pytest.raises(SpecError, match=r"sensitivity: .*saltelli"):
        saltelli_layout(points)


@pytest.mark.parametrize("wrong", [{"estimand": "kil"}, {"quantity": "mean"}, {"policies": ["p7"]}])
def test_unknown_names_are_refused(wrong):
    with pytest.raises(SpecError, match=r"unknown.*allowed"):
        sobol_indices(run(4, additive, replicates=2), **wrong)


def test_horizon_is_part_of_the_restricted_mean():
    """Beyond the horizon nothing differs: a parameter that acts there only has no index."""
    found = sobol_indices(run(32, lambda u: 20.0 if u[1] > 0.5 else 35 + 20 * u[0], noise=0.0))[0]
    assert found.indices[1].first.value == pytest.approx(1, abs=0.05)
    assert abs(found.indices[0].total.value) < 1e-9
    assert HORIZON_NS == 30 * S
