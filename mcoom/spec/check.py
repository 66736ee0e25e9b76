"""Rules that join several keys of a scenario.

Takes the validated tables, raises the first contradiction as one clear line. Must not know how a single key is read.
"""

from mcoom.codes import Program, SchedClass
from mcoom.spec.check_design import check_design
from mcoom.spec.file import ScenarioFile
from mcoom.spec.law import Law
from mcoom.spec.locate import Path
from mcoom.spec.model import KILLS_MAX, Behaviour, CrowdTable, GroupTable, MemoryTable
from mcoom.spec.scenario import iter_laws
from mcoom.spec.site import Site
from mcoom.units import closest

FAIR_NICE = {int(SchedClass.OTHER), int(SchedClass.BATCH)}
"""Policies whose weight is set by the nice level."""
REAL_TIME = {int(SchedClass.FIFO), int(SchedClass.RR)}
"""Policies with an RT priority."""
ESTIMANDS = ("kill", *(f"kill_{j}" for j in range(2, KILLS_MAX + 1)), "release", "recovery", "hold_max")
"""Times that can be asked for."""
TASKS_MAX = 1 << 17
"""Most tasks of a scenario."""


def check_file(file: ScenarioFile, policies: tuple[str, ...], site: Site) -> None:
    """Check a whole scenario.

    Parameters
    ----------
    file : ScenarioFile
        The validated tables.
    policies : tuple[str, ...]
        Names of all known policies.
    site : Site
        For messages.

    Raises
    ------
    SpecError
        On the first contradiction.
    """
    _check_words(file, policies, site)
    _check_memory(file.memory, site)
    _check_tasks(file, site)
    fewest = file.machine.cpus.low
    for i, table in enumerate(file.classes):
        _check_behaviour(table, table, ("class", i), fewest, site)
    for i, crowd in enumerate(file.crowds):
        _check_crowd(crowd, ("crowd", i), fewest, site)
    _check_strata(file, site)
    check_design(file, site)


def _check_words(file: ScenarioFile, policies: tuple[str, ...], site: Site) -> None:
    """Check policies, baseline and estimands."""
    table = file.scenario
    if not table.policies:
        raise site.error(("scenario", "policies"), f"no policy; allowed: some of {', '.join(policies)}")
    for name in table.policies:
        if name not in policies:
            why = f"unknown policy {name!r}{closest(name, policies)}; allowed: {', '.join(policies)}"
            raise site.error(("scenario", "policies"), why)
    if table.baseline is not None and table.baseline not in table.policies:
        why = f"not among the policies compared{closest(table.baseline, table.policies)}"
        raise site.error(("scenario", "baseline"), f"{why}; allowed: {', '.join(table.policies)}")
    known = tuple(e for e in ESTIMANDS if not e.startswith("kill_") or int(e[5:]) <= table.kills)
    for name in table.estimands or ():
        if name not in known:
            why = f"unknown estimand {name!r} with kills = {table.kills}{closest(name, known)}"
            raise site.error(("scenario", "estimands"), f"{why}; allowed: {', '.join(known)}")


def _check_memory(memory: MemoryTable, site: Site) -> None:
    """Check that exactly one way to give each amount is used."""
    at = ("memory",)
    given = memory.model_fields_set
    if (memory.managed is None) == (memory.min is None):
        both = "contradict each other" if memory.min is not None else "are both missing"
        raise site.error((*at, "min"), f"managed and min {both}; allowed: one of memory.managed and memory.min")
    if (memory.free is None) == (memory.free_above_min is None):
        both = "contradict each other" if memory.free is not None else "are both missing"
        why = f"free and free_above_min {both}; allowed: one of memory.free and memory.free_above_min"
        raise site.error((*at, "free"), why)
    if memory.managed is None:
        for name in ("watermarks", "thp_zones"):
            if name in given:
                raise site.error((*at, name), "contradicts memory.min; allowed: with memory.managed only")
        if memory.total is None:
            raise site.error((*at, "total"), "missing; allowed: memory.total, or memory.managed from which it follows")
    elif memory.high is not None:
        raise site.error((*at, "high"), "contradicts memory.managed; allowed: with memory.min only")
    if memory.min is not None and memory.high is not None and memory.high.low < memory.min.high:
        raise site.error((*at, "high"), f"may be below memory.min; allowed: at least {memory.min.high} pages")


