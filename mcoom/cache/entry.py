"""What the cache holds: one entry per digest of the engine and kind of machine.

Takes the folder of the cache, gives its entries, and removes those that nobody here will ask for again. Must know
nothing of how a kernel is packed.
"""

import json
import re
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from mcoom.cache.folder import ABOUT

# The second form is that of versions before 0.2, whose folders Numba filled itself.
_NAME = re.compile(r"[0-9a-f]{24}(-[0-9a-f]{8})?")


@dataclass(frozen=True)
class CacheEntry:
    """Compiled kernels of one engine for one kind of machine."""

    path: Path
    """Its folder."""
    engine_digest: str
    """First 24 hex digits of the digest of the engine's sources."""
    cpu: str
    """Name of the CPU that it was compiled for; empty if unknown."""
    n_kernels: int
    """Files of compiled kernels."""
    size_bytes: int
    """Of all files."""
    age_s: float
    """Seconds since the last file was written."""


def read_entries(base: Path) -> list[CacheEntry]:
    """Return the entries below a folder, the latest first; none if there is no such folder.

    Parameters
    ----------
    base : Path
        Folder of the cache. What is not named like an entry is left alone.
    """
    if not base.is_dir():
        return []
    found = [_read_entry(path) for path in base.iterdir() if path.is_dir() and _NAME.fullmatch(path.name)]
    return sorted(found, key=lambda entry: entry.age_s)


def _read_entry(path: Path) -> CacheEntry:
    sizes, written_s = [], [path.stat().st_mtime]
    n_kernels = 0
    for file in path.rglob("*"):
        try:
            stat = file.stat()
        except FileNotFoundError:  # a temporary file of a process that is writing just now
            continue
        if file.is_file():
            sizes.append(stat.st_size)
            written_s.append(stat.st_mtime)
            n_kernels += file.suffix == ".nbc"
    return CacheEntry(
        path=path,
        engine_digest=path.name.partition("-")[0],
        cpu=_cpu(path / ABOUT),
        n_kernels=n_kernels,
        size_bytes=sum(sizes),
        age_s=max(0.0, time.time() - max(written_s)),
    )


def _cpu(about: Path) -> str:
    try:
        return str(json.loads(about.read_text()).get("cpu", ""))
    except (OSError, ValueError, AttributeError):
        return ""


def prune_entries(base: Path, keep: str) -> list[CacheEntry]:
    """Remove the entries of other engines, and return them.

    A process that still uses one has its kernels in memory, or compiles them again; no result changes.

    Parameters
    ----------
    base : Path
        Folder of the cache.
    keep : str
        Digest of the engine whose entries stay, for every CPU.

    Raises
    ------
    OSError
        An entry cannot be removed.
    """
    others = [entry for entry in read_entries(base) if not keep.startswith(entry.engine_digest)]
    for entry in others:
        shutil.rmtree(entry.path)
    return others
