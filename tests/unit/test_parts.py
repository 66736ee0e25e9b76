"""Part files and their folder: whole or recognisably not, counted once."""

import fcntl
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mcoom.errors import StoreError
from mcoom.store.folder import RunFolder, scan_parts
from mcoom.store.join import join_parts, point_tallies
from mcoom.store.lock import LockedError, hold_lock, lock_owner
from mcoom.store.manifest import DamagedManifestError, Manifest, read_manifest, write_manifest
from mcoom.store.part import DamagedPartError, decode_part, encode_part, join_ranges
from mcoom.tally import PointTally, TallyPlan
from mcoom.tally.pack import pack_tally, unpack_tally
from tests.unit.episode_rows import episodes

PLAN = TallyPlan(("linux-4.13", "linux-4.13+seed"), "linux-4.13", ("kill", "kill_2"), ("light", "heavy"), 5)
ID = "a" * 64
SIZE = 10


def tally(block):
    """Tally of SIZE replicates, those of one block."""
    outputs, horizon = episodes(block, 2, SIZE)
    return PointTally.from_outputs(PLAN, outputs, horizon, np.arange(SIZE) % 2, block * SIZE)


def part(*blocks):
    """A part file of some blocks, all of point 0."""
    total = tally(blocks[0])
    for block in blocks[1:]:
        total = total.merge(tally(block))
    return encode_part(ID, [range(b, b + 1) for b in blocks], {0: pack_tally(total)})


@pytest.fixture
def folder(tmp_path):
    found = RunFolder(tmp_path / "F.parts")
    found.make()
    return found


def test_a_tally_comes_back_from_its_bytes():
    whole = tally(0).merge(tally(1))
    assert unpack_tally(PLAN, pack_tally(whole)) == whole
    assert unpack_tally(PLAN, pack_tally(PointTally.empty(PLAN))) == PointTally.empty(PLAN)
    assert len(pack_tally(whole)) < 5000


@pytest.mark.parametrize("change", [lambda b: b[:-1], lambda b: b"", lambda b: b[:20], lambda b: b"x" + b])
def test_bytes_of_no_tally_are_refused(change):
    with pytest.raises(ValueError, match="packed tally"):
        unpack_tally(PLAN, change(pack_tally(tally(0))))


def test_bytes_of_another_plan_are_refused():
    with pytest.raises(ValueError, match="than its plan says"):
        unpack_tally(TallyPlan(("a",), "a", ("kill",)), pack_tally(tally(0)))


def test_a_part_says_what_it_holds():
    found = decode_part(part(3, 4, 5))
    assert (found.plan_id, found.blocks, found.n_blocks) == (ID, (range(3, 6),), 3)
    assert found.points.tolist() == [0]


def test_every_truncation_is_noticed():
    content = part(0)
    for n in range(len(content)):
        with pytest.raises(DamagedPartError):
            decode_part(content[:n])
    with pytest.raises(DamagedPartError, match="is empty"):
        decode_part(b"")
    with pytest.raises(DamagedPartError):
        decode_part(content + b"\0")


def test_every_flipped_bit_is_noticed():
    """One bit of every byte, another one each: magic, version, length, header, tallies and checksum."""
    content = part(0)
    for i in range(len(content)):
        damaged = bytearray(content)
        damaged[i] ^= 1 << (i % 8)
        with pytest.raises(DamagedPartError):
            decode_part(bytes(damaged))


def test_neighbours_of_one_step_are_joined():
    ranges = [range(8, 12, 2), range(3), range(3, 5), range(12, 13, 2), range(20, 21)]
    assert join_ranges(ranges) == [range(5), range(8, 13, 2), range(20, 21)]


