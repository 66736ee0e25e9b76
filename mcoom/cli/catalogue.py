"""``check``, ``scenarios`` and ``policies``: what can be run, and whether it would.

Takes names and paths, gives lists. Must not load the engine.
"""

from collections.abc import Mapping

import click

from mcoom.cli.options import json_option, replicates_option, set_option
from mcoom.cli.output import give, give_json


@click.command()
@click.argument("scenario")
@set_option
@replicates_option
@json_option
def check(scenario: str, overrides: tuple[str, ...], replicates: int | None, as_json: bool) -> None:
    """Say whether SCENARIO (a path or a built-in name) can be run, and what it would run."""
    from mcoom.design.build import build_design
    from mcoom.lower import lower_block, lower_policy
    from mcoom.spec.load import load_scenario

    loaded = load_scenario(scenario, overrides)
    design = build_design(loaded, replicates)
    for policy in loaded.policies:
        lower_policy(policy)
    seen: set[tuple[str, object]] = set()
    for point in design.points:
        # A value that made its inputs at one point makes them at all: a large sweep is checked in seconds.
        new = set(point.values.items()) - seen
        if new or not seen:
            seen |= new
            lower_block(design, point.index, 0, 1)
    n_cells = len(design.points) * len(loaded.policies)
    summary = {
        "scenario": loaded.name,
        "title": loaded.title,
        "spec_id": loaded.spec_id,
        "policies": [policy.name for policy in loaded.policies],
        "baseline": loaded.baseline,
        "estimands": list(loaded.estimands),
        "n_points": len(design.points),
        "n_cells": n_cells,
        "replicates": design.replicates,
        "n_episodes": n_cells * design.replicates,
        "seed": design.seed,
    }
    if as_json:
        give_json({"ok": True, **summary})
        return
    give(f"{loaded.name}: {loaded.title}")
    give(f"policies   {', '.join(p.name for p in loaded.policies)} (baseline {loaded.baseline})")
    give(f"estimands  {', '.join(loaded.estimands)}")
    give(
        f"work       {len(design.points)} point(s) x {len(loaded.policies)} policies x {design.replicates:,} replicates"
        f" = {summary['n_episodes']:,} episodes, seed {design.seed}"
    )
    give("ok")


@click.command()
@json_option
def scenarios(as_json: bool) -> None:
    """List the built-in scenarios."""
    from mcoom.report.table import table_lines
    from mcoom.spec.load import list_scenarios

    known = list_scenarios()
    if as_json:
        give_json([{"name": info.name, "title": info.title} for info in known])
        return
    give("\n".join(table_lines(("scenario", "title"), [(info.name, info.title) for info in known], left=2)))


@click.command()
@json_option
def policies(as_json: bool) -> None:
    """List the built-in policies with their mechanisms."""
    from mcoom.report.table import table_lines
    from mcoom.spec.load import list_policies

    known = list_policies()
    if as_json:
        give_json([{"name": p.name, "title": p.title, "source": p.source, **p.words()} for p in known])
        return
    header = ("policy", "sched", "lock", "holder", "release", "reserves", "selection")
    give("\n".join(table_lines(header, [(p.name, *_mechanisms(p.words())) for p in known], left=len(header))))


def _mechanisms(words: Mapping[str, str | int | bool]) -> list[str]:
    """Give the mechanisms of a policy, parameters in brackets where they matter."""
    lock, holder, release = str(words["lock"]), str(words["holder"]), str(words["release"])
    return [
        str(words["sched"]),
        lock if lock == "trylock_spin" else f"{lock}({words['lock_k']})",
        holder if holder == "none" else f"{holder}({words['holder_k']})",
        release if release != "reaper_delayed" else f"{release}({words['reap_delay']})",
        str(words["reserves"]),
        str(words["selection"]),
    ]
