"""Curves, verdicts, intervals and the form of the report, on hand-made samples."""

import json
import math

import numpy as np
import pytest
from scipy import stats

from mcoom.validate.boots import Boots, CellBoots
from mcoom.validate.bootstrap import bootstrap
from mcoom.validate.calibration import calibrate
from mcoom.validate.cells import Cell, is_stuck
from mcoom.validate.counts import Counts
from mcoom.validate.curve import Curve, Quantile, ks_distance
from mcoom.validate.predict import Sample
from mcoom.validate.prediction_file import PredictionSource
from mcoom.validate.report import Diagnosis, Report
from mcoom.validate.score import score_cell
from mcoom.validate.summary import Share, summarise
from mcoom.validate.text import report_text
from mcoom.validate.transition import find_transitions
from tests.unit.test_validate_build import SLEEP

MS = 1_000_000


def sample(times_ms: list[float], censored: list[int] | None = None) -> tuple[np.ndarray, np.ndarray]:
    flags = censored or [0] * len(times_ms)
    return np.rint(np.array(times_ms) * MS).astype(np.int64), np.array(flags, dtype=bool)


def predicted(times_ms: list[float], censored: list[int] | None = None, n_without_entry: int = 0) -> Sample:
    """A predicted sample, one boot each."""
    return Sample(*sample(times_ms, censored), np.arange(len(times_ms)), n_without_entry)


def cell(times_ms: list[float], censored: list[int] | None = None, *, boots: int = 1, k: int = 1) -> Cell:
    time_ns, flags = sample(times_ms, censored)
    return Cell(0, SLEEP, k, time_ns, flags, boots, 4_000 * MS)


def test_curve_is_that_of_scipy():
    rng = np.random.default_rng(5)
    time_ns = rng.integers(1, 30, 200)
    censored = rng.random(200) < 0.3
    curve = Curve.from_sample(time_ns, censored)
    reference = stats.ecdf(stats.CensoredData(uncensored=time_ns[~censored], right=time_ns[censored])).sf
    t = np.arange(0, 30)
    np.testing.assert_allclose(curve.at(t), reference.evaluate(t), rtol=1e-12)


def test_quantiles_hide_behind_the_horizon():
    curve = Curve.from_sample(*sample([1, 2, 5, 5], [0, 0, 1, 1]))
    assert curve.quantile(0.25) == Quantile(1 * MS, False)
    assert curve.quantile(0.5) == Quantile(2 * MS, False)
    assert curve.quantile(0.95) == Quantile(5 * MS, True)


def test_ks_distance_without_censoring_is_the_usual_one():
    rng = np.random.default_rng(6)
    a, b = rng.integers(0, 50, 40), rng.integers(10, 60, 30)
    none = np.zeros(40, dtype=bool)
    distance = ks_distance(Curve.from_sample(a, none), Curve.from_sample(b, none[:30]))
    assert distance == pytest.approx(stats.ks_2samp(a, b).statistic, abs=1e-12)


def test_ks_distance_looks_no_further_than_both_watched():
    seen = Curve.from_sample(*sample([1, 2, 4, 4], [0, 0, 1, 1]))
    predicted = Curve.from_sample(*sample([1, 2, 100, 100]))
    assert ks_distance(seen, predicted) == 0
    assert ks_distance(seen, Curve.from_sample(*sample([1, 2, 3, 100]))) == pytest.approx(0.25)
    never = Curve.from_sample(*sample([4, 4], [1, 1]))
    assert ks_distance(never, Curve.from_sample(*sample([9, 9]))) == 0


@pytest.mark.parametrize(
    ("times_ms", "censored", "stuck"),
    [
        ([199.9], [0], False),
        ([200.0], [0], True),
        ([1, 200], [0, 0], True),
        ([1, 1, 200], [0, 0, 0], False),
        ([1, 10], [0, 1], True),
    ],
)
def test_stuck(times_ms, censored, stuck):
    assert is_stuck(*sample(times_ms, censored)) is stuck


def test_score_of_a_good_prediction():
    score = score_cell(cell([10, 10, 10]), predicted([9, 10, 11]))
    assert score.verdict_agrees
    assert score.log10_ratio_median == 0
    assert score.ratio_counts
    assert score.covered
    assert score.ks == pytest.approx(1 / 3)


def test_score_of_a_miss():
    score = score_cell(cell([10]), predicted([1000, 1000]))
    assert not score.verdict_agrees
    assert score.log10_ratio_median == pytest.approx(2)
    assert (score.covered, score.ks) == (False, 1)


