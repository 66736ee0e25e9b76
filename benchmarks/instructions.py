"""Instructions per event, of the engine and of its C twin.

Takes names of workloads, gives counts from callgrind: unlike times they are the same on a busy machine. Both are
compiled for x86-64-v3, as valgrind knows nothing newer. As a program it is what runs under valgrind: it compiles what
is missing in a folder, counts if there is a counter, and leaves one file for each count.
"""

import ctypes
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.c_twin import build
from benchmarks.workloads import find
from mcoom.engine.layout import OUT
from mcoom.engine.replicates import run_block

ARCHITECTURE = "x86-64-v3"
MAX_EVENTS = 300_000
"""Of one count at most, where a replicate has not more: callgrind takes some 10 us for one."""
MAX_REPLICATES = 200
_HEADER = "valgrind/callgrind.h"


def why_not() -> str | None:
    """Return why instructions cannot be counted here, None if they can."""
    if platform.machine() != "x86_64":
        return f"not on {platform.machine()}"
    if not build.compilers() or not shutil.which("valgrind"):
        return "needs valgrind and a C compiler"
    include = subprocess.run([build.compilers()[0], "-E", "-include", _HEADER, "-xc", os.devnull], capture_output=True)
    return f"needs {_HEADER}" if include.returncode else None


def instructions(names: list[str]) -> dict[str, dict[str, float]]:
    """Return instructions per event by workload, in the order of ``names``, and way: ``engine`` and each compiler."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            **os.environ,
            "NUMBA_CPU_NAME": ARCHITECTURE,
            "NUMBA_CPU_FEATURES": "",
            "NUMBA_CACHE_DIR": f"{folder}/cache",
        }
        command = [sys.executable, "-m", __name__, folder, *names]
        subprocess.run(command, env=environment, check=True)  # compiles
        counter = ["valgrind", "--tool=callgrind", "--instr-atstart=no", f"--callgrind-out-file={folder}/count"]
        subprocess.run([*counter, *command], env=environment, check=True, capture_output=True)
        counts = _read(Path(folder))
    return {name: counts[name] for name in names}


def _read(folder: Path) -> dict[str, dict[str, float]]:
    counts: dict[str, dict[str, float]] = {}
    for path in folder.glob("count.*"):
        text = path.read_text()
        said = re.search(r"^desc: Trigger: Client Request: (.+)/(\w+)/(\d+)$", text, re.MULTILINE)
        total = re.search(r"^totals: (\d+)$", text, re.MULTILINE)
        if said and total:
            counts.setdefault(said[1], {})[said[2]] = int(total[1]) / int(said[3])
    return counts


def count(folder: Path, names: list[str]) -> None:
    """Run each workload in each way once, counted if this process runs under valgrind."""
    library = folder / "callgrind.so"
    if not library.exists():
        build.compile_twin("gcc" if shutil.which("gcc") else "clang", folder, library.name, "callgrind.c")
    counter = ctypes.CDLL(str(library))
    twins = [build.Twin(compiler, folder, ARCHITECTURE) for compiler in build.compilers()]
    ways = {"engine": run_block, **{twin.compiler: twin.run_block for twin in twins}}
    for name in names:
        workload = find(name)
        (block,) = workload.blocks(1)
        events = int(run_block(block.inputs, block.policy)[0, OUT["n_events"]])
        (block,) = workload.blocks(min(MAX_REPLICATES, max(1, MAX_EVENTS // events)))
        for way, run in ways.items():
            n_events = int(run(block.inputs, block.policy)[:, OUT["n_events"]].sum())
            counter.count_begin()
            run(block.inputs, block.policy)
            counter.count_end(f"{name}/{way}/{n_events}".encode())


if __name__ == "__main__":
    count(Path(sys.argv[1]), sys.argv[2:])
