"""What the workers of these tests do: top-level functions, so that every kind of worker process can import them."""

import json
import os
import signal
import time
from pathlib import Path

PREPARED: list[bytes] = []
"""Contexts that this process has prepared, in order."""


def prepare(context: bytes) -> dict[str, str]:
    PREPARED.append(context)
    return json.loads(context)


def square(context: dict[str, str], task: int) -> tuple[int, int, int]:
    """The square, the process it was computed in, and how often that process has prepared itself."""
    time.sleep(float(context.get("nap", "0")))
    return task * task, os.getpid(), len(PREPARED)


def note(context: dict[str, str], task: int) -> None:
    """Leave a line in the folder of the test: an attempt at ``task`` by this process."""
    with (Path(context["folder"]) / f"attempt-{task}").open("a") as stream:
        stream.write(f"{os.getpid()}\n")


def die_at_first(context: dict[str, str], task: int) -> int:
    """Every task that divides by ten kills its worker at the first attempt, as kill -9 does."""
    note(context, task)
    if task % 10 == 0 and len(attempts(context["folder"], task)) == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return task * task


def die_of_seven(context: dict[str, str], task: int) -> int:
    """Task 7 kills every worker that gets it."""
    note(context, task)
    if task == 7:
        os.kill(os.getpid(), signal.SIGKILL)
    return task * task


def refuse_seven(context: dict[str, str], task: int) -> int:
    note(context, task)
    if task == 7:
        raise ValueError("seven")
    time.sleep(0.05)
    return task * task


def linger(context: dict[str, str], task: int) -> int:
    """A task that takes its time, and says in a file that it has begun."""
    note(context, task)
    time.sleep(float(context["nap"]))
    return task * task


def attempts(folder: str | Path, task: int) -> list[int]:
    """Processes that tried ``task``, in order."""
    path = Path(folder) / f"attempt-{task}"
    return [int(line) for line in path.read_text().split()] if path.exists() else []
