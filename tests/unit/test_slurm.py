"""Batch scripts as text: times, options, quoting, and what bash thinks of them."""

import shlex
import subprocess
from pathlib import Path

import pytest

from mcoom.errors import SpecError
from mcoom.run.slurm import SlurmJob, array_script, merge_script, submit_command, time_limit_s


def job(**changes: object) -> SlurmJob:
    settings = {
        "name": "mcoom-small",
        "program": ("python", "-m", "mcoom"),
        "run": ("small scenario.toml", "--set", "machine.preempt=none"),
        "output": Path("/scratch/it's/a.h5"),
        "work": Path("/scratch/a.parts"),
        "logs": Path("/scratch/my logs"),
        "chdir": Path("/scratch"),
        "n_shards": 8,
    }
    return SlurmJob(**{**settings, **changes})


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1", 60),
        ("90", 5400),
        ("90:30", 5430),
        ("1:02:03", 3723),
        ("2-3", 183600),
        ("2-3:04", 183840),
        ("2-3:04:05", 183845),
    ],
)
def test_times(text, seconds):
    assert time_limit_s(text) == seconds


@pytest.mark.parametrize("text", ["", "1h", "1:2:3:4", "-1", "1-", "1:5", "0", "0:00", "0-0", "UNLIMITED", "1\n"])
def test_wrong_times(text):
    with pytest.raises(SpecError, match="--time"):
        time_limit_s(text)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"time": "2", "warn_s": 120}, "--warn 120 s: not before the time limit of 120 s"),
        ({"options": ("--mem=1G",)}, "--sbatch --mem=1G: not an option of sbatch"),
        ({"options": ("mem=1G\nrm",)}, "--sbatch"),
        ({"logs": Path('/a"b')}, "a batch script cannot name it"),
        ({"chdir": Path("/a%j")}, "a batch script cannot name it"),
    ],
)
def test_wrong_jobs(changes, message):
    with pytest.raises(SpecError, match=message):
        job(**changes)


def directives(script: str) -> list[str]:
    return [line.removeprefix("#SBATCH --") for line in script.splitlines() if line.startswith("#SBATCH")]


def test_directives_of_the_array():
    script = array_script(job(time="1:00:00", cpus=4, options=("partition=long", "exclusive")))
    assert {
        "array=0-7",
        "cpus-per-task=4",
        "time=1:00:00",
        "requeue",
        "signal=B:USR1@120",
        "open-mode=append",
        'output="/scratch/my logs/mcoom-small-%A_%a.log"',
        "partition=long",
        "exclusive",
    } <= set(directives(script))
    # sbatch reads directives up to the first command.
    assert script.index("again=no") > script.rindex("#SBATCH")


def test_the_command_survives_the_shell():
    script = array_script(job())
    (line,) = [line for line in script.splitlines() if line.endswith("&")]
    words = shlex.split(line)
    assert words[:4] == ["python", "-m", "mcoom", "run"]
    assert words[4] == "small scenario.toml"
    assert words[words.index("-o") + 1] == "/scratch/it's/a.h5"
    assert words[words.index("--shard") + 1] == "auto"


@pytest.mark.parametrize("script", [array_script(job()), merge_script(job())])
def test_bash_reads_them(script):
    done = subprocess.run(["bash", "-n"], input=script, text=True, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_merge_waits_for_the_array():
    assert submit_command(Path("/a b/x.sbatch"), Path("/m.sbatch")) == (
        "id=$(sbatch --parsable '/a b/x.sbatch') && sbatch --dependency=afterany:\"${id%%;*}\" /m.sbatch"
    )
