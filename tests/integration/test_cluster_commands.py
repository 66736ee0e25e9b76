"""``submit`` and ``cache`` as a user calls them."""

import json
import subprocess
from pathlib import Path

import pytest


def test_submit_writes_two_scripts_and_prints_the_command(mcoom, tmp_path):
    done = mcoom("submit", "desktop", "--slurm", "--shards", 5, "--seed", 3, "--partition", "long", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    array = Path(told["array_script"]).read_text()
    assert "#SBATCH --array=0-4\n" in array
    assert "#SBATCH --partition=long\n" in array
    assert " run desktop --seed 3 --shard auto " in array
    assert f"merge {tmp_path}/desktop.parts -o {tmp_path}/desktop.h5" in Path(told["merge_script"]).read_text()
    for script in (told["array_script"], told["merge_script"]):
        assert script in told["command"]
        assert subprocess.run(["bash", "-n", script], check=False).returncode == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("desktop", "--shards", 5), "allowed: --slurm"),
        (("desktop", "--slurm"), "--shards"),
        (("desktop", "--slurm", "--shards", 0), "--shards"),
        (("desktop", "--slurm", "--shards", 5, "--time", "soon"), "--time soon: not a time limit of Slurm"),
        (("desktop", "--slurm", "--shards", 5, "--set", "machine.hz=3"), "hz"),
        (("nowhere.toml", "--slurm", "--shards", 5), "nowhere.toml"),
    ],
)
def test_a_wrong_submission_writes_nothing(mcoom, tmp_path, arguments, message):
    done = mcoom("submit", *arguments)
    assert done.returncode == (1 if arguments[0] == "nowhere.toml" else 2)
    assert message in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_cache_shows_and_prunes(mcoom, tmp_path):
    old = tmp_path / "kernels" / ("0" * 24 + "-" + "0" * 8)
    old.mkdir(parents=True)
    (old / "a.nbc").write_bytes(b"x" * 1000)
    here = {"MCOOM_CACHE_DIR": str(tmp_path / "kernels")}
    shown = mcoom("cache", **here)
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.splitlines()[0] == str(tmp_path / "kernels")
    assert "0" * 12 in shown.stdout
    pruned = json.loads(mcoom("cache", "--prune", "--json", **here).stdout)
    assert pruned["path"] == str(tmp_path / "kernels")
    assert [entry["size_bytes"] for entry in pruned["removed"]] == [1000]
    assert pruned["entries"] == []
    assert not old.exists()
