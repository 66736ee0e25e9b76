"""Memory: marks and allocation (docs/model.md section 7).

Takes the world and a task, moves pages from the free list to it.
Must not know what a task does when it gets no page.
"""

from .codes import RESERVES_FULL, RESERVES_HALF, T_ALLOC
from .world import Task, World


def min_mark(w: World) -> int:
    """Return the min mark with the boost that holds now."""
    return w.machine["min_pages"] + w.boost


def mark(w: World, task: Task) -> int:
    """Return the number of free pages that the task must leave."""
    base = min_mark(w)
    if task.killed and w.policy["reserves"] == RESERVES_FULL:
        return 0
    if task.killed and w.policy["reserves"] == RESERVES_HALF:
        return base - base // 2
    if task.is_rt:
        return base - base // w.policy["rt_reserve"]
    return base


def high_mark(w: World) -> int:
    """Return the mark of the last attempt and of recovery."""
    return w.machine["high_pages"] + w.boost


def try_alloc(w: World, task: Task, m: int) -> bool:
    """Take the pages of one fault, or as many as the mark `m` allows."""
    if w.free <= m:
        return False
    b = min(task.cls["fault_pages"], w.free - m + w.pcp)
    from_lists = min(b, w.pcp)
    w.pcp -= from_lists
    w.free -= b - from_lists
    task.rss += b
    task.taken += b
    w.record(T_ALLOC, task, arg=w.free)
    return True


def free_pages(w: World, pages: int) -> None:
    """Give pages back: to the per-CPU lists while they take any, the others to the free list."""
    to_lists = min(pages, w.machine["pcp_pages"] - w.pcp)
    w.pcp += to_lists
    w.free += pages - to_lists
