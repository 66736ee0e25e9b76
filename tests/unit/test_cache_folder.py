"""The files of the cache are whole or nothing, and one process at a time makes what is missing."""

import multiprocessing
import os
import signal
import time
from pathlib import Path

import pytest

from mcoom.cache.entry import prune_entries, read_entries
from mcoom.cache.folder import CacheFolder
from mcoom.cache.place import find_base

PAYLOAD = bytes(range(256)) * 20
SPAWN = multiprocessing.get_context("spawn")


def folder_at(path: Path, wait_s: float = 5.0) -> CacheFolder:
    return CacheFolder(path, {"cpu": "test"}, wait_s)


def hold(path: Path, ready: object) -> None:
    """Ask for the lock, say so, and keep it."""
    folder_at(path).begin("kernel.nbc")
    ready.set()
    time.sleep(60)


@pytest.fixture
def holder(tmp_path):
    """A process that compiles, for ever, in ``tmp_path / "entry"``."""
    ready = SPAWN.Event()
    process = SPAWN.Process(target=hold, args=(tmp_path / "entry", ready))
    process.start()
    assert ready.wait(20)
    yield process
    process.kill()
    process.join()


def test_what_is_written_is_read(tmp_path):
    folder = folder_at(tmp_path / "a" / "entry")
    assert folder.read("kernel.nbc") is None
    folder.write("kernel.nbc", PAYLOAD)
    assert folder.read("kernel.nbc") == PAYLOAD
    assert folder_at(tmp_path / "a" / "entry").read("kernel.nbc") == PAYLOAD
    assert sorted(path.name for path in folder.path.iterdir()) == ["about.json", "kernel.nbc"]


@pytest.mark.parametrize("size", [0, 1, 14, 15, 16, 46, 47, 48, 1000, 5166])
def test_a_file_that_is_cut_off_is_no_file(tmp_path, size):
    folder = folder_at(tmp_path)
    folder.write("kernel.nbc", PAYLOAD)
    file = tmp_path / "kernel.nbc"
    content = file.read_bytes()
    assert len(content) == 5167
    file.write_bytes(content[:size])
    assert folder.read("kernel.nbc") is None


@pytest.mark.parametrize("at", [0, 14, 15, 46, 47, 2500, 5166])
def test_a_file_with_a_flipped_bit_is_no_file(tmp_path, at):
    folder = folder_at(tmp_path)
    folder.write("kernel.nbc", PAYLOAD)
    file = tmp_path / "kernel.nbc"
    content = bytearray(file.read_bytes())
    content[at] ^= 4
    file.write_bytes(content)
    assert folder.read("kernel.nbc") is None
    folder.write("kernel.nbc", PAYLOAD)
    assert folder.read("kernel.nbc") == PAYLOAD


def test_a_folder_that_cannot_be_is_said_once(tmp_path, capsys):
    (tmp_path / "file").write_text("in the way")
    folder = folder_at(tmp_path / "file" / "entry")
    for name in ("a.nbc", "b.nbc"):
        folder.begin(name)
        folder.write(name, PAYLOAD)
        folder.end()
    said = capsys.readouterr().err
    assert said.count("compiled kernels are not kept") == 1
    assert "MCOOM_CACHE_DIR" in said


def test_others_wait_and_the_lock_goes_with_its_process(tmp_path, holder):
    start = time.monotonic()
    os.kill(holder.pid, signal.SIGKILL)
    folder = folder_at(tmp_path / "entry", wait_s=20)
    folder.begin("kernel.nbc")
    assert time.monotonic() - start < 5
    folder.write("kernel.nbc", PAYLOAD)
    folder.end()
    assert folder.read("kernel.nbc") == PAYLOAD


def test_nobody_waits_for_ever_and_only_once(tmp_path, holder):
    folder = folder_at(tmp_path / "entry", wait_s=0.4)
    waits_s = []
    for _ in range(2):
        start = time.monotonic()
        folder.begin("kernel.nbc")
        waits_s.append(time.monotonic() - start)
        folder.end()
    assert holder.is_alive()
    assert 0.4 <= waits_s[0] < 2
    assert waits_s[1] < 0.2


def test_who_waits_goes_on_when_the_file_is_there(tmp_path, holder):
    folder_at(tmp_path / "entry").write("kernel.nbc", PAYLOAD)
    start = time.monotonic()
    folder_at(tmp_path / "entry").begin("kernel.nbc")
    assert time.monotonic() - start < 1


def test_an_unlocked_folder_is_locked_at_once_and_again(tmp_path):
    """The twin of the waits above: without a holder nobody waits."""
    start = time.monotonic()
    for _ in range(3):
        folder = folder_at(tmp_path / "entry")
        folder.begin("kernel.nbc")
        folder.begin("inner.nbc")
        folder.end()
        folder.end()
    assert time.monotonic() - start < 0.3


def test_place_named_by_a_variable(tmp_path):
    named = {"MCOOM_CACHE_DIR": str(tmp_path / "a"), "NUMBA_CACHE_DIR": str(tmp_path / "b")}
    assert find_base("entry", named) == tmp_path / "a"
    assert find_base("entry", {**named, "MCOOM_CACHE_DIR": ""}) == tmp_path / "b"


def test_place_below_the_home(tmp_path):
    assert find_base("entry", {"XDG_CACHE_HOME": str(tmp_path)}) == tmp_path / "mcoom"


def test_place_where_the_home_cannot_be_written(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path / "temporary"))
    temporary = tmp_path / "temporary" / f"mcoom-{os.getuid()}"
    (tmp_path / "temporary").mkdir()
    (tmp_path / "file").write_text("in the way")
    home = {"XDG_CACHE_HOME": str(tmp_path / "file")}
    assert find_base("entry", home) == temporary
    temporary.mkdir(mode=0o700)
    assert find_base("entry", home) == temporary
    # Anybody may write there: what is unpickled from it could be anybody's.
    temporary.chmod(0o777)
    assert find_base("entry", home) == tmp_path / "file" / "mcoom"
    temporary.rmdir()
    temporary.symlink_to(tmp_path)
    assert find_base("entry", home) == tmp_path / "file" / "mcoom"


def test_prune_removes_other_digests_and_nothing_else(tmp_path):
    mine, other, old = "a" * 24, "b" * 24, "c" * 24
    for name in (f"{mine}-00000000", f"{mine}-11111111", f"{other}-00000000"):
        folder_at(tmp_path / name).write("kernel.nbc", PAYLOAD)
    (tmp_path / old / "engine").mkdir(parents=True)
    (tmp_path / "something else").mkdir()
    assert {entry.engine_digest for entry in read_entries(tmp_path)} == {mine, other, old}
    first = next(entry for entry in read_entries(tmp_path) if entry.engine_digest == other)
    assert (first.cpu, first.n_kernels) == ("test", 1)
    assert first.size_bytes > len(PAYLOAD)
    assert {entry.engine_digest for entry in prune_entries(tmp_path, keep=mine + "a" * 40)} == {other, old}
    assert {path.name for path in tmp_path.iterdir()} == {f"{mine}-00000000", f"{mine}-11111111", "something else"}
