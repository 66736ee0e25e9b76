"""Where a result file came from: enough to run the command again and to know whether the answer must be the same.

Takes what the run knows (scenario text, seed, engine digest, times), gives a flat record of strings and numbers.
Must know nothing of engines and files of results: the store writes the record, it does not make it.
"""

import platform
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from mcoom import __version__

_LIBRARIES = ("numba", "numpy", "scipy", "h5py")


def git_commit(folder: Path) -> str:
    """Return the commit that ``folder`` is checked out at, with ``-dirty`` where tracked files differ.

    Parameters
    ----------
    folder : Path
        The root of the sources. Its own ``.git`` counts, not that of a folder above it.

    Returns
    -------
    str
        40 hex digits, perhaps ``-dirty``; empty where there is no repository or no git.
    """
    if not (folder / ".git").exists():
        return ""
    try:
        head = _git(folder, "rev-parse", "HEAD")
        dirty = _git(folder, "status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.SubprocessError):
        return ""
    return head + ("-dirty" if dirty else "")


def _git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments], capture_output=True, text=True, timeout=10, check=True
    )
    return done.stdout.strip()


def software() -> dict[str, str]:
    """Return the versions that the numbers may depend on, by name (``mcoom_version``, ``numpy_version``, ...)."""
    record = {"mcoom_version": __version__, "python_version": platform.python_version()}
    for name in _LIBRARIES:
        record[f"{name}_version"] = metadata.version(name)
    return record


def command_line(arguments: Sequence[str] | None = None) -> str:
    """Return the command as one would type it; ``arguments`` excludes the program, default those of the process."""
    given = sys.argv[1:] if arguments is None else arguments
    return shlex.join(["mcoom", *given])


def collect(
    *,
    scenario: Mapping[str, str],
    seed: int,
    replicates: int,
    threads: int,
    engine_digest: str,
    command: str,
    started: datetime,
    compile_s: float,
    elapsed_s: float,
) -> dict[str, str | int | float]:
    """Return the provenance record of one run.

    Parameters
    ----------
    scenario : mapping
        ``scenario_name``, ``scenario_title``, ``scenario_text`` (the TOML that ran) and ``spec_id`` (its sha256).
    seed, replicates, threads : int
        Root seed; replicates per cell; worker threads (which change no number).
    engine_digest : str
        sha256 of the engine's sources.
    command : str
        As typed.
    started : datetime
        With a time zone.
    compile_s, elapsed_s : float
        Seconds the engine took to be ready, and seconds of the run in all.

    Returns
    -------
    dict
        Strings, ints and floats only; every key is documented in docs/store.md.
    """
    return {
        **scenario,
        "seed": seed,
        "replicates": replicates,
        "threads": threads,
        "engine_digest": engine_digest,
        "git_commit": git_commit(Path(__file__).resolve().parent.parent),
        "command": command,
        "platform": platform.platform(),
        "machine": platform.machine(),
        "started_utc": started.astimezone(UTC).isoformat(timespec="seconds"),
        "compile_s": round(compile_s, 3),
        "elapsed_s": round(elapsed_s, 3),
        **software(),
    }
