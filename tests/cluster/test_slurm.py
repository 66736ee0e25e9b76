"""An array of eight shares on a real Slurm, submitted by what ``mcoom submit`` prints; one task is killed."""

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.cluster.test_executor import wait_for
from tests.cluster.test_run import SMALL
from tests.integration.conftest import run_mcoom
from tests.integration.test_same_bytes import digests

N_SHARDS = 8
WHAT = (SMALL, "--replicates", 4000, "--seed", 5)

pytestmark = pytest.mark.skipif(os.environ.get("NUMBA_DISABLE_JIT") == "1", reason="takes hours without the compiler")


def runners_of_shard(index: int, folder: Path) -> list[int]:
    """Processes of mcoom that do one share in ``folder``; not the shell that started them."""
    found = []
    for process in Path("/proc").iterdir():
        if not process.name.isdecimal():
            continue
        try:
            is_mine = str(folder).encode() in (process / "cmdline").read_bytes().replace(b"\0", b" ")
            is_python = b"python" in (process / "cmdline").read_bytes().split(b"\0")[0]
            variables = (process / "environ").read_bytes().split(b"\0")
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
        if is_mine and is_python and f"SLURM_ARRAY_TASK_ID={index}".encode() in variables:
            found.append(int(process.name))
    return found


def logs(folder: Path) -> str:
    return "\n".join(f"{path.name}: {path.read_text()}" for path in sorted(folder.glob("*.log")))


@pytest.mark.timeout(600)
def test_an_array_with_a_killed_task_gives_the_same_bytes(slurm, tmp_path_factory):
    folder = tmp_path_factory.mktemp("array")
    plain = run_mcoom("run", *WHAT, "-o", "plain.h5", "--threads", 2, "--quiet", cwd=folder)
    assert plain.returncode == 0, plain.stderr
    written = run_mcoom(
        "submit", *WHAT, "--slurm", "--shards", N_SHARDS, "-o", "a.h5", "--time", 20, "--json", cwd=folder
    )
    assert written.returncode == 0, written.stderr
    told = json.loads(written.stdout)
    submitted = subprocess.run(
        ["bash", "-c", told["command"]], cwd=folder, env=slurm.environment, capture_output=True, text=True, check=False
    )
    assert submitted.returncode == 0, submitted.stderr
    merge = submitted.stdout.split()[-1]
    array = slurm.run("squeue", "-h", "-t", "all", "-o", "%A %j %F").splitlines()
    (array_id,) = {line.split()[2] for line in array if line.split()[1] == "mcoom-small"}

    wait_for(lambda: list((folder / "a.parts").glob("part-003of008-*")), 200)
    (victim,) = runners_of_shard(3, folder)
    os.kill(victim, signal.SIGKILL)

    wait_for(lambda: set(slurm.jobs(array_id).values()) == {"COMPLETED"}, 300)
    wait_for(lambda: "COMPLETED" in slurm.run("squeue", "-h", "-t", "all", "-j", merge, "-o", "%T"), 60)
    restarts = slurm.run("scontrol", "show", "job", f"{array_id}_3")
    assert "Restarts=1" in restarts, logs(folder / "a.slurm")
    assert digests(folder / "a.h5") == digests(folder / "plain.h5")
