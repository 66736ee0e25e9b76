"""The victim: its exit and the release of its memory (docs/model.md sections 7 and 10).

Takes the world and a killed task, brings it to its end.
Must not know who killed it.
"""

from . import gate
from .burst import set_burst
from .codes import EXIT_MM, EXIT_START, EXITED, FIRST_EXIT, T_EXIT, T_RELEASE
from .invocation import check_recovery, note_release
from .memory import free_pages
from .scheduler import stop
from .world import Task, World


def exit_begin(w: World, task: Task) -> None:
    """Begin the exit."""
    set_burst(w, task, EXIT_START, w.machine["exit_start_ns"])


def exit_mm(w: World, task: Task) -> None:
    """Begin the part of the exit that frees memory."""
    m = w.machine
    task.mm_exiting = True
    set_burst(w, task, EXIT_MM, m["exit_base_ns"] + m["exit_page_ns"] * task.rss, seg=m["exit_seg_ns"])


def exit_end(w: World, task: Task) -> None:
    """Free what is left, then exit."""
    release(w, task, task)
    if gate.is_unopened(w, FIRST_EXIT):
        gate.gate_open(w, FIRST_EXIT, task)
    else:
        exit_done(w, task)


def exit_done(w: World, task: Task) -> None:
    """Be gone."""
    w.record(T_EXIT, task)
    stop(w, task, EXITED)


def release(w: World, runner: Task, victim: Task) -> None:
    """Put the pages of `victim` on the free list; `runner` does it. Only the first time is its release."""
    if victim.released and victim.rss == 0:
        return
    pages = victim.rss
    free_pages(w, pages)
    w.record(T_RELEASE, runner, arg=pages)
    victim.rss = 0
    if not victim.released:
        victim.released = True
        note_release(w, victim)
    check_recovery(w)
