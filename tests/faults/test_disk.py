"""Disks that are full, broken or not ours: one line, exit code 1, the last good state as it was.

A full disk is a real one: a small tmpfs. EIO comes from a library that is loaded before the C library (shim.c) and
fails one chosen call of write, fsync or rename; the kernel itself is not made to fail.
"""

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.conftest import ROOT, TINY, Place

WITHOUT_MOUNT = os.geteuid() != 0 or shutil.which("mount") is None
WITHOUT_CC = shutil.which("cc") is None


@pytest.fixture
def small_disk(tmp_path, server):
    folder = tmp_path / "disk"
    folder.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4k", "none", str(folder)], check=False)
    if done.returncode:
        pytest.skip("no file system may be mounted here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def resize(folder: Path, size: str) -> None:
    subprocess.run(["mount", "-o", f"remount,size={size}", str(folder)], check=True)


def check_refusal(place: Place, reason: str) -> None:
    assert place.stderr.startswith("mcoom: error: ")
    assert reason in place.stderr
    assert place.stderr.count("\n") == 1
    assert not place.output.exists()


@pytest.mark.skipif(WITHOUT_MOUNT, reason="mounting a file system needs root")
def test_a_full_disk(small_disk, server, reference):
    """It fills up at the plan, at some part, in the result; with more room the same command goes on."""
    place = Place(small_disk, server)
    resize(small_disk, "16k")
    outer = Place(small_disk.parent, server)
    n_refused = 0
    for size in (int(8 * 1.3**i) for i in range(40)):
        resize(small_disk, f"{size}k")
        arguments = ["run", TINY, "-o", small_disk / "F.h5", "--threads", 2, "--quiet"]
        code = outer.call(*arguments)
        if code == 0:
            break
        assert code == 1
        check_refusal(outer, "No space left on device")
        assert not list(small_disk.glob(".*.tmp"))
        assert not place.output.exists()
        n_refused += 1
    assert n_refused > 5
    place.check_result(reference)


def run_with_fault(shim: Path, folder: Path, path: str, at: int, number: int) -> subprocess.CompletedProcess[str]:
    environment = {"LD_PRELOAD": str(shim), "FAULT_PATH": path, "FAULT_AT": str(at), "FAULT_ERRNO": str(number)}
    arguments = ["run", str(TINY), "-o", str(folder / "F.h5"), "--threads", "2", "--quiet"]
    return subprocess.run(
        [sys.executable, "-m", "mcoom", *arguments],
        cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


@pytest.fixture(scope="session")
def shim(tmp_path_factory):
    library = tmp_path_factory.mktemp("shim") / "shim.so"
    source = Path(__file__).parent / "shim.c"
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", str(library), str(source), "-ldl"], check=True)
    return library


def check_fault(shim: Path, place: Place, reference: dict[str, str], path: str, at: int, number: int) -> bool:
    """Fail one call; then the same command in peace. Give whether there was such a call."""
    folder = place.path / f"{path.strip('.')}-{at}"
    folder.mkdir()
    done = run_with_fault(shim, folder, f"-{at}/{path}", at, number)
    if done.returncode == 0:
        return False
    assert done.returncode == 1, done.stderr
    assert os.strerror(number) in done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    assert "Traceback" not in done.stderr
    again = Place(folder, place.server)
    assert again.run() == 0, again.stderr
    again.check_result(reference)
    return True


@pytest.mark.skipif(WITHOUT_CC, reason="no C compiler")
@pytest.mark.parametrize(("path", "at"), [("F.parts", 2), ("F.parts", 9), (".F.h5", 5), ("F.h5", 1)])
def test_an_error_of_the_disk(shim, place, reference, path, at):
    assert check_fault(shim, place, reference, path, at, errno.EIO)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.skipif(WITHOUT_CC, reason="no C compiler")
@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC])
def test_an_error_at_every_call(shim, place, reference, number):
    """Every call for the parts, and every seventh for the result."""
    at = 1
    while check_fault(shim, place, reference, "F.parts", at, number):
        at += 1
    assert at > 20
    at = 1
    while check_fault(shim, place, reference, ".F.h5", at, number):
        at += 7
    assert at > 50


@pytest.fixture
def unprivileged(place):
    """The user nobody, where we are the superuser, whom no permission stops."""
    if os.geteuid() != 0:
        return lambda *arguments: place.call(*arguments)

    def call(*arguments: object) -> int:
        with (place.path / "stderr.txt").open("w") as stderr:
            return subprocess.run(
                [sys.executable, "-c", AS_NOBODY, *map(str, arguments)],
                cwd=place.path, stderr=stderr, stdout=subprocess.DEVNULL, check=False, timeout=120,
            ).returncode  # fmt: skip

    return call


AS_NOBODY = """
import sys
sys.path.insert(0, %r)
from mcoom.cli.main import main
from mcoom.run import job, work, assemble
import mcoom.analysis.verdict, mcoom.report.printout, mcoom.provenance, os
os.seteuid(65534)
main(sys.argv[1:])
""" % str(ROOT)  # noqa: UP031


@pytest.mark.parametrize("what", ["folder", "parts"])
def test_no_permission(half_place, unprivileged, what):
    os.chmod(half_place.path, 0o755)
    for folder in half_place.path.parents:
        if folder.stat().st_uid == os.geteuid() and folder.name.startswith(("pytest", "popen")):
            folder.chmod(0o755)
    if what == "folder":
        shutil.rmtree(half_place.parts)
    code = unprivileged("run", TINY, "-o", half_place.output, "--quiet", "--shard", "0/1")
    assert code == 1
    assert "Permission denied" in half_place.stderr or "may not be written" in half_place.stderr
    assert half_place.stderr.count("\n") == 1
    if what == "parts":
        assert half_place.part_files()


def test_places_that_are_not_there(place):
    (place.path / "file").write_text("")
    for arguments, says in (
        (["-o", "none/F.h5"], "does not exist"),
        (["-o", "F.h5", "--work", "none/W"], "none/W: cannot be made: No such file"),
        (["-o", "F.h5", "--work", "file"], "file: is a file; allowed: a folder"),
        (["-o", "F.h5", "--log", "none/log"], "--log none/log: cannot be written: No such file"),
    ):
        assert place.call("run", TINY, "--quiet", *arguments) == 1
        assert says in place.stderr
        assert place.stderr.count("\n") == 1
