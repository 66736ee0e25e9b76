"""Counter-based streams of randomness, vectorised: the numpy twin of ``mcoom.engine.rng``.

Takes the six levels of a stream key, gives unsigned 64-bit draws (docs/model.md section 2). Must not know what a draw
is used for; the policy is never part of a key.
"""

import hashlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mcoom.codes import Purpose

GOLDEN = 0x9E3779B97F4A7C15
"""Step of the counter."""
Words = NDArray[np.uint64]
"""Array of 64-bit words."""
MASK = (1 << 64) - 1
"""All bits of a draw."""
_A = np.uint64(0xBF58476D1CE4E5B9)
_B = np.uint64(0x94D049BB133111EB)


def mix64(z: Words) -> Words:
    """Scramble 64-bit words.

    Parameters
    ----------
    z : np.ndarray
        uint64, any shape.

    Returns
    -------
    np.ndarray
        uint64, same shape; a bijection of each word.

    Source
    ------
    Steele, Lea, Flood (2014), Fast splittable pseudorandom number generators; variant 13 of D. Stafford.
    """
    z = z ^ (z >> np.uint64(30))
    z = z * _A
    z = z ^ (z >> np.uint64(27))
    z = z * _B
    return z ^ (z >> np.uint64(31))


def stream_key(
    seed: int,
    point: int,
    replicate: NDArray[Any] | int,
    branch: int,
    task: NDArray[Any] | int,
    purpose: NDArray[Any] | int,
) -> Words:
    """Fold the six levels of a stream into its key.

    Parameters
    ----------
    seed, point, branch : int
        Root seed, number of the point, branch (0).
    replicate, task, purpose : Words | int
        Arrays broadcast against each other.

    Returns
    -------
    np.ndarray
        uint64 keys, at least one-dimensional.
    """
    levels = [np.atleast_1d(_words(x)) for x in (seed, point, replicate, branch, task, purpose)]
    key = np.zeros(1, np.uint64)
    for j, level in enumerate(levels):
        step = np.uint64((GOLDEN * (j + 1)) & MASK)
        key = mix64(key ^ mix64(level + step))
    return key


def draw(key: Words, n: int) -> Words:
    """Give draw number n of each stream.

    Parameters
    ----------
    key : np.ndarray
        uint64 keys.
    n : int
        0, 1, 2, ...

    Returns
    -------
    np.ndarray
        uint64, uniform on 0..2**64 - 1.
    """
    return mix64(key + np.uint64((GOLDEN * (n + 1)) & MASK))


def purpose_of(path: str) -> int:
    """Give the purpose of a drawn parameter, a hash of its name.

    A parameter that is added to a scenario, or moved in its file, leaves the draws of all others as they were.

    Parameters
    ----------
    path : str
        Canonical path, such as ``machine.cpus``.

    Returns
    -------
    int
        From ``Purpose.DRAWN`` up, below 2**48 + 16.
    """
    digest = hashlib.sha256(f"mcoom drawn {path}".encode()).digest()
    return int(Purpose.DRAWN) + int.from_bytes(digest[:6], "big")


def _words(x: NDArray[Any] | int) -> Words:
    """Take the low 64 bits."""
    if isinstance(x, np.ndarray):
        return x.astype(np.uint64)
    return np.array(int(x) & MASK, np.uint64)
