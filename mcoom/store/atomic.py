"""Files that are either whole or absent.

Takes bytes and a path, puts them there by way of a temporary file in the same folder: written, synced, renamed, the
folder synced. Must know nothing about what the bytes mean.
"""

import contextlib
import os
import socket
from pathlib import Path

from mcoom.errors import StoreError


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
    # Host and process id keep two writers on a shared file system from sharing a temporary file.
    temporary = path.parent / f".{path.name}.{socket.gethostname()}.{os.getpid()}.tmp"
    try:
        try:
            with temporary.open("wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            temporary.replace(path)
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
        _sync_folder(path.parent)
    except OSError as error:
        raise StoreError(f"{path}: cannot be written: {error.strerror or error}") from error


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
