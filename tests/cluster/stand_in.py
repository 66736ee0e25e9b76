"""A program that a batch script runs in place of mcoom: it begins, and then waits to be told.

Usage: stand_in.py run WHAT ...; leaves a line per start in the file ``starts``, and ends with what WHAT says.
"""

import os
import signal
import sys
import time
from pathlib import Path

EXIT_RESUMABLE = 75


def leave(number: int, frame: object) -> None:
    with Path("signals").open("a") as stream:
        stream.write(f"{signal.Signals(number).name}\n")
    sys.exit(EXIT_RESUMABLE)


def main(what: str) -> int:
    for number in (signal.SIGUSR1, signal.SIGTERM):
        signal.signal(number, leave)
    with Path("starts").open("a") as stream:
        stream.write(f"{os.getpid()} {os.environ.get('SLURM_RESTART_COUNT', 0)}\n")
    is_again = len(Path("starts").read_text().splitlines()) > 1
    if what == "wrong":
        return 2
    if what == "wait-once" and is_again:
        return 0
    time.sleep(300)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[2]))
