"""The arrays of a tally: their names, axes and units.

Takes nothing, gives one table; tallies are allocated and merged from it, results files are laid out from it and
docs/store.md is checked against it. Must know nothing about how the arrays are filled.
"""

from dataclasses import dataclass

from mcoom.codes import EndReason
from mcoom.engine.layout import MAX_KILLS
from mcoom.tally.plan import TallyPlan
from mcoom.tally.status import Bound, Case, Status

COUNTS = (
    "n_inv", "n_kills_seen", "needless", "n_entry", "n_tryfail", "n_pass", "n_futile", "futile_ns",
    "n_switch", "n_events", "busy_ns", "end_ns", "n_tasks", *(f"owner_cpu_ns_{j}" for j in range(MAX_KILLS)),
)  # fmt: skip
"""Columns of the outputs of which sums are kept, whatever the estimand."""

OUTCOMES = ("win", "tie", "loss")
"""Who is earlier: the policy (win), neither, the baseline (loss)."""

_CELL = ("policy", "estimand", "stratum")


@dataclass(frozen=True)
class Field:
    """One array of a tally."""

    name: str
    """Name, unique."""
    group: str
    """Group of the results file: ``""`` (root), ``"joint"`` or ``"counts"``."""
    dims: tuple[str, ...]
    """Names of the axes; ``limb`` last for exact sums (uint64), else int64."""
    units: str
    """``1``, ``ns`` or ``ns2``; ``mixed`` where a coordinate says it."""
    text: str
    """What is counted."""

    @property
    def is_sum(self) -> bool:
        """Whether the array holds limbs."""
        return self.dims[-1] == "limb"


FIELDS = (
    Field("n_replicates", "", ("stratum",), "1", "replicates"),
    Field("end_count", "", ("policy", "stratum", "end_reason"), "1", "replicates by what ended the episode"),
    Field("status_count", "", (*_CELL, "status"), "1", "replicates by status"),
    Field("n_livelock", "", _CELL, "1", "replicates in livelock"),
    Field("n_early", "", _CELL, "1", "replicates censored before their horizon"),
    Field("time_sum", "", (*_CELL, "limb"), "ns", "sum of the seen times"),
    Field("time_sumsq", "", (*_CELL, "limb"), "ns2", "sum of squares of the seen times"),
    Field("restricted_sum", "", (*_CELL, "case", "limb"), "ns", "sum of min(time, horizon)"),
    Field("restricted_sumsq", "", (*_CELL, "case", "limb"), "ns2", "sum of squares of min(time, horizon)"),
    Field("n_pairs", "joint", (*_CELL, "bound"), "1", "replicates that count under both policies"),
    Field("livelock_table", "joint", (*_CELL, "bound", "policy_livelock", "baseline_livelock"), "1",
          "pairs by livelock under the policy and under the baseline"),
    Field("win_tie_loss", "joint", (*_CELL, "bound", "outcome"), "1", "pairs by who is earlier"),
    Field("policy_sum", "joint", (*_CELL, "bound", "limb"), "ns", "sum of min(time, horizon), policy, over pairs"),
    Field("baseline_sum", "joint", (*_CELL, "bound", "limb"), "ns", "the same, baseline"),
    Field("policy_sumsq", "joint", (*_CELL, "bound", "limb"), "ns2", "sum of squares, policy, over pairs"),
    Field("baseline_sumsq", "joint", (*_CELL, "bound", "limb"), "ns2", "the same, baseline"),
    Field("cross_sum", "joint", (*_CELL, "bound", "limb"), "ns2", "sum of products policy x baseline over pairs"),
    Field("count_n", "counts", ("policy", "stratum", "count"), "1", "replicates in which the column was set (>= 0)"),
    Field("count_sum", "counts", ("policy", "stratum", "count", "limb"), "mixed", "sum of the column"),
    Field("count_sumsq", "counts", ("policy", "stratum", "count", "limb"), "mixed", "sum of squares of the column"),
)  # fmt: skip
"""All arrays of a tally but the histogram and the raw rows."""

FIELD = {field.name: field for field in FIELDS}
"""Fields by name."""


def axis_labels(plan: TallyPlan) -> dict[str, tuple[str, ...]]:
    """Return the labels along every axis of ``FIELDS``, by the name of the axis."""
    return {
        "policy": plan.policies,
        "estimand": plan.estimands,
        "stratum": plan.stratum_labels,
        "status": tuple(s.name for s in Status),
        "end_reason": tuple(r.name for r in EndReason),
        "case": tuple(c.name.lower() for c in Case),
        "bound": tuple(b.name.lower() for b in Bound),
        "outcome": OUTCOMES,
        "policy_livelock": ("no", "yes"),
        "baseline_livelock": ("no", "yes"),
        "count": COUNTS,
        "limb": ("high", "low"),
    }


def shape_of(field: Field, plan: TallyPlan) -> tuple[int, ...]:
    """Return the shape of a field under a plan."""
    labels = axis_labels(plan)
    return tuple(len(labels[dim]) for dim in field.dims)
