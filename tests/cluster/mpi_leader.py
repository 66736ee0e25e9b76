"""Rank 0 of the MPI tests: python -m mpi4py.futures mpi_leader.py FOLDER WORK N_TASKS."""

import json
import sys

from mcoom.run.executor import ExecutorSettings, completed
from tests.cluster import tasks

if __name__ == "__main__":
    folder, work, n_tasks = sys.argv[1:]
    context = json.dumps({"folder": folder, "nap": "0.02"}).encode()
    found = completed(
        range(int(n_tasks)),
        ExecutorSettings("mpi"),
        prepare=tasks.prepare,
        context=context,
        work=getattr(tasks, work),
        stop=lambda: False,
    )
    for pair in found:
        print(json.dumps(pair), flush=True)