def _check_tasks(file: ScenarioFile, site: Site) -> None:
    """Check names and numbers of classes and crowds, and that something can run out of memory."""
    seen: set[str] = set()
    tables: list[tuple[Path, Behaviour]] = [(("class", i), c) for i, c in enumerate(file.classes)]
    tables += [(("crowd", i), c) for i, c in enumerate(file.crowds)]
    for at, table in tables:
        name = str(getattr(table, "name", ""))
        if name in seen:
            raise site.error((*at, "name"), "the name is taken; allowed: a different name for each class and crowd")
        seen.add(name)
    total = sum(c.count.high for c in file.classes) + sum(c.threads.high for c in file.crowds)
    if total > TASKS_MAX:
        raise site.error(("class",), f"up to {total} tasks; allowed: {TASKS_MAX}")
    starters = [t for _, t in tables if t.start.gate is None]
    for crowd in file.crowds:
        starters += [crowd.group] if crowd.start.gate is None else []
    if not any(int(Program.ALLOCATOR) in (t.program.levels or ()) for t in starters):
        raise site.error(("class",), "no allocator starts at a time; allowed: at least one class or crowd that does")


def _check_crowd(crowd: CrowdTable, at: Path, fewest_cpus: int, site: Site) -> None:
    """Check a crowd and its group."""
    for name in sorted(crowd.group.model_fields_set & crowd.model_fields_set):
        why = f"contradicts {site.dotted(at)}.{name}; allowed: once for the crowd, or once for each group"
        raise site.error((*at, "group", name), why)
    _check_behaviour(crowd, crowd.group, at, fewest_cpus, site)


def _check_behaviour(table: Behaviour, inner: Behaviour, at: Path, fewest_cpus: int, site: Site) -> None:
    """Check one class, or one crowd (``table``) with its group (``inner``)."""

    def where(name: str) -> tuple[Path, Law | None, bool]:
        from_group = isinstance(inner, GroupTable) and name in inner.model_fields_set
        owner = inner if from_group else table
        path = (*at, "group", name) if from_group else (*at, name)
        return path, getattr(owner, name), name in owner.model_fields_set

    possible = set(getattr(where("policy")[1], "levels", ()))
    path, _, given = where("nice")
    if given and not possible & FAIR_NICE:
        raise site.error(path, "contradicts the scheduling policy; allowed: with policy other or batch only")
    path, priority, given = where("rt_priority")
    if given and not possible & REAL_TIME:
        raise site.error(path, "contradicts the scheduling policy; allowed: with policy fifo or rr only")
    if possible & REAL_TIME and priority is None:
        raise site.error(path, "missing; allowed: 1 to 99, needed by policy fifo or rr")
    for owner, place in ((table, at), (inner, (*at, "group"))):
        if owner.affinity is not None and max(owner.affinity) >= fewest_cpus:
            why = f"CPU {max(owner.affinity)} does not exist; allowed: 0 to {fewest_cpus - 1}, or 'all'"
            raise site.error((*place, "affinity"), why)
        if owner.start.gate is not None and owner.start.model_fields_set - {"gate", "vruntime"}:
            raise site.error((*place, "start"), "gate contradicts at and jitter; allowed: {gate = ...} or {at = ...}")
        if owner.start.gate is None and owner.start.vruntime is not None:
            why = "without a gate a task is placed when it starts; allowed: with gate only"
            raise site.error((*place, "start", "vruntime"), why)


def _check_strata(file: ScenarioFile, site: Site) -> None:
    """Check that strata are parameters with a list of values."""
    laws = dict(iter_laws(file.machine, file.memory, file.costs, file.classes, file.crowds))
    listed = sorted(name for name, law in laws.items() if law.form == "choice" and ".group." not in name)
    product = 1
    for name in file.scenario.strata:
        if name not in listed:
            why = f"{name!r} is not drawn by choice{closest(name, listed)}; allowed: {', '.join(listed) or 'none here'}"
            raise site.error(("scenario", "strata"), why)
        product *= len(laws[name].values)
    if product > 256:
        raise site.error(("scenario", "strata"), f"{product} strata; allowed: 256")
