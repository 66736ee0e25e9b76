"""Files that are either whole or absent.

Takes bytes and a path, puts them there by way of a temporary file in the same folder: written, synced, renamed, the
folder synced. Must know nothing about what the bytes mean.
"""

import contextlib
import os
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from mcoom.errors import StoreError

# Host and process id keep two writers on a shared file system from sharing a temporary file, and tell orphans.
_TEMPORARY = re.compile(r"(?P<place>\..+)\.(?P<pid>\d+)\.tmp")


def write_atomic(path: Path, content: memoryview | bytes) -> None:
    """Write a file so that a reader sees the old one or the new one, never a part.

    Parameters
    ----------
    path : Path
        Where the file is to be; an existing one is replaced.
    content : bytes
        All of it.

    Raises
    ------
    StoreError
        The folder does not exist or may not be written, the disk is full, or any other error of the system; what was
        at ``path`` before is still there.
    """
    with atomic_file(path) as stream:
        stream.write(content)


@contextlib.contextmanager
def atomic_file(path: Path) -> Iterator[BinaryIO]:
    """Give an empty file to write and to read back; it takes the place of ``path`` when the block ends without error.

    Parameters
    ----------
    path : Path
        Where the file is to be; an existing one is replaced.

    Yields
    ------
    binary stream
        Not buffered: an error of the system is raised by the call that met it.

    Raises
    ------
    StoreError
        As ``write_atomic``, also for an OSError raised by the block.
    """
    temporary = path.parent / f".{path.name}.{socket.gethostname()}.{os.getpid()}.tmp"
    try:
        try:
            with temporary.open("w+b", buffering=0) as stream:
                yield cast(BinaryIO, _Whole(stream))
                os.fsync(stream.fileno())
            temporary.replace(path)
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
        sync_folder(path.parent)
    except OSError as error:
        raise StoreError(f"{path}: cannot be written: {error.strerror or error}") from error


class _Whole:
    """A raw file whose ``write`` writes everything: an unbuffered one may stop in the middle when a disk fills up."""

    def __init__(self, stream: "BinaryIO | object") -> None:
        self._stream = cast(BinaryIO, stream)
        self.seek = self._stream.seek
        self.tell = self._stream.tell
        self.read = self._stream.read
        self.readinto = self._stream.readinto  # type: ignore[attr-defined]
        self.truncate = self._stream.truncate
        self.flush = self._stream.flush

    def write(self, content: memoryview | bytes) -> int:
        rest = memoryview(content).cast("B")
        n = len(rest)
        while rest:
            rest = rest[self._stream.write(rest) :]
        return n


def sync_folder(folder: Path) -> None:
    """Make renames and removals in a folder last through a loss of power.

    Raises
    ------
    OSError
        The folder cannot be opened or synced.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove_orphans(folder: Path, name: str) -> None:
    """Remove the temporary files of ``name`` that writers on this host left when they were killed.

    Parameters
    ----------
    folder : Path
        Where they lie; nothing happens if it may not be read or written.
    name : str
        Name of the file that was to be written.
    """
    with contextlib.suppress(OSError):
        for path in folder.iterdir():
            if path.name.startswith(f".{name}.") and is_orphan(path):
                path.unlink(missing_ok=True)


def is_orphan(path: Path) -> bool:
    """Return whether a file is the temporary one of a process of this host that is no more."""
    match = _TEMPORARY.fullmatch(path.name)
    is_ours = match is not None and match["place"].endswith(f".{socket.gethostname()}")
    return match is not None and is_ours and not is_running(int(match["pid"]))


def is_running(pid: int) -> bool:
    """Return whether a process of this host is there, ours or not."""
    if pid <= 0:  # these would name groups of processes
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
