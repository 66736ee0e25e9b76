"""Points of the unit cube: Latin hypercubes, Sobol points, and Saltelli's arrangement of them.

Takes a number of points and of dimensions and a source of keyed words, gives 64-bit words, u = word / 2^64. Must not
know what a dimension stands for. All of it is integer arithmetic: the same words on every machine.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from mcoom.design.stream import MASK, draw, purpose_of, stream_key

Words = NDArray[np.uint64]
"""64-bit words."""
BITS = 32
"""Bits of a Sobol point; those below are random."""
BRANCH = 1
"""Branch of the streams of a design; episodes have branch 0."""


def design_words(seed: int, path: str, n: int) -> Words:
    """Give the random words of one dimension.

    Parameters
    ----------
    seed : int
        Root seed.
    path : str
        Canonical path of the parameter: adding or removing others changes nothing here.
    n : int
        How many.

    Returns
    -------
    np.ndarray
        (n + 1,) uint64: one for each point, and one for the dimension as a whole.
    """
    return draw(stream_key(seed, 0, np.arange(n + 1), BRANCH, 0, purpose_of(f"design {path}")), 0)


def latin_hypercube(n: int, words: Sequence[Words]) -> Words:
    """Give a Latin hypercube sample: each n-th part of each dimension holds one point, at a random place in it.

    Parameters
    ----------
    n : int
        Points, at least 1.
    words : sequence of np.ndarray
        (n + 1,) uint64 for each dimension.

    Returns
    -------
    np.ndarray
        (n, D) uint64.

    Source
    ------
    McKay, Beckman, Conover (1979), Technometrics 21, 239-245.
    """
    columns = []
    for column in words:
        order = np.argsort(column[:n], kind="stable")
        part = np.empty(n, dtype=np.int64)
        part[order] = np.arange(n)
        # The low bits of the word that ranked the point are independent of its rank: they place it inside its part.
        inside = draw(column[:n], 0)
        columns.append([((int(p) << 64) + int(w)) // n for p, w in zip(part, inside, strict=True)])
    return np.array(columns, dtype=np.uint64).T.reshape(n, len(words))


def sobol(n: int, words: Sequence[Words]) -> Words:
    """Give Sobol points, shifted digit by digit at random.

    Parameters
    ----------
    n : int
        Points, a power of two.
    words : sequence of np.ndarray
        (n + 1,) uint64 for each dimension; the last word is its shift.

    Returns
    -------
    np.ndarray
        (n, D) uint64: every one is uniform, together they are as even as the sequence.

    Source
    ------
    Sobol (1967); direction numbers of Joe and Kuo (2008) as in ``scipy.stats.qmc.Sobol``; digital shift: L'Ecuyer and
    Lemieux (2002).
    """
    from scipy.stats import qmc

    exact = qmc.Sobol(len(words), scramble=False, bits=BITS).random_base2(n.bit_length() - 1)
    high = np.round(exact * 2.0**BITS).astype(np.uint64) << np.uint64(64 - BITS)
    low = np.uint64(MASK >> BITS)
    shift = np.array([int(column[n]) for column in words], dtype=np.uint64)
    fill = np.stack([draw(column[:n], 0) & low for column in words], axis=1)
    shifted: Words = (high ^ (shift & ~low)[None, :]) | fill
    return shifted


def saltelli(n: int, words: Callable[[int], Sequence[Words]]) -> Words:
    """Give the points from which first-order and total indices can be estimated.

    Parameters
    ----------
    n : int
        Base points, a power of two.
    words : callable
        From 0 or 1 to the words of all D dimensions, for the two halves of a Sobol point of 2 D dimensions.

    Returns
    -------
    np.ndarray
        (n * (D + 2), D) uint64: for each base point A, B, then A with dimension i of B, i = 1..D.

    Source
    ------
    Saltelli, Annoni, Azzini, Campolongo, Ratto, Tarantola (2010), Comput. Phys. Commun. 181, 259-270.
    """
    first, second = words(0), words(1)
    both = sobol(n, [*first, *second])
    d = len(first)
    a, b = both[:, :d], both[:, d:]
    mixed = np.repeat(a[:, None, :], d + 2, axis=1)
    mixed[:, 1] = b
    for i in range(d):
        mixed[:, 2 + i, i] = b[:, i]
    return mixed.reshape(n * (d + 2), d)
