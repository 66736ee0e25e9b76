"""One run, carried out in every way there is: every dataset is the same to the byte."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cluster.test_executor import wait_for
from tests.integration.conftest import command, run_mcoom
from tests.integration.test_same_bytes import digests

ROOT = Path(__file__).resolve().parents[2]
SMALL = ROOT / "tests" / "integration" / "small.toml"
# 50 blocks of two points: enough for every worker to have some.
ARGUMENTS = ("run", SMALL, "--replicates", 400, "--seed", 5, "--quiet")
LONG = ("run", SMALL, "--replicates", 8_000, "--seed", 5, "--quiet")

pytestmark = pytest.mark.skipif(os.environ.get("NUMBA_DISABLE_JIT") == "1", reason="takes hours without the compiler")


@pytest.fixture(scope="module")
def by_threads(tmp_path_factory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("threads")
    done = run_mcoom(*ARGUMENTS, "-o", "a.h5", "--threads", 2, cwd=folder)
    assert done.returncode == 0, done.stderr
    found = digests(folder / "a.h5")
    assert len(found) > 20
    return found


def test_processes(tmp_path, by_threads):
    done = run_mcoom(*ARGUMENTS, "-o", "a.h5", "--executor", "processes", "--threads", 2, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert digests(tmp_path / "a.h5") == by_threads


@pytest.mark.parametrize("ranks", [2, 4])
def test_mpi(mpi, ranks, tmp_path, by_threads):
    process = mpi.start(ranks, *command(*ARGUMENTS, "-o", "a.h5", "--executor", "mpi"), cwd=tmp_path)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert digests(tmp_path / "a.h5") == by_threads


def test_dask(dask, tmp_path, by_threads):
    dask.need(2)
    done = run_mcoom(*ARGUMENTS, "-o", "a.h5", "--executor", "dask", "--dask-scheduler", dask.address, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert digests(tmp_path / "a.h5") == by_threads


def test_seven_shards_in_random_order(tmp_path, by_threads, base_seed):
    order = list(range(7))
    random.Random(base_seed).shuffle(order)
    # One process for all shares, to start up once; whole processes share a run in test_slurm.py.
    code = "import sys; from mcoom.cli.main import cli\nfor i in sys.argv[1].split(','):\n"
    code += " cli.main([*sys.argv[2:], '--shard', f'{i}/7', '--work', f'{i}.parts'], standalone_mode=False)"
    given = [*map(str, ARGUMENTS), "-o", "a.h5", "--threads", "2"]
    shares = subprocess.run(
        [sys.executable, "-c", code, ",".join(map(str, order)), *given],
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=200,
    )  # fmt: skip
    assert shares.returncode == 0, shares.stderr
    random.Random(base_seed + 1).shuffle(order)
    merged = run_mcoom("merge", *(f"{index}.parts" for index in order), "-o", "a.h5", cwd=tmp_path)
    assert merged.returncode == 0, merged.stderr
    assert digests(tmp_path / "a.h5") == by_threads


def test_another_seed_is_noticed(tmp_path, by_threads):
    """The twin: what is compared above does depend on the run."""
    done = run_mcoom(*ARGUMENTS, "-o", "a.h5", "--threads", 2, "--seed", 6, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    other = digests(tmp_path / "a.h5")
    assert other.keys() == by_threads.keys()
    assert other != by_threads


def parts_of(folder: Path) -> list[Path]:
    return list((folder / "a.parts").glob("part-*"))


def children_of(process: int) -> list[int]:
    """Processes that ``process`` has started and that work for it."""
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdecimal():
            continue
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            is_worker = b"spawn_main" in (folder / "cmdline").read_bytes()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if parent == process and is_worker:
            found.append(int(folder.name))
    return found


@pytest.mark.slow
def test_killed_workers_do_not_show(tmp_path):
    """Workers are killed at odd moments of a run of some seconds, until it is done."""
    plain = run_mcoom(*LONG, "-o", "plain.h5", "--threads", 2, cwd=tmp_path)
    assert plain.returncode == 0, plain.stderr
    run = subprocess.Popen(
        command(*LONG, "-o", "a.h5", "--executor", "processes", "--threads", 2),
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    n_killed = 0
    moment = random.Random(1)
    wait_for(lambda: parts_of(tmp_path), 60)
    while run.poll() is None and n_killed < 4:
        time.sleep(moment.uniform(0.1, 0.7))
        for victim in children_of(run.pid)[:1]:
            os.kill(victim, signal.SIGKILL)
            n_killed += 1
    _, err = run.communicate(timeout=200)
    assert run.returncode == 0, err
    assert n_killed == 4
    assert digests(tmp_path / "a.h5") == digests(tmp_path / "plain.h5")


@pytest.mark.slow
def test_a_run_goes_on_with_another_executor(tmp_path, mpi):
    """Stopped while processes worked, killed while ranks did, finished by threads."""
    plain = run_mcoom(*LONG, "-o", "plain.h5", "--threads", 2, cwd=tmp_path)
    assert plain.returncode == 0, plain.stderr
    first = subprocess.Popen(
        command(*LONG, "-o", "a.h5", "--executor", "processes", "--threads", 2),
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    wait_for(lambda: parts_of(tmp_path), 60)
    first.send_signal(signal.SIGTERM)
    _, err = first.communicate(timeout=60)
    assert first.returncode == 75, err
    n_first = len(parts_of(tmp_path))
    second = mpi.start(3, *command(*LONG, "-o", "a.h5", "--executor", "mpi"), cwd=tmp_path)
    wait_for(lambda: len(parts_of(tmp_path)) > n_first or second.poll() is not None, 60)
    second.kill()
    second.communicate(timeout=60)
    assert not (tmp_path / "a.h5").exists(), "the run was over before it was killed: nothing was tried"
    third = run_mcoom(*LONG, "-o", "a.h5", "--threads", 3, cwd=tmp_path)
    assert third.returncode == 0, third.stderr
    assert digests(tmp_path / "a.h5") == digests(tmp_path / "plain.h5")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--executor", "dask"), "needs --dask-scheduler ADDRESS"),
        (("--executor", "processes", "--dask-scheduler", "tcp://x:1"), "only with --executor dask"),
        (("--executor", "mpi", "--threads", "2"), "not with --executor mpi"),
        (("--executor", "sockets"), "'threads', 'processes', 'mpi', 'dask'"),
    ],
)
def test_wrong_options(options, message, tmp_path):
    done = run_mcoom("run", SMALL, *options, "-o", "a.h5", cwd=tmp_path)
    assert done.returncode == 2
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_an_mpi_job_of_one_rank_is_an_error(mpi, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "mcoom", "run", SMALL, "--executor", "mpi", "-o", "a.h5"],
        cwd=tmp_path, env=mpi.environment, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 2
    assert "an MPI job of one rank, which has no workers; start it as mpiexec -n N" in done.stderr
