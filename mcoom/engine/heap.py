"""Heaps of tasks on integer arrays: runqueues, far timers, starts.

Takes a row of ``State.heap`` and a task, keeps the row ordered by (KEY, TIE) of its tasks. Must not know what a row
is for. A task is in one heap at most; its place there is kept behind the last row, where it is close to those of
others. No two tasks of a row have equal (KEY, TIE), so the order is total and the inner arrangement never shows.

Four children to a parent, and the keys beside the tasks: a walk from the root down reads a line or two of memory a
level, and no task. Behind the last entry all keys are INF.
"""

from mcoom._jit import jit, leaf
from mcoom.engine.layout import INF
from mcoom.engine.state import AT_KEY, AT_TASK, AT_TIE, HEAP_STRIDE, KEY, PLACES_AT, TIE


@leaf
def _base(s, row):
    return row * s.g[HEAP_STRIDE]


@leaf
def size(s, row):
    """Return the number of tasks in ``row``."""
    return s.heap[_base(s, row), AT_KEY]


@leaf
def clear(s, row):
    """Empty ``row``, whatever it held."""
    base = _base(s, row)
    for at in range(s.heap[base, AT_KEY]):
        s.heap[base + 1 + at, AT_KEY] = INF
    s.heap[base, AT_KEY] = 0


@leaf
def first(s, row):
    """Return the first task of ``row``, which is not empty."""
    return s.heap[_base(s, row) + 1, AT_TASK]


@leaf
def first_key(s, row):
    """Return the KEY of the first task of ``row``, which is not empty."""
    return s.heap[_base(s, row) + 1, AT_KEY]


@leaf
def member(s, row, k):
    """Return the ``k``-th task of ``row``, 0 <= k < size, in no order; the first of the order is number 0."""
    return s.heap[_base(s, row) + 1 + k, AT_TASK]


@leaf
def _precedes(key_a, tie_a, key_b, tie_b):
    # Bitwise on purpose: a branch here would be mispredicted half the time.
    return (key_a < key_b) | ((key_a == key_b) & (tie_a < tie_b))


@leaf
def _put(s, root, at, key, tie, i):
    s.heap[root + at, AT_KEY] = key
    s.heap[root + at, AT_TIE] = tie
    s.heap[root + at, AT_TASK] = i
    s.heap[s.g[PLACES_AT] + i, AT_TASK] = at


@leaf
def _move(s, root, source, target):
    _put(s, root, target, s.heap[root + source, AT_KEY], s.heap[root + source, AT_TIE], s.heap[root + source, AT_TASK])


@leaf
def _sift_up(s, root, at, key, tie, i):
    while at > 0:
        parent = (at - 1) >> 2
        if not _precedes(key, tie, s.heap[root + parent, AT_KEY], s.heap[root + parent, AT_TIE]):
            break
        _move(s, root, parent, at)
        at = parent
    _put(s, root, at, key, tie, i)


@leaf
def _earlier(s, a, b):
    """Return that of the lines ``a`` and ``b`` whose entry comes first."""
    b_first = _precedes(s.heap[b, AT_KEY], s.heap[b, AT_TIE], s.heap[a, AT_KEY], s.heap[a, AT_TIE])
    return b if b_first else a


@leaf
def _sift_down(s, root, at, n, key, tie, i):
    while 4 * at + 1 < n:
        # All four are compared, as what is behind the last entry is never first.
        line = root + 4 * at + 1
        line = _earlier(s, _earlier(s, line, line + 1), _earlier(s, line + 2, line + 3))
        if not _precedes(s.heap[line, AT_KEY], s.heap[line, AT_TIE], key, tie):
            break
        _move(s, root, line - root, at)
        at = line - root
    _put(s, root, at, key, tie, i)


@jit
def insert(s, row, i):
    """Insert task ``i`` into ``row``; its KEY and TIE must be set and stay as they are while it is there."""
    base = _base(s, row)
    n = s.heap[base, AT_KEY]
    s.heap[base, AT_KEY] = n + 1
    _sift_up(s, base + 1, n, s.task[i, KEY], s.task[i, TIE], i)


@jit
def remove(s, row, i):
    """Remove task ``i``, wherever it is, from ``row``."""
    base = _base(s, row)
    root = base + 1
    at = s.heap[s.g[PLACES_AT] + i, AT_TASK]
    n = s.heap[base, AT_KEY] - 1
    s.heap[base, AT_KEY] = n
    key, tie, moved = s.heap[root + n, AT_KEY], s.heap[root + n, AT_TIE], s.heap[root + n, AT_TASK]
    s.heap[root + n, AT_KEY] = INF
    if at == n:
        return
    # The last entry takes the place that is free now.
    parent = (at - 1) >> 2
    if at > 0 and _precedes(key, tie, s.heap[root + parent, AT_KEY], s.heap[root + parent, AT_TIE]):
        _sift_up(s, root, at, key, tie, moved)
    else:
        _sift_down(s, root, at, n, key, tie, moved)
