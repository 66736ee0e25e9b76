"""Real clusters for the tests, each brought up once and taken down at the end."""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster import slurm as local_slurm

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent


class Mpi:
    """``mpiexec`` of this environment, or of the machine."""

    def __init__(self, program: str) -> None:
        self.program = program
        # Needed as root and with more ranks than cores, by the two ages of Open MPI; MPICH asks for neither.
        allowed = ("OMPI_ALLOW_RUN_AS_ROOT", "PRTE_ALLOW_RUN_AS_ROOT")
        self.environment = {
            **os.environ,
            **{name: "1" for first in allowed for name in (first, f"{first}_CONFIRM")},
            "OMPI_MCA_rmaps_base_oversubscribe": "1",
            "PRTE_MCA_rmaps_default_mapping_policy": ":oversubscribe",
            "PYTHONPATH": str(ROOT),
        }

    def start(self, ranks: int, *command: object, cwd: Path = ROOT) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [self.program, "-n", str(ranks), *map(str, command)],
            cwd=cwd,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


@pytest.fixture(scope="session")
def mpi() -> Mpi:
    pytest.importorskip("mpi4py")
    own = BIN / "mpiexec"
    found = str(own) if own.exists() else shutil.which("mpiexec")
    if found is None:
        pytest.skip("no mpiexec: neither in this environment nor on the machine")
    return Mpi(found)


class Dask:
    """A scheduler and its workers, each a process of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._processes: list[subprocess.Popen[bytes]] = []
        self._workers: list[subprocess.Popen[bytes]] = []
        self._environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            # A task is given up when its second worker dies.
            "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1",
        }
        self.scheduler = self._start(
            "dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", "scheduler"
        )
        self.address = self._wait_for_address()

    def _start(self, program: str, *arguments: str) -> subprocess.Popen[bytes]:
        with (self._folder / f"{program}.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", f"distributed.cli.{program}", *arguments],
                cwd=self._folder,
                env=self._environment,
                stdout=log,
                stderr=log,
            )
        self._processes.append(process)
        return process

    def _wait_for_address(self) -> str:
        import json

        file = self._folder / "scheduler"
        end = time.monotonic() + 60
        while time.monotonic() < end:
            with contextlib.suppress(FileNotFoundError, ValueError):
                return str(json.loads(file.read_text())["address"])
            time.sleep(0.1)
        raise TimeoutError((self._folder / "dask_scheduler.log").read_text())

    def need(self, n_workers: int) -> None:
        """See to it that so many workers are connected, one thread each."""
        from distributed import Client

        self._workers = [worker for worker in self._workers if worker.poll() is None]
        for _ in range(n_workers - len(self._workers)):
            self._workers.append(
                self._start("dask_worker", self.address, "--no-nanny", "--nthreads", "1", "--no-dashboard")
            )
        with Client(self.address, set_as_default=False) as client:
            end = time.monotonic() + 60
            while len(client.nthreads()) != n_workers:
                assert time.monotonic() < end, "the workers did not come"
                time.sleep(0.1)

    def stop(self) -> None:
        for process in reversed(self._processes):
            process.kill()
            process.wait()


@contextlib.contextmanager
def dask_cluster() -> Iterator[Dask]:
    pytest.importorskip("distributed")
    with tempfile.TemporaryDirectory() as folder:
        cluster = Dask(Path(folder))
        try:
            yield cluster
        finally:
            cluster.stop()


@pytest.fixture(scope="session")
def dask() -> Iterator[Dask]:
    with dask_cluster() as cluster:
        yield cluster


@pytest.fixture(scope="session")
def slurm() -> Iterator[local_slurm.Slurm]:
    reason = local_slurm.missing()
    if reason:
        pytest.skip(reason)
    # A short path: that of a socket may have 108 bytes.
    with tempfile.TemporaryDirectory(prefix="mcoom-slurm-") as folder:
        cluster = local_slurm.Slurm(Path(folder))
        try:
            cluster.start()
            yield cluster
        finally:
            cluster.stop()
