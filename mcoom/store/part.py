"""Part files: the counts of some finished blocks, whole or recognisably not.

Takes packed tallies by point and the numbers of their blocks, gives the bytes of a file, and the same back after
checking every one of them. Must know nothing of folders, of what a block is, and of what is in a packed tally.

    magic (8) | version (4) | length of the header (4) | header (JSON) | packed tallies | sha256 of all before (32)
"""

import hashlib
import json
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mcoom.errors import McoomError

MAGIC = b"\x89mcoomP\n"
"""First bytes of a part file; the first one is no text, so that a transfer in text mode is noticed."""
PART_VERSION = 1
"""Version of the format."""
_HEAD = struct.Struct("<8sII")
_DIGEST_BYTES = 32


class DamagedPartError(McoomError):
    """The bytes are not those of a part file that was written whole; the text says what is wrong with them."""


@dataclass(frozen=True, eq=False)
class Part:
    """What the header of a part file says."""

    plan_id: str
    """Identity of the plan (sha256, hexadecimal) whose blocks these are."""
    blocks: tuple[range, ...]
    """Numbers of the blocks, disjoint, in order of their first."""
    points: NDArray[np.int64]
    """int64[n], the points that the blocks touch, rising."""
    offsets: NDArray[np.int64]
    """int64[n + 1], where the packed tally of each begins in the file, bytes; the next one's begin is its end."""

    @property
    def n_blocks(self) -> int:
        """Blocks in the file."""
        return sum(map(len, self.blocks))


def encode_part(plan_id: str, blocks: Iterable[range], tallies: Mapping[int, bytes]) -> bytes:
    """Return the bytes of a part file.

    Parameters
    ----------
    plan_id : str
        Identity of the plan.
    blocks : iterable of range
        Numbers of the blocks, disjoint; ranges that follow one another are joined.
    tallies : mapping of int to bytes
        Packed tally of these blocks, for each point that they touch.
    """
    points = sorted(tallies)
    header = {
        "plan": plan_id,
        "blocks": [[r.start, r.stop, r.step] for r in join_ranges(blocks)],
        "points": [[point, len(tallies[point])] for point in points],
    }
    text = json.dumps(header, separators=(",", ":")).encode()
    body = b"".join([_HEAD.pack(MAGIC, PART_VERSION, len(text)), text, *(tallies[point] for point in points)])
    return body + hashlib.sha256(body).digest()


def decode_part(content: bytes) -> Part:
    """Check the bytes of a part file and return its header.

    Raises
    ------
    DamagedPartError
        The file is empty, too short, too long, of another kind or version, or its checksum is wrong.
    """
    if not content:
        raise DamagedPartError("is empty")
    if len(content) < _HEAD.size + _DIGEST_BYTES:
        raise DamagedPartError(f"is truncated ({len(content)} bytes)")
    magic, version, n_header = _HEAD.unpack_from(content)
    if magic != MAGIC:
        raise DamagedPartError("is not a part file of mcoom, or its first bytes are damaged")
    body = memoryview(content)[:-_DIGEST_BYTES]
    if hashlib.sha256(body).digest() != content[-_DIGEST_BYTES:]:
        raise DamagedPartError("is truncated or damaged (its checksum is wrong)")
    if version != PART_VERSION:
        raise DamagedPartError(f"has version {version}; this mcoom reads {PART_VERSION}")
    try:
        header = json.loads(bytes(body[_HEAD.size : _HEAD.size + n_header]))
        blocks = tuple(range(first, stop, step) for first, stop, step in header["blocks"])
        table = np.array(header["points"], dtype=np.int64).reshape(-1, 2)
        offsets = _HEAD.size + n_header + np.concatenate(([0], np.cumsum(table[:, 1])))
        plan_id = str(header["plan"])
    except (ValueError, KeyError, TypeError) as error:
        raise DamagedPartError(f"has a header that cannot be read ({error})") from error
    is_in_order = bool((np.diff(table[:, 0]) > 0).all())
    if offsets[-1] != len(body) or not is_in_order or not blocks or any(r.step < 1 or not len(r) for r in blocks):
        raise DamagedPartError("has a header that does not fit its content")
    return Part(plan_id, blocks, table[:, 0].copy(), offsets)


def join_ranges(ranges: Iterable[range]) -> list[range]:
    """Return the same numbers in as few ranges as follow from joining neighbours of one step, in order of the first."""
    joined: list[range] = []
    for r in sorted((r for r in ranges if len(r)), key=lambda r: r.start):
        r = range(r.start, r[-1] + 1, r.step)
        for i in range(len(joined) - 1, -1, -1):
            if joined[i].step == r.step and joined[i][-1] + r.step == r.start:
                joined[i] = range(joined[i].start, r.stop, r.step)
                break
        else:
            joined.append(r)
    return joined
