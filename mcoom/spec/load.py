"""From a name or a file to a ``Scenario``.

Takes the name of a built-in scenario or the path of a file, and overrides; gives the frozen ``Scenario``. Must not
import numpy or anything heavier, so that checking a file is quick.
"""

import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path as FilePath
from typing import Any

from mcoom.errors import SpecError
from mcoom.spec.catalogue import ScenarioInfo, names, parse_toml, path_of, read_toml
from mcoom.spec.check import check_file
from mcoom.spec.family import check_families
from mcoom.spec.file import POINTS_MAX, ScenarioFile
from mcoom.spec.locate import Path
from mcoom.spec.override import apply_overrides
from mcoom.spec.policy import Policy, PolicyTable
from mcoom.spec.scenario import Axis, Scenario, iter_laws
from mcoom.spec.shape import Shape
from mcoom.spec.site import Site, make_site, read_table
from mcoom.spec.until import StoppingRule, parse_rule
from mcoom.spec.write import to_toml
from mcoom.units import closest

DEFAULT_COSTS = "linux-6.1-measured"
"""Cost table of a scenario that names none."""


def load_scenario(name_or_path: str, overrides: Sequence[str] = ()) -> Scenario:
    """Load and validate a scenario.

    Parameters
    ----------
    name_or_path : str
        Name of a built-in scenario, or path of a TOML file (it ends in ``.toml``, has a slash, or exists).
    overrides : Sequence[str]
        ``key=value`` each, as of ``--set``; validated like the file.

    Returns
    -------
    Scenario
        Frozen.

    Raises
    ------
    SpecError
        On the first mistake: one line with file, line, key, value, reason and what is allowed.

    Examples
    --------
    >>> load_scenario("handa-2017", ["class.storm.count=16"]).n_kills
    3
    """
    is_path = name_or_path.endswith(".toml") or os.sep in name_or_path or FilePath(name_or_path).is_file()
    path = FilePath(name_or_path) if is_path else path_of("scenarios", name_or_path)
    shown = name_or_path if is_path else f"{name_or_path}.toml"
    text, document = read_toml(path, shown)
    return _build(text, document, shown, path.name.removesuffix(".toml"), tuple(overrides))


def parse_scenario(text: str, name: str, overrides: Sequence[str] = ()) -> Scenario:
    """Validate a scenario that is not a file, such as ``Scenario.text`` of a stored run.

    Parameters
    ----------
    text : str
        TOML.
    name : str
        Its name, for messages and where the text gives none.
    overrides : Sequence[str]
        As in ``load_scenario``.

    Returns
    -------
    Scenario
        Frozen.

    Raises
    ------
    SpecError
        As ``load_scenario``.
    """
    return _build(text, parse_toml(text, name), name, name, tuple(overrides))


def list_scenarios() -> list[ScenarioInfo]:
    """List the built-in scenarios.

    Returns
    -------
    list[ScenarioInfo]
        Sorted by name.
    """
    found = []
    for name in names("scenarios"):
        path = path_of("scenarios", name)
        _, document = read_toml(path, path.name)
        found.append(ScenarioInfo(name, document["scenario"]["title"], str(path)))
    return found


def list_policies() -> list[Policy]:
    """List the built-in policies.

    Returns
    -------
    list[Policy]
        Sorted by name.
    """
    return [load_policy(name) for name in names("policies")]


def load_policy(name: str) -> Policy:
    """Load a built-in policy.

    Parameters
    ----------
    name : str
        Its name.

    Returns
    -------
    Policy
        Frozen.

    Raises
    ------
    SpecError
        If there is no such policy.
    """
    path = path_of("policies", name)
    text, document = read_toml(path, path.name)
    site = make_site(path.name, text, document, {})
    table: PolicyTable = read_table(PolicyTable, document.get("policy", {}), site, ("policy",))
    return table.record()


def _build(text: str, source: dict[str, Any], shown: str, name: str, overrides: tuple[str, ...]) -> Scenario:
    """Validate a parsed document."""
    document, changed = apply_overrides(source, overrides)
    site = make_site(shown, text, document, changed)
    policies = _policies(document, site)
    body = {key: value for key, value in document.items() if key != "policy"}
    body["costs"] = _costs(document.get("costs", {}), site)
    file: ScenarioFile = read_table(ScenarioFile, body, site)
    check_file(file, tuple(policies), site)
    table = file.scenario
    chosen = tuple(policies[p] for p in table.policies)
    kills = ("kill", *(f"kill_{j}" for j in range(2, table.kills + 1)))
    estimands = table.estimands if table.estimands is not None else (*kills, "release", "hold_max")
    baseline = table.baseline if table.baseline is not None else table.policies[0]
    return Scenario(
        name=table.name or name,
        title=table.title,
        source=table.source,
        text=to_toml(document) if overrides else text,
        spec_id=_spec_id(file, chosen, baseline, estimands),
        policies=chosen,
        baseline=baseline,
        estimands=estimands,
        n_kills=table.kills,
        horizon_ns=table.horizon,
        until=table.until,
        max_events=table.max_events,
        engine=table.engine,
        replicates=table.replicates,
        seed=table.seed,
        block=table.block,
        raw_rows=table.raw_rows,
        strata=table.strata,
        machine=file.machine,
        memory=file.memory,
        costs=file.costs,
        classes=file.classes,
        crowds=file.crowds,
        axes=_axes(file, site),
        design=file.design,
        stopping=_stopping(file, estimands, site),
        max_total=file.stopping.max_total,
        declared=check_families(file.analysis, table.policies, baseline, estimands, site),
    )


