"""False rejections and power of every test, on exponential laws with and without common random numbers.

At 5 % a test alarms where it is improbable at 1e-6 that it rejects with at most 6 % without a difference (exact and
declared conservative tests: no lower limit; the others: at least 4 %). Power is compared with the formula of
Schoenfeld. The twin that must fail: the log-rank variance of independent replicates taken for that of pairs with
opposite draws.
"""

from collections import Counter

import numpy as np
import pytest
from scipy import stats

from mcoom.analysis.binned import CellView
from mcoom.analysis.compare import compare_cell
from mcoom.analysis.crossing import find_crossing, maxcombo_test
from mcoom.analysis.logrank import logrank_test, stratified_logrank
from mcoom.analysis.omnibus import friedman_test
from mcoom.analysis.pairs import paired_logrank, prentice_wilcoxon_test, sign_test, signed_rank_test
from mcoom.analysis.proportion import mcnemar_mid_p
from mcoom.analysis.restricted import compare_restricted_means
from mcoom.analysis.sample import Sample, life_tables
from mcoom.analysis.superiority import censored_superiority
from mcoom.analysis.survival import kaplan_meier
from tests.statistical.exponential_pairs import FALSE_ALARM, SEED, Censoring, draw_pair, samples
from tests.unit.episode_rows import kill_tally

N = 200
CENSORED = Censoring(50, "horizon")
CONSERVATIVE = {"sign, exact", "crossing"}
CORRELATION = 0.7


def p_of_independent(rng):
    groups = samples(rng, N, Censoring(50, "random"), ratio=1.0)
    tables = life_tables(groups)
    third = samples(rng, N, Censoring(50, "random"), ratio=1.0)
    crossing = find_crossing(*tables)
    means = compare_restricted_means(*(kaplan_meier(t) for t in tables), 0.6)
    return {
        "log-rank": logrank_test(*tables).p,
        "early": logrank_test(*tables, rho=1).p,
        "late": logrank_test(*tables, gamma=1).p,
        "max-combo": maxcombo_test(*tables).p,
        "crossing": 1.0 if crossing is None else crossing.p,
        "k-sample": logrank_test(*life_tables([*groups, third[0]])).p,
        "stratified": stratified_logrank([tables, life_tables(third)]).p,
        "rmst difference": means.p_difference,
        "rmst ratio": means.p_ratio,
        "superiority": censored_superiority(*tables, 0.6)[1],
    }


def p_of_pairs(rng):
    x, y = draw_pair(rng, N, 1.0, CORRELATION)
    horizon = 1.0
    first, second = (Sample.of(np.minimum(t, horizon), t <= horizon) for t in (x, y))
    table = int((~first.events & second.events).sum()), int((first.events & ~second.events).sum())
    return {
        "log-rank, paired": paired_logrank(first, second).p,
        "early, paired": paired_logrank(first, second, rho=1).p,
        "Prentice-Wilcoxon": prentice_wilcoxon_test(first, second).p,
        "signed ranks": signed_rank_test(first, second, horizon).p,
        "sign, exact": sign_test(first, second).p,
        "McNemar, mid-p": mcnemar_mid_p(*table),
    }


def p_of_tallies(rng):
    """1,000 replicates, rows kept of 200."""
    x, y = (np.maximum(1, t * 1e9).astype(np.int64) for t in draw_pair(rng, 1_000, 1.0, CORRELATION))
    tally = kill_tally([x, y], 1_000_000_000, raw_rows=200)
    contrast = compare_cell(CellView(tally, "p1", "kill"), CellView(tally, "p0", "kill"), {})
    return {"log-rank, variance of the rows": contrast.curves.paired.p, "rmst, paired": contrast.rmst_p}


def p_of_friedman(rng):
    return {"Friedman": friedman_test(rng.standard_normal((20, 4)), "abcd").p}


def rejections(draw, repeats, label):
    rng = np.random.default_rng([SEED, label])
    found = Counter()
    for _ in range(repeats):
        for name, p in draw(rng).items():
            found[name] += p is not None and p <= 0.05
    return found


SOURCES = [p_of_independent, p_of_pairs, p_of_tallies, p_of_friedman]


def check_size(found, repeats):
    for name, k in found.items():
        assert k <= stats.binom.isf(FALSE_ALARM, repeats, 0.06), (name, k / repeats)
        assert name in CONSERVATIVE or k >= stats.binom.ppf(FALSE_ALARM, repeats, 0.04), (name, k / repeats)


@pytest.mark.parametrize("label", range(len(SOURCES)), ids=[s.__name__ for s in SOURCES])
def test_false_rejections(label):
    check_size(rejections(SOURCES[label], 250, label), 250)


@pytest.mark.slow
@pytest.mark.parametrize("label", range(len(SOURCES)), ids=[s.__name__ for s in SOURCES])
def test_false_rejections_in_2000_repeats(label):
    check_size(rejections(SOURCES[label], 2_000, label), 2_000)


def test_an_error_rate_that_is_too_high_is_caught():
    """The twin that must fail: pairs with opposite draws, tested as if they were independent."""

    def opposite(rng):
        u = rng.random(N)
        groups = [Sample.of(np.minimum(-np.log(v), 1.0), -np.log(v) <= 1.0) for v in (u, 1 - u)]
        return {"log-rank": logrank_test(*life_tables(groups)).p, "paired": paired_logrank(*groups).p}

    found = rejections(opposite, 500, 99)
    with pytest.raises(AssertionError):
        check_size({"log-rank": found["log-rank"]}, 500)
    check_size({"paired": found["paired"]}, 500)


def test_power_is_as_computed():
    """Schoenfeld (1981): z is about normal around log(ratio) * sqrt(deaths / 4)."""
    rng, repeats, ratio = np.random.default_rng([SEED, 100]), 600, 1.4
    powers, events = Counter(), 0
    for _ in range(repeats):
        groups = samples(rng, N, CENSORED, ratio)
        events += sum(int(g.events.sum()) for g in groups)
        powers["log-rank"] += logrank_test(*life_tables(groups)).p <= 0.05
    shift = np.log(ratio) * (events / repeats / 4) ** 0.5
    expected = stats.norm.sf(stats.norm.ppf(0.975) - shift)
    assert powers["log-rank"] / repeats == pytest.approx(expected, abs=5 * (expected * (1 - expected) / repeats) ** 0.5)


def test_what_each_test_is_for():
    """Pairing raises power; late weights see a late difference; max-combo is near the best of them."""
    rng, found, repeats = np.random.default_rng([SEED, 101]), Counter(), 200
    for _ in range(repeats):
        x, y = draw_pair(rng, N, 1.25, CORRELATION)
        pair = [Sample.of(t).restricted(1.0) for t in (x, y)]
        found["apart"] += logrank_test(*life_tables(pair)).p <= 0.05
        found["paired"] += paired_logrank(*pair).p <= 0.05
        late = rng.exponential(1, N)
        late = np.where(late > 0.7, 0.7 + 2.0 * (late - 0.7), late)
        tables = life_tables([Sample.of(t).restricted(2.5) for t in (rng.exponential(1, N), late)])
        found["constant"] += logrank_test(*tables).p <= 0.05
        found["late"] += logrank_test(*tables, gamma=1).p <= 0.05
        found["max-combo"] += maxcombo_test(*tables).p <= 0.05
    assert found["paired"] > found["apart"] + 0.1 * repeats
    assert found["late"] > found["constant"] + 0.1 * repeats
    assert found["max-combo"] > found["constant"]
