"""Probabilities and their differences against scipy and published numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from mcoom.analysis.multiplicity import holm, largest_p
from mcoom.analysis.paired import superiority_interval
from mcoom.analysis.proportion import (
    clopper_pearson,
    exact_interval,
    fisher_p,
    mcnemar_p,
    paired_difference,
    unpaired_difference,
)
from mcoom.analysis.share import difference_limits, share_limits, wilson_limits


@pytest.mark.parametrize(("k", "n"), [(0, 1), (0, 37), (1, 37), (18, 37), (37, 37), (3, 20_000), (10**6, 10**7)])
@pytest.mark.parametrize("level", [0.9, 0.95, 0.999])
def test_clopper_pearson_is_that_of_scipy(k, n, level):
    other = stats.binomtest(k, n).proportion_ci(level, method="exact")
    assert clopper_pearson(k, n, level) == pytest.approx((other.low, other.high), rel=1e-7, abs=1e-12)


def test_published_exact_interval():
    """Clopper and Pearson's own kind of example, Newcombe (1998a), table I, method 5: 15 of 148, 0.0578 to 0.1617."""
    assert clopper_pearson(15, 148) == pytest.approx((0.0578, 0.1617), abs=5e-5)


def test_published_wilson_interval():
    """Newcombe (1998a), table I, method 3: 15 of 148, 0.0624 to 0.1605."""
    assert wilson_limits(15 / 148, 148) == pytest.approx((0.0624, 0.1605), abs=5e-5)
    assert share_limits(45 / 148, 148) == wilson_limits(45 / 148, 148)
    assert share_limits(15 / 148, 148) == clopper_pearson(15, 148)


def test_published_difference():
    """Newcombe (1998b), table II, example (a), method 10: 56/70 - 48/80, 0.0524 to 0.3339."""
    parts = [(k / n, *wilson_limits(k / n, n)) for k, n in ((56, 70), (48, 80))]
    assert difference_limits(*parts) == pytest.approx((0.0524, 0.3339), abs=5e-5)
    interval = unpaired_difference(56, 70, 48, 80)  # 14 failures: a little wider
    assert interval.value == pytest.approx(0.2)
    assert (interval.low, interval.high) == pytest.approx((0.0524, 0.3339), abs=0.01)
    assert interval.low < 0.0524 < 0.3339 < interval.high


def test_published_paired_difference():
    """Agresti (2002), table 10.1 (approval of a prime minister): 0.04, 0.02 to 0.06."""
    interval = paired_difference(150, 86, 1600)
    assert interval.value == pytest.approx(0.04)
    assert (round(interval.low, 2), round(interval.high, 2)) == (0.02, 0.06)


def test_mcnemar_is_the_sign_test():
    assert mcnemar_p(150, 86) == pytest.approx(stats.binomtest(86, 236, 0.5).pvalue)
    assert mcnemar_p(5, 0) == 2 / 2**5
    assert mcnemar_p(0, 0) == 1.0


def test_fisher():
    assert fisher_p(3, 4, 1, 4) == pytest.approx(0.4857, abs=5e-5)  # the lady tasting tea, two-sided


def test_unknown_outcomes_widen_the_exact_interval():
    known = exact_interval(3, 3, 3, 100, 100)
    open_ = exact_interval(3, 3, 8, 100, 100)
    assert open_.value == known.value
    assert open_.low == known.low
    assert open_.high == clopper_pearson(8, 100)[1] > known.high
    assert "exhausted" in open_.method
    assert exact_interval(0, 0, 0, 0, 0).reason == "no replicates"


def test_published_holm_adjustment():
    """R: p.adjust(c(0.01, 0.02, 0.03, 0.04, 0.05), "holm")."""
    assert holm([0.01, 0.02, 0.03, 0.04, 0.05]) == pytest.approx([0.05, 0.08, 0.09, 0.09, 0.09])
    assert holm([None, None]) == [None, None]


@given(st.lists(st.floats(0, 1) | st.none(), max_size=8), st.floats(0.001, 0.2))
def test_holm_rejects_what_the_step_down_procedure_rejects(p_values, alpha):
    """The procedure as Holm wrote it: go through the ordered p-values until one is too large."""
    family = sorted((p, i) for i, p in enumerate(p_values) if p is not None)
    rejected = set()
    for rank, (p, i) in enumerate(family):
        if p * (len(family) - rank) > alpha:
            break
        rejected.add(i)
    assert {i for i, p in enumerate(holm(p_values)) if p is not None and p <= alpha} == rejected


@pytest.mark.parametrize(("win", "tie", "loss"), [(5, 0, 0), (0, 5, 0), (0, 0, 5), (1, 0, 0), (30, 4, 9), (1, 98, 0)])
def test_superiority_is_the_mean_score_and_lies_in_its_interval(win, tie, loss):
    n = win + tie + loss
    interval = superiority_interval(win, tie, loss)
    assert interval.value == pytest.approx((win + tie / 2) / n)
    assert 0 <= interval.low <= interval.value <= interval.high <= 1
    assert interval.low < interval.high
    mirror = superiority_interval(loss, tie, win)
    assert (1 - mirror.high, 1 - mirror.low) == pytest.approx((interval.low, interval.high))


def test_superiority_without_ties_is_wilson():
    assert superiority_interval(30, 0, 9).low == pytest.approx(share_limits(30 / 39, 39)[0])


@pytest.mark.parametrize(
    ("tests", "expected"),
    [([(1, 0.01)], 0.01), ([(1, 0.01), (2, 0.2), (1, 0.001)], 0.2), ([(1, 0.01), (-1, 0.01)], 1.0),
     ([(1, 0.01), (0, None)], 1.0), ([(0, None), (1, 0.5)], None)],
)  # fmt: skip
def test_the_p_value_that_holds_in_every_case(tests, expected):
    assert largest_p(tests) == expected
