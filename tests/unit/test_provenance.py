"""The provenance record."""

import re
import shutil
import subprocess
from datetime import UTC, datetime

import pytest

from mcoom import __version__
from mcoom.provenance import collect, command_line, git_commit


def test_record_is_complete_and_plain():
    record = collect(
        scenario={"scenario_name": "x", "scenario_title": "X", "scenario_text": "a = 1\n", "spec_id": "0" * 64},
        seed=7,
        replicates=10,
        threads=2,
        engine_digest="f" * 64,
        command="mcoom run x",
        started=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        compile_s=0.5,
        elapsed_s=1.25,
    )
    assert record["scenario_text"] == "a = 1\n"
    assert record["started_utc"] == "2026-01-02T03:04:05+00:00"
    assert record["mcoom_version"] == __version__
    assert {"numba_version", "numpy_version", "scipy_version", "h5py_version", "python_version"} <= set(record)
    assert all(isinstance(value, str | int | float) for value in record.values())


def test_command_is_quoted_as_one_would_type_it():
    assert command_line(["run", "my file.toml", "--set", "a=b c"]) == "mcoom run 'my file.toml' --set 'a=b c'"


def test_no_repository_no_commit(tmp_path):
    assert git_commit(tmp_path) == ""


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_commit_and_dirt(tmp_path):
    def git(*arguments):
        subprocess.run(
            ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", *arguments],
            cwd=tmp_path, check=True, capture_output=True,
        )  # fmt: skip

    git("init", "-q")
    (tmp_path / "a").write_text("1")
    git("add", "a")
    git("commit", "-q", "-m", "one")
    clean = git_commit(tmp_path)
    assert re.fullmatch("[0-9a-f]{40}", clean)
    (tmp_path / "a").write_text("2")
    assert git_commit(tmp_path) == clean + "-dirty"
