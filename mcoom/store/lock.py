"""One writer at a time.

Takes the path of a lock file, gives a lock that ends with its process however that ends. Must know nothing of what is
locked: a lock saves double work, it is not what keeps data whole.

The lock is the kernel's (flock; on NFS it becomes a lock of the server), so a dead owner leaves none behind. On a file
system without locks the owner's record decides: a living process of this host excludes others, a process of another
host cannot be asked and excludes nobody.
"""

import contextlib
import errno
import fcntl
import json
import os
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mcoom.errors import StoreError
from mcoom.store.atomic import is_running

# Who asks about a lock holds it for an instant, and must not keep a writer out.
_TRIES, _PAUSE_S = 5, 0.1
_NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP}


class LockedError(StoreError):
    """Somebody else holds the lock; the text says who."""


@dataclass(frozen=True)
class Owner:
    """Who holds a lock."""

    host: str
    """Name of the host; empty if unknown."""
    pid: int
    """Process id, 0 if unknown."""

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}" if self.pid else "another process"


@contextlib.contextmanager
def hold_lock(path: Path) -> Iterator[None]:
    """Hold a lock while the block runs; the file is removed at its end.

    Raises
    ------
    LockedError
        It is held by a living process.
    StoreError
        The file cannot be written.
    """
    descriptor = _take(path)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
        os.close(descriptor)


def lock_owner(path: Path) -> Owner | None:
    """Return who holds a lock, None if nobody does; changes nothing."""
    try:
        descriptor = os.open(path, os.O_RDWR)
    except PermissionError:
        return _recorded(path)
    except OSError:
        return None
    try:
        if _flock(descriptor):
            return None
        return _recorded(path)
    finally:
        os.close(descriptor)


def _take(path: Path) -> int:
    try:
        refusals = 0
        while True:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
            if not _flock(descriptor):
                os.close(descriptor)
                refusals += 1
                if refusals == _TRIES:
                    raise LockedError(f"{path}: held by {_recorded(path)}")
                time.sleep(_PAUSE_S)
                continue
            # The owner before may have removed the file between our opening and our locking of it.
            if _is_at(descriptor, path):
                break
            os.close(descriptor)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps({"host": socket.gethostname(), "pid": os.getpid()}).encode(), 0)
    except OSError as error:
        raise StoreError(f"{path}: cannot be written: {error.strerror or error}") from error
    return descriptor


def _flock(descriptor: int) -> bool:
    """Try to lock; without locks of the file system, go by the record."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
        owner = _owner_in(os.pread(descriptor, 4096, 0))
        return owner.host != socket.gethostname() or owner.pid == os.getpid() or not is_running(owner.pid)
    return True


def _is_at(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _recorded(path: Path) -> Owner:
    try:
        return _owner_in(path.read_bytes())
    except OSError:
        return Owner("", 0)


def _owner_in(content: bytes) -> Owner:
    try:
        record = json.loads(content)
        return Owner(str(record["host"]), int(record["pid"]))
    except (ValueError, KeyError, TypeError):
        return Owner("", 0)
