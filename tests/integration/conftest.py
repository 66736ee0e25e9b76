"""Running the command line as a user does: in a process of its own."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "mcoom", *map(str, arguments)]


def run_mcoom(*arguments: object, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments),
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )


@pytest.fixture
def mcoom(tmp_path: Path) -> Run:
    """Run ``mcoom`` in a temporary folder; give exit code and output."""

    def run(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
        return run_mcoom(*arguments, cwd=tmp_path, **environment)

    return run


@pytest.fixture(scope="session")
def scenario_text() -> str:
    """A small scenario of our own, with a policy of its own and a sweep."""
    return (Path(__file__).parent / "small.toml").read_text()


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory, scenario_text: str) -> Path:
    """A folder with ``small.toml`` and ``small.h5``, the file of one run."""
    folder = tmp_path_factory.mktemp("run")
    (folder / "small.toml").write_text(scenario_text)
    done = run_mcoom("run", "small.toml", "-o", "small.h5", "--replicates", 60, "--seed", 3, cwd=folder)
    (folder / "stdout.txt").write_text(done.stdout)
    (folder / "stderr.txt").write_text(done.stderr)
    assert done.returncode == 0, done.stderr
    return folder
