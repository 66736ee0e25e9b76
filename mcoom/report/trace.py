"""A trace of events, line by line, in words.

Takes trace records (docs/model.md section 11) and the classes of the tasks, gives text. Must know nothing of the engine
that made them.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from mcoom.codes import EndReason, Program, SchedClass, StartKind, Trace
from mcoom.engine.layout import CLASS, OUT_FIELDS

_BAIL = {1: "it is being killed itself", 2: "its allocation is GFP_NOFS", 3: "a victim is still dying"}
_PLAIN = {
    Trace.WAKE: "wakes",
    Trace.BLOCK: "blocks on oom_lock",
    Trace.ENTER: "enters may_oom",
    Trace.TRYFAIL: "finds oom_lock taken",
    Trace.ACQUIRE: "takes oom_lock",
    Trace.UNLOCK: "unlocks oom_lock",
    Trace.EXIT: "exits",
}


def task_names(classes: NDArray[np.int64]) -> list[str]:
    """Return a name for each task of one replicate, the reaper last.

    Parameters
    ----------
    classes : (C, len(CLASS_FIELDS)) int64
        The classes of the replicate.

    Returns
    -------
    list of str
        Such as ``"allocator/idle 0"``: program, scheduling class, number of the task.
    """
    names: list[str] = []
    for row in classes:
        program = Program(int(row[CLASS["program"]])).name.lower()
        sclass = SchedClass(int(row[CLASS["sclass"]])).name.lower()
        names += [f"{program}/{sclass} {len(names) + i}" for i in range(int(row[CLASS["count"]]))]
    return [*names, f"oom_reaper {len(names)}"]


def trace_lines(trace: NDArray[np.int64], names: Sequence[str], *, has_all: bool = False) -> Iterator[str]:
    """Yield the records as lines: time in ms, CPU, task, what happens.

    Parameters
    ----------
    trace : (n, 5) int64
        Records (time_ns, code, cpu, task, arg).
    names : sequence of str
        Name of each task.
    has_all : bool
        One line per record; otherwise a task's successful allocations in a row make one line, that of the last.
    """
    width = max(map(len, names))
    records = trace.tolist()
    in_a_row = 0
    for record, following in zip(records, [*records[1:], None], strict=True):
        time_ns, code, cpu, task, argument = record
        in_a_row += 1
        if not has_all and code == Trace.ALLOC and following is not None and following[1:4] == record[1:4]:
            continue
        words = event_words(code, task, argument, names)
        if in_a_row > 1:
            words += f" ({in_a_row} times)"
        in_a_row = 0
        place = f"cpu {cpu:<2}" if cpu >= 0 else "      "
        who = names[task] if task >= 0 else ""
        yield f"{time_ns / 1e6:16.6f} ms  {place}  {who:<{width}}  {words}".rstrip()


def event_words(code: int, task: int, argument: int, names: Sequence[str]) -> str:
    """Say what one record means, without its time, CPU and task."""
    kind = Trace(code)
    if kind in _PLAIN:
        return _PLAIN[kind]
    if kind == Trace.SWITCH:
        before = f" after {names[argument]}" if argument >= 0 else ""
        return ("runs" if task >= 0 else "idle") + before
    if kind == Trace.BAIL:
        return f"does not kill: {_BAIL[argument]}"
    if kind == Trace.GATE:
        return f"opens the gate '{StartKind(argument).name.lower().replace('_', ' ')}'"
    if kind == Trace.END:
        return f"END {EndReason(argument).name}"
    return {
        Trace.SLEEP: f"sleeps until {argument / 1e6:.6f} ms",
        Trace.KILL: f"kills {names[argument] if 0 <= argument < len(names) else argument}",
        Trace.RELEASE: f"memory released: {argument} pages",
        Trace.ALLOC: f"gets memory, {argument} pages left",
        Trace.MIGRATE: f"moves here from cpu {argument}",
        Trace.JUMP: f"nothing but futile passes until {argument / 1e6:.6f} ms",
    }[kind]


def trace_json(trace: NDArray[np.int64], names: Sequence[str]) -> list[dict[str, int | str | None]]:
    """Return the records as plain data, with the words beside the numbers."""
    return [
        {
            "time_ns": time_ns,
            "event": Trace(code).name,
            "cpu": cpu if cpu >= 0 else None,
            "task": task if task >= 0 else None,
            "name": names[task] if task >= 0 else None,
            "arg": argument,
            "words": event_words(code, task, argument, names),
        }
        for time_ns, code, cpu, task, argument in trace.tolist()
    ]


def outputs_json(row: NDArray[np.int64]) -> dict[str, int]:
    """Return one row of outputs by name; what was not seen is left out."""
    return {name: int(value) for name, value in zip(OUT_FIELDS, row, strict=True) if value >= 0}
