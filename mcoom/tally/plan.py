"""What is to be counted.

Takes the names of policies, estimands and strata, gives one checked, frozen record that tallies and results files
carry along. Must know nothing about scenarios or files.
"""

from dataclasses import dataclass

from mcoom.engine.layout import MAX_KILLS

ESTIMANDS = ("kill", *(f"kill_{j}" for j in range(2, MAX_KILLS + 1)), "release", "recovery", "hold_max")
"""Names of all estimands (docs/estimands.md)."""


@dataclass(frozen=True)
class TallyPlan:
    """Names along the axes of a tally.

    Raises
    ------
    ValueError
        A tuple is empty or names something twice, the baseline is not a policy, an estimand is not one of
        ``ESTIMANDS``, or ``raw_rows`` is negative.
    """

    policies: tuple[str, ...]
    """Policies in the order of the outputs."""
    baseline: str
    """The policy that the others are compared with, replicate by replicate."""
    estimands: tuple[str, ...]
    """Estimands to count."""
    stratum_labels: tuple[str, ...] = ("all",)
    """Names of the strata; ``("all",)`` if there is one only."""
    raw_rows: int = 0
    """Replicates, lowest numbers first, of which the rows of outputs are kept."""

    def __post_init__(self) -> None:
        for name in ("policies", "estimands", "stratum_labels"):
            values = getattr(self, name)
            if not values or len(set(values)) != len(values):
                raise ValueError(f"{name} = {values!r}: must be distinct names, at least one")
        if self.baseline not in self.policies:
            raise ValueError(f"baseline = {self.baseline!r}: must be one of {', '.join(self.policies)}")
        for estimand in self.estimands:
            if estimand not in ESTIMANDS:
                raise ValueError(f"estimands: {estimand!r} is not one of {', '.join(ESTIMANDS)}")
        if self.raw_rows < 0:
            raise ValueError(f"raw_rows = {self.raw_rows}: must be >= 0")

    @property
    def i_baseline(self) -> int:
        """Index of the baseline among the policies."""
        return self.policies.index(self.baseline)
