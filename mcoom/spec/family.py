"""What a scenario says beforehand of its analysis: families of contrasts, their error rate, their adjustment.

Takes the ``[analysis]`` table and the scenario's names, gives a frozen ``Declared``. Must know nothing of p-values.
"""

from dataclasses import dataclass
from typing import Annotated

from pydantic import PlainValidator

from mcoom.spec.model import Name, Names, Table, key
from mcoom.spec.site import Site
from mcoom.units import closest

ADJUSTMENTS = ("holm", "bh", "by")
"""Holm, Benjamini-Hochberg, Benjamini-Yekutieli."""
ALPHA_MAX = 0.5
"""Largest error rate."""
REST = "other"
"""Name of the family of all contrasts that no declared family has."""


def _adjust(raw: object) -> str:
    if raw not in ADJUSTMENTS:
        guess = closest(raw, ADJUSTMENTS) if isinstance(raw, str) else ""
        raise ValueError(f"no such adjustment{guess}; allowed: {', '.join(ADJUSTMENTS)}")
    return str(raw)


def _alpha(raw: object) -> float:
    if isinstance(raw, bool) or not isinstance(raw, int | float) or not 0 < raw <= ALPHA_MAX:
        raise ValueError(f"not an error rate; allowed: a number above 0, at most {ALPHA_MAX}")
    return float(raw)


class FamilyTable(Table):
    """``[[analysis.family]]``: contrasts that are adjusted together."""

    name: Name = key(description="name of the family in tables")
    estimands: Names = key([], description="its estimands; default: all of the scenario")
    policies: Names = key([], description="policies that it compares with the baseline; default: all others")


class AnalysisTable(Table):
    """``[analysis]``: what is tested, said before the run."""

    alpha: Annotated[float, PlainValidator(_alpha)] = key(
        0.05, description="error rate of each family; intervals have level 1 - alpha"
    )
    adjust: Annotated[str, PlainValidator(_adjust)] = key("holm", description="how p-values of a family are adjusted")
    family: tuple[FamilyTable, ...] = key((), description="families of contrasts; default: one of all contrasts")


@dataclass(frozen=True)
class Family:
    """Contrasts that are adjusted together: every cell, these estimands, these policies against the baseline."""

    name: str
    """Its name."""
    estimands: tuple[str, ...]
    """Estimands."""
    policies: tuple[str, ...]
    """Policies other than the baseline."""


@dataclass(frozen=True)
class Declared:
    """What was said before the run."""

    alpha: float = 0.05
    """Error rate of each family; intervals have level 1 - alpha."""
    adjust: str = "holm"
    """Key of ``mcoom.analysis.multiplicity.ADJUSTMENTS``."""
    families: tuple[Family, ...] = ()
    """Disjoint; none: all contrasts are one family."""

    @property
    def level(self) -> float:
        """Confidence level of every interval."""
        return round(1 - self.alpha, 12)

    def family_of(self, estimand: str, policy: str) -> str:
        """Return the family of a contrast; ``all`` where none are declared, ``other`` where it is in none."""
        for family in self.families:
            if estimand in family.estimands and policy in family.policies:
                return family.name
        return REST if self.families else "all"


ONE_FAMILY = Declared()
"""One family of all contrasts, 5 %, Holm: what holds where nothing is declared."""


def check_families(
    table: AnalysisTable, policies: tuple[str, ...], baseline: str, estimands: tuple[str, ...], site: Site
) -> Declared:
    """Check the families against the scenario's names.

    Parameters
    ----------
    table : AnalysisTable
    policies, estimands : tuple[str, ...]
        Of the scenario.
    baseline : str
        One of the policies.
    site : Site
        For messages.

    Raises
    ------
    SpecError
        A name is unknown or taken, or a contrast is in two families.
    """
    others = tuple(p for p in policies if p != baseline)
    families: list[Family] = []
    owner: dict[tuple[str, str], str] = {}
    for i, raw in enumerate(table.family):
        at = ("analysis", "family", i)
        taken = [REST, "all", *(f.name for f in families)]
        if raw.name in taken:
            raise site.error((*at, "name"), f"the name is taken; allowed: not {', '.join(taken)}")
        for field, known in (("estimands", estimands), ("policies", others)):
            for name in getattr(raw, field):
                if name not in known:
                    why = f"{name!r} is the baseline" if name == baseline else f"unknown {name!r}{closest(name, known)}"
                    raise site.error((*at, field), f"{why}; allowed: {', '.join(known) or 'none here'}")
        family = Family(raw.name, raw.estimands or estimands, raw.policies or others)
        for contrast in ((e, p) for e in family.estimands for p in family.policies):
            if contrast in owner:
                why = f"{' of '.join(contrast)} is in family {owner[contrast]!r} already; allowed: each contrast once"
                raise site.error((*at, "estimands" if raw.estimands else "name"), why)
            owner[contrast] = raw.name
        families.append(family)
    return Declared(table.alpha, table.adjust, tuple(families))
