"""The seam between the run and whatever carries out its tasks.

Takes tasks, what prepares a worker and what does one task; gives each task with its result, in the order of completion.
Must know nothing of blocks, tallies and files: results come back to the caller, who alone writes them.
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TypeVar

from mcoom.errors import SpecError

EXECUTORS = ("threads",)
"""Names that ``ExecutorSettings`` knows."""

_IN_FLIGHT_PER_WORKER = 2

Task = TypeVar("Task")
Result = TypeVar("Result")
Context = TypeVar("Context")


@dataclass(frozen=True)
class ExecutorSettings:
    """Who does the work.

    Raises
    ------
    SpecError
        The name is not one of ``EXECUTORS``.
    """

    name: str = "threads"
    """One of ``EXECUTORS``."""
    workers: int = 1
    """Tasks done at the same time, at least 1. Results do not depend on it."""
    dask_scheduler: str | None = None
    """Address of the scheduler, for ``dask`` alone."""

    def __post_init__(self) -> None:
        if self.name not in EXECUTORS:
            raise SpecError(f"--executor {self.name}: no such executor; allowed: {', '.join(EXECUTORS)}")


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
        Consumed lazily; a bounded number is in flight. Each has to be hashable and, for workers that are processes,
        small when pickled.
    settings : ExecutorSettings
        Who does the work.
    prepare : callable
        Top-level function, called once in each worker process (once for threads) before its first task.
    context : bytes
        What ``prepare`` is given.
    work : callable
        Top-level function of what ``prepare`` returned and a task.
    stop : callable
        Once it is true no more tasks are begun; those in flight are finished and yielded, then the iterator ends.

    Yields
    ------
    tuple of task and result
        In any order. What ``work`` raises is raised here, at once. Closing the iterator drops what has not begun.
    """
    prepared = prepare(context)
    waiting = iter(tasks)
    flying: dict[Future[Result], Task] = {}
    pool = ThreadPoolExecutor(max_workers=settings.workers, thread_name_prefix="mcoom")
    try:
        while True:
            while len(flying) < settings.workers * _IN_FLIGHT_PER_WORKER and not stop():
                try:
                    task = next(waiting)
                except StopIteration:
                    break
                flying[pool.submit(work, prepared, task)] = task
            if not flying:
                return
            done, _ = wait(flying, return_when=FIRST_COMPLETED)
            for future in done:
                yield flying.pop(future), future.result()
    finally:
        # On an error a task that has begun cannot be stopped; waiting for it would only delay the message.
        pool.shutdown(wait=False, cancel_futures=True)
