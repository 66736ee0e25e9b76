"""One episode: take the next event, hand it to its handler, until it ends.

Takes a ``State`` that ``set_up`` has reset, leaves the row of outputs and the trace in it. Must not know where either
goes. The order of events is total, (time, kind, number): docs/determinism.md. CPUs are few and timers fire on ticks,
so no event queue is needed.
"""

from mcoom._jit import jit, leaf
from mcoom.engine.burst import has_end_point, plan, set_burst
from mcoom.engine.futile import run_all_futile, run_futile, runs_on_alone, runs_on_with_others, within_budget
from mcoom.engine.gate import end_wake, open_gate
from mcoom.engine.heap import first, first_key, remove, size
from mcoom.engine.jump import jump
from mcoom.engine.jump_behind import settle_before, settle_picked
from mcoom.engine.layout import INF
from mcoom.engine.oom import (
    end_post_kill,
    end_select,
    go_to_oom,
    kill,
    last_attempt,
    may_oom,
    report_ns,
    try_lock,
    try_lock_again,
    unlock_and_go_on,
)
from mcoom.engine.program import begin_pass, end_pass, exit_begin, retry_top, start, try_touch
from mcoom.engine.reaper import end_reap, reap_next
from mcoom.engine.row import start_row, timer_row
from mcoom.engine.runqueue import schedule
from mcoom.engine.state import (
    BEHIND,
    CURR,
    DONE,
    END,
    FORK_AT,
    GATE_POS,
    JUMP_AT,
    LIMIT,
    MAX_EVENTS,
    N_BUSY,
    N_CPUS,
    N_EVENTS,
    N_NEED,
    N_RT_QUEUED,
    N_SKIPPED,
    NEED,
    OPENS,
    PHASE,
    POST_KILL_NS,
    PREEMPT,
    REPORT_BURST,
    RESCHED_AT,
    TICK_AT,
    TICK_CPU,
    TICK_NS,
    TIMER_MODE,
)
from mcoom.engine.tick import tick
from mcoom.engine.timer import fire_first, next_timer
from mcoom.engine.times import end
from mcoom.engine.victim import begin_exit_mm, exit_done, release
from mcoom.engine.whole import quotient
from mcoom.engine.words import (
    AT_FIRST_EXIT,
    AT_FIRST_KILL,
    AT_FIRST_LOCK,
    AT_KILL,
    BUDGET,
    ENTRY,
    EXIT_MM,
    EXIT_START,
    FIRST,
    FULL_PREEMPTION,
    GATE,
    HOG,
    HORIZON,
    LOCKTRY,
    NEVER,
    OOM,
    PASS,
    POST_KILL,
    REAP,
    REAP_WAKE,
    REPORTING,
    RETRY,
    SELECT,
    TOUCH,
    TRYLOCK,
)

_BURST_END, _RESCHED, _TIMER, _START, _TICK, _NOTHING = range(6)


@jit
def end_gate(s, now, i):
    """Go on opening the gate, or with what its opener does next."""
    if end_wake(s, now, i):
        return
    kind = s.task[i, OPENS]
    if kind == AT_FIRST_LOCK:
        last_attempt(s, now, i)
    elif kind == AT_FIRST_KILL:
        set_burst(s, now, i, POST_KILL, s.g[POST_KILL_NS])
    else:
        exit_done(s, now, i)


@jit
def end_exit_mm(s, now, i):
    """Free what the dying task still holds; the first exit may open a gate."""
    release(s, now, i, i)
    if not open_gate(s, now, i, AT_FIRST_EXIT):
        exit_done(s, now, i)


@jit
def end_rare_burst(s, now, i, phase):
    """Hand the end of a burst of task ``i`` at or behind the lock to what follows it."""
    if phase == TRYLOCK:
        try_lock(s, now, i)
    elif phase == OOM:
        may_oom(s, now, i)
    elif phase == LOCKTRY:
        try_lock_again(s, now, i)
    elif phase == GATE:
        end_gate(s, now, i)
    elif phase == SELECT:
        end_select(s, now, i)
    elif phase == REPORTING:
        kill(s, now, i)
    elif phase == POST_KILL:
        end_post_kill(s, now, i)
    elif phase == EXIT_START:
        begin_exit_mm(s, now, i)
    elif phase == EXIT_MM:
        end_exit_mm(s, now, i)
    elif phase == REAP_WAKE:
        reap_next(s, now)
    elif phase == REAP:
        end_reap(s, now)
    elif phase == HOG:
        exit_begin(s, now, i)
    else:
        unlock_and_go_on(s, now, i)


