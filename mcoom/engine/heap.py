"""Binary heaps of tasks on integer arrays: runqueues and timers.

Takes a row of ``State.heap`` and a task, keeps the row ordered by (KEY, TIE) of its tasks. Must not know what a row
is for. A task is in one heap at most; POS is its place there. No two tasks of a row have equal (KEY, TIE), so the
order is total and the heap's inner arrangement never shows.
"""

from mcoom._jit import jit, leaf
from mcoom.engine.state import KEY, POS, TIE


@leaf
def before(s, a, b):
    """Return whether task ``a`` comes before task ``b``."""
    key_a = s.task[a, KEY]
    key_b = s.task[b, KEY]
    return key_a < key_b or (key_a == key_b and s.task[a, TIE] < s.task[b, TIE])


@leaf
def _place(s, row, at, i):
    s.heap[row, at] = i
    s.task[i, POS] = at


@leaf
def _sift_up(s, row, at, i):
    while at > 1:
        parent = s.heap[row, at >> 1]
        if not before(s, i, parent):
            break
        _place(s, row, at, parent)
        at >>= 1
    _place(s, row, at, i)


@leaf
def _sift_down(s, row, at, i):
    n = s.heap[row, 0]
    while True:
        child_at = at << 1
        if child_at > n:
            break
        child = s.heap[row, child_at]
        if child_at < n and before(s, s.heap[row, child_at + 1], child):
            child_at += 1
            child = s.heap[row, child_at]
        if not before(s, child, i):
            break
        _place(s, row, at, child)
        at = child_at
    _place(s, row, at, i)


@jit
def insert(s, row, i):
    """Insert task ``i`` into ``row``; its KEY and TIE must be set and stay as they are while it is there."""
    n = s.heap[row, 0] + 1
    s.heap[row, 0] = n
    _sift_up(s, row, n, i)


@jit
def remove(s, row, i):
    """Remove task ``i``, wherever it is, from ``row``."""
    at = s.task[i, POS]
    n = s.heap[row, 0]
    s.heap[row, 0] = n - 1
    if at == n:
        return
    moved = s.heap[row, n]
    if at > 1 and before(s, moved, s.heap[row, at >> 1]):
        _sift_up(s, row, at, moved)
    else:
        _sift_down(s, row, at, moved)
