"""The arithmetic of CFS: vruntime, min_vruntime, slices, wake-up preemption, buddies.

Takes weights and times, keeps VRUNTIME, MIN_V and the buddies. Must not know runqueues of other CPUs, nor why a task
runs.

Source: kernel/sched/fair.c@v4.13 and @v6.1 (update_curr, calc_delta_fair, update_min_vruntime, check_preempt_tick,
wakeup_preempt_entity, pick_next_entity, set_last_buddy, set_next_buddy); docs/model.md section 5.
"""

from mcoom._jit import jit, leaf
from mcoom.engine.burst import need
from mcoom.engine.heap import first, first_key, size
from mcoom.engine.state import (
    CURR,
    EXEC_START,
    FAIR,
    GROUPS,
    IDLE_MIN_GRAN_NS,
    LAST,
    LATENCY_NS,
    LOAD,
    MIN_GRAN_NS,
    MIN_V,
    NEED,
    NEXT,
    NR,
    NR_IDLE,
    RT_RUNTIME_NS,
    RT_TIME,
    SCHED,
    SCLASS,
    SLICE_START,
    SUM_EXEC,
    THROTTLED,
    VRUNTIME,
    WAKEUP_GRAN_NS,
    WEIGHT,
)
from mcoom.engine.whole import quotient
from mcoom.engine.words import CFS61, IDLE_CLASS

_NICE_0_WEIGHT = 1024
_NR_LATENCY = 8


@leaf
def delta_v(delta_ns, weight):
    """Return the vruntime (ns) that ``delta_ns`` < 2**31 of CPU time cost a task of ``weight`` (3..88761)."""
    if weight == _NICE_0_WEIGHT:
        return delta_ns
    return (delta_ns * quotient(1 << 32, weight)) >> 22


@leaf
def update_min(s, c):
    """Move MIN_V of CPU ``c`` up to the smallest vruntime there; it never goes back."""
    i = s.cpu[c, CURR]
    queued = size(s, c) > 0
    if i >= 0 and s.task[i, FAIR] == 1:
        v = s.task[i, VRUNTIME]
        if queued:
            v = min(v, first_key(s, c))
    elif queued:
        v = first_key(s, c)
    else:
        return
    s.cpu[c, MIN_V] = max(s.cpu[c, MIN_V], v)


@jit
def charge_rt(s, now, c, delta_ns):
    """Charge CPU ``c`` for ``delta_ns`` of an RT task; beyond the runtime of the period it is throttled."""
    s.cpu[c, RT_TIME] += delta_ns
    runtime = s.g[RT_RUNTIME_NS]
    if runtime >= 0 and s.cpu[c, RT_TIME] > runtime and s.cpu[c, THROTTLED] == 0:
        s.cpu[c, THROTTLED] = 1
        need(s, now, c)


@leaf
def update_curr(s, now, c):
    """Charge the running task of CPU ``c`` for the time since it was last charged."""
    i = s.cpu[c, CURR]
    if i < 0:
        return
    delta = now - s.cpu[c, EXEC_START]
    s.cpu[c, EXEC_START] = now
    s.task[i, SUM_EXEC] += delta
    if s.task[i, FAIR] == 1:
        s.task[i, VRUNTIME] += delta_v(delta, s.task[i, WEIGHT])
        update_min(s, c)
    else:
        charge_rt(s, now, c, delta)


@leaf
def wakeup_preempts(s, a, b):
    """Return -1, 0 or 1: ``b`` is behind ``a``, ahead of it within the wake-up granularity, or ahead beyond it."""
    behind = s.task[a, VRUNTIME] - s.task[b, VRUNTIME]
    if behind <= 0:
        return -1
    if behind > delta_v(s.g[WAKEUP_GRAN_NS], s.task[b, WEIGHT]):
        return 1
    return 0


@leaf
def may_be_buddy(s, i):
    """Return whether task ``i`` may be a last or next buddy: not a SCHED_IDLE one, unless 6.1 without groups."""
    return s.task[i, SCLASS] != IDLE_CLASS or (s.g[SCHED] == CFS61 and s.g[GROUPS] == 0)


@leaf
def clear_buddies(s, c, i):
    """Forget task ``i`` as a buddy of CPU ``c``."""
    if s.cpu[c, LAST] == i:
        s.cpu[c, LAST] = -1
    if s.cpu[c, NEXT] == i:
        s.cpu[c, NEXT] = -1


@leaf
def wakeup_check(s, now, c, p):
    """Decide whether fair task ``p``, just queued on CPU ``c``, preempts the fair task running there."""
    curr = s.cpu[c, CURR]
    if s.cpu[c, NEED] == 1:
        return
    if not (s.task[curr, SCLASS] == IDLE_CLASS and s.task[p, SCLASS] != IDLE_CLASS):
        if s.task[p, SCLASS] != 0:
            return
        update_curr(s, now, c)
        if wakeup_preempts(s, curr, p) != 1:
            return
        if may_be_buddy(s, p):
            s.cpu[c, NEXT] = p
    need(s, now, c)
    if s.cpu[c, NR] >= _NR_LATENCY and may_be_buddy(s, curr):
        s.cpu[c, LAST] = curr


@jit
def slice_ns(s, c, i, extra):
    """Return the ideal runtime (sched_slice) of task ``i`` on CPU ``c``: running, or (``extra`` 1) not yet counted."""
    nr = s.cpu[c, NR] + extra
    period = nr * s.g[MIN_GRAN_NS] if nr > _NR_LATENCY else s.g[LATENCY_NS]
    ideal = quotient(period * s.task[i, WEIGHT], s.cpu[c, LOAD] + extra * s.task[i, WEIGHT])
    if s.g[SCHED] == CFS61:
        light = s.g[GROUPS] == 1 and s.task[i, SCLASS] == IDLE_CLASS and s.cpu[c, NR_IDLE] + extra < nr
        ideal = max(ideal, s.g[IDLE_MIN_GRAN_NS] if light else s.g[MIN_GRAN_NS])
    return ideal


@jit
def check_tick(s, now, c):
    """Decide at a tick whether the fair task running on CPU ``c`` has had its share; NR >= 2 there."""
    i = s.cpu[c, CURR]
    ideal = slice_ns(s, c, i, 0)
    ran = s.task[i, SUM_EXEC] - s.cpu[c, SLICE_START]
    if ran > ideal:
        need(s, now, c)
        clear_buddies(s, c, i)
    elif ran >= s.g[MIN_GRAN_NS] and size(s, c) > 0:
        if s.task[i, VRUNTIME] - first_key(s, c) > ideal:
            need(s, now, c)


@leaf
def pick_fair(s, c):
    """Return the fair task to run next on CPU ``c``, whose queue is not empty; clears it as a buddy."""
    head = first(s, c)
    chosen = head
    last = s.cpu[c, LAST]
    if last >= 0 and wakeup_preempts(s, last, head) < 1:
        chosen = last
    following = s.cpu[c, NEXT]
    if following >= 0 and wakeup_preempts(s, following, head) < 1:
        chosen = following
    clear_buddies(s, c, chosen)
    return chosen
