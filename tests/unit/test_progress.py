"""Progress: what is said, when, and on which kind of stream."""

import io

import pytest

from mcoom.run.progress import Progress, clock_text


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def make(stream, total=1000):
    clock = Clock()
    return Progress(total, stream, "desktop", clock=clock), clock


def test_one_line_every_ten_seconds_where_nobody_watches():
    stream = io.StringIO()
    progress, clock = make(stream)
    for _ in range(40):
        clock.now += 1
        progress.advance(10)
    lines = stream.getvalue().splitlines()
    assert lines[0] == "desktop  10%  100/1,000 episodes  10.0/s  ETA 1:30"
    assert len(lines) == 4
    progress.close()
    assert stream.getvalue().count("\r") == 0


def test_a_bar_on_a_terminal():
    stream = Terminal()
    progress, clock = make(stream)
    clock.now += 2
    progress.advance(500)
    assert stream.getvalue().endswith("desktop [############............]  50%  500/1,000 episodes  250/s  ETA 0:02")
    progress.close()
    assert stream.getvalue().endswith("\r\x1b[K")


def test_a_bar_is_not_redrawn_for_every_block():
    stream = Terminal()
    progress, clock = make(stream)
    for _ in range(100):
        clock.now += 0.01
        progress.advance(1)
    assert stream.getvalue().count("\r") <= 6


def test_quiet_says_nothing():
    progress, clock = make(None)
    clock.now += 60
    progress.advance(10)
    progress.note("x")
    progress.close()
    assert progress.elapsed_s == 60


def test_rate_begins_when_the_engine_is_ready():
    stream = io.StringIO()
    progress, clock = make(stream)
    clock.now += 50
    progress.restart()
    clock.now += 10
    progress.advance(500)
    assert "50.0/s  ETA 0:10" in stream.getvalue()


def test_without_a_total():
    stream = io.StringIO()
    progress, clock = make(stream, total=None)
    clock.now += 20
    progress.advance(5000)
    assert stream.getvalue() == "desktop  5,000 episodes  250/s\n"


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00"), (59.6, "1:00"), (75, "1:15"), (3700, "1:01:40"), (-1, "0:00")]
)
def test_clock_text(seconds, text):
    assert clock_text(seconds) == text
