"""What every command prints in the same way.

Takes text or plain data, gives lines on standard output or standard error. Must know nothing of what they say.
"""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager


class ReaderGoneError(Exception):
    """Whoever read the output went away; not an error of mcoom's, and nothing to talk about."""


def say(text: str) -> None:
    """Print one line for the person at the terminal (standard error)."""
    print(text, file=sys.stderr, flush=True)


def give(text: str) -> None:
    """Print a result (standard output).

    Raises
    ------
    ReaderGoneError
        If nobody reads it.
    """
    with _reader():
        print(text, flush=True)


def give_json(data: object) -> None:
    """Print a result as JSON (standard output): no NaN, keys in the order given.

    Raises
    ------
    ReaderGoneError
        If nobody reads it.
    """
    with _reader():
        json.dump(data, sys.stdout, indent=2, allow_nan=False)
        print(flush=True)


@contextmanager
def _reader() -> Iterator[None]:
    # click would turn a broken pipe into exit code 1 before anyone here could see it.
    try:
        yield
    except BrokenPipeError as error:
        raise ReaderGoneError from error
