"""The histogram of probabilities: flat if the prediction is right, and only then."""

import numpy as np

from mcoom.validate.calibration import BINS, bin_mass, calibrate
from mcoom.validate.score import score_cell
from tests.unit.test_validate_score import cell, predicted

N_CELLS = 600
N_CELLS_WRONG = 150


def density(scale: float, spread: float, n_cells: int = N_CELLS_WRONG) -> np.ndarray:
    """Histogram of cells of eight kills, predicted with a wrong scale or spread (1 is right)."""
    rng = np.random.default_rng(3)
    scores = []
    for _ in range(n_cells):
        middle = np.exp(rng.normal(3, 1))
        seen = middle * np.exp(rng.normal(0, 1, 8))
        times = scale * middle * np.exp(rng.normal(0, spread, 200))
        scores.append(score_cell(cell(seen.tolist(), boots=8), predicted(times.tolist())))
    return np.array(calibrate(scores).density)


def test_a_right_prediction_is_flat():
    """Error rate: each of 20 bins has 240 kills, so a standard error of 0.065 of its density; 4.5 of them: 1e-4."""
    flat = density(1, 1, N_CELLS)
    assert flat.sum() / BINS == np.float64(1).round(9) or abs(flat.mean() - 1) < 1e-9
    assert np.abs(flat - 1).max() < 4.5 * 0.07


def test_wrong_predictions_are_not_flat():
    assert density(3, 1)[:5].mean() > 1.5
    assert density(1 / 3, 1)[-5:].mean() > 1.5
    assert density(1, 0.4)[[0, -1]].min() > 2
    assert density(1, 3)[8:12].min() > 1.5


def test_mass_is_spread_over_a_range_and_censored_mass_to_the_end():
    mass = bin_mass(np.array([0.0, 0.5, 1.0, 0.52]), np.array([0.1, 1.0, 1.0, 0.52]))
    np.testing.assert_allclose(mass.sum(axis=1), 1)
    np.testing.assert_allclose(mass[0, :2], 0.5)
    np.testing.assert_allclose(mass[1, BINS // 2 :], 2 / BINS)
    assert mass[2, -1] == mass[3, 10] == 1
    score = score_cell(cell([4000], [1]), predicted([1, 2, 4000, 4000], [0, 0, 1, 1]))
    np.testing.assert_allclose(calibrate([score]).density[BINS // 2 :], 2)
    assert calibrate([score]).outside == 0


def test_cells_without_a_prediction_are_left_out():
    nothing = calibrate([score_cell(cell([10]), predicted([]))])
    assert (nothing.n_cells, sum(nothing.density)) == (0, 0)
