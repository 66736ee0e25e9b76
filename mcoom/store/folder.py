"""The folder of a run: its plan, its part files, its locks, its quarantine.

Takes parts to write and gives those that are there, each of them checked; what is damaged, foreign or counted already
is set aside and named, never used and never passed over in silence. Must know nothing of scenarios and of tallies.

    F.parts/plan.json                      what is run
    F.parts/part-000of001-000000000-12.mcpart      12 blocks from number 0 on, of shard 0 of 1
    F.parts/shard-000of001.lock            who works on that shard
    F.parts/quarantine/                    what was set aside
"""

import contextlib
import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mcoom.errors import StoreError
from mcoom.store.atomic import is_orphan, remove_orphans, sync_folder, write_atomic
from mcoom.store.lock import Owner, lock_owner
from mcoom.store.part import DamagedPartError, Part, decode_part

PLAN_FILE = "plan.json"
"""Name of the plan file."""
QUARANTINE = "quarantine"
"""Folder of what was set aside."""
_OLD_S = 3600.0
_PART = re.compile(r"part-(?P<shard>\d+of\d+)-\d+-\d+\.mcpart")
_LOCK = re.compile(r"shard-(?P<shard>\d+of\d+)\.lock")


@dataclass(frozen=True)
class StoredPart:
    """A part file that was found whole."""

    path: Path
    """Where it lies."""
    part: Part
    """What its header says."""
    n_bytes: int
    """Its length."""
    modified_s: float
    """When it was written, seconds since the epoch, by the clock of the file system."""


@dataclass(frozen=True)
class Rejected:
    """A part file that cannot be used."""

    path: Path
    """Where it lies."""
    reason: str
    """Why, so that ``path reason`` is a sentence."""

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


@dataclass(frozen=True)
class Scan:
    """What was found in one or several folders."""

    parts: tuple[StoredPart, ...]
    """Whole files of the plan, no block in two of them."""
    rejected: tuple[Rejected, ...]
    """All other part files."""
    done: NDArray[np.bool_]
    """bool[n_blocks], the blocks that ``parts`` hold."""


