"""Predictions in a file: the same back, the same bytes, and what is refused."""

import dataclasses

import numpy as np
import pytest

from mcoom.errors import DataError
from mcoom.validate.measured import Boot, Configuration, Measured, data_path, read_measured
from mcoom.validate.merge import merge, stage_costs_beside
from mcoom.validate.predict import Prediction
from mcoom.validate.prediction_file import PredictionSource, read_predictions, write_predictions
from mcoom.validate.stages import SHIPPED_COSTS
from tests.unit.test_validate_build import MUTEX, SLEEP
from tests.unit.test_validate_measured import ROW, write_rows
from tests.unit.test_validate_score import predicted

SOURCE = PredictionSource(3, 7, "stage_costs.csv", "ab", "cd", "0.1")
ONE = Configuration(SLEEP, (Boot("A", 4_000_000_000, None),))
TWO = Configuration(MUTEX, (Boot("B", 6_000_000_000, 22_404), Boot("C", 6_000_000_000, 30_000)))


def prediction(*times_ms: list[float]) -> Prediction:
    return Prediction(tuple(predicted(times, None, i) for i, times in enumerate(times_ms)), 3, 1)


PREDICTIONS = (prediction([1, 2, 3], [4, 5, 6], [], [7]), prediction([8], [9], [10], [11]))


def test_what_is_written_is_read_in_any_order(tmp_path):
    path = tmp_path / "p.npz"
    write_predictions(path, (ONE, TWO), PREDICTIONS, SOURCE)
    (second, first), source = read_predictions(path, (TWO, ONE))
    assert source == SOURCE
    for found, wanted in zip((first, second), PREDICTIONS, strict=True):
        assert (found.n_replicates, found.n_budget) == (wanted.n_replicates, wanted.n_budget)
        for a, b in zip(found.samples, wanted.samples, strict=True):
            np.testing.assert_array_equal(a.time_ns, b.time_ns)
            np.testing.assert_array_equal(a.censored, b.censored)
            assert a.n_without_entry == b.n_without_entry
    again = tmp_path / "q.npz"
    write_predictions(again, (ONE, TWO), PREDICTIONS, SOURCE)
    assert path.read_bytes() == again.read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["p.npz", "q.npz"]


@pytest.mark.parametrize(
    "other",
    [
        dataclasses.replace(ONE, factors=dataclasses.replace(SLEEP, n=5)),
        dataclasses.replace(ONE, boots=(Boot("A", 5_000_000_000, None),)),
        dataclasses.replace(ONE, boots=(*ONE.boots, *ONE.boots)),
        dataclasses.replace(TWO, boots=(Boot("B", 6_000_000_000, 22_405), TWO.boots[1])),
    ],
)
def test_another_configuration_is_refused(tmp_path, other):
    write_predictions(tmp_path / "p.npz", (ONE, TWO), PREDICTIONS, SOURCE)
    with pytest.raises(DataError, match="no prediction of accel="):
        read_predictions(tmp_path / "p.npz", (other,))


def test_other_names_of_boots_are_not():
    """A held-out boot of the same horizon is predicted by the same numbers."""
    renamed = dataclasses.replace(ONE, boots=(Boot("Z", 4_000_000_000, None),))
    from mcoom.validate.prediction_file import configuration_key

    assert configuration_key(renamed) == configuration_key(ONE)


@pytest.mark.parametrize("raw", [b"", b"no archive", b"PK\x03\x04broken"])
def test_another_file_is_refused(tmp_path, raw):
    path = tmp_path / "p.npz"
    path.write_bytes(raw)
    with pytest.raises(DataError, match=r"p\.npz"):
        read_predictions(path, (ONE,))
    with pytest.raises(DataError, match=r"none\.npz.*cannot be read"):
        read_predictions(tmp_path / "none.npz", (ONE,))


def test_a_cut_file_is_refused(tmp_path):
    path = tmp_path / "p.npz"
    write_predictions(path, (ONE, TWO), PREDICTIONS, SOURCE)
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(DataError, match="not a file of predictions"):
        read_predictions(path, (ONE,))
    np.savez(path, about=np.zeros(3))
    with pytest.raises(DataError, match="not a file of predictions"):
        read_predictions(path, (ONE,))


def two_files(tmp_path) -> tuple[Measured, Measured]:
    first = read_measured(write_rows(tmp_path / "a.csv", ROW, ROW | {"round": "2"}))
    second = read_measured(write_rows(tmp_path / "b.csv", ROW | {"ttk_ns": "5"}, ROW | {"n": "7"}))
    return first, second


def test_files_are_taken_as_one_and_their_boots_stay_apart(tmp_path):
    first, second = two_files(tmp_path)
    both = merge([first, second])
    assert [c.factors.n for c in both.configurations] == [4, 7]
    assert [len(c.boots) for c in both.configurations] == [2, 1]
    assert (both.n_rows, len(both.episodes)) == (4, 4)
    assert len({episode.boot_id for episode in both.episodes}) == 2
    assert merge([first]) is first


def test_stage_costs_beside_have_to_be_equal(tmp_path):
    text = data_path(SHIPPED_COSTS).read_text()
    for folder, content in (("a", text), ("b", text), ("c", text + "\n")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / SHIPPED_COSTS).write_text(content)
    names = {folder: str(tmp_path / folder / "m.csv") for folder in "abc"}
    assert stage_costs_beside([]) is None
    assert stage_costs_beside([str(tmp_path / "m.csv")]) is None
    assert stage_costs_beside([names["a"], names["b"]]) == str(tmp_path / "a" / SHIPPED_COSTS)
    with pytest.raises(DataError, match="other stage costs"):
        stage_costs_beside([names["a"], names["c"]])
