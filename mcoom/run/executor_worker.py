"""What happens inside a worker process.

Takes an order and one task, gives the task's result. The order is prepared once per process; must know nothing of how
it came here and where the result goes.
"""

import functools
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import wait
from typing import Any

_PREPARING = threading.Lock()
"""A dask worker has several threads: the first one prepares, the others wait."""


@dataclass(frozen=True)
class Order:
    """What is to be done with every task."""

    prepare: Callable[[bytes], Any]
    """Top-level function: from ``context`` to what ``work`` needs."""
    context: bytes
    """Scenario and seed, as text; some kilobytes."""
    work: Callable[[Any, Any], Any]
    """Top-level function: from what was prepared and a task to a result."""


def carry_out(order: Order, task: Any) -> Any:
    """Do one task.

    Parameters
    ----------
    order : Order
        Prepared at the first task; later tasks of the same order find it prepared.
    task : object
        What ``order.work`` takes.

    Returns
    -------
    object
        What ``order.work`` gives.
    """
    with _PREPARING:
        prepared = _prepared(order)
    return order.work(prepared, task)


@functools.lru_cache(maxsize=1)
def _prepared(order: Order) -> Any:
    return order.prepare(order.context)


def enter_worker() -> None:
    """Make this process a worker: only the one that leads the run decides when to stop.

    A terminal or a batch system signals all processes of a job. The leader then lets tasks in flight finish, which
    needs its workers alive, so they ignore the signals that mean "stop".
    """
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1):
        signal.signal(number, signal.SIG_IGN)


def enter_child() -> None:
    """Make this process a worker that leaves when its parent is gone, however that went."""
    enter_worker()
    threading.Thread(target=_leave_with_parent, name="mcoom-parent", daemon=True).start()


def _leave_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
