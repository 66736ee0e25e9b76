"""Page, panels and figures of the validation report."""

import re
import xml.etree.ElementTree as ET

import pytest

from mcoom.validate.curve import Curve
from mcoom.validate.family import Naming, find_families
from mcoom.validate.panel import PANEL_HEIGHT, PANEL_WIDTH, curve_path, family_svg
from tests.unit.test_validate_score import report, sample, scores
from tests.unit.test_validate_transition import score

pytest.importorskip("matplotlib", reason="figures need the extra plot")

from mcoom.validate.lock_rules import lock_rules_figure, series_of, setting_of
from mcoom.validate.web import report_html

WIDE = [
    score(n, seen, predicted, fail=fail, hold=hold)
    for fail in ("sleep", "mutex")
    for hold in (0, 1)
    for n, seen, predicted in ((1, 1, 1), (8, 20, 25), (64, 4000, 900))
]


def test_names_leave_out_what_is_usual():
    every = [score(4, 1, 1), score(8, 1, 1), score(8, 1, 1, vkb=4096), score(16, 1, 1)]
    naming = Naming.of(every)
    assert naming.name(every[0].cell.labels()) == "preempt=full fail=sleep hold=1 hpol=i n=4 k=1"
    assert naming.name(every[2].cell.labels()) == "preempt=full fail=sleep hold=1 hpol=i n=8 vkb=4096 k=1"
    assert naming.usual_text() == "vkb=1024"


def test_families_hold_every_cell_once():
    families = find_families(WIDE)
    assert [family.title.split(",")[0] for family in families] == [
        "fail=sleep hold=1 preempt=full", "fail=sleep hold=0 preempt=full",
        "fail=mutex hold=1 preempt=full", "fail=mutex hold=0 preempt=full",
    ]  # fmt: skip
    assert sum(len(family.scores) for family in families) == len(WIDE)
    assert [one.cell.factors.n for one in families[0].scores] == [1, 8, 64]


def test_a_path_goes_down_at_its_times():
    path = curve_path(Curve.from_sample(*sample([1, 1000])))
    # 1 us to 100 s are 120 units: 1 ms stands at 45, 1 s at 90.
    assert path == f"M0 0H45V{PANEL_HEIGHT // 2}H90V{PANEL_HEIGHT}"
    left = curve_path(Curve.from_sample(*sample([1, 1000], [0, 1])))
    assert left == f"M0 0H45V{PANEL_HEIGHT // 2}H90"
    assert curve_path(Curve.from_sample(*sample([1e6]))).startswith(f"M0 0H{PANEL_WIDTH}")


def test_panels_are_one_valid_drawing():
    every = scores()
    svg = family_svg([("a & b", every)], (1, 2, 3, 4))
    root = ET.fromstring(svg)
    titles = [element.text for element in root.iter("{http://www.w3.org/2000/svg}title")]
    assert len(titles) == 4
    assert titles[1] == "1 kills, median > 4000 ms; predicted 10 ms"
    assert "a &amp; b" in svg
    assert svg.count("#fbe3d6") == sum(not one.verdict_agrees for one in every)


def test_the_figure_draws_what_is_there():
    series = series_of([one for one in WIDE if one.cell.factors.fail == "mutex" and one.cell.factors.hold])
    assert series.sizes == (1, 8, 64)
    assert series.median_ns == (1_000_000, 25_000_000, 900_000_000)
    assert series.seen[1] == (8, 20_000_000, False)
    assert setting_of(WIDE)["hpol"] == "i"
    assert lock_rules_figure(WIDE[:1]) is None
    drawn = lock_rules_figure(WIDE)
    assert len(drawn.axes) == 8


def test_page_is_whole_and_repeats():
    text = report_html(report())
    assert text == report_html(report())
    for title in ("Scores", "Calibration", "The worst cells", "Residuals by factor", "All cells", "Provenance"):
        assert re.search(rf'<h2 id="[^"]*">{title}</h2>', text)
    assert "a cause" in text
    assert not re.search(r'(?:src|href)="(?!#|data:)', text)
