"""Weighted, stratified and k-sample log-rank tests, max-combo and crossings, against published and independent numbers.

``mcoom verify`` has R's numbers for real data; here are the properties, the other programs and the edges.
"""

import numpy as np
import pytest
from lifelines.statistics import multivariate_logrank_test
from scipy import stats

from mcoom.analysis.crossing import COMBINATION, _outside_cube, find_crossing, maxcombo_test
from mcoom.analysis.logrank import logrank_test, logrank_z, stratified_logrank
from mcoom.analysis.sample import Sample, life_tables
from tests.unit.leukemia import CONTROL_TABLE, TREATED_TABLE


def samples(seed, sizes=(80, 120), rates=(1.0, 1.0), digits=1):
    """Exponential times with ties, about a third censored."""
    rng = np.random.default_rng(seed)
    found = []
    for n, rate in zip(sizes, rates, strict=True):
        life, loss = rng.exponential(10 / rate, n), rng.exponential(20, n)
        found.append(Sample.of(np.round(np.minimum(life, loss), digits), life <= loss))
    return found


@pytest.mark.parametrize("seed", range(4))
def test_k_samples_equal_lifelines(seed):
    groups = samples(seed, (50, 60, 70, 20), (1, 1.2, 0.8, 1))
    test = logrank_test(*life_tables(groups))
    times, events = (np.concatenate([getattr(g, name) for g in groups]) for name in ("times", "events"))
    other = multivariate_logrank_test(times, np.repeat(np.arange(4), [g.n for g in groups]), events)
    assert test.chisq == pytest.approx(other.test_statistic, rel=1e-9)
    assert test.p == pytest.approx(other.p_value, rel=1e-9)
    assert test.df == 3
    assert test.z is None
    assert test.observed.sum() == pytest.approx(test.expected.sum())


def test_the_order_of_the_groups_does_not_matter():
    tables = life_tables(samples(5, (30, 40, 50), (1, 2, 1)))
    assert logrank_test(*tables).chisq == pytest.approx(logrank_test(*reversed(tables)).chisq)


def test_a_group_that_was_gone_before_the_first_death_is_not_counted():
    """R, tests/difftest.R: the dummy group of early censorings leaves chi-square and df as they are."""
    first, second = samples(6)
    gone = Sample.of(np.full(7, 0.0), np.zeros(7))
    with_dummy, without = (logrank_test(*life_tables(g)) for g in ([first, gone, second], [first, second]))
    assert with_dummy.df == without.df == 1
    assert with_dummy.chisq == pytest.approx(without.chisq)


def test_one_stratum_is_no_stratum_and_two_copies_double_the_information():
    tables = life_tables(samples(7, rates=(1, 1.6)))
    one, two = stratified_logrank([tables]), stratified_logrank([tables, tables])
    assert one.z == pytest.approx(logrank_z(*tables))
    assert two.z == pytest.approx(one.z * 2**0.5)


def test_wrong_arguments_are_named():
    tables = life_tables(samples(8))
    with pytest.raises(ValueError, match="rho = -1"):
        logrank_test(*tables, rho=-1)
    with pytest.raises(ValueError, match="at least 2"):
        logrank_test(tables[0])
    with pytest.raises(ValueError, match="one number"):
        stratified_logrank([tables, [*tables, tables[0]]])


def test_maxcombo_law_is_that_of_scipy():
    combo = maxcombo_test(*life_tables(samples(9, (150, 150), (1, 1.3), digits=6)))
    correlation = np.array(combo.correlation)
    # Early, late and middle: with the constant weight the correlation is singular, and SciPy needs seconds.
    for limit in (1.0, 2.0, 3.0):
        box = stats.multivariate_normal.cdf(
            [limit] * 3, cov=correlation[1:, 1:], lower_limit=[-limit] * 3, rng=np.random.default_rng(1)
        )
        assert _outside_cube(correlation[1:, 1:], limit) == pytest.approx(1 - box, abs=5e-4)
    # One statistic alone is a normal one, to the last digits of the tail.
    assert _outside_cube(np.ones((1, 1)), 6.0) == pytest.approx(2 * stats.norm.sf(6.0), rel=1e-9)
    independent = 1 - (1 - 2 * stats.norm.sf(3.0)) ** 3
    assert _outside_cube(np.eye(3), 3.0) == pytest.approx(independent, rel=5e-3)


def test_maxcombo_members_are_the_weighted_tests():
    tables = life_tables(samples(10, rates=(1, 1.5)))
    combo = maxcombo_test(*tables)
    for z, (rho, gamma) in zip(combo.z, COMBINATION, strict=True):
        assert z == pytest.approx(logrank_test(*tables, rho=rho, gamma=gamma).z, rel=1e-9)
    smallest = min(2 * stats.norm.sf(abs(z)) for z in combo.z)
    assert smallest <= combo.p <= 4 * smallest
    assert combo.best == COMBINATION[int(np.argmax(np.abs(combo.z)))]


def crossing_pair(n=2_000, seed=11):
    """One law early and late, the other in the middle: equal means, crossing curves."""
    rng = np.random.default_rng(seed)
    narrow, wide = rng.gamma(25, 1 / 25, n), rng.gamma(1, 1, n)
    return [Sample.of(t, np.ones(n)).restricted(4.0) for t in (narrow, wide)]


def test_curves_that_cross_are_said_to():
    tables = life_tables(crossing_pair())
    found = find_crossing(*tables)
    assert found.p < 1e-6
    assert found.is_above_first
    assert found.earlier_ns < 1.1 < found.later_ns
    assert maxcombo_test(*tables).p < 1e-6
    assert abs(logrank_z(*tables)) < abs(max(maxcombo_test(*tables).z, key=abs))


def test_curves_that_do_not_cross_are_not_said_to():
    """The twin that must fail: ordered hazards."""
    found = find_crossing(*life_tables(samples(12, (3_000, 3_000), (1, 1.5), digits=6)))
    assert found is None or found.p > 0.05


def test_nothing_to_compare():
    nobody = Sample.of([3.0, 4.0], [0, 0])
    tables = life_tables([nobody, nobody])
    assert maxcombo_test(*tables) is None
    assert find_crossing(*tables) is None
    assert logrank_test(*tables).p is None
    assert logrank_test(TREATED_TABLE, CONTROL_TABLE).z < 0  # the treated die later
