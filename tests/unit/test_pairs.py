"""Tests of raw pairs: sums by hand, limits that must hold, and the edges."""

import numpy as np
import pytest
from scipy import stats

from mcoom.analysis.logrank import logrank_test
from mcoom.analysis.pairs import (
    influence,
    paired_logrank,
    prentice_wilcoxon_test,
    sign_test,
    signed_rank_test,
    variance_reduction,
)
from mcoom.analysis.proportion import mcnemar_mid_p, mcnemar_p
from mcoom.analysis.sample import Sample, life_tables

RNG = np.random.default_rng(3)
SHARED = RNG.exponential(10, 400)
FIRST = Sample.of(SHARED * RNG.lognormal(0, 0.3, 400)).restricted(25.0)
SECOND = Sample.of(SHARED * RNG.lognormal(0.1, 0.3, 400)).restricted(25.0)


@pytest.mark.parametrize(("rho", "gamma"), [(0, 0), (1, 0), (0, 1)])
def test_martingale_terms_add_up_to_observed_less_expected(rho, gamma):
    tables = life_tables([FIRST, SECOND])
    total = 0.0
    for sample, (seen, lost) in zip((FIRST, SECOND), influence(tables, rho, gamma), strict=True):
        rows = np.searchsorted(tables[0].mid_ns, sample.times)
        total += np.where(sample.events, seen[rows], lost[rows]).sum()
    test = logrank_test(*tables, rho=rho, gamma=gamma)
    assert total == pytest.approx(test.observed[0] - test.expected[0], rel=1e-9, abs=1e-9)


def test_pairing_makes_the_log_rank_statistic_larger():
    paired, apart = paired_logrank(FIRST, SECOND), logrank_test(*life_tables([FIRST, SECOND]))
    assert paired.variance_ratio < 0.5
    assert abs(paired.z) > 1.4 * abs(apart.z)
    assert np.sign(paired.z) == np.sign(apart.z)
    shuffled = Sample(*(x[RNG.permutation(400)] for x in (SECOND.times,)), events=np.ones(400, dtype=bool))
    assert paired_logrank(FIRST, shuffled).variance_ratio == pytest.approx(1.0, abs=0.2)


def test_signed_ranks_equal_scipy():
    ours = signed_rank_test(FIRST, SECOND, 25.0)
    x, y = np.minimum(SECOND.times, 25.0), np.minimum(FIRST.times, 25.0)
    other = stats.wilcoxon(x, y, zero_method="pratt", correction=False, method="asymptotic")
    # SciPy's variance counts no ties other than zeros here: there are none.
    assert ours.p == pytest.approx(other.pvalue, rel=1e-6)
    assert ours.z > 0  # the first is earlier


def test_signed_ranks_need_known_differences():
    early = Sample.of([1.0, 2.0], [0, 1])
    with pytest.raises(ValueError, match=r"first.times\[0\] = 1: censored before tau = 5"):
        signed_rank_test(early, Sample.of([3.0, 4.0]), 5.0)


def test_prentice_wilcoxon_by_hand():
    """Pooled times 1, 2+, 3, 4: S is 3/4 after 1, 3/8 after 3, 0 after 4."""
    first, second = Sample.of([1, 3], [1, 1]), Sample.of([2, 4], [0, 1])
    scores = (1 - 2 * 0.75, 1 - 2 * 0.375), (1 - 0.75, 1.0)
    differences = np.subtract(scores[1], scores[0])
    expected = differences.sum() / np.sqrt((differences**2).sum())
    assert prentice_wilcoxon_test(first, second).z == pytest.approx(expected)


def test_sign_test_counts_only_what_is_certain():
    first = Sample.of([1, 5, 3, 2], [1, 1, 0, 0])
    second = Sample.of([2, 4, 9, 2], [1, 1, 1, 1])
    # Win, loss, unknown (censored at 3, the other at 9), loss (censored at 2 outlives a death at 2).
    test = sign_test(first, second)
    assert test.p == mcnemar_p(1, 2)
    assert test.z == pytest.approx(-1 / 3**0.5)


def test_mid_p_lies_between_and_matches_the_definition():
    for b, c in ((3, 9), (0, 6), (5, 5), (20, 31)):
        n, k = b + c, min(b, c)
        definition = 2 * stats.binom.cdf(k, n, 0.5) - stats.binom.pmf(k, n, 0.5) if b != c else 1.0
        assert mcnemar_mid_p(b, c) == pytest.approx(definition)
        assert mcnemar_mid_p(b, c) <= mcnemar_p(b, c) == pytest.approx(stats.binomtest(b, n).pvalue)
    assert mcnemar_mid_p(0, 0) == 1.0


def test_variance_reduction_is_that_of_the_differences():
    x, y = FIRST.times, SECOND.times
    assert variance_reduction(FIRST, SECOND, 25.0) == pytest.approx(
        (x - y).var(ddof=1) / (x.var(ddof=1) + y.var(ddof=1))
    )
    assert variance_reduction(Sample.of([1.0]), Sample.of([2.0]), 5.0) is None


def test_twins_show_nothing_and_unequal_lengths_are_refused():
    assert paired_logrank(FIRST, FIRST).p is None
    assert prentice_wilcoxon_test(FIRST, FIRST).p is None
    assert sign_test(FIRST, FIRST).p is None
    with pytest.raises(ValueError, match="2 and 1 times"):
        paired_logrank(Sample.of([1, 2]), Sample.of([1]))


@pytest.mark.parametrize(
    ("times", "events", "message"),
    [
        ([1, -2], [1, 1], r"times\[1\] = -2"),
        ([1, float("nan")], [1, 1], r"times\[1\] = nan"),
        ([1, 2], [1, 2], r"events\[1\] = 2"),
        ([1, 2], [1], "must be of one length"),
    ],
)
def test_wrong_samples_are_named(times, events, message):
    with pytest.raises(ValueError, match=message):
        Sample.of(times, events)
