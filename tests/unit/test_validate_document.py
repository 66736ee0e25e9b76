"""The generated part of docs/validation.md."""

from pathlib import Path

import pytest

from mcoom.errors import DataError
from mcoom.report.generated import BEGIN, END, replace_generated
from mcoom.validate.document import render, write_document
from tests.unit.test_validate_score import report

pytest.importorskip("matplotlib", reason="figures need the extra plot")

PAGE = Path(__file__).resolve().parents[2] / "docs/validation.md"


def test_render_has_scores_worst_cells_and_residuals():
    text = render(report())
    assert "| recall of stuck (2 cells) | 50.0 % (1 of 2) |" in text
    assert "k=2: >4000 ms observed, 10 ms predicted\n  - a cause" in text
    assert "| k = 3 | 1 | 100.0 % | 1 | +0.301 | 0.301 |" in text


def test_only_the_generated_part_changes():
    page = f"before\n{BEGIN}\nold\n{END}\nafter\n"
    assert replace_generated(page, "new") == f"before\n{BEGIN}\nnew\n{END}\nafter\n"
    with pytest.raises(DataError, match="no marks"):
        replace_generated("before", "new")


def test_the_page_and_its_figures_are_written(tmp_path):
    (tmp_path / "validation.md").write_text(PAGE.read_text())
    write_document(report(), tmp_path)
    updated = (tmp_path / "validation.md").read_text()
    assert "### Residuals by factor" in updated
    assert updated.partition(BEGIN)[0] == PAGE.read_text().partition(BEGIN)[0]
    assert (tmp_path / "figures/calibration.svg").read_text().startswith("<?xml")


def test_the_page_shows_figures_that_exist():
    generated = PAGE.read_text().partition(BEGIN)[2]
    for name in ("figures/lock-rules.svg", "figures/calibration.svg"):
        assert f"]({name})" in generated
        assert (PAGE.parent / name).stat().st_size > 10_000
