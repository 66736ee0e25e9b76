"""What a report says follows from the numbers, and every finding says where it comes from."""

import json
import re

import pytest

from mcoom.analysis.anytime import Sequential
from mcoom.analysis.map import livelock_map
from mcoom.analysis.verdict import analyse
from mcoom.report.finding import contrast_findings, livelock_findings, onset
from mcoom.report.study import build_study
from tests.pages.made_up import BASELINE, CURE, RECORD, N, one_point, sweep
from tests.pages.test_page import Reader


def said(boundary=None, baseline=BASELINE):
    found = livelock_map(sweep(), estimand="kill", x="machine.cpus", boundary=boundary)
    return livelock_findings(found, baseline, RECORD)


def test_headline_says_where_and_what_avoids_it():
    lead = said()[0].text
    assert f"{BASELINE} livelocks at 3 of 12 cells" in lead
    assert "only with class.owner.policy = idle" in lead
    assert "only with class.storm.count = 4 or 16" in lead
    assert f"{CURE} avoids all of them" in lead


def test_headline_of_a_baseline_that_is_free_of_it():
    lead = said(baseline=CURE)[0].text
    assert f"{CURE} livelocks at none of 12 cells; {BASELINE} at 3." in lead
    assert "avoids" not in lead


def test_a_policy_that_never_livelocks_gets_an_upper_limit():
    text = next(f.text for f in said() if f.numbers.get("policy") == CURE)
    assert f"in none of {12 * N} replicates at 12 cells" in text
    # 1 - 0.025 ** (1 / 480)
    assert "at most 0.766 %" in text


def test_boundary_is_compared_with_the_onset():
    text = said(lambda point, policy: 4.0 * point.values["machine.cpus"] if policy == BASELINE else None)[-1]
    assert text.numbers == {"n_columns": 4, "n_stuck": 2, "n_within_a_step": 2, "n_below": 0}
    assert "in 2 of them" in text.text
    late = said(lambda point, policy: 15.0 if policy == BASELINE else None)[-1]
    assert late.numbers["n_below"] == 1


def test_onset_is_the_first_value_with_livelock():
    found = livelock_map(sweep(), estimand="kill", x="machine.cpus")
    panel = next(p for p in found.panels if p.policy == BASELINE and p.facet == {"class.owner.policy": "idle"})
    assert [onset(panel, found.y.values, column) for column in (0, 1)] == [4, 16]


def test_findings_name_their_source_and_carry_numbers():
    analysis = analyse(one_point())
    (finding,) = contrast_findings(analysis, RECORD)
    assert not finding.text.startswith("=>")
    for part in ("scenario made-up 0123456789ab", f"{N} pairs", "seed 7", "engine fedcba987654"):
        assert part in finding.provenance
    assert finding.numbers == analysis.contrasts[0].to_json()
    assert json.loads(json.dumps(finding.to_json(), allow_nan=False))["text"] == finding.text


@pytest.fixture(scope="module")
def studies():
    return {name: build_study(run, analyse(run)) for name, run in (("one", one_point()), ("sweep", sweep()))}


def test_a_sweep_begins_with_its_map(studies):
    text = studies["sweep"].page.html()
    assert text.index("livelocks at 3 of 12 cells") < text.index("<figure") < text.index("Over all points</h2>")
    assert studies["sweep"].plates[0].name == "map"
    assert {"map", "sensitivity"} < {plate.name for plate in studies["sweep"].plates}


def test_a_single_point_shows_all_of_it(studies):
    assert [plate.name for plate in studies["one"].plates] == ["curves", "ridges", "forest"]
    words = "".join(Reader(studies["one"].page.html()).words)
    for part in (
        "Findings",
        "linux-4.13+seed is sooner than linux-4.13",
        "livelock 0 % against 25 %",
        RECORD["command"],
    ):
        assert part in words


@pytest.mark.parametrize("name", ["one", "sweep"])
def test_pages_are_whole(studies, name):
    reader = Reader(studies[name].page.html())
    assert len(reader.ids) == len(set(reader.ids))
    assert [link for link in reader.links if not link.startswith(("#", "data:"))] == []
    assert len(reader.all("svg")) == len(studies[name].plates)
    assert not re.search(r"\bnan\b|None", "".join(reader.words))


@pytest.mark.parametrize("run", [one_point, sweep], ids=["one", "sweep"])
def test_equal_runs_give_equal_pages(studies, run):
    again = build_study(run(), analyse(run()))
    first = studies["one" if run is one_point else "sweep"]
    assert again.page.html() == first.page.html()


def test_another_run_gives_another_page(studies):
    other = one_point(n_stuck=11)
    assert build_study(other, analyse(other)).page.html() != studies["one"].page.html()


def test_the_page_says_what_went_unseen():
    """Forty replicates, none stuck: up to nine in a hundred may be."""
    made = one_point(n_stuck=0)
    study = build_study(made, analyse(made))
    page = study.page.html()
    assert "restricted means, allowing for unseen waits up to the horizon" in page
    assert "differences of restricted means, allowing for unseen waits" in page
    assert "allowing for unseen waits" in study.findings[0].text
    assert any("allowing for unseen waits" in plate.alt for plate in study.plates if plate.name == "forest")
    assert {"any_law_low", "any_law_high"} < set(study.findings[0].numbers["rmst_diff_ns"])
    assert "fixed beforehand" not in page
    stuck = one_point(n_stuck=10)
    page = build_study(stuck, analyse(stuck)).page.html()
    # The baseline was at the horizon: only the cure is told of.
    assert f"up to the horizon: {CURE} " in page
    assert f"up to the horizon: {BASELINE} " not in page


def test_the_page_marks_what_is_for_a_fixed_n():
    made = one_point()
    page = build_study(made, analyse(made, sequential=Sequential(0.05, {}))).page.html()
    assert ">log-rank p *<" in page and ">adjusted p *<" in page and ">P(sooner)<" in page
    assert "* for a number of replicates fixed beforehand" in page
    assert "Limits are for a number of replicates fixed beforehand" in page
    runs = sweep()
    assert "Where only the log-rank test tells them apart" in (
        build_study(runs, analyse(runs, sequential=Sequential(0.05, {}))).page.html()
    )
