"""How far a run is, with its rate and the time left.

Takes counts of finished work, gives a bar that redraws itself on a terminal and one line every ten seconds elsewhere.
Must know nothing of what an episode is; it writes to the stream it was given (standard error) and nowhere else.
"""

import time
from collections.abc import Callable
from typing import TextIO

_BAR = 24
_TERMINAL_EVERY_S = 0.2
_LOG_EVERY_S = 10.0


def clock_text(seconds: float) -> str:
    """Return a duration as ``m:ss`` or ``h:mm:ss``.

    Examples
    --------
    >>> clock_text(75), clock_text(3700)
    ('1:15', '1:01:40')
    """
    whole = max(0, round(seconds))
    hours, rest = divmod(whole, 3600)
    minutes, secs = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{secs:02}" if hours else f"{minutes}:{secs:02}"


class Progress:
    """Counts finished work and says so now and then.

    Parameters
    ----------
    total : int or None
        What there is to do; None where nobody knows yet.
    stream : text stream or None
        Where to write; None says nothing (``--quiet``).
    label : str
        What is running.
    unit : str
        What is counted.
    clock : callable
        Seconds, rising; replaced in tests.
    """

    def __init__(
        self,
        total: int | None,
        stream: TextIO | None,
        label: str,
        unit: str = "episodes",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._total = total
        self._unit = unit
        self._stream = stream
        self._label = label
        self._clock = clock
        self._is_terminal = stream is not None and stream.isatty()
        self._every_s = _TERMINAL_EVERY_S if self._is_terminal else _LOG_EVERY_S
        self._start = self._last = clock()
        self._done = 0

    def expect(self, total: int) -> None:
        """Say what there is to do, where it was not known at the start."""
        self._total = total

    def advance(self, n: int) -> None:
        """Count ``n`` more episodes as finished, and write if it is time to."""
        self._done += n
        now = self._clock()
        if self._stream is None or now - self._last < self._every_s:
            return
        self._last = now
        if self._is_terminal:
            self._stream.write("\r\x1b[K" + self.line())
        else:
            self._stream.write(self.line() + "\n")
        self._stream.flush()

    def restart(self) -> None:
        """Begin to measure the rate now: what was spent before (compiling) is not work on episodes."""
        self._start = self._last = self._clock()

    def note(self, text: str) -> None:
        """Write one line of its own."""
        if self._stream is not None:
            self._stream.write(("\r\x1b[K" if self._is_terminal else "") + text + "\n")
            self._stream.flush()

    def close(self) -> None:
        """Remove the bar; on anything but a terminal there is nothing to remove."""
        if self._stream is not None and self._is_terminal:
            self._stream.write("\r\x1b[K")
            self._stream.flush()

    @property
    def elapsed_s(self) -> float:
        """Seconds since the work began."""
        return self._clock() - self._start

    def line(self) -> str:
        """Return the state as one line: share done, counts, rate, time left."""
        elapsed = self.elapsed_s
        rate = self._done / elapsed if elapsed > 0 else 0.0
        speed = f"{rate:,.{1 if rate < 100 else 0}f}/s"
        if self._total is None:
            return f"{self._label}  {self._done:,} {self._unit}  {speed}"
        share = self._done / self._total if self._total else 1.0
        left = clock_text((self._total - self._done) / rate) if rate > 0 else "?"
        full = int(share * _BAR)
        bar = "[" + "#" * full + "." * (_BAR - full) + "] " if self._is_terminal else ""
        return f"{self._label} {bar}{share:4.0%}  {self._done:,}/{self._total:,} {self._unit}  {speed}  ETA {left}"
