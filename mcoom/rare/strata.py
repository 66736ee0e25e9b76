"""Keys whose first draws are spread evenly over the copies that set out from one level.

Takes the keys of segments and where each sets out, gives keys that are each as random as before but together miss no
part of the first draw. Must know nothing of what a draw decides.

Copies at one level are alike, and what they do first varies by chance from one to the next. If their first draws are
one in each of m equal parts instead of m independent ones, about the right share of them goes up. Each key by itself is
still uniform, so the mean of anything that is summed over copies is what it was: only its variance falls. Keys are made
backwards from the draw, ``mix64`` being a bijection.

References
----------
1. L'Ecuyer, Demers and Tuffin (2007), Rare events, splitting, and quasi-Monte Carlo, ACM Trans Model Comput Simul 17, 9
   (who use a point set over all steps; here it is one draw per segment, which is all of it where a level is one step).
"""

import numpy as np
from numpy.typing import NDArray

from mcoom.design.stream import GOLDEN, MASK, Words, mix64

_TURN = np.uint64(0xD1B54A32D192ED03)
"""Sets the turn of the parts apart from the keys themselves."""
_UNDO_A = np.uint64(pow(0xBF58476D1CE4E5B9, -1, 1 << 64))
_UNDO_B = np.uint64(pow(0x94D049BB133111EB, -1, 1 << 64))


def even_keys(keys: Words, group: NDArray[np.int64]) -> Words:
    """Give keys with evenly spread first draws within each group.

    Parameters
    ----------
    keys : uint64[n]
        Independent keys.
    group : int64[n]
        Copies with the same number are spread together.

    Returns
    -------
    uint64[n]
        For a group of m: one first draw in each m-th of 0..2**64 - 1, which copy gets which part decided by a random
        turn. Each key is uniform (to 1 in 2**40 for less than 2**24 copies), and a function of ``keys`` and ``group``.
    """
    if not len(keys):
        return keys
    order = np.argsort(group, kind="stable")
    ordered, words = group[order], keys[order]
    starts = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
    sizes = np.diff(np.concatenate((starts, [len(ordered)])))
    size = np.repeat(sizes, sizes).astype(np.uint64)
    place = (np.arange(len(ordered)) - np.repeat(starts, sizes)).astype(np.uint64)
    turn = np.repeat(mix64(words[starts] ^ _TURN) % sizes.astype(np.uint64), sizes)
    width = np.uint64(MASK) // size
    draws = (place + turn) % size * width + words % width
    even = np.empty_like(keys)
    even[order] = _unmix64(draws) - np.uint64(GOLDEN)
    return even


def _unmix64(z: Words) -> Words:
    """Give the words that ``mix64`` makes these of."""
    z = _unshift(z, 31) * _UNDO_B
    z = _unshift(z, 27) * _UNDO_A
    return _unshift(z, 30)


def _unshift(z: Words, bits: int) -> Words:
    """Undo ``z ^ (z >> bits)``; three terms exhaust 64 bits."""
    undone: Words = z ^ (z >> np.uint64(bits)) ^ (z >> np.uint64(2 * bits))
    return undone
