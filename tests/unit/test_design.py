"""The design: points, laws as sampled, shape tables, apportionment, and what may not change a draw.

Statistical checks state the false alarm of a perfect implementation; seeds are fixed. Each has a twin that must fail.
"""

from decimal import Decimal
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from mcoom.design.apportion import apportion
from mcoom.design.build import build_design
from mcoom.design.draw import Columns
from mcoom.design.normal import cdf, quantile
from mcoom.design.quantile import quantile_table, sample_law
from mcoom.design.shape_table import ONE, shape_table
from mcoom.design.stream import draw, stream_key
from mcoom.errors import SpecError
from mcoom.spec.kind import count, time, word
from mcoom.spec.law import parse_law
from mcoom.spec.load import load_scenario, parse_scenario
from mcoom.spec.shape import parse_shape

N = 100_000
U = draw(stream_key(5, 0, np.arange(N, dtype=np.uint64), 0, 0, 99), 0)

FILE = """
schema_version = 1
[scenario]
title = "small"
source = "none"
policies = ["linux-4.19"]
strata = ["machine.cpus", "machine.hz"]
[machine]
hz = { choice = [1000, 100] }
cpus = { choice = [1, 2, 4] }
preempt = { axis = ["none", "full"] }
[memory]
managed = "1 GiB"
free = { axis = ["16 MiB", "32 MiB", "48 MiB"] }
[[class]]
name = "storm"
count = { loguniform = [1, 100] }
nice = { integers = [-20, 19] }
"""


def p_of(law, cdf_of) -> float:
    """KS p-value of a sample against a continuous law."""
    return stats.kstest(sample_law(law, U) + 0.5, cdf_of).pvalue


def test_continuous_laws():
    # Three tests at 1e-6: false alarm 3e-6. Values near 1e6, so that rounding down is no part of it.
    uniform = parse_law(time(), {"uniform": ["1 ms", "3 ms"]})
    assert p_of(uniform, stats.uniform(1e6, 2e6).cdf) > 1e-6
    log = parse_law(time(), {"loguniform": ["1 ms", "1 s"]})
    assert p_of(log, stats.loguniform(1e6, 1e9).cdf) > 1e-6
    normal = parse_law(time(), {"lognormal": {"median": "5 ms", "sigma": 0.5}, "min": "3 ms", "max": "20 ms"})
    inside = stats.truncnorm(np.log(3 / 5) / 0.5, np.log(20 / 5) / 0.5)
    assert p_of(normal, lambda x: inside.cdf(np.log(x / 5e6) / 0.5)) > 1e-6
    # Twin: the same sample against the law without its cut.
    assert p_of(normal, lambda x: stats.norm.cdf(np.log(x / 5e6) / 0.5)) < 1e-6
    assert p_of(log, stats.uniform(1e6, 1e9).cdf) < 1e-6


def chi2_p(values, expected: dict[int, float]) -> float:
    observed = [int((values == v).sum()) for v in expected]
    assert sum(observed) == len(values)
    return stats.chisquare(observed, [N * p for p in expected.values()]).pvalue


def test_discrete_laws():
    # Three tests at 1e-6: false alarm 3e-6.
    integers = sample_law(parse_law(count(0, 100), {"integers": [3, 9]}), U)
    assert chi2_p(integers, dict.fromkeys(range(3, 10), 1 / 7)) > 1e-6
    choice = sample_law(parse_law(count(0, 9), {"choice": [5, 1, 7], "weights": [1, 0, 3]}), U)
    assert chi2_p(choice, {5: 0.25, 7: 0.75}) > 1e-6
    log = sample_law(parse_law(count(1, 9), {"loguniform": [1, 8]}), U)
    expected = {v: float(np.log((v + 1) / v) / np.log(9)) for v in range(1, 9)}
    assert chi2_p(log, expected) > 1e-6
    # Twin: equal chances.
    assert chi2_p(log, dict.fromkeys(range(1, 9), 1 / 8)) < 1e-6


@pytest.mark.parametrize("form", ["uniform", "loguniform"])
def test_ends_of_a_range_come_out_and_no_more(form):
    law = parse_law(time(), {form: ["1 ns", "1000 s"]})
    ends = sample_law(law, np.array([0, 2**64 - 1], np.uint64))
    assert ends[0] == law.low
    assert law.high * 0.999 < ends[1] <= law.high


def test_uniform_is_exact_for_wide_ranges():
    law = parse_law(time(), {"uniform": ["7 ns", "900 s"]})
    values = sample_law(law, U[:100])
    assert values.tolist() == [7 + ((int(u) * (900 * 10**9 - 6)) >> 64) for u in U[:100]]


def test_words_are_drawn():
    law = parse_law(word(a=10, b=20), {"choice": ["b", "a"]})
    assert set(sample_law(law, U[:100]).tolist()) == {10, 20}


