"""Streams: counter-based draws and shape tables (docs/model.md section 2).

Takes seed, point, replicate, task and purpose, gives 64-bit draws and what is made of them.
Must not know what a draw is used for.
"""

from dataclasses import dataclass, field

MASK = (1 << 64) - 1
GOLDEN = 0x9E3779B97F4A7C15
ONE = 1 << 20


def mix64(z: int) -> int:
    """Return the 64-bit finaliser of `z`, the only place where integers wrap."""
    z &= MASK
    z ^= z >> 30
    z = (z * 0xBF58476D1CE4E5B9) & MASK
    z ^= z >> 27
    z = (z * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def stream_key(seed: int, point: int, replicate: int, branch: int, task: int, purpose: int) -> int:
    """Return the key of one stream: the six levels folded in this order."""
    key = 0
    for level, x in enumerate((seed, point, replicate, branch, task, purpose)):
        key = mix64(key ^ mix64(x + GOLDEN * (level + 1)))
    return key


def draw_at(key: int, n: int) -> int:
    """Return draw number `n` (from 0) of the stream `key`."""
    return mix64(key + GOLDEN * (n + 1))


def shape_at(table: list[int], u: int) -> int:
    """Return the quantile of `table` (257 values, 2^20 = 1.0) at the draw `u`, linear between its points."""
    i = u >> 56
    f = (u >> 36) & 0xFFFFF
    return (table[i] * (ONE - f) + table[i + 1] * f) >> 20


def index_below(m: int, u: int) -> int:
    """Return a uniform index 0..m-1 from the draw `u`."""
    return ((u >> 32) * m) >> 32


@dataclass
class Streams:
    """All streams of one episode; each (task, purpose) has its own counter."""

    seed: int
    point: int
    replicate: int
    shapes: list[list[int]]
    counters: dict[tuple[int, int], int] = field(default_factory=dict)

    def draw(self, task: int, purpose: int) -> int:
        """Return the next draw of `task` for `purpose` and raise its counter by one."""
        n = self.counters.get((task, purpose), 0)
        self.counters[task, purpose] = n + 1
        return draw_at(stream_key(self.seed, self.point, self.replicate, 0, task, purpose), n)

    def scaled(self, x: int, table: int, task: int, purpose: int) -> int:
        """Return `x` times a drawn shape; no draw is made where `x` is 0."""
        if x == 0:
            return 0
        return (x * shape_at(self.shapes[table], self.draw(task, purpose))) >> 20
