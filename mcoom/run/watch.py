"""Those who want to know how a run goes: a person at a terminal, and a log for programs.

Takes what happens, gives lines on a stream and JSON lines in a file. Must know nothing of what it means, and once it
has begun is never the reason for a run to fail.
"""

import json
import os
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from mcoom.errors import StoreError
from mcoom.run.progress import Progress


class Watch:
    """Progress and log of one run.

    Parameters
    ----------
    progress : Progress
        For the person.
    log : Path or None
        File for programs, appended to; None for none.
    warn : callable
        Tells the person what must not be passed over, even where progress is not shown.

    Raises
    ------
    StoreError
        The log cannot be opened.
    """

    def __init__(
        self, progress: Progress, log: Path | None = None, warn: Callable[[str], None] = lambda text: None
    ) -> None:
        self.progress = progress
        """The bar."""
        self._warn = warn
        self._log: TextIO | None = None
        if log is not None:
            try:
                self._log = log.open("a", encoding="utf-8")
            except OSError as error:
                raise StoreError(f"--log {log}: cannot be written: {error.strerror or error}") from error

    def note(self, event: str, text: str = "", **facts: object) -> None:
        """Tell the person ``text``, if any, and log the event with its facts (JSON types)."""
        if text:
            self.progress.note(text)
        self.record(event, **facts)

    def set_aside(self, line: str) -> None:
        """Tell that a file was set aside: one line, what and why."""
        self.progress.close()
        self._warn(line)
        self.record("quarantine", line=line)

    def record(self, event: str, **facts: object) -> None:
        """Log one event: a JSON object in a line, with time (s since the epoch), host and process."""
        if self._log is None:
            return
        line = {"time": round(time.time(), 3), "host": socket.gethostname(), "pid": os.getpid(), "event": event}
        try:
            self._log.write(json.dumps({**line, **facts}) + "\n")
            self._log.flush()
        except OSError as error:
            self._log_failed(Path(self._log.name), error)

    def close(self) -> None:
        """End the bar and the log."""
        self.progress.close()
        if self._log is not None:
            with suppress(OSError):
                self._log.close()
            self._log = None

    def _log_failed(self, path: Path, error: OSError) -> None:
        if self._log is not None:
            with suppress(OSError):
                self._log.close()
        self._log = None
        self._warn(f"log {path}: cannot be written: {error.strerror or error}; going on without it")
