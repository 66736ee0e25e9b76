"""Workers that are the other ranks of an MPI job.

Takes an order, gives a crew of ranks by way of ``mpi4py.futures``. Must know nothing of tasks.

MPI has no notion of a lost rank: when one dies, mpiexec ends the job, and the run is resumed by the same command.
"""

import importlib
import importlib.util
import os
import sys
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any

from mcoom.errors import SpecError
from mcoom.run.executor import IN_FLIGHT_PER_WORKER
from mcoom.run.executor_worker import Order, carry_out, enter_worker

_START = "start it as mpiexec -n N mcoom run ... with N >= 2 (under Slurm: srun --mpi=pmi2 or --mpi=pmix)"


def enter_mpi(arguments: Sequence[str]) -> None:
    """Become what ``mpiexec -n N mcoom ...`` means: rank 0 runs the command, the others serve it.

    Replaces this process by ``python -m mpi4py.futures -m mcoom ...``, before MPI is initialised. Does nothing in the
    process that came of it.

    Parameters
    ----------
    arguments : sequence of str
        Those of the command line, without the program.

    Raises
    ------
    SpecError
        mpi4py is not installed, or finds no MPI library.
    """
    if "mpi4py.MPI" in sys.modules:
        return
    if importlib.util.find_spec("mpi4py") is None:
        raise SpecError("--executor mpi: the package mpi4py is missing; install it with pip install 'mcoom[mpi]'")
    import mpi4py

    mpi4py.rc.initialize = False
    try:
        importlib.import_module("mpi4py.MPI")
    except (ImportError, RuntimeError) as error:
        said = " ".join(str(error).split())
        raise SpecError(f"--executor mpi: no MPI is installed, or its module is not loaded: {said}") from error
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(sys.executable, [sys.executable, "-m", "mpi4py.futures", "-m", "mcoom", *arguments])


def count_ranks() -> int:
    """Return the number of ranks that work: all but the one that leads.

    Raises
    ------
    SpecError
        There are none.
    """
    from mpi4py import MPI

    ranks: int = MPI.COMM_WORLD.Get_size()
    if ranks < 2:
        raise SpecError(f"--executor mpi: this is an MPI job of one rank, which has no workers; {_START}")
    return ranks - 1


class MpiCrew:
    """The ranks from 1 on; rank 0 leads."""

    deaths: tuple[type[BaseException], ...] = ()
    spares_begun = True

    def __init__(self, order: Order) -> None:
        from mpi4py.futures import MPIPoolExecutor

        self._capacity = count_ranks() * IN_FLIGHT_PER_WORKER
        self._order = order
        self._pool = MPIPoolExecutor(initializer=enter_worker)

    def capacity(self) -> int:
        """Return how many tasks may be in flight."""
        return self._capacity

    def submit(self, task: Any) -> Future[Any]:
        """Hand over one task."""
        future: Future[Any] = self._pool.submit(carry_out, self._order, task)
        return future

    def close(self) -> None:
        """Drop what has not begun; the ranks leave with the command."""
        self._pool.shutdown(wait=False, cancel_futures=True)
