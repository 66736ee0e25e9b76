"""A process that has the engine loaded and forks one child per command: hundreds of kills in a minute.

Takes JSON lines on standard input: ``{"start": [arguments], "cwd": folder}`` forks ``mcoom`` and answers its process
id; ``{"wait": pid}`` answers how it ended. A child is a process like any other: it can be killed, stopped, signalled.
"""

import json
import os
import sys

import mcoom.analysis.verdict  # loaded once here, not in every child
import mcoom.report.printout  # noqa: F401
from mcoom.cli.main import main
from mcoom.design.build import build_design
from mcoom.run.manifest import run_manifest
from mcoom.run.work import describe_run, prepare
from mcoom.spec.load import load_scenario


def warm(scenario: str, replicates: int, seed: int) -> None:
    """Load the engine and make the worker of the run that is to come; without threads, so that forking is safe."""
    design = build_design(load_scenario(scenario), replicates, seed)
    prepare(describe_run(design, run_manifest(design)))


def start(arguments: list[str], cwd: str) -> int:
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        os.chdir(cwd)
        for name, number in (("stdout.txt", 1), ("stderr.txt", 2)):
            os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666), number)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        try:
            main(arguments)
        except SystemExit as end:
            code = int(end.code or 0)
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)


def serve() -> None:
    warm(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
    print(json.dumps("ready"), flush=True)
    for line in sys.stdin:
        command = json.loads(line)
        if "start" in command:
            answer = start(command["start"], command["cwd"])
        else:
            _, state = os.waitpid(command["wait"], 0)
            answer = os.waitstatus_to_exitcode(state)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    serve()
