"""Same scenario, same seed: the same bytes, whatever the threads and with or without the compiler."""

import hashlib
from pathlib import Path

import h5py
import numpy as np
import pytest

from tests.integration.conftest import run_mcoom


def digests(path: Path) -> dict[str, str]:
    """sha256 of the content of every dataset, by its name."""
    found: dict[str, str] = {}

    def visit(name: str, node: object) -> None:
        if isinstance(node, h5py.Dataset):
            values = node[...]
            content = (
                repr(values.tolist()).encode() if values.dtype == object else np.ascontiguousarray(values).tobytes()
            )
            found[name] = hashlib.sha256(str(values.shape).encode() + content).hexdigest()

    with h5py.File(path, "r") as file:
        file.visititems(visit)
    return found


def run(folder: Path, name: str, *arguments: object, **environment: str) -> dict[str, str]:
    done = run_mcoom("run", *arguments, "-o", name, "--quiet", cwd=folder, **environment)
    assert done.returncode == 0, done.stderr
    return digests(folder / name)


def test_threads_do_not_show(tmp_path, scenario_text):
    (tmp_path / "small.toml").write_text(scenario_text)
    one = run(tmp_path, "one.h5", "small.toml", "--replicates", 100, "--threads", 1)
    two = run(tmp_path, "two.h5", "small.toml", "--replicates", 100, "--threads", 2)
    five = run(tmp_path, "five.h5", "small.toml", "--replicates", 100, "--threads", 5)
    assert len(one) > 20
    assert one == two == five


def test_blocks_do_not_show(tmp_path, scenario_text):
    (tmp_path / "small.toml").write_text(scenario_text)
    usual = run(tmp_path, "usual.h5", "small.toml", "--replicates", 50)
    cut = run(tmp_path, "cut.h5", "small.toml", "--replicates", 50, "--set", "scenario.block=7")
    assert usual == cut


def test_another_seed_shows(tmp_path, scenario_text):
    """The twin that must differ: the comparison above is not blind."""
    (tmp_path / "small.toml").write_text(scenario_text)
    a = run(tmp_path, "a.h5", "small.toml", "--replicates", 20, "--seed", 1)
    b = run(tmp_path, "b.h5", "small.toml", "--replicates", 20, "--seed", 2)
    assert a.keys() == b.keys()
    assert a != b


def test_policies_do_not_see_one_another(tmp_path, scenario_text):
    """Common random numbers: a policy's rows are the same beside other policies."""
    (tmp_path / "small.toml").write_text(scenario_text)
    run(tmp_path, "three.h5", "small.toml", "--replicates", 8)
    run(tmp_path, "one.h5", "small.toml", "--replicates", 8, "--set", 'scenario.policies=["patient"]')
    with h5py.File(tmp_path / "three.h5") as three, h5py.File(tmp_path / "one.h5") as one:
        assert np.array_equal(three["raw/outputs"][:, 2], one["raw/outputs"][:, 0])


def test_without_the_compiler(tmp_path, scenario_text):
    (tmp_path / "small.toml").write_text(scenario_text)
    arguments = ("small.toml", "--replicates", 2, "--set", "scenario.horizon=100 ms")
    compiled = run(tmp_path, "jit.h5", *arguments)
    plain = run(tmp_path, "plain.h5", *arguments, NUMBA_DISABLE_JIT="1")
    assert compiled == plain


@pytest.mark.slow
def test_the_seed_scenario_with_one_and_two_threads(tmp_path):
    arguments = ("handa-2017", "--replicates", 2000, "--seed", 7)
    assert run(tmp_path, "1.h5", *arguments, "--threads", 1) == run(tmp_path, "2.h5", *arguments, "--threads", 2)
