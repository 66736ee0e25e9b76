"""The seam with threads and with real processes on this machine: results, order, deaths, errors, stopping."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mcoom.errors import SpecError, WorkerLostError
from mcoom.run.executor import IN_FLIGHT_PER_WORKER, ExecutorSettings, completed
from tests.cluster import tasks

ROOT = Path(__file__).resolve().parents[2]
KINDS = ("threads", "processes")


def carry(
    kind: str, given: Iterator[int] | range, work: Callable, *, workers: int = 2, stop=lambda: False, **context: object
) -> Iterator[tuple[int, object]]:
    text = json.dumps({key: str(value) for key, value in context.items()}).encode()
    settings = ExecutorSettings(kind, workers)
    return completed(given, settings, prepare=tasks.prepare, context=text, work=work, stop=stop)


def take_all(results: Iterator[tuple[int, object]], found: list[tuple[int, object]]) -> None:
    """Append what comes, so that it is there even if an error ends it."""
    for pair in results:
        found.append(pair)


def wait_for(condition: Callable[[], object], limit_s: float = 20.0) -> None:
    end = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < end, "did not happen in time"
        time.sleep(0.02)


def alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("kind", KINDS)
def test_every_task_comes_back_once(kind):
    found = list(carry(kind, range(40), tasks.square, nap=0.002))
    assert sorted((task, result[0]) for task, result in found) == [(n, n * n) for n in range(40)]


def test_processes_are_processes_and_each_is_prepared_once():
    found = [result for _, result in carry("processes", range(40), tasks.square, nap=0.02)]
    assert len({process for _, process, _ in found}) == 2
    assert os.getpid() not in {process for _, process, _ in found}
    assert {times for _, _, times in found} == {1}


@pytest.mark.parametrize("kind", KINDS)
def test_tasks_are_taken_lazily(kind):
    taken: list[int] = []

    def given() -> Iterator[int]:
        for n in range(1000):
            taken.append(n)
            yield n

    results = carry(kind, given(), tasks.square)
    for _ in range(10):
        next(results)
    # What was yielded, what is in flight, and what finished while we looked.
    assert len(taken) <= 10 + 2 * 2 * IN_FLIGHT_PER_WORKER
    results.close()


def test_a_killed_worker_costs_no_task(tmp_path):
    found = list(carry("processes", range(30), tasks.die_at_first, folder=tmp_path))
    assert sorted(found) == [(n, n * n) for n in range(30)]
    for task in range(30):
        tried = tasks.attempts(tmp_path, task)
        assert len(tried) == len(set(tried)) == (2 if task % 10 == 0 else 1), task


def test_a_worker_killed_from_outside_costs_no_task(tmp_path):
    killed = threading.Event()

    def kill() -> None:
        wait_for(lambda: tasks.attempts(tmp_path, 3))
        os.kill(tasks.attempts(tmp_path, 3)[0], signal.SIGKILL)
        killed.set()

    killer = threading.Thread(target=kill)
    killer.start()
    found = list(carry("processes", range(8), tasks.linger, folder=tmp_path, nap=0.3))
    killer.join()
    assert killed.is_set()
    assert sorted(found) == [(n, n * n) for n in range(8)]
    assert len(tasks.attempts(tmp_path, 3)) == 2


def test_a_task_that_kills_three_workers_is_named(tmp_path):
    found: list[tuple[int, object]] = []
    with pytest.raises(WorkerLostError, match="task 7: every worker that had it died"):
        take_all(carry("processes", range(1000), tasks.die_of_seven, folder=tmp_path), found)
    assert len(tasks.attempts(tmp_path, 7)) == 3
    assert {(n, n * n) for n in range(7)} <= set(found)
    assert len(found) < 999, "tasks went on although the run had failed"


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_of_the_work_is_raised_once_and_finished_work_is_kept(kind, tmp_path):
    found: list[tuple[int, object]] = []
    with pytest.raises(ValueError, match="seven"):
        take_all(carry(kind, range(1000), tasks.refuse_seven, folder=tmp_path), found)
    begun = {int(path.name.removeprefix("attempt-")) for path in tmp_path.iterdir()}
    assert {task for task, _ in found} == begun - {7}
    assert len(tasks.attempts(tmp_path, 7)) == 1
    assert len(begun) < 20


@pytest.mark.parametrize("kind", KINDS)
def test_stop_finishes_what_has_begun(kind, tmp_path):
    found = []
    for pair in carry(kind, range(1000), tasks.linger, folder=tmp_path, nap=0.1, stop=lambda: len(found) >= 3):
        found.append(pair)
    begun = {int(path.name.removeprefix("attempt-")) for path in tmp_path.iterdir()}
    assert {task for task, _ in found} == begun
    assert 3 <= len(found) <= 3 + 2 * IN_FLIGHT_PER_WORKER


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGUSR1])
def test_workers_leave_stopping_to_their_leader(number, tmp_path):
    results = carry("processes", range(4), tasks.linger, workers=1, folder=tmp_path, nap=0.3)
    found = [next(results)]
    wait_for(lambda: tasks.attempts(tmp_path, 1))
    os.kill(tasks.attempts(tmp_path, 1)[0], number)
    found += results
    assert sorted(found) == [(n, n * n) for n in range(4)]
    assert len({process for task in range(4) for process in tasks.attempts(tmp_path, task)}) == 1


def test_workers_leave_with_their_parent(tmp_path):
    code = f"""
from tests.cluster import tasks
from tests.cluster.test_executor import carry
if __name__ == "__main__":
    list(carry("processes", range(2), tasks.linger, folder={str(tmp_path)!r}, nap=60))
"""
    script = tmp_path / "leader.py"
    script.write_text(code)
    leader = subprocess.Popen([sys.executable, script], cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)})
    wait_for(lambda: tasks.attempts(tmp_path, 0) and tasks.attempts(tmp_path, 1))
    workers = [*tasks.attempts(tmp_path, 0), *tasks.attempts(tmp_path, 1)]
    assert all(map(alive, workers))
    leader.kill()
    leader.wait()
    wait_for(lambda: not any(map(alive, workers)), 10)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (("sockets", 1), "--executor sockets: no such executor; allowed: threads, processes, mpi, dask"),
        (("dask", 1), "--executor dask: needs --dask-scheduler ADDRESS"),
        (("threads", 1, "tcp://here:1"), "only with --executor dask"),
    ],
)
def test_wrong_settings(given, message):
    with pytest.raises(SpecError, match=message):
        ExecutorSettings(*given)
