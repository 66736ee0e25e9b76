"""The CUDA kernels give the engine's bytes: in Numba's CUDA simulator, as no GPU can be counted on."""

import importlib.util
import json
import os
import subprocess
import sys

import pytest

from tests.gpu.compare import SMALL
from tests.integration.conftest import run_mcoom
from tests.integration.test_same_bytes import run

SIMULATOR = {"NUMBA_ENABLE_CUDASIM": "1"}

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("numba.cuda") is None, reason="this Numba has no numba.cuda, and numba-cuda is not there"
)


@pytest.fixture(scope="module")
def found():
    command = [sys.executable, "-m", "tests.gpu.compare"]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **SIMULATOR})
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def scenario(tmp_path):
    """A folder with the scenario of the integration tests."""
    (tmp_path / "small.toml").write_text(SMALL.read_text())
    return tmp_path


@pytest.mark.parametrize("what", ["side by side", "own pieces", "mixed", "queue", "two blocks"])
def test_rows_are_those_of_the_engine(found, what):
    assert found[what]["wrong"] == 0
    assert found[what]["rows"] >= 24
    assert 300 < found[what]["most_events"] < 1000  # they came to an end of their own


def test_every_mechanism_gives_the_rows_of_the_engine(found):
    assert found["random"] == {"rows": 40, "wrong": 0, "most_events": found["random"]["most_events"]}


def test_jumps_are_those_of_the_engine(found):
    assert found["jumps"]["wrong"] == 0
    assert found["jumps"]["most_events"] > 5000  # events that were jumped over do not count for the budget of 1000


@pytest.mark.parametrize("layout", ["side by side", "own pieces", "mixed"])
def test_every_entry_has_a_word_of_its_own(found, layout):
    n_once, n_words = found[f"words, {layout}"]
    assert n_once == n_words


def test_run_writes_the_same_file(scenario):
    arguments = ("small.toml", "--replicates", 3, "--set", "scenario.max_events=1000", "--set", "scenario.block=2")
    cpu = run(scenario, "cpu.h5", *arguments)
    gpu = run(scenario, "gpu.h5", *arguments, "--device", "gpu", **SIMULATOR)
    assert len(cpu) > 20
    assert cpu == gpu


def test_another_seed_shows(scenario):
    """The twin that must differ."""
    arguments = ("small.toml", "--replicates", 3, "--set", "scenario.max_events=1000")
    cpu = run(scenario, "cpu.h5", *arguments, "--seed", 1)
    assert cpu != run(scenario, "gpu.h5", *arguments, "--seed", 2, "--device", "gpu", **SIMULATOR)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--engine", "fast"), "engine fast"),
        (("--executor", "processes"), "not with --executor processes"),
    ],
)
def test_what_a_gpu_cannot_do_is_refused(scenario, arguments, reason):
    done = run_mcoom("run", "small.toml", "-o", "f.h5", "--device", "gpu", *arguments, cwd=scenario, **SIMULATOR)
    assert done.returncode == 2, done.stderr
    assert reason in done.stderr
    assert not (scenario / "f.h5").exists()


def test_without_a_gpu_it_says_so(scenario):
    done = run_mcoom(
        "run",
        "small.toml",
        "-o",
        "f.h5",
        "--device",
        "gpu",
        cwd=scenario,
        NUMBA_ENABLE_CUDASIM="0",
        CUDA_VISIBLE_DEVICES="",
    )
    assert done.returncode == 2, done.stderr
    assert "--device gpu: " in done.stderr


def test_only_a_gpu_run_loads_cuda():
    code = "import sys, mcoom.run.work, mcoom.run.device, mcoom.cli.simulate; print('numba.cuda' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False"]
