"""Long runs: small part files are joined as they grow in number."""

import shutil

from mcoom.cli.simulate import simulate
from mcoom.design.build import build_design
from mcoom.run import execute
from mcoom.run.executor import ExecutorSettings
from mcoom.run.job import Job
from mcoom.run.shard import Shard
from mcoom.spec.load import load_scenario
from mcoom.store.folder import RunFolder
from tests.faults.conftest import REPLICATES, SEED, TINY
from tests.integration.test_same_bytes import digests


def test_files_are_joined_and_nothing_shows(tmp_path, reference, monkeypatch):
    monkeypatch.setattr(execute, "MOST_FILES", 3)
    monkeypatch.setattr("mcoom.run.cut.SHORTEST_S", 1e-9)  # every task one block
    counts = []
    write = RunFolder.write_part

    def counted(self, *arguments):
        counts.append(len(self.part_files()))
        return write(self, *arguments)

    monkeypatch.setattr(RunFolder, "write_part", counted)
    design = build_design(load_scenario(str(TINY)), REPLICATES, SEED)
    job = Job(tmp_path / "F.h5", tmp_path / "F.parts", Shard(), ExecutorSettings("threads", 2), keeps_parts=True)
    simulate(design, job, quiet=True)
    assert len(counts) > 48
    assert max(counts) <= 3
    assert digests(job.output) == reference
    shutil.rmtree(job.folder)


def test_killed_between_joining_and_removing(half_place, reference):
    """The joined file and some of what it was made of: the larger one counts, the others are set aside and named."""
    from mcoom.run.manifest import tally_plan
    from mcoom.store.join import join_parts

    design = build_design(load_scenario(str(TINY)), REPLICATES, SEED)
    folder = RunFolder(half_place.parts)
    files = folder.part_files()
    folder.write_part("000of001", *join_parts(files[:5], tally_plan(design)))
    assert half_place.run() == 0
    assert half_place.stderr.count("which another part holds already; set aside in F.parts/quarantine") == 5
    half_place.check_result(reference)
