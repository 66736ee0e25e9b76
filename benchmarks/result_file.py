"""Result files made by the benchmarks.

Takes a design, makes its file as ``mcoom run`` does; compares two files. Must not time anything.
"""

import sys
from pathlib import Path

import h5py
import numpy as np

from mcoom.cli.simulate import simulate
from mcoom.design.build import Design
from mcoom.run.executor import ExecutorSettings
from mcoom.run.job import Job
from mcoom.run.shard import Shard


def write_as_run_does(design: Design, path: Path, threads: int) -> None:
    """Simulate a design with blocks, checkpoints and ``threads`` threads."""
    folder = path.with_suffix(".parts")
    simulate(design, Job(path, folder, Shard(), ExecutorSettings("threads", threads), is_fresh=True), quiet=True)


def check_equal(one: Path, other: Path) -> None:
    """Leave with an error if a dataset differs."""

    def look(name: str, item: object) -> None:
        if isinstance(item, h5py.Dataset) and not np.array_equal(item[...], second[name][...]):
            sys.exit(f"{name} differs")

    with h5py.File(one) as first, h5py.File(other) as second:
        first.visititems(look)
