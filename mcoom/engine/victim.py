"""The victim: selection, SIGKILL, exit, and the return of its memory.

Takes the task that selects or dies, moves its pages back to free. Must not know the lock.
docs/model.md section 10; mm/oom_kill.c@v4.13 (oom_badness, select_bad_process), kernel/exit.c, mm/mmap.c (exit_mmap).
"""

from mcoom._jit import jit, leaf
from mcoom.engine.burst import set_burst
from mcoom.engine.heap import remove
from mcoom.engine.memory import give_back
from mcoom.engine.placement import wake
from mcoom.engine.program import exit_begin
from mcoom.engine.record import emit
from mcoom.engine.rng import draw, index_below
from mcoom.engine.row import start_row
from mcoom.engine.runqueue import stop
from mcoom.engine.state import (
    ADJ,
    CPU,
    CURR,
    END,
    EXIT_BASE_NS,
    EXIT_PAGE_NS,
    KILLABLE,
    KILLED,
    LEFT,
    MM_EXITING,
    N_DYING,
    N_LIVE,
    N_TASKS,
    PHASE,
    RELEASED,
    RSS,
    SELECTION,
    SKIPPED,
    STATE,
    TOTAL_PAGES,
)
from mcoom.engine.timer import disarm
from mcoom.engine.times import check_recovery, note_release
from mcoom.engine.words import (
    ALLOCATING_TASK,
    BADNESS_5_9,
    BLOCKED,
    DRAW_SELECT,
    EXIT_MM,
    EXITED,
    FIRST,
    GATED,
    HOG,
    NEW,
    PARKED,
    RANDOM_VICTIM,
    RUNNABLE,
    SLEEPING,
    T_EXIT,
    T_RELEASE,
)

_ADJ_NEVER = -1000


@leaf
def is_candidate(s, i):
    """Return whether task ``i`` may be killed."""
    return s.task[i, KILLED] == 0 and s.task[i, STATE] != EXITED and s.task[i, ADJ] > _ADJ_NEVER and s.task[i, RSS] > 0


@leaf
def one_is_dying(s):
    """Return whether some victim still has its memory: then nobody else is killed (MMF_OOM_SKIP not set)."""
    return s.g[N_DYING] > 0


@jit
def n_candidates(s):
    """Return how many tasks may be killed."""
    n = 0
    for i in range(s.g[N_TASKS] - 1):
        if is_candidate(s, i):
            n += 1
    return n


@jit
def select_random(s, chooser):
    """Return a uniformly drawn candidate or -1."""
    n = n_candidates(s)
    if n == 0:
        return -1
    left = index_below(draw(s, chooser, DRAW_SELECT), n)
    for i in range(s.g[N_TASKS] - 1):
        if is_candidate(s, i):
            if left == 0:
                return i
            left -= 1
    return -1


@jit
def select_victim(s, chooser):
    """Return the task to kill by the policy's rule, or -1 if nobody may be killed."""
    rule = s.g[SELECTION]
    if rule == ALLOCATING_TASK and is_candidate(s, chooser):
        return chooser
    if rule == RANDOM_VICTIM:
        return select_random(s, chooser)
    best = -1
    most = 0
    for i in range(s.g[N_TASKS] - 1):
        if not is_candidate(s, i):
            continue
        points = s.task[i, RSS] + s.task[i, ADJ] * s.g[TOTAL_PAGES] // 1000
        if rule != BADNESS_5_9:
            points = max(1, points)
        if best < 0 or points > most or (points == most and rule == BADNESS_5_9):
            best, most = i, points
    return best


@jit
def send_sigkill(s, now, i):
    """Let the SIGKILL reach task ``i``: a killable sleeper wakes, a computing task stops, others find out later."""
    state = s.task[i, STATE]
    if state == PARKED or state == NEW or state == GATED:
        if state == NEW:
            remove(s, start_row(s), i)
        exit_begin(s, now, i)
        wake(s, now, i)
    elif state == BLOCKED:
        wake(s, now, i)
    elif state == SLEEPING and s.task[i, KILLABLE] == 1:
        disarm(s, i)
        wake(s, now, i)
    elif state == RUNNABLE and (s.task[i, PHASE] == HOG or s.task[i, PHASE] == FIRST):
        s.task[i, LEFT] = 0
        if s.cpu[s.task[i, CPU], CURR] == i:
            s.cpu[s.task[i, CPU], END] = now


@jit
def begin_exit_mm(s, now, i):
    """Let dying task ``i`` begin to free its memory."""
    s.task[i, MM_EXITING] = 1
    set_burst(s, now, i, EXIT_MM, s.g[EXIT_BASE_NS] + s.g[EXIT_PAGE_NS] * s.task[i, RSS])


@jit
def release(s, now, i, by):
    """Return the memory of victim ``i`` to the free list; ``by`` is who does it, FIDELITY(2).

    The first time counts as its release; pages that it took after the reap follow at its exit.
    """
    pages = s.task[i, RSS]
    if pages == 0 and s.task[i, RELEASED] == 1:
        return
    give_back(s, pages)
    s.task[i, RSS] = 0
    emit(s, now, T_RELEASE, s.task[by, CPU], by, pages)
    if s.task[i, RELEASED] == 0:
        s.task[i, RELEASED] = 1
        if s.task[i, SKIPPED] == 0:
            s.g[N_DYING] -= 1
        note_release(s, now, i)
    else:
        check_recovery(s, now)


@jit
def exit_done(s, now, i):
    """Let task ``i`` be gone."""
    emit(s, now, T_EXIT, s.task[i, CPU], i, 0)
    s.g[N_LIVE] -= 1
    stop(s, now, i, EXITED)
