"""Runs that are disturbed, and the undisturbed one to compare them with."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.integration.test_same_bytes import digests

TINY = Path(__file__).parent / "tiny.toml"
REPLICATES, SEED = 96, 5
N_BLOCKS = 48
ROOT = Path(__file__).resolve().parents[2]


class Server:
    """Commands of ``mcoom``, each a process of its own."""

    def __init__(self) -> None:
        script = [sys.executable, "-m", "tests.faults.server", str(TINY), str(REPLICATES), str(SEED)]
        self.process = subprocess.Popen(
            script, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        assert self._answer() == "ready"

    def _answer(self) -> object:
        return json.loads(self.process.stdout.readline())

    def _ask(self, **command: object) -> int:
        self.process.stdin.write(json.dumps(command) + "\n")
        self.process.stdin.flush()
        return self._answer()

    def start(self, folder: Path, *arguments: object) -> int:
        """Start a command; give its process id."""
        return self._ask(start=[str(argument) for argument in arguments], cwd=str(folder))

    def wait(self, pid: int) -> int:
        """Give the exit code, or minus the signal."""
        return self._ask(wait=pid)

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait(timeout=60)
        self.process.stdout.close()


@dataclass
class Place:
    """A folder in which the tiny run is run."""

    path: Path
    server: Server

    @property
    def output(self) -> Path:
        return self.path / "F.h5"

    @property
    def parts(self) -> Path:
        return self.path / "F.parts"

    @property
    def log(self) -> Path:
        return self.path / "log.jsonl"

    @property
    def stderr(self) -> str:
        return (self.path / "stderr.txt").read_text()

    def arguments(self, *more: object) -> list[object]:
        return ["run", TINY, "-o", "F.h5", "--threads", 2, "--log", self.log.name, "--quiet", *more]

    def start(self, *more: object) -> int:
        return self.server.start(self.path, *self.arguments(*more))

    def run(self, *more: object) -> int:
        return self.server.wait(self.start(*more))

    def call(self, *arguments: object) -> int:
        return self.server.wait(self.server.start(self.path, *arguments))

    def part_files(self) -> list[Path]:
        return sorted(self.parts.glob("*.mcpart"))

    def acknowledged(self) -> set[int]:
        """Blocks that the log says are safe."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        events = [json.loads(line) for line in lines if line.endswith("}")]
        return {block for event in events if event["event"] == "part" for block in range(*event["blocks"])}

    def check_result(self, reference: dict[str, str]) -> None:
        """The file is the undisturbed one, and nothing is left but what was set aside."""
        assert digests(self.output) == reference
        assert not self.parts.exists() or [p.name for p in self.parts.iterdir()] == ["quarantine"]
        assert not list(self.path.glob(".*.tmp"))

    def half(self) -> None:
        """Do about a half of the run, and stop it as a batch system does."""
        pid = self.start()
        while len(self.part_files()) < 6:
            assert self.server.process.poll() is None
            if self.output.exists():
                break
        os.kill(pid, signal.SIGTERM)
        assert self.server.wait(pid) in (75, 0)


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    found = Server()
    yield found
    found.close()


@pytest.fixture
def place(tmp_path: Path, server: Server) -> Place:
    return Place(tmp_path, server)


@pytest.fixture(scope="session")
def reference(tmp_path_factory: pytest.TempPathFactory, server: Server) -> dict[str, str]:
    """Digests of every dataset of the undisturbed run."""
    place = Place(tmp_path_factory.mktemp("undisturbed"), server)
    assert place.run() == 0, place.stderr
    assert len(place.acknowledged()) == N_BLOCKS
    found = digests(place.output)
    assert len(found) > 30
    return found


@pytest.fixture(scope="session")
def half_done(tmp_path_factory: pytest.TempPathFactory, server: Server) -> Path:
    """Folder of a run of which shard 0 of 2 is done: some part files, to be copied and damaged."""
    place = Place(tmp_path_factory.mktemp("half"), server)
    assert place.call("run", TINY, "-o", "F.h5", "--shard", "0/2", "--quiet", "--threads", 1) == 0, place.stderr
    return place.parts


@pytest.fixture
def half_place(place: Place, half_done: Path) -> Place:
    """A folder with half of the blocks."""
    shutil.copytree(half_done, place.parts)
    return place
