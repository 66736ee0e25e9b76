"""docs/scenarios.md: every key with its default, every built-in name, and an example that loads."""

import re
import tomllib
from pathlib import Path

import pytest
from pydantic_core import PydanticUndefined

from mcoom.design.build import build_design
from mcoom.spec import family, file, model
from mcoom.spec.catalogue import names
from mcoom.spec.load import parse_scenario
from mcoom.spec.policy import PolicyTable
from mcoom.spec.write import write_value

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "scenarios.md").read_text(encoding="utf-8")
TABLES = (
    model.ScenarioTable,
    model.MachineTable,
    model.MemoryTable,
    model.Behaviour,
    model.StartTable,
    model.ClassTable,
    model.CrowdTable,
    model.GroupTable,
    file.DesignTable,
    file.StoppingTable,
    family.AnalysisTable,
    family.FamilyTable,
    PolicyTable,
)


@pytest.mark.parametrize("table", TABLES, ids=lambda t: t.__name__)
def test_every_key_is_documented_with_its_default(table):
    for name, field in table.model_fields.items():
        rows = [line for line in PAGE.splitlines() if line.startswith(f"| `{name}` |")]
        assert any(field.description in row for row in rows), name
        if field.default is not PydanticUndefined and field.default not in (None, {}, ()):
            assert any(f"`{write_value(field.default)}`" in row for row in rows), name


def test_every_cost_is_documented_with_both_values():
    for name in model.CostsTable.model_fields:
        if name in ("title", "source"):
            continue
        row = next(line for line in PAGE.splitlines() if line.startswith(f"| `{name}` | ") and line.count("|") == 6)
        for table in ("linux-6.1-measured", "literature"):
            path = Path(model.__file__).parents[1] / "costs" / f"{table}.toml"
            value = tomllib.loads(path.read_text())["costs"][name]
            if not isinstance(value, dict):
                assert f"| {value} |" in row, (name, table)


@pytest.mark.parametrize("folder", ["scenarios", "policies", "costs"])
def test_every_built_in_name_is_documented(folder):
    assert [name for name in names(folder) if name not in PAGE] == []


def test_the_example_loads():
    example = re.search(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    assert example is not None
    assert len(build_design(parse_scenario(example.group(1), "example")).points) == 3
