"""One entry of the cache: a folder of checksummed files, shared by many processes.

Takes bytes under a name, gives them back or nothing: a file that is missing, cut off or changed is the same as none.
One process at a time makes what is missing, the others wait for it. Must know nothing of what the bytes mean.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import socket
import sys
import time
from collections.abc import Mapping
from pathlib import Path

_MAGIC = b"mcoom kernel 1\n"
_DIGEST_SIZE = hashlib.sha256().digest_size
_LOCK = ".lock"
ABOUT = "about.json"
"""What the entry was compiled for, in words."""

WAIT_S = 180.0
"""Longest wait for another process that compiles; some times what compiling takes."""
_POLL_S = (0.05, 0.5)


class CacheFolder:
    """A folder of compiled kernels.

    Parameters
    ----------
    path : Path
        Made when the first file is written.
    about : mapping
        Written beside the files, for people.
    wait_s : float
        Longest wait for another process, s; after that this process makes what it needs itself.
    """

    def __init__(self, path: Path, about: Mapping[str, str], wait_s: float = WAIT_S) -> None:
        self.path = path
        self._about = about
        self._wait_s = wait_s
        self._keeps = True
        self._lock: int | None = None
        self._depth = 0

    def read(self, name: str) -> bytes | None:
        """Return the content of a file, or None if there is none that is whole."""
        try:
            content = (self.path / name).read_bytes()
        except OSError:
            return None
        head, payload = content[: len(_MAGIC) + _DIGEST_SIZE], content[len(_MAGIC) + _DIGEST_SIZE :]
        return payload if head == _MAGIC + hashlib.sha256(payload).digest() else None

    def write(self, name: str, payload: bytes) -> None:
        """Put a file there, whole or not at all. If that fails, say so once and keep nothing from then on."""
        if not self._keeps:
            return
        try:
            self._make()
            self._put(name, _MAGIC + hashlib.sha256(payload).digest() + payload)
        except OSError as error:
            self._give_up(error)

    def begin(self, name: str) -> None:
        """Ask to make a file that is missing. Returns when this process may, or when another one has made the file.

        Calls nest; each needs its ``end``. The lock is one of the kernel's, which goes with the process that has it.
        After the longest wait, or where locks do not work, the caller may as well: twice the work, no harm.
        """
        self._depth += 1
        if self._depth > 1 or not self._keeps:
            return
        try:
            self._make()
            lock = os.open(self.path / _LOCK, os.O_RDWR | os.O_CREAT, 0o666)
        except OSError as error:
            self._give_up(error)
            return
        if self._locked(lock, name):
            self._lock = lock
        else:
            os.close(lock)

    def end(self) -> None:
        """Say that the file of the matching ``begin`` is made, or was there after all."""
        self._depth -= 1
        if self._depth == 0 and self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _locked(self, lock: int, name: str) -> bool:
        deadline = time.monotonic() + self._wait_s
        pause_s, longest_s = _POLL_S
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return True
            except BlockingIOError:
                pass
            except OSError:  # a file system without locks
                return False
            if self.read(name) is not None:
                return False
            if time.monotonic() >= deadline:
                self._wait_s = 0.0
                return False
            time.sleep(pause_s)
            pause_s = min(2 * pause_s, longest_s)

    def _make(self) -> None:
        if not self.path.is_dir():
            # The base may be in the folder of temporary files: nobody else is to write there.
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.path.mkdir(exist_ok=True)
        if not (self.path / ABOUT).exists():
            self._put(ABOUT, json.dumps(dict(self._about), indent=2).encode() + b"\n")

    def _put(self, name: str, content: bytes) -> None:
        # Not synced: what a crash of the machine leaves behind does not have its checksum, and is made again.
        temporary = self.path / f".{name}.{socket.gethostname()}.{os.getpid()}.tmp"
        try:
            temporary.write_bytes(content)
            temporary.replace(self.path / name)
        except OSError:
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise

    def _give_up(self, error: OSError) -> None:
        self._keeps = False
        print(
            f"mcoom: note: compiled kernels are not kept: {self.path}: {error.strerror or error}; every process "
            "compiles them anew (MCOOM_CACHE_DIR names another folder)",
            file=sys.stderr,
            flush=True,
        )
