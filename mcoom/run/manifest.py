"""What a run is, in the words of its plan file.

Takes a design, gives the entries that decide its numbers, and the cut into blocks and the names along the tallies that
follow from it. Must know nothing of files.
"""

import functools
import hashlib
from pathlib import Path

import mcoom.lower
from mcoom._jit import engine_digest
from mcoom.codes import Engine
from mcoom.design.build import Design
from mcoom.lower import lower_block
from mcoom.run.plan import BlockPlan
from mcoom.store.manifest import Manifest
from mcoom.store.part import PART_VERSION
from mcoom.store.schema import SCHEMA_VERSION
from mcoom.tally.pack import PACK_VERSION
from mcoom.tally.plan import TallyPlan

OF_THE_MACHINE = ("engine_digest", "lowering_digest")
"""Entries that whoever merges need not share: the counts are made."""
_COUNTING = ("tally", "design", "spec")


def block_plan(design: Design) -> BlockPlan:
    """Return the blocks of a design.

    Raises
    ------
    SpecError
        There are too many.
    """
    return BlockPlan(len(design.points), design.replicates, design.scenario.block)


def tally_plan(design: Design) -> TallyPlan:
    """Return what the tallies of a design count."""
    scenario = design.scenario
    return TallyPlan(
        policies=tuple(policy.name for policy in scenario.policies),
        baseline=scenario.baseline,
        estimands=scenario.estimands,
        stratum_labels=design.stratum_labels,
        raw_rows=scenario.raw_rows,
    )


def run_manifest(design: Design) -> Manifest:
    """Return the plan of a run: two runs with equal entries give equal datasets.

    Parameters
    ----------
    design : Design
        What is run.

    Returns
    -------
    Manifest
        ``scenario_text`` is the scenario after overrides. ``counting_digest`` is of the sources that make inputs and
        count outputs, ``lowering_digest`` of the first and the last inputs as this machine makes them.
    """
    scenario, blocks = design.scenario, block_plan(design)
    return Manifest(
        {
            "scenario_name": scenario.name,
            "scenario_title": scenario.title,
            "spec_id": scenario.spec_id,
            "engine": Engine(scenario.engine).name.lower(),
            "seed": design.seed,
            "replicates": design.replicates,
            "policies": [policy.name for policy in scenario.policies],
            "block": scenario.block,
            "raw_rows": scenario.raw_rows,
            "n_points": len(design.points),
            "n_blocks": len(blocks),
            "schema_version": SCHEMA_VERSION,
            "part_version": [PART_VERSION, PACK_VERSION],
            "engine_digest": engine_digest(),
            "counting_digest": _counting_digest(),
            "lowering_digest": _lowering_digest(design),
            "scenario_text": scenario.text,
        }
    )


@functools.cache
def _counting_digest() -> str:
    root = Path(mcoom.lower.__file__).parent
    digest = hashlib.sha256()
    for source in (root / "lower.py", *(p for name in _COUNTING for p in sorted((root / name).glob("*.py")))):
        digest.update(source.name.encode() + b"\0" + source.read_bytes() + b"\0")
    return digest.hexdigest()


def _lowering_digest(design: Design) -> str:
    """Hash a few inputs: tables of the laws are made in floating point, and a library may give another last digit."""
    digest = hashlib.sha256()
    for point in (0, len(design.points) - 1):
        block = lower_block(design, point, 0, min(4, design.replicates))
        for array in (block.inputs.machine, block.inputs.classes, block.inputs.shapes, block.strata):
            digest.update(repr(array.shape).encode() + array.astype("<i8").tobytes())
    return digest.hexdigest()
