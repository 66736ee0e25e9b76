"""Part files that are not what they were: named, set aside, done again; never merged, never passed over."""

import json
import os
import shutil

import pytest

from mcoom.store.part import decode_part
from tests.faults.conftest import TINY, Place


def lengths(content: bytes) -> dict[str, int]:
    """A length in every class: nothing, within magic, header, tallies, checksum; and too long by one."""
    part = decode_part(content)
    header, tallies, end = 16, int(part.offsets[0]), len(content)
    return {
        "empty": 0,
        "magic": 4,
        "head": 12,
        "header": (header + tallies) // 2,
        "no tallies": tallies,
        "tallies": (tallies + end - 32) // 2,
        "no checksum": end - 32,
        "checksum": end - 1,
    }


CLASSES = ("empty", "magic", "head", "header", "no tallies", "tallies", "no checksum", "checksum")


def check_set_aside(place: Place, reference: dict[str, str], *reasons: str) -> None:
    """The next run names each damaged file with its reason, sets it aside, and comes to the same result."""
    assert place.run() == 0, place.stderr
    log = [json.loads(line) for line in place.log.read_text().splitlines()]
    lines = [event["line"] for event in log if event["event"] == "quarantine"]
    for reason in reasons:
        assert [line for line in lines if reason in line], (reason, lines)
    assert len(list((place.parts / "quarantine").iterdir())) == len(lines) >= len(reasons)
    place.check_result(reference)


@pytest.mark.parametrize("kind", CLASSES)
def test_truncated(half_place, reference, kind):
    path = half_place.part_files()[1]
    content = path.read_bytes()
    path.write_bytes(content[: lengths(content)[kind]])
    check_set_aside(half_place, reference, f"{path.name}: is {'empty' if kind == 'empty' else 'truncated'}")


@pytest.mark.parametrize("region", CLASSES)
def test_one_flipped_bit(half_place, reference, region):
    """In each region, one file."""
    path = half_place.part_files()[0]
    content = bytearray(path.read_bytes())
    content[lengths(bytes(content))[region] - (region == "checksum")] ^= 16
    path.write_bytes(content)
    check_set_aside(half_place, reference, f"{path.name}: is ")


def test_twice_under_another_name(half_place, reference):
    path = half_place.part_files()[0]
    shutil.copy(path, path.with_name("part-001of002-000000001-1.mcpart"))
    check_set_aside(half_place, reference, "holds block 0, which another part holds already")


def test_overlapping_cuts(half_place, reference, place, tmp_path_factory):
    """Parts of share 0 of 3 among those of share 0 of 2: whatever is double is taken once."""
    other = Place(tmp_path_factory.mktemp("thirds"), place.server)
    assert other.call("run", TINY, "-o", "F.h5", "--shard", "0/3", "--quiet", "--threads", 1) == 0
    for path in other.part_files():
        shutil.copy(path, half_place.parts)
    check_set_aside(half_place, reference, "which another part holds already")


def test_of_another_seed(half_place, reference, tmp_path_factory):
    other = Place(tmp_path_factory.mktemp("other"), half_place.server)
    assert other.call("run", TINY, "-o", "F.h5", "--shard", "0/8", "--seed", 6, "--quiet") == 0
    foreign = other.part_files()[0]
    shutil.copy(foreign, half_place.parts)
    check_set_aside(half_place, reference, f"{foreign.name}: belongs to another plan")


@pytest.mark.parametrize("content", ["", "{", '{"format": "mcoom plan"}', "[]"])
def test_the_plan_itself(half_place, reference, content):
    """The parts name the plan too: a new plan file is as good as the old one."""
    (half_place.parts / "plan.json").write_text(content)
    check_set_aside(half_place, reference, "plan.json: not a plan file, or damaged")


def test_merging_what_is_damaged(half_place, reference):
    """``merge`` cannot do blocks again: it names what is missing, and writes nothing."""
    assert half_place.call("run", TINY, "-o", "F.h5", "--shard", "1/2", "--quiet", "--threads", 1) == 0
    path = half_place.part_files()[0]
    content = path.read_bytes()
    path.write_bytes(content[:-5])
    assert half_place.call("status", "F.parts", "--json") == 0
    state = json.loads((half_place.path / "stdout.txt").read_text())
    assert state["unusable"] == [
        {"file": f"F.parts/{path.name}", "reason": "is truncated or damaged (its checksum is wrong)"}
    ]
    assert (state["n_missing"], state["quarantined"]) == (1, [])
    assert half_place.call("merge", "F.parts", "-o", "F.h5") == 75
    assert f"{path.name}: is truncated" in half_place.stderr
    assert "1 of 48 blocks are missing: 0; shards 0/2 are not done; no result is written" in half_place.stderr
    assert not half_place.output.exists()
    assert half_place.call("run", TINY, "-o", "F.h5", "--shard", "0/2", "--quiet") == 0
    assert half_place.call("merge", "F.parts", "-o", "F.h5") == 0
    shutil.rmtree(half_place.parts)
    half_place.check_result(reference)


def test_a_damaged_result_is_made_anew(place, reference):
    assert place.run() == 0
    before = place.output.stat().st_mtime_ns
    assert place.run() == 0
    assert place.output.stat().st_mtime_ns == before
    content = bytearray(place.output.read_bytes())
    content[len(content) // 2] ^= 4
    place.output.write_bytes(content[: len(content) * 3 // 4])
    assert place.run() == 0
    place.check_result(reference)


def test_parts_left_behind_a_complete_result_go(place, reference):
    """Killed between writing the result and removing the parts."""
    assert place.run("--keep-parts") == 0
    assert place.part_files()
    assert place.run() == 0
    place.check_result(reference)


def test_orphans_of_the_dead_go(half_place, reference):
    dead = f"{os.uname().nodename}.999999999.tmp"
    (half_place.parts / f".part-000of001-000000000-1.mcpart.{dead}").write_text("x")
    (half_place.path / f".F.h5.{dead}").write_text("x")
    assert half_place.run() == 0
    half_place.check_result(reference)
