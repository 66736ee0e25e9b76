"""What happens inside a worker process.

Takes an order and one task, gives the task's result. The order is prepared once per process; must know nothing of how
it came here and where the result goes.
"""

import functools
import hashlib
import multiprocessing
import os
import signal
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

import mcoom
from mcoom.errors import SpecError

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
    sources: str
    """``sources_digest`` of whoever gives the order."""


@functools.cache
def sources_digest() -> str:
    """Return the sha256 (hex) of all Python sources of this installation of mcoom.

    Stricter than the digest of the engine: the processes of one run must agree on everything that makes a number.
    """
    root = Path(mcoom.__file__).parent
    digest = hashlib.sha256()
    for source in sorted(root.rglob("*.py")):
        digest.update(source.relative_to(root).as_posix().encode() + b"\0" + source.read_bytes() + b"\0")
    return digest.hexdigest()


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

    Raises
    ------
    SpecError
        This process has other sources than the one that gave the order.
    """
    with _PREPARING:
        prepared = _prepared(order)
    return order.work(prepared, task)


@functools.lru_cache(maxsize=1)
def _prepared(order: Order) -> Any:
    if order.sources != sources_digest():
        raise SpecError(
            f"worker {os.getpid()} on {socket.gethostname()}: its mcoom ({sources_digest()[:12]}, "
            f"{Path(mcoom.__file__).parent}) is not that of the run ({order.sources[:12]}); allowed: the same sources "
            "everywhere"
        )
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