@leaf
def next_tick(s, now):
    """Return the time of the next tick event; ticks at which nothing can happen are skipped."""
    if s.g[TICK_CPU] > 0:
        return s.g[TICK_AT]
    tick_ns = s.g[TICK_NS]
    if s.g[TICK_AT] < now:
        s.g[TICK_AT] = quotient(now + tick_ns - 1, tick_ns) * tick_ns
    if s.g[N_BUSY] > 0 or s.g[N_RT_QUEUED] > 0:
        return s.g[TICK_AT]
    if s.g[TIMER_MODE] == 0:
        # TICK_AT stays: a start before that timer fires makes the earlier ticks exist.
        return next_timer(s, s.g[TICK_AT])
    return INF


@leaf
def next_event(s, now):
    """Return (time, kind, CPU) of the first event in the total order, and the times (ns) of two more.

    These are the first that is no end of a burst, reschedules left out, and the first of all but the event itself. The
    latter is 0 where that may change on the way: with a reschedule pending, or with timers that fire between ticks.
    """
    at, cpu, second = INF, 0, INF
    for c in range(s.g[N_CPUS]):
        ends = s.cpu[c, END]
        if ends < second:
            second = ends
            if ends < at:
                at, cpu, second = ends, c, at
    kind = _BURST_END if at < INF else _NOTHING
    if s.g[TIMER_MODE] == 1:
        second = 0
    if s.g[N_NEED] > 0:
        second = 0
        for c in range(s.g[N_CPUS]):
            if s.cpu[c, NEED] == 1 and s.cpu[c, RESCHED_AT] < at:
                at, kind, cpu = s.cpu[c, RESCHED_AT], _RESCHED, c
    other, other_kind = INF, _NOTHING
    row = timer_row(s)
    if s.g[TIMER_MODE] == 1 and size(s, row) > 0:
        other, other_kind = first_key(s, row), _TIMER
    row = start_row(s)
    if size(s, row) > 0 and first_key(s, row) < other:
        other, other_kind = first_key(s, row), _START
    tick_at = next_tick(s, now)
    if tick_at < other:
        other, other_kind = tick_at, _TICK
    if other < at:
        at, kind, cpu = other, other_kind, s.g[TICK_CPU]
    return at, kind, cpu, other, min(second, other)


@jit
def plan_after(s, now, c, phase):
    """Set RESCHED_AT of CPU ``c``, whose task goes on after a burst of ``phase``; a reschedule is pending."""
    i = s.cpu[c, CURR]
    if s.task[i, PHASE] == GATE and s.task[i, GATE_POS] > 0:
        s.cpu[c, RESCHED_AT] = INF  # a batch of wake-ups is one section without interrupts
    elif s.g[PREEMPT] == FULL_PREEMPTION or has_end_point(phase):
        s.cpu[c, RESCHED_AT] = now
    else:
        plan(s, now, c)


@leaf
def is_out_of_budget(s):
    """Return whether as many events have been taken, jumps left out, as the scenario allows."""
    return s.g[N_EVENTS] - s.g[N_SKIPPED] >= s.g[MAX_EVENTS]


@leaf
def is_frequent(phase):
    """Return whether this phase is one in which a task is alone with itself: its end disturbs no other event.

    Where it does after all, a reschedule is pending, or the episode is over.
    """
    return phase == PASS or phase == ENTRY or phase == RETRY or phase == TOUCH or phase == FIRST


@leaf
def forks(s, phase):
    """Return whether the episode stops before this end of a burst, as policies with which it is shared may part here.

    Nobody has been killed yet: an owner that has chosen its victim reports it or kills it. FORK_AT is NEVER afterwards.
    """
    if s.g[FORK_AT] == NEVER or (phase != SELECT and phase != REPORTING):
        return False
    if s.g[FORK_AT] == AT_KILL and phase == SELECT and report_ns(s) > 0 and s.g[REPORT_BURST] > 0:
        return False
    s.g[FORK_AT] = NEVER
    s.g[DONE] = 1
    return True


