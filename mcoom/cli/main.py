"""The ``mcoom`` command and how it ends.

Takes the arguments of the process, gives one of the exit codes of README.md. Every error that mcoom raises on purpose
becomes one line on standard error; must know nothing of what the commands do.
"""

import os
import sys
from collections.abc import Sequence
from typing import NoReturn

import click

from mcoom import __version__
from mcoom.cli.cache import cache
from mcoom.cli.catalogue import check, policies, scenarios
from mcoom.cli.literature import literature
from mcoom.cli.merge import merge, status
from mcoom.cli.output import ReaderGoneError, say
from mcoom.cli.rare import rare
from mcoom.cli.read import compare, show
from mcoom.cli.replay import replay
from mcoom.cli.report import plot, report
from mcoom.cli.simulate import run
from mcoom.cli.submit import submit
from mcoom.cli.validate import validate
from mcoom.cli.verify import verify
from mcoom.errors import McoomError

EXIT_INTERRUPTED = 130
"""Ctrl-C: 128 + SIGINT."""
EXIT_BROKEN_PIPE = 141
"""Whoever read the output went away: 128 + SIGPIPE."""


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="mcoom")
def cli() -> None:
    """How long until the OOM killer kills, and which policy makes it sooner.

    mcoom simulates the out-of-memory path of the Linux kernel and gives the censored distribution of the time to
    kill, to release and to recovery, per scenario and policy.
    """


for command in (
    *(run, merge, status, submit, cache),
    *(check, scenarios, policies, show, compare, report, plot, replay),
    *(rare, validate, literature, verify),
):
    cli.add_command(command)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and leave the process.

    Parameters
    ----------
    arguments : sequence of str, optional
        Default: those of the process.

    Raises
    ------
    SystemExit
        Always; the code is one of README.md's.
    """
    try:
        given = list(arguments) if arguments is not None else None
        code = cli.main(args=given, prog_name="mcoom", standalone_mode=False)
    except McoomError as error:
        say(f"mcoom: error: {error}")
        sys.exit(error.exit_code)
    except click.ClickException as error:
        say(f"mcoom: error: {_one_line(error)}")
        sys.exit(error.exit_code)
    except ReaderGoneError:
        # The interpreter flushes standard output once more at exit; give it somewhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(EXIT_BROKEN_PIPE)
    except OSError as error:  # whatever a command did not expect of the file system
        say(f"mcoom: error: {error.filename or 'system'}: {error.strerror or error}")
        sys.exit(1)
    except (KeyboardInterrupt, click.Abort):
        _leave_interrupted()
    sys.exit(code if isinstance(code, int) else 0)


def _one_line(error: click.ClickException) -> str:
    text = " ".join(error.format_message().split())
    if isinstance(error, click.UsageError) and error.ctx is not None:
        text += f" (try '{error.ctx.command_path} --help')"
    return text


def _leave_interrupted() -> NoReturn:
    """Say so and leave at once: a block that a thread has begun cannot be stopped, and is not worth waiting for."""
    say("mcoom: interrupted")
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except ReaderGoneError:
            continue
    os._exit(EXIT_INTERRUPTED)