def test_files_are_the_tally_in_any_order(folder):
    for i, content in enumerate((part(4), part(0, 1), part(2, 3))):
        folder.write_part("000of001", decode_part(content).blocks[0].start, i, content)
    scan = scan_parts(folder.part_files(), ID, 5)
    assert scan.done.all()
    whole = tally(0)
    for block in range(1, 5):
        whole = whole.merge(tally(block))
    assert list(point_tallies(scan.parts, PLAN)) == [(0, whole)]
    assert list(point_tallies(scan.parts[::-1], PLAN)) == [(0, whole)]
    first, n_blocks, content = join_parts([stored.path for stored in scan.parts], PLAN)
    assert (first, n_blocks) == (0, 5)
    assert content == part(0, 1, 2, 3, 4)


def test_points_come_in_order_whatever_file_they_are_in(folder):
    """Many files that hold several points each, more than may be open at once."""
    for i in range(100):
        packed = pack_tally(tally(i))
        tallies = dict.fromkeys(range(i % 3, 30, 3), packed)
        folder.write_part("000of001", i, 1, encode_part(ID, [range(i, i + 1)], tallies))
    scan = scan_parts(folder.part_files(), ID, 100)
    found = list(point_tallies(scan.parts, PLAN))
    assert [point for point, _ in found] == list(range(30))
    assert sum(t.n_replicates for _, t in found) == 100 * 10 * SIZE


def test_double_overlapping_and_foreign_files_are_rejected(folder):
    folder.write_part("000of001", 0, 3, part(0, 1, 2))
    folder.write_part("000of002", 0, 3, part(0, 1, 2))
    folder.write_part("000of001", 2, 2, part(2, 3))
    folder.write_part("000of001", 4, 1, encode_part("b" * 64, [range(4, 5)], {0: b""}))
    folder.write_part("000of001", 9, 1, part(9))
    folder.write_part("000of001", 5, 1, b"")
    scan = scan_parts(folder.part_files(), ID, 6)
    assert scan.done.tolist() == [True, True, True, False, False, False]
    reasons = sorted(item.reason for item in scan.rejected)
    assert reasons == [
        f"belongs to another plan ({'b' * 12}, not {'a' * 12})",
        "holds block 0, which another part holds already",
        "holds block 2, which another part holds already",
        "holds blocks that the plan has not (it has 0 to 5)",
        "is empty",
    ]
    lines = folder.set_aside(scan.rejected)
    assert len(lines) == 5
    assert all("set aside in" in line for line in lines)
    assert len(folder.quarantined()) == 5
    assert len(folder.part_files()) == 1
    assert scan_parts(folder.part_files(), ID, 6).rejected == ()


def test_what_is_set_aside_twice_is_kept_twice(folder):
    for content in (b"x", b"y"):
        folder.write_part("000of001", 0, 1, content)
        folder.set_aside(scan_parts(folder.part_files(), ID, 1).rejected)
    assert [path.read_bytes() for path in folder.quarantined()] == [b"x", b"y"]


def test_a_shard_reads_its_own_files_and_those_of_other_cuts(folder):
    for shard in ("000of002", "001of002", "000of001"):
        folder.write_part(shard, 0, 1, part(0))
    names = [path.name for path in folder.part_files("001of002")]
    assert names == ["part-000of001-000000000-1.mcpart", "part-001of002-000000000-1.mcpart"]


def test_orphans_go_but_not_those_of_others(folder):
    names = {
        ".part-000of002-000000000-1.mcpart.elsewhere.1.tmp": True,
        ".part-000of002-000000000-2.mcpart.elsewhere.1.tmp": False,
        f".part-000of002-000000000-3.mcpart.{os.uname().nodename}.999999999.tmp": False,
        ".part-001of002-000000000-1.mcpart.elsewhere.1.tmp": True,
        f".plan.json.{os.uname().nodename}.{os.getpid()}.tmp": True,
        f".plan.json.{os.uname().nodename}.999999999.tmp": False,
        "notes.txt": True,
    }
    for name in names:
        (folder.path / name).write_text("")
    os.utime(folder.path / ".part-000of002-000000000-2.mcpart.elsewhere.1.tmp", (0, 0))
    folder.remove_orphans("000of002")
    assert {path.name for path in folder.path.iterdir()} == {name for name, stays in names.items() if stays}


