"""Workers of a dask cluster.

Takes an order and the address of a scheduler, gives a crew of all workers that are connected to it, now or later. Must
know nothing of tasks, and starts no cluster of its own.
"""

import functools
import logging
import time
from concurrent.futures import CancelledError, Future
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
        future: Future[Any] = Future()
        # Not dask's own executor: it fails when a worker dies just after its result was fetched.
        remote = self._client.submit(carry_out, self._order, task, pure=False)
        remote.add_done_callback(functools.partial(_pass_on, future))
        return future

    def close(self) -> None:
        """Leave the cluster, which drops what is not done."""
        self._client.close()


def _pass_on(future: Future[Any], remote: Any) -> None:
    """Give a future what became of a task; a result whose worker has died since is computed again."""
    try:
        result = remote.result()
    except CancelledError:
        future.cancel()
        future.set_running_or_notify_cancel()
    except BaseException as error:  # noqa: BLE001 - whatever it is, it is raised where the result is asked for
        future.set_exception(error)
    else:
        future.set_result(result)