def test_both_beyond_the_horizon_agree():
    score = score_cell(cell([4003], [1]), predicted([4000, 4000], [1, 1]))
    assert score.verdict_agrees
    assert score.log10_ratio_median == 0
    assert score.ratio_is_bound
    assert score.covered


def test_nothing_predicted_counts_as_stuck():
    score = score_cell(cell([10]), predicted([]))
    assert score.predicted is None
    assert score.predicted_stuck
    assert not score.verdict_agrees
    assert score.log10_ratio_median == pytest.approx(math.log10(400))
    assert score.ratio_is_bound


def test_kills_without_entry_are_not_stuck():
    score = score_cell(cell([10]), predicted([], None, 3))
    assert score.without_entry
    assert not score.predicted_stuck
    assert score.verdict_agrees
    assert score.log10_ratio_median is None
    assert not score.covered


def test_a_median_below_the_floor_does_not_count():
    assert not score_cell(cell([0.2]), predicted([5])).ratio_counts
    assert score_cell(cell([0]), predicted([5])).log10_ratio_median is None


def scores():
    return (
        score_cell(cell([300, 300], k=1, boots=2), predicted([250, 350, 300])),
        score_cell(cell([4000], [1], k=2), predicted([10, 12])),
        score_cell(cell([10], k=3), predicted([20])),
        score_cell(cell([0.01], k=4), predicted([0.01])),
    )


def boots() -> Boots:
    numbers = ([0, 1], [2], [3], [4])
    return Boots(tuple(CellBoots(np.array(n), np.full(len(n), 4_000 * MS)) for n in numbers), 5)


def report() -> Report:
    every = scores()
    summary = summarise(every)
    counts = Counts(1, 5.0 * MS, 1.0 * MS, 1.0 * MS, 1.0, 3.0, 17.0)
    return Report(
        measured="m.csv", n_rows=6, n_never_open=1, n_configurations=1, n_boots=5, n_budget=0, notes=("a note",),
        source=PredictionSource(3, 1, "stage_costs.csv", "00", "11", "0.0"), scores=every, summary=summary,
        intervals=bootstrap(every, boots(), 50), calibration=calibrate(every), transitions=find_transitions(every),
        worst=tuple(Diagnosis(score, counts, counts, ("a cause",)) for score in summary.worst),
    )  # fmt: skip


def test_summary_counts():
    summary = summarise(scores())
    assert (summary.n_cells, summary.n_stuck, summary.n_ratios, summary.n_bounds) == (4, 2, 3, 1)
    assert (summary.recall.hits, summary.recall.n) == (1, 2)
    assert (summary.specificity.hits, summary.specificity.n) == (2, 2)
    assert summary.median_abs_log10_ratio == pytest.approx(math.log10(2))
    assert (summary.coverage.hits, summary.coverage.n) == (2, 4)
    assert summary.worst[0].cell.k == 2
    assert [(r.column, r.value) for r in summary.residuals] == [("k", 1), ("k", 2), ("k", 3), ("k", 4)]
    assert sum(r.n_cells for r in summary.residuals) == 4


def test_exact_interval_of_a_share():
    share = Share.of([True] * 9 + [False])
    # Table of Clopper and Pearson: 9 of 10 has the 95 % interval 55.5 to 99.7 %.
    assert (round(share.low, 4), round(share.high, 4)) == (0.5550, 0.9975)
    assert Share.of([]).value is None


def test_json_has_the_promised_keys():
    data = json.loads(json.dumps(report().to_json(), allow_nan=False))
    assert set(data) == {"cells", "summary"}
    assert len(data["cells"]) == 4
    for one in data["cells"]:
        assert {"cell", "n", "observed", "predicted", "log10_ratio_median", "verdict_agrees"} <= set(one)
        assert one["cell"]["n"] == 4
        assert {"n", "censored_share", "median_ns", "p95_ns"} <= set(one["observed"])
        assert set(one["observed"]) == set(one["predicted"])
    assert {"n_cells", "n_stuck", "stuck_recall", "stuck_specificity", "median_abs_log10_ratio"} <= set(data["summary"])
    assert (data["summary"]["n_cells"], data["summary"]["n_stuck"]) == (4, 2)
    assert data["summary"]["stuck_recall"] == 0.5


def test_text_puts_the_worst_first_and_ends_with_the_summary():
    lines = report_text(report()).splitlines()
    assert lines[3].startswith("!")
    assert lines[3].endswith("k=2")
    assert any("recall       50.0 % (1 of 2;" in line for line in lines)
    assert any("integrated Brier score on log time, decades:" in line for line in lines)
    assert lines[-1] == "a note"
