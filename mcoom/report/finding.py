"""What a report claims: sentences with their numbers and where they come from.

Takes an analysis or a livelock map, gives findings. Must know nothing of pages; it claims nothing about a contrast
beyond ``mcoom.report.sentence``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mcoom.analysis.map import LivelockMap, MapPanel
from mcoom.analysis.proportion import exact_interval
from mcoom.analysis.verdict import Analysis
from mcoom.report.quantity import share_text
from mcoom.report.sentence import TESTS_OF_A_SENTENCE, sentence
from mcoom.store.record import ProvenanceValue

STUCK = 0.5
"""A policy is said to livelock at a point where at least this share of its replicates does."""


@dataclass(frozen=True)
class Finding:
    """One thing that a report says."""

    text: str
    """A sentence or two."""
    provenance: str
    """Which command, seed and engine it rests on."""
    numbers: Mapping[str, Any] = field(default_factory=dict)
    """The estimates behind it, as plain data."""

    def to_json(self) -> dict[str, Any]:
        """Return the finding as plain data."""
        return {"text": self.text, "provenance": self.provenance, "numbers": dict(self.numbers)}


def provenance_line(record: Mapping[str, ProvenanceValue], where: str = "") -> str:
    """Return in one line where a number comes from.

    Parameters
    ----------
    record : mapping
        Provenance of a results file.
    where : str
        Part of the run that the number is about.
    """
    parts = [
        where,
        f"scenario {record.get('scenario_name')} {str(record.get('spec_id'))[:12]}",
        f"{record.get('replicates'):,} replicates per cell",
        f"seed {record.get('seed')}",
        f"mcoom {record.get('mcoom_version')}, engine {str(record.get('engine_digest'))[:12]}",
    ]
    return " · ".join(part for part in parts if part)


def contrast_findings(analysis: Analysis, record: Mapping[str, ProvenanceValue]) -> list[Finding]:
    """Return a finding for each contrast.

    Parameters
    ----------
    analysis : Analysis
        Estimates and contrasts.
    record : mapping
        Provenance.
    """
    rate = analysis.error_rate / TESTS_OF_A_SENTENCE
    estimates = {(e.cell["point"], e.cell.get("stratum"), e.estimand, e.policy): e for e in analysis.estimates}
    n_points = len({e.cell["point"] for e in analysis.estimates})
    found = []
    for c in analysis.contrasts:
        key = (c.cell["point"], c.cell.get("stratum"), c.estimand)
        text = sentence(c, estimates[*key, c.policy], estimates[*key, c.baseline], rate).removeprefix("=> ")
        where = [f"point {c.cell['point']} ({c.cell['label']})"] if n_points > 1 else []
        where.append(
            f"{c.n_pairs:,} pairs" if c.n_pairs is not None else f"{c.n:,} against {c.n_baseline:,} replicates"
        )
        where.append(f"p adjusted over {c.family_size:,} contrasts")
        found.append(Finding(text, provenance_line(record, " · ".join(where)), c.to_json()))
    return found


def livelock_findings(found: LivelockMap, baseline: str, record: Mapping[str, ProvenanceValue]) -> list[Finding]:
    """Return what a livelock map says: first the whole in one sentence, then each policy, then the closed form.

    Parameters
    ----------
    found : LivelockMap
        All policies of the run.
    baseline : str
        Its baseline.
    record : mapping
        Provenance.
    """
    cells = {policy: _cells(found, policy) for policy in dict.fromkeys(panel.policy for panel in found.panels)}
    ordered = [baseline, *(policy for policy in cells if policy != baseline)]
    findings = [Finding(_headline(cells, baseline), provenance_line(record))]
    for policy in ordered:
        stuck = [cell for cell in cells[policy] if cell.share >= STUCK]
        text = _where(policy, stuck, cells[policy], found.level)
        if policy != baseline:
            text += _against(policy, cells[policy], baseline, cells[baseline])
        numbers = {"policy": policy, "n_cells": len(cells[policy]), "n_stuck": len(stuck), "threshold": STUCK}
        findings.append(Finding(text, provenance_line(record), numbers))
    boundary = _boundary(found, baseline)
    if boundary is not None:
        findings.append(Finding(boundary[0], provenance_line(record), boundary[1]))
    return findings


def _headline(cells: "Mapping[str, Sequence[_Cell]]", baseline: str) -> str:
    """Say in one sentence where the baseline livelocks and which policies avoid that."""
    stuck = {policy: [cell for cell in mine if cell.share >= STUCK] for policy, mine in cells.items()}
    others = [policy for policy in cells if policy != baseline]
    if not stuck[baseline]:
        return f"{baseline} livelocks at none of {len(cells[baseline])} cells" + (
            f"; {', '.join(f'{policy} at {len(stuck[policy])}' for policy in others)}." if others else "."
        )
    where = _common(stuck[baseline], cells[baseline])
    head = f"{baseline} livelocks at {len(stuck[baseline])} of {len(cells[baseline])} cells"
    head += f" ({', '.join(where)})" if where else ""
    bad = [cell.values for cell in stuck[baseline]]
    left = {policy: sum(cell.values in bad for cell in stuck[policy]) for policy in others}
    cures = [policy for policy in others if not left[policy]]
    rest = [f"{policy} leaves {left[policy]}" for policy in others if left[policy]]
    parts = [f"{', '.join(cures)} {'avoids' if len(cures) == 1 else 'avoid'} all of them"] if cures else []
    return f"{head}; {'; '.join([*parts, *rest])}." if others else f"{head}."


@dataclass(frozen=True)
class _Cell:
    values: Mapping[str, int | float | str]
    share: float
    n: int


def _cells(found: LivelockMap, policy: str) -> list[_Cell]:
    """Give the cells of one policy in which something was simulated."""
    return [
        _Cell({**panel.facet, found.x.path: vx, found.y.path: vy}, interval.value, n)
        for panel in found.panels
        if panel.policy == policy
        for vy, row, counts in zip(found.y.values, panel.probability, panel.n, strict=True)
        for vx, interval, n in zip(found.x.values, row, counts, strict=True)
        if interval.value is not None
    ]


def _where(policy: str, stuck: Sequence[_Cell], cells: Sequence[_Cell], level: float) -> str:
    """Say at how many cells a policy livelocks, and what these have in common."""
    n = sum(cell.n for cell in cells)
    n_livelock = sum(round(cell.share * cell.n) for cell in cells)
    if not n_livelock:
        upper = exact_interval(0, 0, 0, n, n, level).high
        return (
            f"{policy} livelocks nowhere on this map: in none of {n:,} replicates at {len(cells)} cells "
            f"(pooled, at most {share_text(upper)} with {share_text(level)} confidence)."
        )
    head = f"{policy} livelocks in at least half of the replicates at {len(stuck)} of {len(cells)} cells"
    common = _common(stuck, cells) if stuck else []
    return head + (f": {', '.join(common)}." if common else ".")


def _common(stuck: Sequence[_Cell], cells: Sequence[_Cell]) -> list[str]:
    """Give what the cells with livelock share and the others do not: the values that they are confined to."""
    parts = []
    for path in cells[0].values:
        every = list(dict.fromkeys(cell.values[path] for cell in cells))
        here = [value for value in every if any(cell.values[path] == value for cell in stuck)]
        if len(here) == len(every):
            continue
        if len(here) > 2 and here == every[-len(here) :]:
            parts.append(f"only from {path} = {here[0]} on")
        else:
            parts.append(f"only with {path} = {' or '.join(str(value) for value in here)}")
    return parts


def _against(policy: str, cells: Sequence[_Cell], baseline: str, base_cells: Sequence[_Cell]) -> str:
    """Say how a policy fares where the baseline livelocks, and where it alone does."""
    keyed = {tuple(cell.values.items()): cell for cell in cells}
    bad = [tuple(cell.values.items()) for cell in base_cells if cell.share >= STUCK]
    both = sum(key in keyed and keyed[key].share >= STUCK for key in bad)
    alone = sum(cell.share >= STUCK for cell in cells) - both
    text = f" It livelocks at {both} of the {len(bad)} cells where {baseline} does" if bad else ""
    if bad and not both:
        text = f" It avoids all {len(bad)} cells where {baseline} livelocks"
    if not text:
        return ""
    return text + (f", and at {alone} where {baseline} does not." if alone else ".")


def onset(panel: MapPanel, values: Sequence[int | float | str], column: int) -> int | float | str | None:
    """Return the first value on the vertical axis at which a column of a panel livelocks; None if it never does.

    Parameters
    ----------
    panel : MapPanel
        One policy at one facet.
    values : sequence
        Of the vertical axis.
    column : int
        Index on the horizontal axis.
    """
    shares = [row[column].value for row in panel.probability]
    return next((v for v, share in zip(values, shares, strict=True) if share is not None and share >= STUCK), None)


def _boundary(found: LivelockMap, baseline: str) -> tuple[str, dict[str, Any]] | None:
    """Say how the onset of the baseline's livelock lies to the closed form."""
    n_columns = n_stuck = n_below = n_within = 0
    values = found.y.values
    for panel in (panel for panel in found.panels if panel.policy == baseline):
        for column, limit in enumerate(panel.boundary):
            if limit is None or limit > float(values[-1]):
                continue
            n_columns += 1
            first = onset(panel, values, column)
            if first is None:
                continue
            n_stuck += 1
            n_below += float(first) < limit
            above = [value for value in values if float(value) >= limit]
            below = [value for value in values if float(value) < limit]
            n_within += first in (above[0], *below[-1:])
    if not n_columns:
        return None
    text = (
        f"Closed form ({found.boundary_says}), {baseline}: the boundary lies on the map in {n_columns} columns. The "
        f"livelock begins in {n_stuck} of them: in {n_within} within a step of the grid of the boundary, in {n_below} "
        "below it. It says where the CPUs are full; whether that stops the killer depends on who owns the lock."
    )
    return text, {"n_columns": n_columns, "n_stuck": n_stuck, "n_within_a_step": n_within, "n_below": n_below}