@jit
def handle_burst_ends(s, now, c, until):
    """Handle the end of the burst that runs on CPU ``c``, and those that follow there before ``until`` (ns).

    What follows the end of a burst: docs/model.md section 4, frequent phases first.
    Nothing else may happen before ``until`` but what these ends bring about. Return the time of the last one.
    """
    while True:
        i = s.cpu[c, CURR]
        phase = s.task[i, PHASE]
        if phase == PASS and runs_on_alone(s, c) and run_futile(s, c, within_budget(s, now, until)) > 0:
            if s.cpu[c, END] >= until:
                return now
            now, phase = s.cpu[c, END], s.task[i, PHASE]
        s.g[N_EVENTS] += 1
        if phase == PASS:
            if end_pass(s, now, i):
                go_to_oom(s, now, i)
        elif phase == ENTRY:
            begin_pass(s, now, i)
        elif phase == RETRY:
            retry_top(s, now, i)
        elif phase == TOUCH or phase == FIRST:
            try_touch(s, now, i)
        elif forks(s, phase):
            s.g[N_EVENTS] -= 1
            return now
        else:
            end_rare_burst(s, now, i, phase)
        if s.cpu[c, NEED] == 1 and s.cpu[c, CURR] == i:
            plan_after(s, now, c, phase)
        if s.g[DONE] == 1 or s.g[BEHIND] == 1:
            return now
        if s.g[N_NEED] == 1 and s.cpu[c, NEED] == 1 and s.cpu[c, RESCHED_AT] <= now:
            schedule(s, now, c)
        if s.g[N_NEED] > 0 or s.cpu[c, END] >= until or not is_frequent(phase) or is_out_of_budget(s):
            return now
        now = s.cpu[c, END]


@jit
def handle_tick(s, now, c):
    """Handle the tick of CPU ``c`` and move on to that of the next CPU."""
    s.g[TICK_AT] = now
    s.g[TICK_CPU] = c + 1
    if c + 1 == s.g[N_CPUS]:
        s.g[TICK_CPU] = 0
        s.g[TICK_AT] = now + s.g[TICK_NS]
    tick(s, now, c)


@leaf
def reschedule(s, now):
    """Let every CPU reschedule whose pending reschedule is due."""
    for c in range(s.g[N_CPUS]):
        if s.cpu[c, NEED] == 1 and s.cpu[c, RESCHED_AT] <= now:
            prev = s.cpu[c, CURR]
            schedule(s, now, c)
            if s.g[BEHIND] == 1:
                settle_picked(s, now, c, prev)


@leaf
def burst_is_due(s, now):
    """Return whether some burst is used up."""
    for c in range(s.g[N_CPUS]):
        if s.cpu[c, END] <= now:
            return True
    return False


@leaf
def handle_ticks(s, now, c):
    """Handle the tick of CPU ``c`` and, as long as nothing comes between, those of the CPUs behind it."""
    while True:
        handle_tick(s, now, c)
        if s.g[TICK_CPU] == 0 or s.g[DONE] == 1:
            return
        if s.g[N_NEED] > 0:
            reschedule(s, now)
        if s.g[BEHIND] == 1 or is_out_of_budget(s) or burst_is_due(s, now):
            return
        c = s.g[TICK_CPU]


@leaf
def handle_start(s, now):
    """Start the task that is first in order of start times."""
    row = start_row(s)
    i = first(s, row)
    remove(s, row, i)
    start(s, now, i)


@leaf
def pauses(s):
    """Return whether the episode is left as it is for now: never, but where its turns are counted (``mcoom.gpu``)."""
    return False


@jit
def run_on(s, now):
    """Run an episode, which is not over, from ``now`` (ns) to its end or a pause; return the time it is then."""
    while not pauses(s):
        at, kind, cpu, other, second = next_event(s, now)
        if s.g[BEHIND] == 1:
            settle_before(s, at, kind == _BURST_END, cpu)
        if at >= s.g[LIMIT]:
            end(s, s.g[LIMIT], HORIZON)
            return now
        if is_out_of_budget(s):
            end(s, now, BUDGET)
            return now
        now = at
        if kind == _BURST_END:
            if runs_on_with_others(s, cpu) and run_all_futile(s, now, other):
                continue
            now = handle_burst_ends(s, now, cpu, min(second, s.g[LIMIT]))
        elif kind == _TICK:
            handle_ticks(s, now, cpu)
        elif kind == _TIMER:
            fire_first(s, now)
        elif kind == _START:
            s.g[N_EVENTS] += 1
            handle_start(s, now)
        if s.g[DONE] == 1:
            return now
        if s.g[N_NEED] > 0:
            reschedule(s, now)
        if kind == _TICK and s.g[JUMP_AT] <= now:
            now = jump(s, now)
    return now


@jit
def run_episode(s):
    """Run the episode of a ``State`` that ``set_up`` has reset, to its end."""
    run_on(s, 0)
