"""Being asked to stop.

Takes signals, gives a flag that the run looks at between blocks. Must know nothing of what is stopped.
"""

import os
import signal
from types import FrameType, TracebackType
from typing import Any

from mcoom.errors import McoomError

EXIT_RESUMABLE = 75
"""Exit code of a run that the same command goes on with (EX_TEMPFAIL of sysexits.h)."""
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)
"""Signals that stop a run: of a terminal, of a batch system at the end of the time, and of one that warns before it."""


class InterruptedRunError(McoomError):
    """The run was asked to stop and has; what is finished is stored."""

    exit_code = EXIT_RESUMABLE


class _StopNow(BaseException):
    """Passes through whatever catches ordinary errors, such as a compiler."""


class StopRequest:
    """Flag that signals set; a context manager that handles them while its block runs.

    The first signal asks for an end after the blocks in flight; a second one ends the process at once, which costs
    these blocks and nothing else.

    Raises
    ------
    InterruptedRunError
        At the end of the block, if a signal came while nothing was in flight.
    """

    def __init__(self) -> None:
        self.signal_name = ""
        """Name of the signal that came first, empty so far."""
        self.can_wait = False
        """Whether somebody looks at the flag; else the first signal ends the block on the spot."""
        self._before: dict[signal.Signals, Any] = {}

    def __call__(self) -> bool:
        """Return whether to stop."""
        return bool(self.signal_name)

    def check(self) -> None:
        """Raise if asked to stop.

        Raises
        ------
        InterruptedRunError
        """
        if self.signal_name:
            raise self._error()

    def _error(self) -> InterruptedRunError:
        return InterruptedRunError(f"stopped by {self.signal_name}")

    def __enter__(self) -> "StopRequest":
        self._before = {number: signal.signal(number, self._receive) for number in SIGNALS}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        if isinstance(error, _StopNow):
            raise self._error() from None

    def _receive(self, number: int, frame: FrameType | None) -> None:
        if self.signal_name:
            os._exit(EXIT_RESUMABLE)
        self.signal_name = signal.Signals(number).name
        if not self.can_wait:
            raise _StopNow
