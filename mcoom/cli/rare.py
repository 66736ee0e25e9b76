"""``rare``: probabilities of long waits and livelocks that are too small to be counted.

Takes a scenario, a policy and how long a wait has to be, gives the probability with its interval. Must know nothing of
how it is estimated.
"""

import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import click

from mcoom.cli.options import available_cpus, json_option, quiet_option, seed_option, set_option, threads_option
from mcoom.cli.output import give, give_json
from mcoom.errors import SpecError

if TYPE_CHECKING:
    from mcoom.rare.estimate import RareProbability
    from mcoom.rare.levels import Levels
    from mcoom.rare.tail import WaitTail


@click.command()
@click.argument("scenario")
@click.option("--policy", help="Policy. [the scenario's baseline]")
@click.option("--estimand", help="kill, kill_2, ...: which invocation. [the scenario's first]")
@click.option("--beyond", metavar="TIME", help="How long it stays open without a kill, such as '20 s'. [the horizon]")
@click.option("--livelock", is_flag=True, help="Livelocks only: waits to the horizon with all CPUs busy.")
@click.option("--point", type=click.IntRange(0), default=0, help="Point of a sweep. [0]")
@click.option("--copies", type=click.IntRange(10, 100_000), default=200, help="Copies at each level. [200]")
@click.option("--repeats", type=click.IntRange(5, 10_000), default=20, help="Independent repeats. [20]")
@seed_option
@threads_option
@set_option
@quiet_option
@json_option
def rare(scenario: str, as_json: bool, quiet: bool, **options: Any) -> None:
    """Estimate the probability that an invocation of SCENARIO waits very long, by multilevel splitting.

    The importance of an episode is the time that its invocation has been open without a kill (docs/rare_events.md). The
    answer is the probability that the invocation opens and waits so long.
    """
    from mcoom.rare.levels import choose_levels

    system, words = _system(scenario, options)
    levels = choose_levels(system, system.target, max(options["copies"], 50), seed=words["seed"])
    found = _estimate(system, levels, words["seed"], options, quiet)
    record = {
        **words,
        "copies": options["copies"],
        "levels_ns": list(levels.levels),
        "importance": "time that the invocation has been open without a kill",
        **found.to_json(),
    }
    if as_json:
        give_json(record)
    else:
        give(_text(record, found))


def _system(scenario: str, options: dict[str, Any]) -> "tuple[WaitTail, dict[str, Any]]":
    """Give what is to be split, and what it is called."""
    from mcoom.design.build import build_design
    from mcoom.rare.tail import WaitTail
    from mcoom.spec.load import load_scenario
    from mcoom.units import parse_time_ns

    loaded = load_scenario(scenario, options["overrides"])
    design = build_design(loaded, None, options["seed"])
    target_ns = loaded.horizon_ns
    if options["beyond"] is not None:
        try:
            target_ns = parse_time_ns(options["beyond"])
        except ValueError as error:
            raise SpecError(f"--beyond {options['beyond']}: {error}") from None
    policy = options["policy"] or loaded.baseline
    estimand = options["estimand"] or loaded.estimands[0]
    system = WaitTail(design, options["point"], policy, estimand, target_ns, options["livelock"])
    words = {
        "scenario": loaded.name,
        "spec_id": loaded.spec_id,
        "point": design.points[options["point"]].label,
        "policy": policy,
        "estimand": estimand,
        "beyond_ns": target_ns,
        "livelock": options["livelock"],
        "seed": design.seed,
    }
    return system, words


def _estimate(
    system: "WaitTail", levels: "Levels", seed: int, options: dict[str, Any], quiet: bool
) -> "RareProbability":
    """Repeat the splitting; repeats do not depend on one another, nor on the threads."""
    from mcoom.rare.estimate import combine
    from mcoom.rare.splitting import Split, fixed_effort
    from mcoom.run.progress import Progress

    progress = Progress(options["repeats"], None if quiet else sys.stderr, "splitting", "repeats")
    splits: list[Split] = []
    try:
        with ThreadPoolExecutor(options["threads"] or available_cpus()) as pool:
            once = [
                pool.submit(fixed_effort, system, levels.levels, options["copies"], seed=seed, repeat=r)
                for r in range(options["repeats"])
            ]
            for future in once:
                splits.append(future.result())
                progress.advance(1)
    finally:
        progress.close()
    n_events = levels.n_events + sum(split.n_events for split in splits)
    return combine([split.probability for split in splits], n_events)


def _text(record: dict[str, Any], found: "RareProbability") -> str:
    from mcoom.report.quantity import time_text
    from mcoom.units import format_ns

    what = "livelock at the horizon" if record["livelock"] else "no kill"
    lines = [
        f"{record['scenario']}  {record['point']}  {record['policy']}",
        f"{record['estimand']}: {what} within {format_ns(record['beyond_ns'])} of the invocation",
    ]
    if found.high is None:
        lines.append(f"probability  not estimable: {found.reason}")
    else:
        lines.append(f"probability  {found.value:.3g} [{found.low:.3g}, {found.high:.3g}]  95 %, {found.method}")
    shown = ", ".join(time_text(level) for level in record["levels_ns"])
    lines += [
        f"levels       {shown}",
        f"work         {found.n_repeats} repeats of {record['copies']} copies at each level, {found.n_events:,} events",
    ]
    return "\n".join(lines)
