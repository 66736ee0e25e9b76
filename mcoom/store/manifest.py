"""What a run is: the plan file of its folder.

Takes the entries that decide every number of a run, gives their identity, the file, and the differences between two
plans in words. Must know nothing of what the entries mean.
"""

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mcoom.errors import StoreError
from mcoom.store.atomic import write_atomic

FORMAT = "mcoom plan"
"""Entry ``format`` of a plan file."""
FORMAT_VERSION = 1
"""Entry ``format_version`` of the files written by this version."""


class DamagedManifestError(StoreError):
    """A plan file is not what was written."""


@dataclass(frozen=True)
class Manifest:
    """The plan of a run."""

    entries: Mapping[str, Any]
    """Strings, integers and lists of strings, by name: two runs with equal entries give equal datasets."""

    @property
    def plan_id(self) -> str:
        """Identity: sha256 (hexadecimal) of the entries in canonical form."""
        return hashlib.sha256(
            json.dumps(dict(self.entries), sort_keys=True, separators=(",", ":")).encode()
        ).hexdigest()

    def differences(self, other: "Manifest", ignored: Collection[str] = ()) -> list[str]:
        """Say in what another plan differs, one text per entry: ``seed is 3, not 4``; the other's value comes first."""
        names = dict.fromkeys([*self.entries, *other.entries])
        return [
            _difference(name, other.entries.get(name), self.entries.get(name))
            for name in names
            if name not in ignored and other.entries.get(name) != self.entries.get(name)
        ]


def _difference(name: str, theirs: Any, ours: Any) -> str:
    if isinstance(theirs, str) and isinstance(ours, str) and "\n" in theirs + ours:
        old, new = theirs.splitlines(), ours.splitlines()
        n = next((i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
        line = [text[n].strip()[:60] if n < len(text) else "no such line" for text in (old, new)]
        return f"{name} differs from line {n + 1} on ({line[0]!r}, not {line[1]!r})"
    values = [value[:12] if isinstance(value, str) and len(value) == 64 else value for value in (theirs, ours)]
    return f"{name} is {values[0]!r}, not {values[1]!r}"


def write_manifest(path: Path, manifest: Manifest) -> None:
    """Write a plan file, atomically.

    Raises
    ------
    StoreError
        It cannot be written.
    """
    document = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "id": manifest.plan_id,
        "plan": dict(manifest.entries),
    }
    write_atomic(path, json.dumps(document, indent=1).encode() + b"\n")


def read_manifest(path: Path) -> Manifest | None:
    """Read a plan file.

    Returns
    -------
    Manifest or None
        None if there is no such file.

    Raises
    ------
    DamagedManifestError
        It is not a plan file, or not as it was written.
    StoreError
        It cannot be read, or was written by a newer version.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreError(f"{path}: cannot be read: {error.strerror or error}") from error
    try:
        document = json.loads(content)
        is_ours = document["format"] == FORMAT
        version, recorded, manifest = int(document["format_version"]), document["id"], Manifest(document["plan"])
        plan_id = manifest.plan_id
    except (ValueError, KeyError, TypeError) as error:
        raise DamagedManifestError(f"{path}: not a plan file, or damaged") from error
    if is_ours and version > FORMAT_VERSION:
        raise StoreError(
            f"{path}: format_version = {version}, written by a newer mcoom; this one reads {FORMAT_VERSION}"
        )
    if not is_ours or plan_id != recorded:
        raise DamagedManifestError(f"{path}: damaged (its checksum is wrong)")
    return manifest
