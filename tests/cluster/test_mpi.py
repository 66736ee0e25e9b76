"""The seam over the ranks of a real MPI job."""

import json
import sys
from pathlib import Path

import pytest

from tests.cluster import tasks

LEADER = Path(__file__).parent / "mpi_leader.py"
SERVED = (sys.executable, "-m", "mpi4py.futures", LEADER)


@pytest.mark.parametrize("ranks", [2, 4])
def test_every_task_comes_back_once_from_prepared_ranks(mpi, ranks, tmp_path):
    process = mpi.start(ranks, *SERVED, tmp_path, "square", 30)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    found = [json.loads(line) for line in out.splitlines()]
    assert sorted((task, result[0]) for task, result in found) == [(n, n * n) for n in range(30)]
    assert len({result[1] for _, result in found}) == ranks - 1
    assert {result[2] for _, result in found} == {1}


def test_one_rank_has_no_workers(mpi, tmp_path):
    process = mpi.start(1, *SERVED, tmp_path, "square", 3)
    out, err = process.communicate(timeout=60)
    assert process.returncode != 0
    assert out == ""
    assert "an MPI job of one rank, which has no workers; start it as mpiexec" in err


def test_a_dead_rank_ends_the_job_and_not_what_was_finished(mpi, tmp_path):
    """MPI's own rule; the run is resumed from its blocks."""
    process = mpi.start(3, *SERVED, tmp_path, "die_of_seven", 200)
    out, _ = process.communicate(timeout=60)
    assert process.returncode != 0
    # mpiexec says there how the job ended.
    found = [json.loads(line) for line in out.splitlines() if line.startswith("[")]
    assert 0 < len(found) < 199
    assert all(task != 7 and result == task * task for task, result in found)
    assert len(tasks.attempts(tmp_path, 7)) == 1
