"""What the tests of whole curves give, beside the log-rank test.

Takes nothing, gives ``CurveTests`` with its JSON form. Must know nothing about how the tests work.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class PairedLogrank:
    """The log-rank test with the variance of pairs."""

    p: float
    """Two-sided p-value."""
    variance_ratio: float
    """Variance of the statistic divided by that of independent replicates: what pairing gained."""
    n_rows: int
    """Pairs from which the ratio was estimated."""

    def to_json(self) -> dict[str, Any]:
        """Return ``p``, ``variance_ratio``, ``n_rows`` and ``method``."""
        return {
            "p": self.p,
            "variance_ratio": self.variance_ratio,
            "n_rows": self.n_rows,
            "method": "log-rank of all replicates, variance ratio from the raw rows, F",
        }


@dataclass(frozen=True)
class CurveTests:
    """Two curves compared in several ways; no claim about means or order is made by them."""

    weighted_z: Mapping[str, float]
    """Log-rank statistic by where it looks (``constant``, ``early``, ``late``, ``middle``), positive: sooner."""
    maxcombo_p: float | None
    """p-value of the largest of them (max-combo); the largest of all cases where budgets ran out."""
    crossing_p: float | None
    """p-value of curves that do not cross; None if the estimates do not, or a budget ran out."""
    crossing_ns: tuple[float, float] | None
    """Times between which they cross: where they differ most in either direction, ns."""
    is_later_first: bool | None
    """Whether the policy is the later one before the crossing."""
    logrank_z_range: tuple[float, float] | None
    """The log-rank statistic of the raw times lies within: bins move ``logrank_z`` no further."""
    paired: PairedLogrank | None
    """The test with the variance of pairs, where rows were kept."""
    maxcombo_p_adjusted: float | None = None
    """``maxcombo_p`` adjusted over a family of its own."""
    crossing_p_adjusted: float | None = None
    """``crossing_p`` adjusted likewise."""

    def to_json(self) -> dict[str, Any]:
        """Return the entry ``curves`` of a contrast."""
        out: dict[str, Any] = {
            "weighted_z": dict(self.weighted_z),
            "maxcombo_p": self.maxcombo_p,
            "maxcombo_p_adjusted": self.maxcombo_p_adjusted,
        }
        if self.crossing_p is not None and self.crossing_ns is not None:
            out["crossing"] = {
                "p": self.crossing_p,
                "p_adjusted": self.crossing_p_adjusted,
                "between_ns": list(self.crossing_ns),
                "policy_is_later_first": self.is_later_first,
            }
        if self.logrank_z_range is not None:
            out["logrank_z_range"] = [z if math.isfinite(z) else None for z in self.logrank_z_range]
        if self.paired is not None:
            out["paired_logrank"] = self.paired.to_json()
        return out
