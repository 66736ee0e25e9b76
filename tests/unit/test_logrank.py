"""The log-rank test on tables against published numbers, scipy and lifelines."""

import numpy as np
import pytest
from lifelines.statistics import logrank_test
from scipy import stats

from mcoom.analysis.logrank import logrank_z, two_sided_p
from tests.unit.leukemia import CONTROL_TABLE, TREATED_TABLE, table
from tests.unit.test_survival import censored_sample, table_of


def test_published_statistic_of_the_6mp_trial():
    """Kleinbaum and Klein (2012), section 2.IV: 16.793; R survdiff prints 16.8 and p = 4e-05 (4.17e-05)."""
    z = logrank_z(CONTROL_TABLE, TREATED_TABLE)
    assert round(z**2, 3) == 16.793
    assert z > 0
    assert two_sided_p(z) == pytest.approx(4.17e-5, rel=1e-3)


def test_the_other_way_round_changes_the_sign_only():
    assert logrank_z(TREATED_TABLE, CONTROL_TABLE) == pytest.approx(-logrank_z(CONTROL_TABLE, TREATED_TABLE))


@pytest.mark.parametrize("seed", range(5))
def test_equals_scipy_and_lifelines(seed):
    (x, x_seen), (y, y_seen) = censored_sample(seed, 200), censored_sample(seed + 100, 300)
    z = logrank_z(table_of(x, x_seen), table_of(y, y_seen))
    other = stats.logrank(stats.CensoredData.right_censored(x, ~x_seen), stats.CensoredData.right_censored(y, ~y_seen))
    assert abs(z) == pytest.approx(abs(other.statistic), rel=1e-12)
    assert two_sided_p(z) == pytest.approx(other.pvalue, rel=1e-9)
    third = logrank_test(x, y, x_seen, y_seen)
    assert z**2 == pytest.approx(third.test_statistic, rel=1e-9)


def test_nothing_to_compare():
    nobody_died, somebody_died = table([], [5, 6]), table([3], [5])
    assert logrank_z(nobody_died, nobody_died) is None
    assert logrank_z(table([], [1, 1]), table([3, 4])) is None  # all of one arm gone before the first death
    assert logrank_z(nobody_died, somebody_died) < 0


def test_a_million_replicates_are_no_trouble():
    deaths = np.full(36, 10**12)
    big = table([])
    big = type(big)(big.low_ns, big.mid_ns, big.high_ns, deaths, deaths)
    assert abs(logrank_z(big, big)) < 1e-3
