"""Tallies as bytes: what travels between processes and lies in part files.

Takes a tally, gives compressed little-endian bytes and, with the plan, the same tally back. Only bins with counts are
in them. Must know nothing about files; the checksum is theirs.
"""

import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mcoom.engine.layout import OUT_FIELDS
from mcoom.tally.field import FIELDS, shape_of
from mcoom.tally.histogram import SparseHistogram
from mcoom.tally.plan import TallyPlan
from mcoom.tally.rows import RawRows
from mcoom.tally.tally import PointTally, histogram_shape

PACK_VERSION = 1
"""Raised when the order or the meaning of the bytes changes."""
# Level 1 takes a third of the time of level 6 for a tenth more bytes.
_LEVEL = 1
_INT = np.dtype("<i8")
_LIMB = np.dtype("<u8")


def pack_tally(tally: PointTally) -> bytes:
    """Return the bytes of a tally.

    The same counts give the same bytes, on every machine with the same zlib.
    """
    rows = tally.rows
    sizes = (len(tally.histogram.keys), len(rows.replicates), tally.horizon_min_ns, tally.horizon_max_ns)
    pieces = [np.array(sizes, _INT)]
    pieces += [tally.arrays[field.name].astype(_LIMB if field.is_sum else _INT, copy=False) for field in FIELDS]
    pieces += [tally.histogram.keys, tally.histogram.counts]
    pieces += [rows.replicates, rows.strata, rows.horizon_ns, rows.outputs]
    return zlib.compress(b"".join(np.ascontiguousarray(piece).tobytes() for piece in pieces), _LEVEL)


def unpack_tally(plan: TallyPlan, content: bytes) -> PointTally:
    """Return the tally that ``pack_tally`` was given.

    Parameters
    ----------
    plan : TallyPlan
        The plan it was made under; the bytes do not repeat it.
    content : bytes
        What ``pack_tally`` gave.

    Raises
    ------
    ValueError
        The bytes are not those of a tally of this plan.
    """
    try:
        reader = _Reader(zlib.decompress(content))
    except zlib.error as error:
        raise ValueError(f"not a packed tally: {error}") from error
    n_keys, n_rows, horizon_min_ns, horizon_max_ns = reader.take(_INT, (4,)).tolist()
    arrays = {field.name: reader.take(_LIMB if field.is_sum else _INT, shape_of(field, plan)) for field in FIELDS}
    histogram = SparseHistogram(histogram_shape(plan), reader.take(_INT, (n_keys,)), reader.take(_INT, (n_keys,)))
    rows = RawRows(
        reader.take(_INT, (n_rows,)),
        reader.take(_INT, (n_rows,)),
        reader.take(_INT, (n_rows,)),
        reader.take(_INT, (len(plan.policies), n_rows, len(OUT_FIELDS))),
    )
    reader.check_end()
    return PointTally(plan, arrays, histogram, horizon_min_ns, horizon_max_ns, rows)


class _Reader:
    """Arrays out of bytes, one after the other."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._at = 0

    def take(self, dtype: np.dtype[Any], shape: tuple[int, ...]) -> NDArray[Any]:
        n = int(np.prod(shape))
        if min(shape, default=0) < 0 or self._at + n * dtype.itemsize > len(self._content):
            raise ValueError("packed tally: shorter than its plan says")
        array = np.frombuffer(self._content, dtype, n, self._at).reshape(shape)
        self._at += n * dtype.itemsize
        return array

    def check_end(self) -> None:
        if self._at != len(self._content):
            raise ValueError("packed tally: longer than its plan says")
