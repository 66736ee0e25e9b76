"""Benchmarks are run by hand, so a name that moved would be missed by nobody but their next reader."""

import pkgutil
import subprocess
import sys

import benchmarks

_IMPORT_ALL = """
import importlib, sys
for name in sys.argv[1:]:
    try:
        importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != "simpy":  # of the extra `bench`
            raise
"""


def test_every_benchmark_can_be_imported():
    names = [module.name for module in pkgutil.walk_packages(benchmarks.__path__, "benchmarks.")]
    assert "benchmarks.bench_blocks" in names
    done = subprocess.run([sys.executable, "-c", _IMPORT_ALL, *names], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
