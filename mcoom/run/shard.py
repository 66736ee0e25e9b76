"""The share of a run that one job of an array takes.

Takes ``i/n`` or the environment of a batch system, gives the share and its blocks. Must know nothing of what is run.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from mcoom.errors import SpecError

MAX_SHARDS = 1_000_000
"""Most shards of one run."""
_ALLOWED = "allowed: i/n with 0 <= i < n <= 1000000, auto, or auto/n"


@dataclass(frozen=True)
class Shard:
    """Share ``index`` of ``count``: every ``count``-th block from number ``index`` on.

    Dealing blocks out one by one gives every shard its part of each point, so that an expensive corner of a sweep is
    not the lot of one of them.
    """

    index: int = 0
    """0 <= index < count."""
    count: int = 1
    """Number of shards, at least 1."""

    @property
    def is_whole(self) -> bool:
        """Whether this is all of the run."""
        return self.count == 1

    @property
    def name(self) -> str:
        """Name in files: ``003of008``."""
        return f"{self.index:03}of{self.count:03}"

    def __str__(self) -> str:
        return f"{self.index}/{self.count}"


def parse_shard(text: str, environment: Mapping[str, str]) -> Shard:
    """Read ``--shard``.

    Parameters
    ----------
    text : str
        ``i/n``; ``auto``: from the array job that this is part of; ``auto/n``: its number from there, n as given.
    environment : mapping
        Environment variables.

    Returns
    -------
    Shard

    Raises
    ------
    SpecError
        It is none of these, out of range, or the environment does not say.

    Examples
    --------
    >>> parse_shard("2/8", {})
    Shard(index=2, count=8)
    >>> parse_shard("auto", {"SLURM_ARRAY_TASK_ID": "5", "SLURM_ARRAY_TASK_MIN": "1", "SLURM_ARRAY_TASK_COUNT": "8"})
    Shard(index=4, count=8)
    """
    match = re.fullmatch(r"(auto|\d{1,7})(?:/(\d{1,7}))?", text.strip())
    if match is None or (match[1] != "auto" and match[2] is None):
        raise SpecError(f"--shard {text}: not a share; {_ALLOWED}")
    count = int(match[2]) if match[2] else None
    index, count = _from_array(text, environment, count) if match[1] == "auto" else (int(match[1]), count)
    if count is None or not 0 <= index < count <= MAX_SHARDS:
        raise SpecError(f"--shard {text}: share {index} of {count} is out of range; {_ALLOWED}")
    return Shard(index, count)


# Per batch system: number of the task, first number, step, last number, how many there are.
_ARRAYS = (
    ("SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_MIN", "SLURM_ARRAY_TASK_STEP", "", "SLURM_ARRAY_TASK_COUNT"),
    ("LSB_JOBINDEX", "", "LSB_JOBINDEX_STEP", "LSB_JOBINDEX_END", ""),
    ("SGE_TASK_ID", "SGE_TASK_FIRST", "SGE_TASK_STEPSIZE", "SGE_TASK_LAST", ""),
    ("PBS_ARRAY_INDEX", "", "", "", ""),
)
_FIRST = {"LSB_JOBINDEX": 1}


def _from_array(text: str, environment: Mapping[str, str], count: int | None) -> tuple[int, int | None]:
    for name, first_name, step_name, last_name, count_name in _ARRAYS:
        number = _integer(text, environment, name)
        if number is None or (name == "LSB_JOBINDEX" and number == 0):  # LSF: 0 outside of an array
            continue
        first = _integer(text, environment, first_name)
        first = _FIRST.get(name, 0) if first is None else first
        step = _integer(text, environment, step_name) or 1
        last = _integer(text, environment, last_name)
        known = (last - first) // step + 1 if last is not None else _integer(text, environment, count_name)
        if count is None and known is None:
            raise SpecError(f"--shard {text}: {name} is set, but not how many there are; allowed: auto/n")
        return (number - first) // step, known if count is None else count
    names = ", ".join(names[0] for names in _ARRAYS)
    raise SpecError(f"--shard {text}: this is no job of an array (none of {names} is set); {_ALLOWED}")


def _integer(text: str, environment: Mapping[str, str], name: str) -> int | None:
    value = environment.get(name, "") if name else ""
    if value in ("", "undefined"):  # SGE says so outside of an array
        return None
    if not value.isdecimal():
        raise SpecError(f"--shard {text}: {name} = {value!r} is not a number")
    return int(value)
