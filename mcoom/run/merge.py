"""From the folders of several shards to one result file.

Takes folders, gives the run that they are of, its parts and what is missing. Must know nothing of executors; it
simulates nothing and needs no engine.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mcoom.design.build import Design, build_design
from mcoom.errors import McoomError, SpecError, StoreError
from mcoom.run.cut import missing_ranges, ranges_text
from mcoom.run.manifest import OF_THE_MACHINE, block_plan, run_manifest
from mcoom.run.stop import EXIT_RESUMABLE
from mcoom.spec.load import parse_scenario
from mcoom.store.folder import RunFolder, Scan, scan_parts
from mcoom.store.manifest import Manifest, read_manifest


class IncompleteRunError(McoomError):
    """Blocks are missing. What is missing is what took long: results without it would be biased, so there are none."""

    exit_code = EXIT_RESUMABLE


@dataclass(frozen=True)
class RunParts:
    """What lies in some folders of one run."""

    design: Design
    """The run."""
    manifest: Manifest
    """Its plan."""
    folders: tuple[RunFolder, ...]
    """The folders, each once."""
    scan: Scan
    """Their parts."""


def open_parts(paths: Sequence[Path]) -> RunParts:
    """Read and check what lies in the folders of one run; changes nothing.

    Parameters
    ----------
    paths : sequence of Path
        Folders of the run or of its shards, at least one; the same one twice counts once.

    Returns
    -------
    RunParts

    Raises
    ------
    SpecError
        They are of different runs, or of a run that this version would cut or count in another way.
    StoreError
        One is no folder of a run, or cannot be read.
    """
    folders: list[RunFolder] = []
    for path in paths:
        if not any(path.exists() and path.samefile(known.path) for known in folders):
            folders.append(RunFolder(path))
    manifest = _manifest_of(folders[0])
    for folder in folders[1:]:
        differences = manifest.differences(_manifest_of(folder))
        if differences:
            raise SpecError(
                f"{folder.path}: not the run of {folders[0].path}: there {'; there '.join(differences)}; allowed: "
                "folders of one run"
            )
    entries = manifest.entries
    scenario = parse_scenario(entries["scenario_text"], entries["scenario_name"])
    design = build_design(scenario, entries["replicates"], entries["seed"])
    differences = run_manifest(design).differences(manifest, OF_THE_MACHINE)
    if differences:
        raise SpecError(
            f"{folders[0].path}: made by another version of mcoom: there {'; there '.join(differences)}; allowed: the "
            "version that made it"
        )
    files = [file for folder in folders for file in folder.part_files()]
    scan = scan_parts(files, manifest.plan_id, len(block_plan(design)))
    return RunParts(design, manifest, tuple(folders), scan)


def _manifest_of(folder: RunFolder) -> Manifest:
    manifest = read_manifest(folder.plan_file)
    if manifest is None:
        raise StoreError(f"{folder.path}: not the folder of a run (it has no {folder.plan_file.name})")
    return manifest


def check_complete(parts: RunParts) -> None:
    """Refuse a run that is not complete.

    Raises
    ------
    SpecError
        It stops by itself, so that its blocks do not say whether it is complete.
    IncompleteRunError
        Names the missing blocks, the shards that they belong to, and who is at work on them.
    """
    missing = missing_ranges(parts.scan.done)
    if not missing:
        return
    if parts.design.scenario.stopping is not None:
        raise SpecError(
            f"{parts.folders[0].path}: the parts of a run with --until, which alone knows when it is done; allowed: "
            "the command of that run again"
        )
    n = sum(map(len, missing))
    texts = [f"{n:,} of {len(parts.scan.done):,} blocks are missing: {ranges_text(missing)}"]
    counts = {int(stored.path.name.split("-")[1].partition("of")[2]) for stored in parts.scan.parts}
    if len(counts) == 1 and (count := counts.pop()) > 1:
        shards = [i for i in range(count) if not parts.scan.done[i::count].all()]
        named = ", ".join(f"{i}/{count}" for i in shards[:20]) + (" ..." if len(shards) > 20 else "")
        texts.append(f"shards {named} are not done")
    owners = [f"{shard} by {owner}" for folder in parts.folders for shard, owner in folder.owners().items()]
    if owners:
        texts.append(f"being worked on: {', '.join(owners[:20])}")
    folders = ", ".join(str(folder.path) for folder in parts.folders)
    raise IncompleteRunError(f"{folders}: {'; '.join(texts)}; no result is written; run them, then merge again")
