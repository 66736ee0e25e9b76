"""Worker processes on this machine.

Takes an order, gives a crew of processes: a dead one is replaced, and its task done again. Must know nothing of tasks.
"""

import multiprocessing
import threading
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from mcoom.run.executor import IN_FLIGHT_PER_WORKER
from mcoom.run.executor_worker import Order, carry_out, enter_child

MAX_DEATHS = 3
"""A task that this many workers died of is not tried again."""


class ProcessCrew:
    """One thread per worker, and each has a pool of one process of its own.

    A pool breaks as a whole when one of its processes dies, and does not tell which task that one had. With one process
    per pool a death costs that task alone, and its name is known.
    """

    deaths: tuple[type[BaseException], ...] = (BrokenProcessPool,)
    spares_begun = True

    def __init__(self, order: Order, workers: int) -> None:
        self._order = order
        self._capacity = workers * IN_FLIGHT_PER_WORKER
        self._threads = ThreadPoolExecutor(max_workers=workers, thread_name_prefix="mcoom")
        self._of_thread = threading.local()
        self._pools: set[ProcessPoolExecutor] = set()

    def capacity(self) -> int:
        """Return how many tasks may be in flight."""
        return self._capacity

    def submit(self, task: Any) -> Future[Any]:
        """Hand over one task."""
        return self._threads.submit(self._supervise, task)

    def close(self) -> None:
        """Drop what has not begun; the processes leave when their task is done."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        for pool in tuple(self._pools):
            pool.shutdown(wait=False)

    def _supervise(self, task: Any) -> Any:
        deaths = 0
        while True:
            try:
                return self._pool().submit(carry_out, self._order, task).result()
            except BrokenProcessPool:
                self._forget_pool()
                deaths += 1
                if deaths == MAX_DEATHS:
                    raise

    def _pool(self) -> ProcessPoolExecutor:
        pool: ProcessPoolExecutor | None = getattr(self._of_thread, "pool", None)
        if pool is None:
            # Spawned, not forked: threads are running here, and a fork would copy their locks.
            spawn = multiprocessing.get_context("spawn")
            pool = ProcessPoolExecutor(max_workers=1, mp_context=spawn, initializer=enter_child)
            self._of_thread.pool = pool
            self._pools.add(pool)
        return pool

    def _forget_pool(self) -> None:
        pool: ProcessPoolExecutor = self._of_thread.pool
        pool.shutdown(wait=False)
        self._pools.discard(pool)
        self._of_thread.pool = None