class RunFolder:
    """The folder of a run.

    Parameters
    ----------
    path : Path
        The folder; need not be there yet.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def plan_file(self) -> Path:
        """Path of the plan file."""
        return self.path / PLAN_FILE

    def lock_file(self, shard: str) -> Path:
        """Path of the lock of a shard."""
        return self.path / f"shard-{shard}.lock"

    def make(self) -> None:
        """Make the folder, if it is not there.

        Raises
        ------
        StoreError
            It cannot be made.
        """
        try:
            self.path.mkdir(exist_ok=True)
        except FileExistsError as error:
            raise StoreError(f"{self.path}: is a file; allowed: a folder for the parts of the run") from error
        except OSError as error:
            raise StoreError(f"{self.path}: cannot be made: {error.strerror or error}") from error

    def part_files(self, shard: str | None = None) -> list[Path]:
        """Return the part files, those of a shard and of other cuts into shards alone if one is named, by name.

        Raises
        ------
        StoreError
            The folder cannot be read.
        """
        cut = shard.partition("of")[2] if shard else ""
        found = []
        for path in self._entries():
            match = _PART.fullmatch(path.name)
            if match and (shard is None or match["shard"] == shard or match["shard"].partition("of")[2] != cut):
                found.append(path)
        return sorted(found)

    def owners(self) -> dict[str, Owner]:
        """Return who works here, by shard (``003of008``)."""
        matches = [(path, _LOCK.fullmatch(path.name)) for path in sorted(self._entries())]
        found = [(match["shard"], lock_owner(path)) for path, match in matches if match]
        return {shard: owner for shard, owner in found if owner is not None}

    def quarantined(self) -> list[Path]:
        """Return the files that were set aside."""
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            return sorted((self.path / QUARANTINE).iterdir())
        return []

    def write_part(self, shard: str, first: int, n_blocks: int, content: bytes) -> Path:
        """Write a part file; when this returns, its counts outlast a crash.

        Parameters
        ----------
        shard : str
            Name of the shard.
        first, n_blocks : int
            Number of the first block, and how many there are.
        content : bytes
            All of it, as ``encode_part`` gives it.

        Raises
        ------
        StoreError
            It cannot be written; what was there is as it was.
        """
        path = self.path / f"part-{shard}-{first:09}-{n_blocks}.mcpart"
        write_atomic(path, content)
        return path

    def remove(self, paths: Iterable[Path]) -> None:
        """Remove part files whose counts are elsewhere.

        Raises
        ------
        StoreError
            One cannot be removed.
        """
        for path in paths:
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                raise StoreError(f"{path}: cannot be removed: {error.strerror or error}") from error

    def remove_orphans(self, shard: str) -> None:
        """Remove temporary files that killed writers left; the caller holds the lock of the shard.

        Those of another host go when they are old: where the file system has no locks, it may be at work.
        """
        for path in self._temporaries(shard):
            with contextlib.suppress(OSError):
                if is_orphan(path) or time.time() - path.stat().st_mtime > _OLD_S:
                    path.unlink(missing_ok=True)
        remove_orphans(self.path, PLAN_FILE)

    def set_aside(self, rejected: Iterable[Rejected]) -> list[str]:
        """Move files to the quarantine; return one line for each, what and why.

        Raises
        ------
        StoreError
            A file cannot be moved.
        """
        lines = []
        for item in rejected:
            folder = item.path.parent / QUARANTINE
            target = folder / item.path.name
            n = 1
            try:
                folder.mkdir(exist_ok=True)
                while target.exists():
                    target = folder / f"{item.path.name}.{n}"
                    n += 1
                item.path.rename(target)
                sync_folder(folder)
                sync_folder(item.path.parent)
            except FileNotFoundError:
                continue  # another process of the run has set it aside
            except OSError as error:
                raise StoreError(f"{item}; cannot be set aside: {error.strerror or error}") from error
            lines.append(f"{item}; set aside in {folder}")
        return lines

    def clear(self) -> None:
        """Remove everything that a run made here, the quarantine apart, and the folder if nothing is left.

        Raises
        ------
        StoreError
            Something cannot be removed.
        """
        # The plan goes last: parts without it would be strangers.
        self.remove([*self.part_files(), *self._temporaries(), self.plan_file])

    def remove_if_empty(self) -> None:
        """Remove the folder, if nothing is in it."""
        with contextlib.suppress(OSError):
            self.path.rmdir()

    def _temporaries(self, shard: str = "") -> list[Path]:
        return [p for p in self._entries() if p.name.startswith(f".part-{shard}") and p.name.endswith(".tmp")]

    def _entries(self) -> Iterator[Path]:
        try:
            yield from self.path.iterdir()
        except FileNotFoundError:
            return
        except OSError as error:
            raise StoreError(f"{self.path}: cannot be read: {error.strerror or error}") from error


def scan_parts(paths: Iterable[Path], plan_id: str, n_blocks: int) -> Scan:
    """Read and check part files.

    Of files that hold the same blocks the one with the most blocks is used, the first by name among equals.

    Parameters
    ----------
    paths : iterable of Path
        The files; one that is gone meanwhile is left out (its counts are in a larger one).
    plan_id : str
        Identity of the plan.
    n_blocks : int
        Blocks of the plan.

    Raises
    ------
    StoreError
        A file cannot be read.
    """
    good: list[StoredPart] = []
    rejected: list[Rejected] = []
    for path in paths:
        try:
            with path.open("rb") as stream:
                modified_s = path.stat().st_mtime
                content = stream.read()
        except FileNotFoundError:
            continue
        except OSError as error:
            raise StoreError(f"{path}: cannot be read: {error.strerror or error}") from error
        try:
            part = decode_part(content)
        except DamagedPartError as error:
            rejected.append(Rejected(path, str(error)))
            continue
        if part.plan_id != plan_id:
            rejected.append(Rejected(path, f"belongs to another plan ({part.plan_id[:12]}, not {plan_id[:12]})"))
        elif not all(r.start >= 0 and r.stop <= n_blocks for r in part.blocks):
            rejected.append(Rejected(path, f"holds blocks that the plan has not (it has 0 to {n_blocks - 1})"))
        else:
            good.append(StoredPart(path, part, len(content), modified_s))
    done = np.zeros(n_blocks, np.bool_)
    used = []
    for stored in sorted(good, key=lambda s: (-s.part.n_blocks, s.path.name, str(s.path))):
        twice = next((r for r in stored.part.blocks if done[r.start : r.stop : r.step].any()), None)
        if twice is not None:
            n = next(int(b) for b in twice if done[b])
            rejected.append(Rejected(stored.path, f"holds block {n}, which another part holds already"))
            continue
        for r in stored.part.blocks:
            done[r.start : r.stop : r.step] = True
        used.append(stored)
    used.sort(key=lambda s: (s.part.blocks[0].start, s.path.name))
    return Scan(tuple(used), tuple(rejected), done)
