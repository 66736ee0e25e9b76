"""What the batch script does when it is warned, killed, cancelled or wrong: a real Slurm, and a stand-in program."""

import os
import signal
import sys
from pathlib import Path

import pytest

from mcoom.run.slurm import SlurmJob, array_script
from tests.cluster.test_executor import wait_for

STAND_IN = Path(__file__).parent / "stand_in.py"


class Submitted:
    """One task of an array, in a folder of its own."""

    def __init__(self, slurm, folder: Path, what: str, **settings: object) -> None:
        self.slurm, self.folder = slurm, folder
        job = SlurmJob(
            name="stand-in",
            program=(sys.executable, str(STAND_IN)),
            run=(what,),
            output=folder / "a.h5",
            work=folder / "a.parts",
            logs=folder,
            chdir=folder,
            n_shards=1,
            **{"time": "10", "warn_s": 30, **settings},
        )
        script = folder / "job.sbatch"
        script.write_text(array_script(job))
        self.id = slurm.run("sbatch", "--parsable", str(script)).strip()

    def starts(self) -> list[tuple[int, int]]:
        """Process and count of restarts, for each start of the program."""
        file = self.folder / "starts"
        lines = file.read_text().splitlines() if file.exists() else []
        return [(int(pid), int(restarts)) for pid, restarts in map(str.split, lines)]

    def state(self) -> str:
        return self.slurm.jobs(self.id)["0"]

    def wait_for_starts(self, n: int, limit_s: float = 60) -> None:
        wait_for(lambda: len(self.starts()) == n, limit_s)

    def wait_for_state(self, state: str, limit_s: float = 60) -> None:
        wait_for(lambda: self.state() == state, limit_s)


@pytest.fixture
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("job")


@pytest.mark.slow
def test_a_task_that_is_warned_is_queued_again_and_completes(slurm, folder):
    job = Submitted(slurm, folder, "wait-once")
    job.wait_for_starts(1)
    slurm.run("scancel", "--batch", "--signal=USR1", f"{job.id}_0")
    job.wait_for_state("COMPLETED")
    assert [restarts for _, restarts in job.starts()] == [0, 1]
    assert (folder / "signals").read_text() == "SIGUSR1\n"


def test_a_task_whose_program_is_killed_is_queued_again_and_completes(slurm, folder):
    job = Submitted(slurm, folder, "wait-once")
    job.wait_for_starts(1)
    os.kill(job.starts()[0][0], signal.SIGKILL)
    job.wait_for_state("COMPLETED")
    assert [restarts for _, restarts in job.starts()] == [0, 1]


def test_a_task_that_is_cancelled_stays_so(slurm, folder):
    job = Submitted(slurm, folder, "wait-once")
    job.wait_for_starts(1)
    slurm.run("scancel", f"{job.id}_0")
    job.wait_for_state("CANCELLED")
    wait_for(lambda: (folder / "signals").exists())
    assert (folder / "signals").read_text() == "SIGTERM\n"
    with pytest.raises(AssertionError, match="did not happen"):
        job.wait_for_starts(2, limit_s=4)
    assert job.state() == "CANCELLED"


def test_a_wrong_command_fails_at_once(slurm, folder):
    job = Submitted(slurm, folder, "wrong")
    job.wait_for_state("FAILED")
    assert len(job.starts()) == 1


@pytest.mark.slow
def test_a_task_is_queued_again_so_often_and_no_more(slurm, folder):
    job = Submitted(slurm, folder, "wait", max_requeues=1)
    for n in (1, 2):
        job.wait_for_starts(n)
        os.kill(job.starts()[-1][0], signal.SIGKILL)
    job.wait_for_state("FAILED")
    assert len(job.starts()) == 2


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_slurm_itself_warns_before_the_limit(slurm, folder):
    """Slurm looks at its limits now and then, so the warning may come up to a minute early."""
    job = Submitted(slurm, folder, "wait-once", time="2", warn_s=30)
    job.wait_for_starts(1)
    job.wait_for_state("COMPLETED", limit_s=200)
    assert (folder / "signals").read_text() == "SIGUSR1\n"
    assert [restarts for _, restarts in job.starts()] == [0, 1]
