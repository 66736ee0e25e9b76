"""The seam between the run and whatever carries out its tasks.

Takes tasks, what prepares a worker and what does one task; gives each task with its result, in the order of completion.
Must know nothing of blocks, tallies and files: results come back to the caller, who alone writes them.
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from mcoom.errors import SpecError, WorkerLostError
from mcoom.run.executor_worker import Order

EXECUTORS = ("threads", "processes", "mpi", "dask")
"""Names that ``ExecutorSettings`` knows."""

IN_FLIGHT_PER_WORKER = 2
"""One at work and one waiting, so that no worker is idle while the caller writes a result down."""

Task = TypeVar("Task")
Result = TypeVar("Result")
Context = TypeVar("Context")


@dataclass(frozen=True)
class ExecutorSettings:
    """Who does the work.

    Raises
    ------
    SpecError
        The name is not one of ``EXECUTORS``, or an address of a scheduler is missing or has no use.
    """

    name: str = "threads"
    """One of ``EXECUTORS``."""
    workers: int = 1
    """Tasks done at the same time, at least 1; ``mpi`` and ``dask`` have as many as were started. Results do not
    depend on it."""
    dask_scheduler: str | None = None
    """Address of the scheduler, for ``dask`` alone."""
    device: str = "cpu"
    """Where a worker simulates: one of ``mcoom.run.device.DEVICES``; ``gpu`` for ``threads`` alone."""

    def __post_init__(self) -> None:
        if self.name not in EXECUTORS:
            raise SpecError(f"--executor {self.name}: no such executor; allowed: {', '.join(EXECUTORS)}")
        if self.device != "cpu" and self.name != "threads":
            raise SpecError(f"--device {self.device}: not with --executor {self.name}; allowed: threads")
        if self.name == "dask" and not self.dask_scheduler:
            raise SpecError("--executor dask: needs --dask-scheduler ADDRESS (tcp://host:8786 or similar)")
        if self.name != "dask" and self.dask_scheduler:
            raise SpecError(f"--dask-scheduler {self.dask_scheduler}: only with --executor dask, not {self.name}")


class Crew(Protocol):
    """Workers of one kind, behind an executor of ``concurrent.futures`` or of the same form."""

    deaths: tuple[type[BaseException], ...]
    """What a future raises once too many workers died of its task."""
    spares_begun: bool
    """Whether cancelling a future leaves a task alone that has begun."""

    def capacity(self) -> int:
        """Return how many tasks may be in flight, at least 1; it may change while the run goes on."""
        ...

    def submit(self, task: Any) -> Future[Any]:
        """Hand over one task; where its worker dies, another one gets it."""
        ...

    def close(self) -> None:
        """Drop what has not begun and let the workers go, without waiting for what has."""
        ...


class ThreadCrew:
    """Threads of this process; the kernels release the GIL."""

    deaths: tuple[type[BaseException], ...] = ()
    spares_begun = True

    def __init__(self, order: Order, workers: int) -> None:
        self._work = order.work
        self._context = order.prepare(order.context)
        self._capacity = workers * IN_FLIGHT_PER_WORKER
        self._pool = ThreadPoolExecutor(max_workers=workers, thread_name_prefix="mcoom")

    def capacity(self) -> int:
        """Return how many tasks may be in flight."""
        return self._capacity

    def submit(self, task: Any) -> Future[Any]:
        """Hand over one task."""
        return self._pool.submit(self._work, self._context, task)

    def close(self) -> None:
        """Drop what has not begun; a thread that has begun cannot be stopped."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def completed(
    tasks: Iterable[Task],
    settings: ExecutorSettings,
    *,
    prepare: Callable[[bytes], Context],
    context: bytes,
    work: Callable[[Context, Task], Result],
    stop: Callable[[], bool],
) -> Iterator[tuple[Task, Result]]:
    """Carry out tasks and yield each with its result as soon as it is there.

    Parameters
    ----------
    tasks : iterable
        Consumed lazily; a bounded number is in flight. Small when pickled, for workers that are processes.
    settings : ExecutorSettings
        Who does the work.
    prepare : callable
        Top-level function, called once in each worker process (once for threads) before its first task.
    context : bytes
        What ``prepare`` is given.
    work : callable
        Top-level function of what ``prepare`` returned and a task.
    stop : callable
        Once it is true no more tasks are begun; those that have are finished and yielded, then the iterator ends.

    Yields
    ------
    tuple of task and result
        In any order. Closing the iterator drops what has not begun.

    Raises
    ------
    WorkerLostError
        The workers of one task died again and again (3 times; for dask as often as its scheduler allows).
    SpecError
        The executor cannot be had: a package, a scheduler or a second MPI rank is missing.
    Exception
        Whatever ``work`` or ``prepare`` raised. As with ``WorkerLostError`` no more tasks are begun, and those
        that have are finished and yielded before the error is raised: no finished work is lost to it.
    """
    crew = _open_crew(settings, Order(prepare, context, work))
    try:
        yield from _drive(iter(tasks), crew, stop)
    finally:
        crew.close()


def _drive(tasks: Iterator[Task], crew: Crew, stop: Callable[[], bool]) -> Iterator[tuple[Task, Any]]:
    flying: dict[Future[Any], Task] = {}
    failure: BaseException | None = None
    while True:
        while failure is None and not stop() and len(flying) < crew.capacity():
            try:
                task = next(tasks)
            except StopIteration:
                break
            flying[crew.submit(task)] = task
        if not flying:
            break
        done, _ = wait(flying, return_when=FIRST_COMPLETED)
        for future in done:
            task = flying.pop(future)
            error = _error(future, task, crew)
            if error is None:
                yield task, future.result()
            else:
                failure = failure or error
        if crew.spares_begun and (failure is not None or stop()):
            for future in [future for future in flying if future.cancel()]:
                del flying[future]
    if failure is not None:
        raise failure


def _error(future: Future[Any], task: object, crew: Crew) -> BaseException | None:
    """Return what a finished task failed with, in terms of the run; None if it did not."""
    if future.cancelled():
        # Nobody here cancelled it, or it would not be waited for.
        return WorkerLostError(f"task {task}: given up by the executor (is its scheduler gone?)")
    error = future.exception()
    if not isinstance(error, crew.deaths):
        return error
    lost = WorkerLostError(f"task {task}: every worker that had it died ({type(error).__name__}); out of memory?")
    lost.__cause__ = error
    return lost


def _open_crew(settings: ExecutorSettings, order: Order) -> Crew:
    # MPI and dask are loaded where they are asked for only: they are extras, and slow to import.
    if settings.name == "processes":
        from mcoom.run.executor_processes import ProcessCrew

        return ProcessCrew(order, settings.workers)
    if settings.name == "mpi":
        from mcoom.run.executor_mpi import MpiCrew

        return MpiCrew(order)
    if settings.name == "dask":
        from mcoom.run.executor_dask import DaskCrew

        return DaskCrew(order, str(settings.dask_scheduler))
    return ThreadCrew(order, settings.workers)
