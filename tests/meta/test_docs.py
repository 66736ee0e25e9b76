"""The documents say what the code does: codes, layout, fidelity rows, commands."""

import re
from pathlib import Path

import click
import pytest

from mcoom import codes
from mcoom.cli.main import cli
from mcoom.engine import layout

ROOT = Path(__file__).resolve().parents[2]
MODEL = (ROOT / "docs/model.md").read_text()
README = (ROOT / "README.md").read_text()
FIDELITY = re.compile(r"FIDELITY\((\d+)\)")


def texts() -> list[Path]:
    """Files in which a short cut may be marked; fidelity.md itself is the list, and explains the mark."""
    docs = [p for p in (ROOT / "docs").glob("*.md") if p.name != "fidelity.md"]
    return [*docs, *(ROOT / "mcoom").rglob("*.py"), *(ROOT / "mcoom").rglob("*.toml")]


def fidelity_rows() -> list[int]:
    page = (ROOT / "docs/fidelity.md").read_text()
    return [int(n) for n in re.findall(r"^\| (\d+) \|", page, flags=re.MULTILINE)]


def test_fidelity_rows_are_numbered_once_and_in_order():
    rows = fidelity_rows()
    assert rows == list(range(1, len(rows) + 1))


def test_every_fidelity_mark_has_its_row():
    used = {int(n) for path in texts() for n in FIDELITY.findall(path.read_text())}
    assert used
    assert used <= set(fidelity_rows())


@pytest.mark.parametrize("fields", [layout.MACHINE_FIELDS, layout.POLICY_FIELDS, layout.CLASS_FIELDS])
def test_model_page_names_every_input(fields):
    assert [name for name in fields if f"`{name}`" not in MODEL] == []


def test_model_page_has_the_trace_codes():
    assert [c.name for c in codes.Trace if f"{c.name} {c.value}" not in MODEL] == []


def test_model_page_has_the_end_reasons_and_phases():
    assert [r.name for r in codes.EndReason if f"{r.value} {r.name}" not in MODEL] == []
    phases = [p for p in codes.Phase if p != codes.Phase.NONE]
    assert [p.name for p in phases if f"| {p.name} |" not in MODEL] == []


def test_determinism_page_has_the_purposes():
    page = (ROOT / "docs/determinism.md").read_text()
    named = [p for p in codes.Purpose if p != codes.Purpose.DRAWN]
    assert [p.name for p in named if f"| {p.value} | {p.name} |" not in page] == []


def test_readme_opens_with_the_two_commands():
    lines = [line.strip() for line in README.splitlines() if line.strip().startswith("make ")]
    assert lines[:2] == ["make run", "make test"]
    assert README.index("make run") < 200


def test_readme_lists_every_command():
    assert [name for name in cli.commands if f"`mcoom {name}" not in README] == []


def shown_commands() -> list[list[str]]:
    """Commands in the code blocks of the README, as argument lists."""
    blocks = re.findall(r"^    (?:\$ )?mcoom (.*)$", README, flags=re.MULTILINE)
    return [re.split(r"\s{2,}#", line)[0].split() for line in blocks]


@pytest.mark.parametrize("arguments", shown_commands(), ids=" ".join)
def test_readme_commands_are_accepted(arguments):
    name, *rest = arguments
    command = cli.commands[name]
    with click.Context(command) as context:
        command.make_parser(context).parse_args(list(rest))
    assert name in cli.commands


def test_decisions_have_their_four_parts():
    pages = sorted((ROOT / "docs/adr").glob("*.md"))
    assert [int(p.name[:4]) for p in pages] == list(range(1, len(pages) + 1))
    for page in pages:
        headings = re.findall(r"^## (.*)$", page.read_text(), flags=re.MULTILINE)
        assert headings == ["Context", "Decision", "Evidence", "Consequences"], page.name


def test_documents_that_others_refer_to_exist():
    for page in texts():
        for target in re.findall(r"docs/([\w/-]+\.md)", page.read_text()):
            assert (ROOT / "docs" / target).is_file(), f"{page.name} refers to docs/{target}"