def test_plans_are_compared_in_words(tmp_path):
    ours, theirs = Manifest({"seed": 1, "text": "a\nb\n"}), Manifest({"seed": 2, "text": "a\nc\n"})
    assert ours.differences(theirs) == ["seed is 2, not 1", "text differs from line 2 on ('c', not 'b')"]
    assert ours.differences(theirs, {"text"}) == ["seed is 2, not 1"]
    assert ours.differences(Manifest(dict(ours.entries))) == []
    path = tmp_path / "plan.json"
    assert read_manifest(path) is None
    write_manifest(path, ours)
    found = read_manifest(path)
    assert found is not None
    assert found.plan_id == ours.plan_id != theirs.plan_id


def test_a_damaged_plan_is_noticed(tmp_path):
    path = tmp_path / "plan.json"
    write_manifest(path, Manifest({"seed": 1}))
    content = path.read_text()
    for damaged in (content[:20], "", "[]", content.replace('"seed": 1', '"seed": 2'), content.replace("mcoom", "my")):
        path.write_text(damaged)
        with pytest.raises(DamagedManifestError):
            read_manifest(path)
    path.write_text(json.dumps({**json.loads(content), "format_version": 99}))
    with pytest.raises(StoreError, match="newer mcoom"):
        read_manifest(path)


HOLD = "import sys, time; from pathlib import Path; from mcoom.store.lock import hold_lock\n"


def test_a_lock_excludes_others_and_ends_with_its_owner(tmp_path):
    path = tmp_path / "shard.lock"
    script = HOLD + "with hold_lock(Path(sys.argv[1])): print('held', flush=True); time.sleep(60)"
    owner = subprocess.Popen([sys.executable, "-c", script, str(path)], stdout=subprocess.PIPE, text=True)
    try:
        assert owner.stdout.readline() == "held\n"
        assert str(lock_owner(path)) == f"process {owner.pid} on {os.uname().nodename}"
        with pytest.raises(LockedError, match=f"process {owner.pid}"), hold_lock(path):
            pass
    finally:
        owner.kill()
        owner.communicate()
    assert path.exists()
    assert lock_owner(path) is None
    with hold_lock(path):
        assert path.exists()
    assert not path.exists()


def test_without_locks_of_the_file_system_the_record_decides(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(fcntl, "flock", refuse)
    path = tmp_path / "shard.lock"
    host = os.uname().nodename
    for record, is_free in (
        ({"host": host, "pid": os.getppid()}, False),
        ({"host": host, "pid": 999_999_999}, True),
        ({"host": "elsewhere", "pid": os.getppid()}, True),
    ):
        path.write_text(json.dumps(record))
        if is_free:
            with hold_lock(path):
                pass
        else:
            with pytest.raises(LockedError), hold_lock(path):
                pass


def test_reading_errors_of_the_system_are_no_damage(folder):
    """A part that cannot be read is not thrown away: the disk may be back tomorrow."""
    (folder.path / "part-000of001-000000000-1.mcpart").mkdir()
    with pytest.raises(StoreError, match="cannot be read: Is a directory"):
        scan_parts(folder.part_files(), ID, 1)
    assert folder.quarantined() == []


def test_a_file_that_changes_while_it_is_read_is_noticed(folder):
    path = folder.write_part("000of001", 0, 1, part(0))
    scan = scan_parts(folder.part_files(), ID, 1)
    content = bytearray(path.read_bytes())
    content[int(scan.parts[0].part.offsets[0]) + 40] ^= 8
    Path(path).write_bytes(content)
    with pytest.raises(StoreError, match="changed"):
        list(point_tallies(scan.parts, PLAN))
