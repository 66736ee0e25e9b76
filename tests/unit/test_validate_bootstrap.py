"""The bootstrap by boots: its draws, and each sample against a plain computation."""

import numpy as np
import pytest

from mcoom.validate.boots import Boots, CellBoots
from mcoom.validate.bootstrap import _resample, _weighted_median, bootstrap, draw_boots
from mcoom.validate.cells import Cell
from mcoom.validate.score import CellScore, score_cell
from tests.unit.test_validate_build import SLEEP
from tests.unit.test_validate_score import MS, boots, cell, predicted, scores


def test_draws_are_whole_samples_and_even():
    counts = draw_boots(7, 4000)
    assert (counts.sum(axis=1) == 7).all()
    # Mean 1 with standard error sqrt(6 / 7 / 4000) = 0.015: wrong by chance once in 1e5 for each boot.
    np.testing.assert_allclose(counts.mean(axis=0), 1.0, atol=0.066)
    assert counts.var(axis=0).mean() == pytest.approx(6 / 7, abs=0.06)
    np.testing.assert_array_equal(counts, draw_boots(7, 4000))


def three_boots() -> tuple[CellScore, CellBoots]:
    seen = cell([5, 6, 250, 3000, 260, 7, 4000], [0, 0, 0, 0, 0, 0, 1], boots=3)
    which = CellBoots(np.array([4, 4, 5, 5, 9, 9, 9]), np.full(7, 4_000 * MS))
    prediction = predicted([6, 7, 200, 300, 4000, 9], [0, 0, 0, 0, 1, 0])
    return score_cell(seen, prediction, which.watched_ns), which


@pytest.mark.parametrize("drawn", [(1, 1, 1), (2, 1, 0), (0, 0, 3), (0, 3, 0), (1, 0, 2)])
def test_each_sample_is_the_score_of_the_resampled_cell(drawn):
    score, which = three_boots()
    counts = np.zeros((1, 10), dtype=np.int64)
    counts[0, [4, 5, 9]] = drawn
    found = _resample(score, which, counts)
    times = dict(zip((4, 5, 9), drawn, strict=True))
    repeat = np.array([times[b] for b in which.boot])
    seen = Cell(
        0, SLEEP, 1, np.repeat(score.cell.time_ns, repeat), np.repeat(score.cell.censored, repeat), 3, 4_000 * MS
    )
    prediction = predicted([6, 7, 200, 300, 4000, 9], [0, 0, 0, 0, 1, 0])
    plain = score_cell(seen, prediction, np.full(len(seen.time_ns), 4_000 * MS))
    assert found.weight[0] == sum(drawn) / 3
    assert bool(found.stuck[0]) == plain.observed.stuck
    assert found.median_ns[0] == min(plain.observed.median.value_ns, 4_000 * MS)
    assert found.ks[0] == pytest.approx(plain.ks)
    np.testing.assert_allclose(found.distance[0], [plain.distance.crps, plain.distance.tail, plain.distance.stuck])


def test_intervals_hold_the_score_and_repeat():
    every = scores()
    intervals = bootstrap(every, boots(), 200)
    assert intervals == bootstrap(every, boots(), 200)
    low, high = intervals["stuck_recall"]
    assert (low, high) == (0.0, 1.0)
    assert intervals["stuck_specificity"] == (1.0, 1.0)
    mean = float(np.mean([score.distance.crps for score in every]))
    assert intervals["crps_decades"][0] < mean < intervals["crps_decades"][1]


def many_cells(n: int, share: float, k_per_boot: int) -> tuple[list[CellScore], Boots]:
    """Boots whose cells all have the same verdict: right in ``share`` of the boots."""
    right, wrong = predicted([10]), predicted([1000])
    every, found = [], []
    for boot in range(n):
        for _ in range(k_per_boot):
            every.append(score_cell(cell([10]), right if boot < share * n else wrong))
            found.append(CellBoots(np.array([boot]), np.array([4_000 * MS])))
    return every, Boots(tuple(found), n)


def test_cells_of_a_boot_count_once():
    """Four equal cells per boot give the interval of one; as independent cells they would give half its width."""
    one = bootstrap(*many_cells(50, 0.8, 1))["stuck_specificity"]
    four = bootstrap(*many_cells(50, 0.8, 4))["stuck_specificity"]
    independent = bootstrap(*many_cells(200, 0.8, 1))["stuck_specificity"]
    assert one == four
    assert four[1] - four[0] == pytest.approx(2 * 1.96 * np.sqrt(0.8 * 0.2 / 50), rel=0.15)
    assert independent[1] - independent[0] < 0.65 * (four[1] - four[0])


def test_weighted_median_repeats_values():
    value, weight = np.array([[3.0], [1.0], [2.0], [9.0]]), np.array([[1.0], [2.0], [0.0], [4.0]])
    assert _weighted_median(value, weight)[0] == 9.0
    assert np.isnan(_weighted_median(value, np.zeros((4, 1)))[0])
