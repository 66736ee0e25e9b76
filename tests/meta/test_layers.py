"""The straight line is enforced: import-linter's contracts hold, and it would notice if they did not."""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    code = "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())"
    return subprocess.run(
        [sys.executable, "-c", code, "--no-cache"], cwd=folder, capture_output=True, text=True, check=False
    )


def test_contracts_are_kept():
    done = lint(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_broken_layer_is_noticed(tmp_path):
    shutil.copytree(ROOT / "mcoom", tmp_path / "mcoom", ignore=shutil.ignore_patterns("__pycache__", "*.gz"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    units = tmp_path / "mcoom" / "units.py"
    units.write_text(units.read_text() + "\nimport mcoom.cli.main  # noqa\n")
    done = lint(tmp_path)
    assert done.returncode != 0
    assert "the straight line BROKEN" in done.stdout
