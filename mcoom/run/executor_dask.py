"""Workers of a dask cluster.

Takes an order and the address of a scheduler, gives a crew of all workers that are connected to it, now or later. Must
know nothing of tasks, and starts no cluster of its own.
"""

import logging
import time
from concurrent.futures import Future
from typing import Any

from mcoom.errors import SpecError
from mcoom.run.executor import IN_FLIGHT_PER_WORKER
from mcoom.run.executor_worker import Order, carry_out

_CONNECT_S = 30
_LOOK_EVERY_S = 2.0


def connect(address: str) -> Any:
    """Return a client of a scheduler.

    Parameters
    ----------
    address : str
        ``tcp://host:port`` or another form that dask knows.

    Raises
    ------
    SpecError
        The package is missing, or nobody answers.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise SpecError(
            "--executor dask: the package distributed is missing; install it with pip install 'mcoom[dask]'"
        ) from error
    # Lost connections are the scheduler's business; a run says what became of its tasks.
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    try:
        return Client(address, timeout=_CONNECT_S, set_as_default=False)
    except (OSError, ValueError) as error:
        raise SpecError(f"--dask-scheduler {address}: no scheduler answers there: {error}") from error


def count_threads(address: str) -> int:
    """Return the threads of the workers that a scheduler has just now, at least 1; raise as ``connect`` does."""
    with connect(address) as client:
        threads: dict[str, int] = client.nthreads()
    return max(1, sum(threads.values()))


class DaskCrew:
    """Threads of the workers of a scheduler. The scheduler gives the task of a dead worker to another one."""

    deaths: tuple[type[BaseException], ...]
    spares_begun = False

    def __init__(self, order: Order, address: str) -> None:
        self._client = connect(address)
        from distributed.scheduler import KilledWorker

        self.deaths = (KilledWorker,)
        self._order = order
        self._pool = self._client.get_executor(pure=False)
        self._capacity = 0
        self._looked_s = float("-inf")

    def capacity(self) -> int:
        """Return how many tasks may be in flight: some per thread of the workers that are there just now."""
        now = time.monotonic()
        if now - self._looked_s > _LOOK_EVERY_S:
            self._looked_s = now
            self._capacity = max(1, sum(self._client.nthreads().values())) * IN_FLIGHT_PER_WORKER
        return self._capacity

    def submit(self, task: Any) -> Future[Any]:
        """Hand over one task."""
        future: Future[Any] = self._pool.submit(carry_out, self._order, task)
        return future

    def close(self) -> None:
        """Cancel what is not done and leave the cluster."""
        self._pool.shutdown(wait=False)
        self._client.close()
