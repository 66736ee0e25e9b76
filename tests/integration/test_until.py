"""``run --until``: it stops when it knows enough, at the same place with any threads and after any restart."""

import json

import h5py
import pytest

from tests.integration.conftest import run_mcoom
from tests.integration.test_same_bytes import digests

UNTIL = "kill_2.livelock_prob ci_width < 0.12 and kill.median relative_error < 30 %"


@pytest.fixture
def folder(tmp_path, scenario_text):
    (tmp_path / "small.toml").write_text(scenario_text)
    return tmp_path


def until(folder, name, *arguments, condition=UNTIL):
    return run_mcoom(
        "run", "small.toml", "-o", name, "--until", condition, "--max-replicates", 2000, *arguments, cwd=folder
    )


def test_threads_and_restarts_do_not_show(folder):
    done = until(folder, "one.h5", "--threads", 1)
    assert done.returncode == 0, done.stderr
    assert "12 of 12 conditions are met" in done.stderr
    one = digests(folder / "one.h5")
    until(folder, "two.h5", "--threads", 2)
    assert digests(folder / "two.h5") == one
    # Half of the blocks are lost and done again: the rounds come out as they were.
    until(folder, "three.h5", "--work", "parts", "--threads", 2)
    parts = sorted((folder / "parts").glob("*.mcpart"))
    assert len(parts) > 2
    for path in parts[::2]:
        path.unlink()
    (folder / "three.h5").unlink()
    again = until(folder, "three.h5", "--work", "parts")
    assert "going on" in again.stderr
    assert digests(folder / "three.h5") == one


def test_it_runs_less_than_it_may_and_says_so(folder):
    assert until(folder, "f.h5").returncode == 0
    with h5py.File(folder / "f.h5") as file:
        n = file["n_replicates"][...].sum(axis=1)
        record = json.loads(file.attrs["stopping"])
        assert "stopping" in file.attrs["scenario_text"]
    assert ((n >= 64) & (n < 2000)).all()
    assert (n % 16 == 0).all()
    assert record["until"] == UNTIL
    assert (record["n_points_open"], record["open"]) == (0, [])


def test_a_replicate_is_the_same_as_without_the_rule(folder):
    """Stopping decides how many replicates there are, not what they are."""
    until(folder, "until.h5")
    with h5py.File(folder / "until.h5") as file:
        n = int(file["n_replicates"][0].sum())
        found = file["status_count"][0]
    run_mcoom("run", "small.toml", "-o", "plain.h5", "--replicates", n, cwd=folder)
    with h5py.File(folder / "plain.h5") as file:
        assert (file["status_count"][0] == found).all()


def test_a_budget_ends_it_and_the_open_cells_are_named(folder):
    done = until(folder, "f.h5", "--max-total", 150, condition="livelock_prob ci_width < 1e-3")
    assert done.returncode == 0
    assert "0 of 24 conditions are met, 144 replicates" in done.stderr
    assert "point 0, linux-4.13: kill.livelock_prob ci_width < 1e-3: 0." in done.stderr
    with h5py.File(folder / "f.h5") as file:
        assert json.loads(file.attrs["stopping"])["n_conditions_open"] == 24


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--until", "livelok_prob ci_width < 1e-3"), "did you mean 'livelock_prob'"),
        (("--until", "recovery.rmst ci_width < 1 s"), "unknown estimand 'recovery'"),
        (("--until", "rmst"), "small.toml: --until 'rmst': 'rmst' is no condition"),
        (("--until", ""), "--until '': is empty"),
        (("--until", UNTIL, "--shard", "0/2"), "--shard with --until"),
        (("--until", UNTIL, "--max-replicates", 9, "--replicates", 9), "the same thing twice"),
        (("--max-replicates", 9), "--max-replicates without --until"),
        (("--max-total", 9), "--max-total without --until"),
        (("--set", "stopping.max_total=9"), "with until only"),
        (("--set", "stopping.untill=x"), "did you mean 'until'"),
    ],
)
def test_wrong_requests(folder, arguments, words):
    done = run_mcoom("run", "small.toml", "-o", "f.h5", *arguments, cwd=folder)
    assert done.returncode == 2
    assert words in done.stderr
    assert "allowed" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (folder / "f.h5").exists()
