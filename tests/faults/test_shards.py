"""Shards of a run: any number, any order, one folder or several; and two who want the same."""

import json
import os
import random
import signal

import pytest

from tests.faults.conftest import TINY
from tests.integration.test_same_bytes import digests


def test_seven_shards_in_random_order(place, reference, base_seed):
    """Some share a folder, some have their own."""
    order = list(range(7))
    random.Random(base_seed).shuffle(order)
    for i in order:
        work = ["--work", f"W{i}"] if i % 3 == 0 else []
        assert place.call("run", TINY, "-o", "F.h5", "--shard", f"{i}/7", "--quiet", *work) == 0, place.stderr
    folders = ["F.parts", *(f"W{i}" for i in order if i % 3 == 0)]
    assert place.call("merge", *folders, "W0", "-o", "G.h5", "--json") == 0, place.stderr
    summary = json.loads((place.path / "stdout.txt").read_text())
    assert (summary["n_blocks"], summary["set_aside"]) == (48, [])
    assert digests(place.path / "G.h5") == reference


def test_more_shards_than_blocks(place, reference):
    for i in (0, 47, 48, 99):
        assert place.call("run", TINY, "-o", "F.h5", "--shard", f"{i}/100", "--quiet") == 0, place.stderr
    assert place.call("merge", "F.parts", "-o", "F.h5") == 75
    assert "46 of 48 blocks are missing: 1-46; shards 1/100, 2/100" in place.stderr
    assert place.run() == 0
    place.check_result(reference)


def test_auto_outside_of_an_array_is_refused(place):
    assert place.call("run", TINY, "-o", "F.h5", "--shard", "auto", "--quiet") == 2
    assert "this is no job of an array" in place.stderr


def test_status_while_it_runs(place):
    pid = place.start("--replicates", 10**6, "--threads", 1)
    try:
        while len(place.part_files()) < 5:
            pass
        assert place.call("status", "F.parts", "--json") == 0, place.stderr
        state = json.loads((place.path / "stdout.txt").read_text())
        assert state["n_blocks"] == 2 * 250_000
        assert 0 < state["n_done"] < 500_000
        assert state["n_missing"] == 500_000 - state["n_done"]
        assert list(state["at_work"]) == ["000of001"]
        assert f"process {pid}" in state["at_work"]["000of001"]
        assert state["blocks_per_s"] > 0
        assert state["eta_s"] > 0
    finally:
        os.kill(pid, signal.SIGKILL)
        place.server.wait(pid)
    assert place.call("status", "F.parts") == 0
    text = (place.path / "stdout.txt").read_text()
    assert "at work" not in text
    assert "ETA" not in text


def test_two_of_the_same(place, reference):
    """One does it, the other is told so; another cut of the same folder is refused too."""
    first = place.start()
    # A lock is taken before its holder has written into it who it is.
    while not any(lock.read_bytes() for lock in place.parts.glob("*.lock")) or not place.log.exists():
        assert not place.output.exists()
    os.kill(first, signal.SIGSTOP)
    try:
        assert place.call("run", TINY, "-o", "F.h5", "--quiet") == 1
        assert f"held by process {first}" in place.stderr
        assert place.call("run", TINY, "-o", "F.h5", "--shard", "1/2", "--quiet") == 1
        assert f"held by process {first}" in place.stderr
        assert "of another cut; allowed: one cut at a time" in place.stderr
        assert place.call("run", TINY, "-o", "F.h5", "--fresh", "--quiet") == 1
    finally:
        os.kill(first, signal.SIGCONT)
    assert place.server.wait(first) == 0
    place.check_result(reference)


def test_two_at_once_come_to_one_result(place, reference):
    """Started together: whoever loses leaves the winner alone."""
    pids = [place.start() for _ in range(4)]
    codes = [place.server.wait(pid) for pid in pids]
    assert 0 in codes
    assert set(codes) <= {0, 1}
    place.check_result(reference)


@pytest.mark.parametrize(
    ("change", "says"),
    [(["--seed", 6], "seed is 5, not 6"), (["--replicates", 95], "replicates is 96, not 95"),
     (["--set", "machine.hz=100"], "spec_id is"), (["--set", "scenario.raw_rows=3"], "raw_rows is 10, not 3"),
     (["--engine", "fast"], "engine is 'exact', not 'fast'")],
)  # fmt: skip
def test_another_run_is_refused_with_the_difference(half_place, change, says):
    before = {path.name: path.read_bytes() for path in half_place.part_files()}
    assert half_place.run(*change) == 2
    assert "F.parts: holds another run: there " in half_place.stderr
    assert says in half_place.stderr
    assert half_place.stderr.count("\n") == 1
    assert {path.name: path.read_bytes() for path in half_place.part_files()} == before


def test_shards_of_two_runs_do_not_merge(half_place):
    assert half_place.call("run", TINY, "-o", "F.h5", "--shard", "1/2", "--seed", 6, "--work", "W", "--quiet") == 0
    assert half_place.call("merge", "F.parts", "W", "-o", "F.h5") == 2
    assert "W: not the run of F.parts: there seed is 6, not 5" in half_place.stderr


def test_what_is_no_folder_of_a_run(place):
    (place.path / "empty").mkdir()
    (place.path / "file").write_text("")
    for name in ("empty", "none", "file"):
        for command in (["merge", name, "-o", "F.h5"], ["status", name]):
            assert place.call(*command) == 1
            assert name in place.stderr
            assert place.stderr.count("\n") == 1
