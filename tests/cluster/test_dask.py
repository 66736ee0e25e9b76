"""The seam over a real dask scheduler with worker processes of its own."""

import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator

import pytest

from mcoom.errors import SpecError, WorkerLostError
from mcoom.run import executor_dask
from mcoom.run.executor import ExecutorSettings, completed
from tests.cluster import tasks
from tests.cluster.conftest import dask_cluster
from tests.cluster.test_executor import take_all, wait_for


def carry(address: str, n_tasks: int, work: Callable, **context: object) -> Iterator[tuple[int, object]]:
    text = json.dumps({key: str(value) for key, value in context.items()}).encode()
    settings = ExecutorSettings("dask", dask_scheduler=address)
    return completed(range(n_tasks), settings, prepare=tasks.prepare, context=text, work=work, stop=lambda: False)


def test_every_task_comes_back_once_from_prepared_workers(dask):
    dask.need(2)
    found = list(carry(dask.address, 40, tasks.square, nap=0.02, run="first"))
    assert sorted((task, result[0]) for task, result in found) == [(n, n * n) for n in range(40)]
    assert len({process for _, (_, process, _) in found}) == 2
    assert {times for _, (_, _, times) in found} == {1}


def test_a_killed_worker_costs_no_task(dask, tmp_path):
    dask.need(2)

    def kill() -> None:
        wait_for(lambda: tasks.attempts(tmp_path, 5))
        os.kill(tasks.attempts(tmp_path, 5)[0], signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    found = list(carry(dask.address, 12, tasks.linger, folder=tmp_path, nap=0.2))
    killer.join()
    assert sorted(found) == [(n, n * n) for n in range(12)]
    assert len(tasks.attempts(tmp_path, 5)) == 2


def test_a_task_that_kills_its_workers_is_named(dask, tmp_path):
    dask.need(3)
    found: list[tuple[int, object]] = []
    with pytest.raises(WorkerLostError, match=r"task 7: .* \(KilledWorker\)"):
        take_all(carry(dask.address, 30, tasks.die_of_seven, folder=tmp_path), found)
    assert len(tasks.attempts(tmp_path, 7)) == 2
    assert all(result == task * task for task, result in found)


def test_an_error_of_the_work_is_raised_once(dask, tmp_path):
    dask.need(2)
    found: list[tuple[int, object]] = []
    with pytest.raises(ValueError, match="seven"):
        take_all(carry(dask.address, 1000, tasks.refuse_seven, folder=tmp_path), found)
    assert len(tasks.attempts(tmp_path, 7)) == 1
    assert len(found) < 20


def test_a_scheduler_that_goes_away_is_an_error(tmp_path):
    with dask_cluster() as cluster:
        cluster.need(1)
        results = carry(cluster.address, 1000, tasks.linger, folder=tmp_path, nap=0.05)
        found = [next(results)]
        cluster.scheduler.kill()
        with pytest.raises(WorkerLostError, match="is its scheduler gone"):
            take_all(results, found)
        assert len(found) < 1000


def test_no_scheduler(monkeypatch):
    monkeypatch.setattr(executor_dask, "_CONNECT_S", 0.5)
    with pytest.raises(SpecError, match=r"--dask-scheduler tcp://127.0.0.1:9: no scheduler answers there"):
        list(carry("tcp://127.0.0.1:9", 1, tasks.square))
    with pytest.raises(SpecError, match=r"--dask-scheduler nonsense://x: no scheduler answers there"):
        list(carry("nonsense://x", 1, tasks.square))


def test_no_package(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(SpecError, match=r"pip install 'mcoom\[dask\]'"):
        list(carry("tcp://127.0.0.1:9", 1, tasks.square))
