"""The generated part of docs/validation.md."""

import json
from pathlib import Path

import pytest

from mcoom.errors import DataError
from mcoom.validate.document import BEGIN, END, main, render, replace_generated
from tests.unit.test_validate_score import report

PAGE = Path(__file__).resolve().parents[2] / "docs/validation.md"


def test_render_has_scores_worst_cells_and_residuals():
    text = render(json.loads(json.dumps(report().to_json())))
    assert "| recall of *stuck* (2 cells) | 50.0 % (1.3 to 98.7) | 100 % | 0 % |" in text
    assert "| k=2 | 1 | > 4000 | 10 | 1.00 | wrong |" in text
    assert "| k = 3 | 1 | 100.0 % | 1 | +0.301 | 0.301 |" in text


def test_only_the_generated_part_changes():
    page = f"before\n{BEGIN}\nold\n{END}\nafter\n"
    assert replace_generated(page, "new") == f"before\n{BEGIN}\nnew\n{END}\nafter\n"
    with pytest.raises(DataError, match="no marks"):
        replace_generated("before", "new")


def test_main_updates_the_page(tmp_path):
    (tmp_path / "v.json").write_text(json.dumps(report().to_json()))
    (tmp_path / "page.md").write_text(PAGE.read_text())
    main([str(tmp_path / "v.json"), str(tmp_path / "page.md")])
    updated = (tmp_path / "page.md").read_text()
    assert "### Residuals by factor" in updated
    assert updated.partition(BEGIN)[0] == PAGE.read_text().partition(BEGIN)[0]
