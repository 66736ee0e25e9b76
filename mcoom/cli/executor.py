"""Options that say who does the work of ``run``.

Takes what was given on the command line, gives the settings of an executor. Must know nothing of the work.
"""

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import click

from mcoom.cli.options import available_cpus, threads_option
from mcoom.errors import SpecError

if TYPE_CHECKING:
    from mcoom.run.executor import ExecutorSettings

Command = TypeVar("Command", bound=Callable[..., object])


def executor_options(command: Command) -> Command:
    """Add ``--threads``, ``--executor``, ``--dask-scheduler`` and ``--device``."""
    for option in (
        click.option(
            "--device",
            type=click.Choice(["cpu", "gpu"]),
            default="cpu",
            show_default=True,
            help="Where episodes are simulated; the same bytes. gpu needs CUDA and the extra gpu.",
        ),
        click.option("--dask-scheduler", metavar="ADDRESS", help="Scheduler of --executor dask: tcp://host:8786."),
        click.option(
            "--executor",
            type=click.Choice(["threads", "processes", "mpi", "dask"]),
            default="threads",
            show_default=True,
            help="Who works: threads or processes of this machine, ranks of mpiexec, workers of a dask scheduler.",
        ),
        threads_option,
    ):
        command = option(command)
    return command


def executor_settings(
    name: str, threads: int | None, dask_scheduler: str | None, device: str = "cpu"
) -> "ExecutorSettings":
    """Return who does the work.

    Parameters
    ----------
    name : str
        One of ``mcoom.run.executor.EXECUTORS``. For ``mpi`` this process may be replaced by one that is served by the
        other ranks (``mcoom.run.executor_mpi.enter_mpi``).
    threads : int or None
        Threads or processes of this machine; None: one per CPU.
    dask_scheduler : str or None
        Address, for ``dask``.
    device : str
        One of ``mcoom.run.device.DEVICES``.

    Raises
    ------
    SpecError
        The options do not go together, or what the executor needs is not there.
    """
    if name in ("mpi", "dask") and threads is not None:
        raise SpecError(f"--threads {threads}: not with --executor {name}, whose workers are those that were started")
    if name == "mpi":
        from mcoom.run.executor_mpi import enter_mpi

        enter_mpi(sys.argv[1:])
    # Loads the engine's surroundings; not before MPI had its chance to start this process anew.
    from mcoom.run.executor import ExecutorSettings

    # A GPU takes one task after the other: a second thread lowers and counts meanwhile.
    workers = threads or (min(2, available_cpus()) if device == "gpu" else available_cpus())
    settings = ExecutorSettings(name, workers, dask_scheduler, device)
    if device != "cpu":
        from mcoom.run.device import check_device

        check_device(device)
    if name == "mpi":
        from mcoom.run.executor_mpi import count_ranks

        return ExecutorSettings(name, count_ranks())
    if name == "dask":
        from mcoom.run.executor_dask import count_threads

        return ExecutorSettings(name, count_threads(str(dask_scheduler)), dask_scheduler)
    return settings
