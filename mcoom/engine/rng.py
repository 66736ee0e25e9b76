"""Counter-based streams of random numbers (docs/model.md section 2).

Takes a stream prefix, a purpose and a counter; gives 64 random bits, or those mapped through a shape table. Must know
nothing of what the numbers are used for.
"""

import numpy as np

from mcoom._jit import leaf
from mcoom.engine.layout import SHAPE_BINS, SHAPE_ONE
from mcoom.engine.state import DRAWS, SHAPES_AT, STREAM

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_M1 = np.uint64(0xBF58476D1CE4E5B9)
_M2 = np.uint64(0x94D049BB133111EB)
_S30, _S27, _S31 = np.uint64(30), np.uint64(27), np.uint64(31)
_S56, _S36, _S32, _S44 = np.uint64(56), np.uint64(36), np.uint64(32), np.uint64(44)
_MASK20 = np.uint64(0xFFFFF)


@leaf
def mix64(z):
    """Return the bits of uint64 ``z`` thoroughly mixed: a bijection (finaliser of SplitMix64, Steele et al. 2014)."""
    z = (z ^ (z >> _S30)) * _M1
    z = (z ^ (z >> _S27)) * _M2
    return z ^ (z >> _S31)


@leaf
def fold_key(key, value, level):
    """Return the uint64 stream key ``key`` extended by ``value`` (int64 >= 0) at ``level`` (0..5)."""
    return mix64(key ^ mix64(np.uint64(value) + _GOLDEN * np.uint64(level + 1)))


@leaf
def draw(s, i, purpose):
    """Return the next 64 random bits of task ``i`` for ``purpose``; raises the counter of that stream by one."""
    n = s.task[i, DRAWS + purpose] + 1
    s.task[i, DRAWS + purpose] = n
    return draw_number(fold_key(np.uint64(s.task[i, STREAM]), purpose, 5), n)


@leaf
def draw_number(key, n):
    """Return draw number ``n`` (1, 2, ...) of the stream of uint64 ``key``."""
    return mix64(key + _GOLDEN * np.uint64(n))


@leaf
def quantile(s, table, bits):
    """Return the quantile (2**20 = 1.0) that ``bits`` select of the shape table that begins at ``table`` in ``g``."""
    at = table + np.int64(bits >> _S56)
    f = np.int64((bits >> _S36) & _MASK20)
    return (s.g[at] * (SHAPE_ONE - f) + s.g[at + 1] * f) >> 20


@leaf
def scaled(s, value, shape, bits):
    """Return int64 ``value`` times the quantile of shape table ``shape`` that ``bits`` select, rounded down."""
    return (value * quantile(s, s.g[SHAPES_AT] + shape * (SHAPE_BINS + 1), bits)) >> 20


@leaf
def index_below(bits, m):
    """Return a uniform int64 in 0..m-1 (m < 2**32)."""
    return np.int64(((bits >> _S32) * np.uint64(m)) >> _S32)


@leaf
def fraction(bits):
    """Return a uniform int64 in 0..2**20-1."""
    return np.int64(bits >> _S44)
