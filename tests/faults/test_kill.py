"""Runs that are killed, stopped and gone on with: nothing lost, nothing twice."""

import os
import random
import signal
import time

import pytest

from mcoom.store.folder import scan_parts
from mcoom.store.manifest import read_manifest
from tests.faults.conftest import N_BLOCKS, Place

SLOW = pytest.mark.slow


def check_acknowledged(place: Place) -> None:
    """What was said to be safe is."""
    if place.output.exists():
        return
    manifest = read_manifest(place.parts / "plan.json")
    if manifest is None:
        assert place.acknowledged() == set()
        return
    scan = scan_parts(place.part_files(), manifest.plan_id, N_BLOCKS)
    done = {block for stored in scan.parts for blocks in stored.part.blocks for block in blocks}
    assert place.acknowledged() <= done
    assert scan.rejected == ()


def kill_at_random(place: Place, seed: int, n_kills: int, reference: dict[str, str]) -> int:
    """Kill the run again and again until it is done, then start anew; give the number of kills that hit."""
    rng = random.Random(seed)
    hits = 0
    for _ in range(10 * n_kills):
        if hits >= n_kills:
            break
        pid = place.start("--threads", rng.choice((1, 2, 3)))
        time.sleep(rng.uniform(0.02, 0.5))
        os.kill(pid, signal.SIGKILL)
        code = place.server.wait(pid)
        assert code in (-signal.SIGKILL, 0), place.stderr
        hits += code == -signal.SIGKILL
        check_acknowledged(place)
        if code == 0:
            place.check_result(reference)
            place.output.unlink()
            place.log.unlink()
    assert place.run() == 0, place.stderr
    place.check_result(reference)
    return hits


def test_killed_at_random_moments(place, reference, base_seed):
    assert kill_at_random(place, base_seed, 8, reference) == 8


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_killed_at_200_random_moments(place, reference, base_seed):
    assert kill_at_random(place, base_seed + 1, 200, reference) == 200


def stopped_after(place: Place, n_parts: int, number: signal.Signals) -> int:
    """Start, wait until ``n_parts`` more parts are acknowledged, send a signal; give the exit code."""
    before = place.log.read_text().count('"part"') if place.log.exists() else 0
    pid = place.start("--threads", 1)
    limit = time.monotonic() + 60
    while time.monotonic() < limit:
        text = place.log.read_text() if place.log.exists() else ""
        if text.count('"part"') - before >= n_parts or '"event": "wrote"' in text:
            break
        time.sleep(0.001)
    os.kill(pid, number)
    return place.server.wait(pid)


@pytest.mark.parametrize(
    "number",
    [signal.SIGTERM, pytest.param(signal.SIGINT, marks=SLOW), pytest.param(signal.SIGUSR1, marks=SLOW)],
)
def test_stopped_at_every_boundary(place, reference, number):
    """One part, a signal, one more part, a signal, ... until it is done."""
    codes = []
    while not codes or codes[-1] == 75:
        codes.append(stopped_after(place, 1, number))
        check_acknowledged(place)
        if codes[-1] == 75:
            assert f"stopped by {number.name}; what is done is safe in F.parts" in place.stderr
            assert place.stderr.count("\n") == 1
            assert not place.output.exists()
    assert len(codes) > 5
    # The last signal may find the run with its result written, at its very end: then the signal's default ends it.
    assert codes[-1] in (0, -number, 130)
    assert place.run() == 0
    place.check_result(reference)


def test_stopped_before_the_first_block(place, reference):
    pid = place.start()
    while not place.parts.exists():
        pass
    os.kill(pid, signal.SIGTERM)
    assert place.server.wait(pid) == 75
    assert place.run() == 0
    place.check_result(reference)


def test_a_second_signal_ends_it_at_once(place, reference):
    pid = place.start("--replicates", 10**6)
    while len(place.part_files()) < 3:
        pass
    os.kill(pid, signal.SIGTERM)
    os.kill(pid, signal.SIGINT)
    assert place.server.wait(pid) == 75
    assert place.run() == 2
    assert "F.parts: holds another run: there replicates is 1000000, not 96" in place.stderr
    assert place.run("--fresh") == 0
    place.check_result(reference)


@pytest.mark.parametrize("threads", [1, 3, 5])
def test_other_threads_go_on(half_place, reference, threads):
    assert half_place.run("--threads", threads) == 0
    half_place.check_result(reference)
