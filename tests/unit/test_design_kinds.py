"""Zip, Latin hypercube, Sobol and Saltelli designs: their points, their even cover, and what is refused."""

import numpy as np
import pytest

from mcoom.design.build import build_design
from mcoom.design.unit_cube import design_words, latin_hypercube, saltelli, sobol
from mcoom.errors import SpecError
from mcoom.lower import lower_block
from mcoom.spec.load import load_scenario, parse_scenario

SCENARIO = """
schema_version = 1
[scenario]
title = "t"
source = "made up"
policies = ["linux-4.13"]
[machine]
cpus = { choice = [1, 2, 4], weights = [1, 1, 2] }
hz = 250
preempt = "none"
[memory]
managed = "1 GiB"
free_above_min = { uniform = ["1 page", "100 pages"] }
[costs]
report = { loguniform = ["100 us", "10 ms"] }
[[class]]
name = "storm"
count = { integers = [1, 64] }
nofs = 0.5
[[class]]
name = "victims"
program = "sleeper"
count = 4
rss = "1 MiB"
oom_score_adj = 1000
[design]
"""
OVER = ("machine.cpus", "costs.report", "class.storm.count")
SAMPLED = ("latin_hypercube", "sobol", "saltelli")


def scenario(design, **changes):
    text = SCENARIO + design
    for old, new in changes.items():
        text = text.replace(old, new)
    return parse_scenario(text, "s")


def sampled(kind, n=64, over=OVER):
    names = ", ".join(f'"{path}"' for path in over)
    return scenario(f'kind = "{kind}"\npoints = {n}\nover = [{names}]\n')


def words(d, n, seed=1):
    return [design_words(seed, f"p{i}", n) for i in range(d)]


def units(array):
    return np.array([[int(x) / 2**64 for x in row] for row in array])


def cells(column, n):
    return np.bincount((column * n).astype(int), minlength=n)


def test_latin_hypercube_has_one_point_in_each_part():
    for n in (1, 7, 50):
        u = units(latin_hypercube(n, words(3, n)))
        assert u.shape == (n, 3)
        for column in u.T:
            assert (cells(column, n) == 1).all()
    # Inside their parts the points lie anywhere.
    inside = (units(latin_hypercube(2000, words(1, 2000))) * 2000) % 1
    assert abs(inside.mean() - 0.5) < 5 / np.sqrt(12 * 2000)


def test_sobol_points_are_even_in_every_pair():
    """64 points of a digital net: each 1/64 of each axis holds one, and so does each cell of 2 x 32 or 32 x 2."""
    u = units(sobol(64, words(2, 64)))
    for column in u.T:
        assert (cells(column, 64) == 1).all()
    for a, b in ((2, 32), (8, 8), (32, 2)):
        assert (np.bincount((u[:, 0] * a).astype(int) * b + (u[:, 1] * b).astype(int), minlength=64) == 1).all()


def test_random_points_are_not_even():
    """The twin: independent words fail the test above."""
    u = units(np.stack([w[:64] for w in words(2, 64)], axis=1))
    assert (cells(u[:, 0], 64) != 1).any()


def test_a_shift_makes_every_point_uniform():
    """Over many seeds the first point is uniform: mean within 5 standard errors, both halves seen (error 1e-6)."""
    first = np.array([units(sobol(2, words(2, 2, seed)))[0] for seed in range(400)])
    assert (np.abs(first.mean(axis=0) - 0.5) < 5 / np.sqrt(12 * 400)).all()


def test_saltelli_swaps_one_dimension_at_a_time():
    n, d = 8, 3
    names = ("{}", "{} again")
    rows = saltelli(n, lambda half: [design_words(4, names[half].format(i), n) for i in range(d)])
    rows = rows.reshape(n, d + 2, d)
    a, b = rows[:, 0], rows[:, 1]
    assert (a != b).all()
    for i in range(d):
        expected = a.copy()
        expected[:, i] = b[:, i]
        assert (rows[:, 2 + i] == expected).all()


@pytest.mark.parametrize("kind", SAMPLED)
def test_points_follow_the_laws(kind):
    design = build_design(sampled(kind))
    n = 64 * (5 if kind == "saltelli" else 1)
    assert [p.index for p in design.points] == list(range(n))
    cpus = [p.values["machine.cpus"] for p in design.points]
    assert set(cpus) == {1, 2, 4}
    assert 0.4 < cpus.count(4) / n < 0.6
    report = np.array([p.codes["costs.report"] for p in design.points])
    assert 100_000 <= report.min() < 150_000
    assert 7_000_000 < report.max() <= 10_000_000
    assert 0.4 < (report < 1_000_000).mean() < 0.6
    assert tuple(design.points[0].values) == OVER
    assert "costs.report=" in design.points[0].label


@pytest.mark.parametrize("kind", SAMPLED)
def test_every_replicate_of_a_point_has_the_value_of_the_point(kind):
    design = build_design(sampled(kind, 4))
    block = lower_block(design, 2, 0, 10)
    point = design.points[2]
    assert set(block.inputs.machine[:, 0]) == {point.codes["machine.cpus"]}
    assert "machine.cpus" not in block.drawn
    # What the design does not name is drawn by each replicate still.
    assert len(set(block.drawn["memory.free_above_min"])) > 1


