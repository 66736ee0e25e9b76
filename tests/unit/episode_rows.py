"""Made-up rows of outputs that obey docs/model.md section 11, for tests of everything behind the engine."""

import numpy as np

from mcoom.codes import EndReason
from mcoom.engine.layout import OUT, OUT_FIELDS
from mcoom.tally import PointTally, TallyPlan

HORIZON_NS = 30_000_000_000
ENDS = (EndReason.HORIZON, EndReason.NO_VICTIM, EndReason.BUDGET, EndReason.RECOVERED)


def blank_row():
    row = np.zeros(len(OUT_FIELDS), dtype=np.int64)
    for name in OUT_FIELDS:
        if name[:-1].endswith("_ns_") or name in ("recovery_ns", "livelock"):
            row[OUT[name]] = -1
    return row


def episode(rng, horizon_ns=HORIZON_NS, n_kills=2, p_end=0.3, until_recovery=False):
    """One row: invocations follow one another until all are done or something ends the episode."""
    row = blank_row()
    now = 0
    for name in ("needless", "n_entry", "n_tryfail", "n_pass", "n_futile", "futile_ns", "n_switch", "n_events"):
        row[OUT[name]] = rng.integers(0, 1 << 20)
    row[OUT["busy_ns"]] = rng.integers(0, 1 << 40)
    row[OUT["n_tasks"]] = rng.integers(1, 1000)
    row[OUT["hold_max_ns"]] = rng.integers(0, 1 << 30)
    row[OUT["hold_open"]] = rng.random() < 0.2
    for j in range(n_kills):
        gap, kill, release = (int(x) for x in np.exp(rng.uniform(0, np.log(horizon_ns * 0.45), 3)))
        for step, wait in (("t0", gap), ("kill", kill), ("release", release)):
            if rng.random() < p_end:
                return end(row, now, j, step, rng, horizon_ns)
            now += wait
            row[OUT["n_inv"]] = j + 1
            row[OUT[f"{step}_ns_{j}"]] = now if step == "t0" else now - row[OUT[f"t0_ns_{j}"]]
            if step == "kill":
                row[OUT[f"owner_cpu_ns_{j}"]] = wait // 3
                row[OUT["n_kills_seen"]] += 1
        if j == 0 and (until_recovery or rng.random() < 0.5):
            row[OUT["recovery_ns"]] = now - row[OUT["t0_ns_0"]]
    row[OUT["end_reason"]] = EndReason.KILLS_DONE
    row[OUT["end_ns"]] = now
    return row


def end(row, now, j, step, rng, horizon_ns):
    """The episode ends before step ``step`` of invocation j."""
    reason = ENDS[rng.integers(len(ENDS))]
    is_open = step != "t0"
    if reason == EndReason.RECOVERED and (j == 0 or step == "release"):
        reason = EndReason.HORIZON
    start = int(row[OUT[f"t0_ns_{j}"]]) if is_open else now
    row[OUT["end_reason"]] = reason
    row[OUT["end_ns"]] = start + horizon_ns if reason == EndReason.HORIZON else now
    if reason == EndReason.HORIZON and is_open and rng.random() < 0.5:
        row[OUT["livelock"]] = j
    if reason == EndReason.RECOVERED:
        row[OUT["recovery_ns"]] = now - row[OUT["t0_ns_0"]]
    return row


def episodes(seed, n_policies, n_replicates, horizon_ns=HORIZON_NS, **options):
    """Rows int64[P, R, n_out] and horizons int64[R]."""
    rng = np.random.default_rng(seed)
    rows = [[episode(rng, horizon_ns, **options) for _ in range(n_replicates)] for _ in range(n_policies)]
    shape = (n_policies, n_replicates, len(OUT_FIELDS))
    return np.array(rows, dtype=np.int64).reshape(shape), np.full(n_replicates, horizon_ns, dtype=np.int64)


def kill_rows(times_ns, horizon_ns=HORIZON_NS):
    """Rows in which the first kill comes after the given times (int64[P, R]); at or after the horizon: never."""
    times = np.atleast_2d(np.asarray(times_ns, dtype=np.int64))
    rows = np.broadcast_to(blank_row(), (*times.shape, len(OUT_FIELDS))).copy()
    is_seen = times < horizon_ns
    rows[..., OUT["t0_ns_0"]] = 5
    rows[..., OUT["n_inv"]] = 1
    rows[..., OUT["kill_ns_0"]] = np.where(is_seen, times, -1)
    rows[..., OUT["release_ns_0"]] = np.where(is_seen, times + 7, -1)
    rows[..., OUT["end_reason"]] = np.where(is_seen, EndReason.KILLS_DONE, EndReason.HORIZON)
    rows[..., OUT["end_ns"]] = np.where(is_seen, times + 12, horizon_ns + 5)
    rows[..., OUT["livelock"]] = np.where(is_seen, -1, 0)
    return rows


def kill_tally(times_ns, horizon_ns=HORIZON_NS, raw_rows=0):
    """Tally of ``kill`` for policies p0 (the baseline), p1, ... from times (int64[P, R])."""
    rows = kill_rows(times_ns, horizon_ns)
    n_policies, n = rows.shape[:2]
    plan = TallyPlan(tuple(f"p{p}" for p in range(n_policies)), "p0", ("kill",), ("all",), raw_rows)
    return PointTally.from_outputs(plan, rows, np.full(n, horizon_ns), np.zeros(n, dtype=np.int64), 0)
