"""One small real sweep, and its report, for all tests of the command line and of the browser."""

from pathlib import Path

import pytest

from tests.integration.conftest import run_mcoom

AXES = (
    "machine.cpus={ axis = [1, 2] }",
    "machine.hz=1000",
    "class.storm.count={ axis = [2, 256] }",
    "scenario.horizon=500 ms",
)


@pytest.fixture(scope="session")
def sweep_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``sweep.h5``, a few cells of the livelock map."""
    folder = tmp_path_factory.mktemp("sweep")
    options = [part for axis in AXES for part in ("--set", axis)]
    done = run_mcoom(
        "run", "sweep-livelock-map", *options, "--replicates", 3, "--threads", 1, "-q", "-o", "sweep.h5", cwd=folder
    )
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="session")
def report_folder(sweep_folder: Path) -> Path:
    """The report of that run."""
    done = run_mcoom("report", "sweep.h5", "-o", "report", cwd=sweep_folder)
    (sweep_folder / "findings.txt").write_text(done.stdout)
    assert done.returncode == 0, done.stderr
    return sweep_folder / "report"
