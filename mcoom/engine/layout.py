"""Columns of the integer arrays that cross the border of the engine.

Takes nothing, gives names: one plain ``int`` per column, and the tuples of names in column order.
Must stay free of Numba, so that every station may import it. docs/model.md says what each column means;
units are in the names (``_ns``, ``_pages``), everything is int64.
"""

MACHINE_FIELDS = (
    "n_cpus", "hz", "tick_ns", "preempt", "groups",
    "latency_ns", "min_gran_ns", "wakeup_gran_ns", "idle_min_gran_ns", "rt_runtime_ns", "rr_slice_ticks",
    "timer_mode", "switch_ns",
    "free_pages", "reclaimable_pages", "stuck_lru_pages", "min_pages", "high_pages", "total_pages",
    "boost_pages", "boost_from", "pcp_pages",
    "pass_ns", "pass_shape", "pass_points", "entry_ns", "trylock_ns",
    "select_base_ns", "select_task_ns", "select_candidate_ns", "other_tasks",
    "report_ns", "report_task_ns", "report_burst", "report_interval_ns",
    "post_kill_ns", "exit_start_ns", "exit_base_ns", "exit_page_ns", "exit_seg_ns", "reap_base_ns", "reap_page_ns",
    "gate_wake_ns", "gate_batch",
    "n_kills", "horizon_ns", "until", "max_events", "engine",
)  # fmt: skip
"""Columns of one machine row: machine, memory, costs and run (docs/model.md section 1)."""

POLICY_FIELDS = (
    "sched", "lock", "lock_k", "holder", "holder_k", "report", "release", "reap_delay_ms",
    "reserves", "selection", "lru_fallback", "reap_exiting", "rt_reserve",
)  # fmt: skip
"""Columns of one policy row."""

CLASS_FIELDS = (
    "count", "program", "sclass", "rt_prio", "weight", "affinity",
    "start_kind", "start_ns", "start_var_ns", "start_shape", "gate_vruntime_ns",
    "first_ns", "first_var_ns", "first_shape", "touch_ns", "touch_var_ns", "touch_shape",
    "limit_pages", "fault_pages", "rss_pages", "adj", "nofs_frac",
)  # fmt: skip
"""Columns of one class row; a class with ``count`` 0 makes no task."""

MAX_KILLS = 8
"""Invocations that a row of outputs can hold."""

OUT_FIELDS = (
    "end_reason", "end_ns", "recovery_ns", "hold_max_ns", "hold_open", "livelock", "n_inv",
    "n_kills_seen", "needless", "n_entry", "n_tryfail", "n_pass", "n_futile", "futile_ns",
    "n_switch", "n_events", "busy_ns", "n_tasks",
    *(f"t0_ns_{j}" for j in range(MAX_KILLS)),
    *(f"kill_ns_{j}" for j in range(MAX_KILLS)),
    *(f"release_ns_{j}" for j in range(MAX_KILLS)),
    *(f"owner_cpu_ns_{j}" for j in range(MAX_KILLS)),
)  # fmt: skip
"""Columns of one row of outputs, one row per replicate; times not seen are -1."""

SHAPE_BINS = 256
"""Intervals of a shape table: a row has SHAPE_BINS + 1 quantiles at i / SHAPE_BINS."""
SHAPE_ONE = 1 << 20
"""The value 1.0 in a shape table."""
NOFS_ONE = 1 << 20
"""``nofs_frac`` of a class that always allocates GFP_NOFS."""
LONG_AGO = -(1 << 60)
"""Vruntime of a task that never ran, or slept so long that only the sleeper credit is left, ns."""
INF = 1 << 62
"""A time that never comes, ns."""

MACHINE = {name: i for i, name in enumerate(MACHINE_FIELDS)}
"""Column of each machine field, by name."""
POLICY = {name: i for i, name in enumerate(POLICY_FIELDS)}
"""Column of each policy field, by name."""
CLASS = {name: i for i, name in enumerate(CLASS_FIELDS)}
"""Column of each class field, by name."""
OUT = {name: i for i, name in enumerate(OUT_FIELDS)}
"""Column of each output field, by name."""