def test_quantile_tables_rise():
    for raw in ({"loguniform": ["1 us", "10 s"]}, {"lognormal": {"median": "40 us", "sigma": 1.2}}):
        table, bits = quantile_table(parse_law(time(), raw))
        assert (np.diff(table) >= 0).all()
        assert table[-1] < 1 << 44
        assert bits >= 0


def test_the_normal_law_is_that_of_others():
    for p in ("0.00001", "0.001", "0.3", "0.5", "0.9999"):
        z = quantile(Decimal(p))
        assert float(z) == pytest.approx(NormalDist().inv_cdf(float(p)), abs=1e-12)
        assert abs(cdf(z) - Decimal(p)) < Decimal("1e-19")


@pytest.mark.parametrize(
    ("raw", "mean"),
    [
        ("constant", 1),
        ("uniform", 1),
        ("exponential", 1),
        ({"lognormal": 0.3}, np.exp(0.045)),
        ({"lognormal": 1.2}, np.exp(0.72)),
    ],
)
def test_shapes_have_the_stated_mean(raw, mean):
    table = np.array(shape_table(parse_shape(raw)))
    assert table.shape == (257,)
    assert (np.diff(table) >= 0).all()
    assert (table[1:] + table[:-1]).sum() / 512 / ONE == pytest.approx(mean, rel=2e-5)


def test_shapes_have_the_stated_quantiles():
    lognormal = np.array(shape_table(parse_shape({"lognormal": 0.5}))) / ONE
    assert lognormal[128] == 1
    assert lognormal[64] == pytest.approx(np.exp(0.5 * NormalDist().inv_cdf(0.25)), abs=2e-6)
    stated = np.array(shape_table(parse_shape({"quantiles": [[0, 1], [0.5, 2], [1, 6]], "one": 2}))) / ONE
    assert stated[[0, 64, 128, 192, 256]] == pytest.approx([0.5, 0.75, 1, 2, 3])


@settings(deadline=None)
@given(st.integers(1, 5000), st.lists(st.integers(1, 10**9), min_size=1, max_size=8), st.integers(1, 8))
def test_apportionment_is_exact(total, shares, n_groups):
    n_groups = min(n_groups, len(shares))
    counts = apportion(np.array([total]), np.array([n_groups]), np.array([shares]))[0]
    present = min(n_groups, total)
    assert counts.sum() == total
    assert (counts[:present] >= 1).all()
    assert (counts[present:] == 0).all()
    exact = 1 + (total - present) * np.array(shares[:present], float) / sum(shares[:present])
    assert (np.abs(counts[:present] - exact) < 1 + 1e-6).all()


def test_points_are_the_grid_in_file_order():
    design = build_design(parse_scenario(FILE, "small"))
    assert [p.label for p in design.points][:2] == [
        "machine.preempt=none memory.free=16 MiB",
        "machine.preempt=none memory.free=32 MiB",
    ]
    assert [p.index for p in design.points] == list(range(6))
    assert design.points[5].values == {"machine.preempt": "full", "memory.free": "48 MiB"}
    assert design.points[5].codes == {"machine.preempt": 1, "memory.free": 12288}


def test_strata_match_their_labels():
    design = build_design(parse_scenario(FILE, "small"))
    assert design.stratum_labels[:3] == (
        "machine.cpus=1 machine.hz=1000",
        "machine.cpus=1 machine.hz=100",
        "machine.cpus=2 machine.hz=1000",
    )
    columns = Columns(design, 0, 0, 200)
    strata = columns.strata()
    for row, stratum in enumerate(strata):
        label = f"machine.cpus={columns.drawn['machine.cpus'][row]} machine.hz={columns.drawn['machine.hz'][row]}"
        assert design.stratum_labels[stratum] == label
    assert set(strata.tolist()) == set(range(6))


def test_draws_do_not_depend_on_the_cut_or_on_other_parameters():
    scenario = parse_scenario(FILE, "small")
    more = parse_scenario(
        FILE, "small", ["class.storm.rss={uniform=['1 MiB', '2 MiB']}", "machine.cpus=4", "scenario.strata=[]"]
    )
    law = scenario.classes[0].count
    whole = Columns(build_design(scenario), 1, 0, 100).value("class.storm.count", law)
    part = Columns(build_design(scenario), 1, 60, 40).value("class.storm.count", law)
    assert (whole[60:] == part).all()
    assert (Columns(build_design(more), 1, 0, 100).value("class.storm.count", law) == whole).all()
    assert (Columns(build_design(scenario, seed=2), 1, 0, 100).value("class.storm.count", law) != whole).any()
    assert (Columns(build_design(scenario), 2, 0, 100).value("class.storm.count", law) != whole).any()


def test_replicates_and_seed_are_checked():
    scenario = load_scenario("desktop")
    assert build_design(scenario).replicates == scenario.replicates
    assert build_design(scenario, 3, 9).seed == 9
    for wrong in ({"replicates": 0}, {"seed": -1}):
        with pytest.raises(SpecError, match="allowed: "):
            build_design(scenario, **wrong)