def _stopping(file: ScenarioFile, estimands: tuple[str, ...], site: Site) -> StoppingRule | None:
    """Read the stopping rule."""
    stopping = file.stopping
    if stopping.until is None:
        if stopping.max_total is not None:
            raise site.error(
                ("stopping", "max_total"), "contradicts a run that does not stop; allowed: with until only"
            )
        return None
    try:
        return parse_rule(stopping.until, estimands, round(1 - file.analysis.alpha, 12))
    except ValueError as error:
        raise site.error(("stopping", "until"), str(error)) from None


def _costs(raw: Any, site: Site) -> Any:
    """Lay the keys of ``[costs]`` over the built-in table that it names."""
    if not isinstance(raw, dict):
        return raw
    use = raw.get("use", DEFAULT_COSTS)
    known = names("costs")
    if use not in known:
        guess = closest(str(use), known)
        raise site.error(("costs", "use"), f"no such cost table{guess}; allowed: {', '.join(known)}")
    path = path_of("costs", use)
    _, document = read_toml(path, path.name)
    return {**document["costs"], **{key: value for key, value in raw.items() if key != "use"}}


def _policies(document: dict[str, Any], site: Site) -> dict[str, Policy]:
    """Give all known policies by name: the built-in ones, then those of the scenario in order."""
    known = {policy.name: policy for policy in list_policies()}
    builtin = set(known)
    tables = document.get("policy", [])
    if not isinstance(tables, list) or not all(isinstance(raw, dict) for raw in tables):
        raise site.error(("policy",), "not an array of tables; allowed: [[policy]]")
    for i, raw in enumerate(tables):
        at: Path = ("policy", i)
        merged = dict(raw)
        if "base" in raw:
            base = raw["base"]
            if not isinstance(base, str) or base not in known:
                why = f"no such policy{closest(str(base), known)}; allowed: {', '.join(known)}"
                raise site.error((*at, "base"), why)
            changes = ", ".join(key for key in raw if key not in ("name", "title", "source", "base"))
            words = {"title": f"{base} with its own {changes or 'name'}", "source": f"as {base}"}
            merged = {**words, **known[base].words(), **raw}
        table: PolicyTable = read_table(PolicyTable, merged, site, at)
        if table.name in known:
            taken = "is built in" if table.name in builtin else "is taken"
            raise site.error((*at, "name"), f"the name {taken}; allowed: a new name")
        if table.reap_delay % 1_000_000:
            raise site.error((*at, "reap_delay"), "not a whole number of milliseconds; allowed: multiples of 1 ms")
        known[table.name] = table.record()
    return known


def _axes(file: ScenarioFile, site: Site) -> tuple[Axis, ...]:
    """List the swept parameters in the order of the file."""
    laws = dict(iter_laws(file.machine, file.memory, file.costs, file.classes, file.crowds))
    order = {site.dotted(path): i for i, path in enumerate(_walk(site.document, ()))}
    swept = [(path, law) for path, law in laws.items() if law.form == "axis"]
    swept.sort(key=lambda item: order.get(item[0], len(order)))
    n_points = 1
    for path, law in swept:
        n_points = len(law.values) if file.design.kind == "zip" else n_points * len(law.values)
        if n_points > POINTS_MAX:
            raise SpecError(f"{site.file}: {path}: {n_points} points in the sweep; allowed: {POINTS_MAX}")
    return tuple(Axis(path, law.values, law.written) for path, law in swept)


def _walk(node: Any, path: Path) -> list[Path]:
    """List every path of a document in its order."""
    paths: list[Path] = []
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for step, value in items:
        paths.append((*path, step))
        paths.extend(_walk(value, (*path, step)))
    return paths


def _spec_id(file: ScenarioFile, policies: tuple[Policy, ...], baseline: str, estimands: tuple[str, ...]) -> str:
    """Hash all that decides a result: neither words for people, nor replicates and seed, which a run may change."""
    laws = iter_laws(file.machine, file.memory, file.costs, file.classes, file.crowds)
    tables = [
        ("costs", file.costs),
        *((f"class.{c.name}", c) for c in file.classes),
        *((f"crowd.{c.name}", c) for c in file.crowds),
        *((f"crowd.{c.name}.group", c.group) for c in file.crowds),
        *((f"class.{c.name}.start", c.start) for c in file.classes),
        *((f"crowd.{c.name}.start", c.start) for c in file.crowds),
    ]
    shapes = {
        f"{path}.{field}": value.canonical()
        for path, table in tables
        for field in type(table).model_fields
        if isinstance(value := getattr(table, field), Shape)
    }
    table = file.scenario
    content: dict[str, object] = {
        "schema_version": file.schema_version,
        "policies": [policy.canonical() for policy in policies],
        "compare": [baseline, list(estimands), list(table.strata)],
        "run": [table.kills, table.horizon, table.until, table.max_events],
        "laws": [[path, law.canonical()] for path, law in laws],
        "shapes": shapes,
        "affinity": [[path, t.affinity] for path, t in tables if hasattr(t, "affinity")],
    }
    if table.engine:
        content["engine"] = table.engine
    design = file.design
    if design.kind != "grid":
        content["design"] = [design.kind, design.points, list(design.over)]
    if file.stopping.until is not None:
        content["stopping"] = [file.stopping.until, file.stopping.max_total]
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