def test_written_values_read_back():
    design = build_design(sampled("sobol", 8, (*OVER, "memory.free_above_min")))
    for point in design.points:
        again = load_text([f"{path}={value}" for path, value in point.values.items()])
        for path, code in point.codes.items():
            assert again[path].values == (code,)


def load_text(overrides):
    from mcoom.spec.scenario import iter_laws

    changes = ["design.kind=grid", "design.points=", "design.over=", *overrides]
    text = SCENARIO + 'kind = "sobol"\npoints = 2\nover = ["machine.cpus"]\n'
    found = parse_scenario(text, "s", changes)
    return dict(iter_laws(found.machine, found.memory, found.costs, found.classes, found.crowds))


@pytest.mark.parametrize("kind", SAMPLED)
def test_the_seed_decides_and_nothing_else(kind):
    first, again = (build_design(sampled(kind)).points for _ in range(2))
    assert first == again
    assert build_design(sampled(kind), seed=9).points != first
    # Another parameter beside it changes nothing for a Latin hypercube: its dimensions are independent.
    if kind == "latin_hypercube":
        fewer = build_design(sampled(kind, over=OVER[:1])).points
        assert [p.codes["machine.cpus"] for p in fewer] == [p.codes["machine.cpus"] for p in first]


def test_known_points():
    """The points are part of what a seed promises: these were computed once and must stay."""
    points = build_design(sampled("sobol", 4)).points
    assert [tuple(p.codes.values()) for p in points] == KNOWN["sobol"]
    points = build_design(sampled("latin_hypercube", 4)).points
    assert [tuple(p.codes.values()) for p in points] == KNOWN["latin_hypercube"]


def test_zip_takes_the_axes_together():
    axes = {"hz = 250": "hz = { axis = [100, 250, 1000] }", "nofs = 0.5": "nofs = { axis = [0.1, 0.2, 0.3] }"}
    design = build_design(scenario('kind = "zip"\n', **axes))
    assert [tuple(p.values.values()) for p in design.points] == [(100, 0.1), (250, 0.2), (1000, 0.3)]
    grid = build_design(scenario('kind = "grid"\n', **axes))
    assert len(grid.points) == 9
    assert design.scenario.spec_id != grid.scenario.spec_id


def test_a_grid_that_says_so_is_the_same_grid():
    assert scenario('kind = "grid"\n').spec_id == scenario("").spec_id


@pytest.mark.parametrize(
    ("design", "words_of_it"),
    [
        ('kind = "sobl"', "did you mean 'sobol'"),
        ("kind = 3", "no such design"),
        ('kind = "zip"', "zip needs axes of one length; there is none"),
        ('kind = "grid"\npoints = 8', "contradicts kind = grid"),
        ('over = ["machine.cpus"]', "contradicts kind = grid"),
        ('kind = "sobol"\npoints = 8', "design.over.*missing.*machine.cpus"),
        ('kind = "sobol"\nover = ["machine.cpus"]', "design.points.*missing"),
        ('kind = "sobol"\npoints = 12\nover = ["machine.cpus"]', "powers of two"),
        ('kind = "sobol"\npoints = 1\nover = ["machine.cpus"]', "out of range"),
        ('kind = "saltelli"\npoints = 65536\nover = ["machine.cpus"]', "196608 points"),
        ('kind = "sobol"\npoints = 8\nover = ["machine.hz"]', "no parameter with a law"),
        ('kind = "sobol"\npoints = 8\nover = ["machine.cpu"]', "did you mean 'machine.cpus'"),
        ('kind = "sobol"\npoints = 8\nover = ["machine.cpus", "machine.cpus"]', "same word twice"),
        ('kind = "sobol"\npoints = 8\nextra = 1', "unknown key"),
    ],
)
def test_refusals(design, words_of_it):
    with pytest.raises(SpecError, match=words_of_it) as found:
        scenario(design + "\n")
    assert "allowed" in str(found.value)


def test_an_axis_and_a_sample_contradict():
    with pytest.raises(SpecError, match=r"contradicts the axis of machine\.hz"):
        scenario('kind = "sobol"\npoints = 8\nover = ["machine.cpus"]\n', **{"hz = 250": "hz = { axis = [100, 250] }"})


def test_a_stratum_cannot_be_sampled():
    with pytest.raises(SpecError, match="is a stratum too"):
        scenario('kind = "sobol"\npoints = 8\nover = ["machine.cpus"]\n',
                 **{'policies = ["linux-4.13"]': 'policies = ["linux-4.13"]\nstrata = ["machine.cpus"]'})  # fmt: skip


def test_axes_of_different_length_do_not_zip():
    with pytest.raises(SpecError, match=r"class\.storm\.nofs has 3"):
        scenario('kind = "zip"\n', **{"hz = 250": "hz = { axis = [100, 250] }",
                                      "nofs = 0.5": "nofs = { axis = [0.1, 0.2, 0.3] }"})  # fmt: skip


def test_any_built_in_scenario_can_be_sampled():
    changes = ["design.kind=latin_hypercube", "design.points=5", 'design.over=["costs.report", "crowd.storm.threads"]']
    assert len(build_design(load_scenario("population", changes)).points) == 5


KNOWN = {
    "sobol": [(4, 176810, 32), (1, 1768100, 64), (2, 559122, 16), (4, 5591225, 48)],
    "latin_hypercube": [(4, 171079, 4), (4, 4522489, 18), (2, 578088, 60), (1, 1417067, 45)],
}
