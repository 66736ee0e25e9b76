"""Batch scripts for Slurm: an array of shards, and the job that merges them.

Takes what is to be run and what the jobs may use, gives the text of two scripts and the command that submits them. Must
know nothing of scenarios and of results; it talks to no Slurm.
"""

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

from mcoom.errors import SpecError
from mcoom.run.stop import EXIT_RESUMABLE

_KILLED = 128 + 9

# What sbatch takes: minutes, minutes:seconds, hours:minutes:seconds, and days-hours[:minutes[:seconds]].
_TIME = re.compile(r"(?:(?P<days>\d+)-(?P<rest>\d+(?::\d\d){0,2})|(?P<plain>\d+(?::\d\d){0,2}))")
_OPTION = re.compile(r"[a-z][a-z0-9-]*(?:=\S.*)?")


def time_limit_s(text: str) -> int:
    """Return a time limit of Slurm in seconds.

    Parameters
    ----------
    text : str
        ``minutes``, ``minutes:seconds``, ``hours:minutes:seconds``, ``days-hours``, ``days-hours:minutes`` or
        ``days-hours:minutes:seconds``.

    Raises
    ------
    SpecError
        Another form, or no time at all.

    Examples
    --------
    >>> time_limit_s("90"), time_limit_s("1:30:00"), time_limit_s("1-12")
    (5400, 5400, 129600)
    """
    found = _TIME.fullmatch(text)
    if found is None:
        raise SpecError(f"--time {text}: not a time limit of Slurm; allowed: 90, 90:00, 1:30:00, 1-12 or 1-12:00:00")
    parts = [int(part) for part in (found["rest"] or found["plain"]).split(":")]
    if found["days"] is not None:
        hours, minutes, seconds = (parts + [0, 0])[:3]
        total = int(found["days"]) * 86400 + hours * 3600 + minutes * 60 + seconds
    elif len(parts) == 3:
        total = parts[0] * 3600 + parts[1] * 60 + parts[2]
    else:
        total = parts[0] * 60 + (parts[1] if len(parts) == 2 else 0)
    if total == 0:
        raise SpecError(f"--time {text}: no time at all; Slurm would read it as no limit")
    return total


@dataclass(frozen=True)
class SlurmJob:
    """An array of shards.

    Raises
    ------
    SpecError
        A time of another form, a signal that comes before the job begins, an option that is no option of sbatch, or a
        folder that a batch script cannot name.
    """

    name: str
    """Name of the jobs."""
    program: tuple[str, ...]
    """How mcoom is started on a node."""
    run: tuple[str, ...]
    """Arguments of ``mcoom run`` that say what: scenario, seed and so on."""
    output: Path
    """Result file of the merge; absolute."""
    work: Path
    """Where the shards keep finished blocks; absolute, on a file system that all nodes see."""
    logs: Path
    """Folder of scripts and logs; absolute."""
    chdir: Path
    """Where the jobs run; absolute."""
    n_shards: int
    """Tasks of the array, at least 1."""
    cpus: int = 1
    """CPUs per task."""
    time: str = "60"
    """Time limit of one task, as Slurm has it."""
    warn_s: int = 120
    """So many seconds before the limit a task is told to finish."""
    max_requeues: int = 10
    """So often a task may be queued again."""
    options: tuple[str, ...] = ()
    """More options of sbatch, ``key=value``, for both jobs."""

    def __post_init__(self) -> None:
        limit_s = time_limit_s(self.time)
        if self.warn_s >= limit_s:
            raise SpecError(f"--warn {self.warn_s} s: not before the time limit of {limit_s} s ends; allowed: less")
        for path in (self.chdir, self.logs):
            if re.search(r'["%\\\n]', str(path)):
                raise SpecError(
                    f"{path}: a batch script cannot name it; allowed: paths without quotes, %, \\ and line ends"
                )
        for option in self.options:
            if not _OPTION.fullmatch(option):
                raise SpecError(
                    f"--sbatch {option}: not an option of sbatch; allowed: key or key=value, without dashes"
                )


def array_script(job: SlurmJob) -> str:
    """Return the batch script of the shards.

    A task that had to stop before it was done is queued again and goes on from its blocks: on the warning before the
    time limit, and when mcoom was killed. A task that somebody cancels stays cancelled.
    """
    head = _head(
        job,
        name=job.name,
        log="%A_%a",
        options=(
            f"array=0-{job.n_shards - 1}",
            f"cpus-per-task={job.cpus}",
            f"time={job.time}",
            "requeue",
            f"signal=B:USR1@{job.warn_s}",
        ),
    )
    command = shlex.join([*job.program, "run", *job.run, "--shard", "auto", "--work", str(job.work)])
    return f"""{head}
again=no
child=
trap 'again=yes; kill -USR1 $child 2>/dev/null' USR1
# Slurm sends this one to all processes of the job; a second one would be an order to leave at once.
trap : TERM
{command} -o {shlex.quote(str(job.output))} --threads "$SLURM_CPUS_PER_TASK" --quiet &
child=$!

# A signal ends a wait before the child ends.
while kill -0 "$child" 2>/dev/null; do wait "$child"; done
wait "$child"
code=$?

# Told to stop, or killed: there is more to do, and what is done is kept.
if [ "$code" -eq {_KILLED} ]; then again=yes; fi
if [ "$code" -ne 0 ] && [ "$again" = yes ] && [ "${{SLURM_RESTART_COUNT:-0}}" -lt {job.max_requeues} ]; then
    scontrol requeue "${{SLURM_ARRAY_JOB_ID}}_${{SLURM_ARRAY_TASK_ID}}" && exit {EXIT_RESUMABLE}
fi
exit "$code"
"""


def merge_script(job: SlurmJob) -> str:
    """Return the batch script that merges the shards, or says which blocks are missing."""
    head = _head(job, name=f"{job.name}-merge", log="%j", options=("cpus-per-task=1", "time=60"))
    command = shlex.join([*job.program, "merge", str(job.work), "-o", str(job.output)])
    return f"{head}\nexec {command}\n"


def submit_command(array: Path, merge: Path) -> str:
    """Return the shell command that submits both scripts, the merge after the array."""
    first, second = shlex.quote(str(array)), shlex.quote(str(merge))
    # afterany: after a failed task the merge says what is missing; with afterok it would wait for ever.
    return f'id=$(sbatch --parsable {first}) && sbatch --dependency=afterany:"${{id%%;*}}" {second}'


def _head(job: SlurmJob, *, name: str, log: str, options: tuple[str, ...]) -> str:
    lines = [
        f"job-name={name}",
        "ntasks=1",
        *options,
        f"chdir={job.chdir}",
        f"output={job.logs}/{name}-{log}.log",
        "open-mode=append",
        *job.options,
    ]
    # sbatch splits at blanks as a shell does, except inside quotes.
    quoted = (
        f"{key}={_quoted(value)}" if sign else key for key, sign, value in (line.partition("=") for line in lines)
    )
    return "#!/bin/bash\n" + "".join(f"#SBATCH --{line}\n" for line in quoted)


def _quoted(value: str) -> str:
    return f'"{value}"' if re.search(r"\s", value) else value
