"""Many processes that start at once on an empty cache, and files of the cache that are damaged."""

import hashlib
import json
import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
SMALL = hashlib.sha256((8 * np.arange(50, dtype=np.int64)).tobytes()).hexdigest()

pytestmark = pytest.mark.skipif(os.environ.get("NUMBA_DISABLE_JIT") == "1", reason="nothing is compiled")


def start(what: str, cache: Path, gate: Path) -> subprocess.Popen[str]:
    environment = {**os.environ, "MCOOM_CACHE_DIR": str(cache), "OPENBLAS_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, "-m", "tests.cluster.cold", what, str(gate)],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run_many(n: int, what: str, folder: Path) -> list[dict]:
    """Start ``n`` processes, let them go at once, and return what each says."""
    gate = folder / "gate"
    processes = [start(what, folder / "cache", gate) for _ in range(n)]
    # They import in the meantime; what counts is that they ask for the kernels together.
    time.sleep(0.25 * n)
    gate.touch()
    said = []
    for process in processes:
        out, err = process.communicate(timeout=600)
        assert process.returncode == 0, err
        assert err == ""
        said.append(json.loads(out))
    return said


def test_six_processes_compile_once(tmp_path):
    said = run_many(6, "small", tmp_path)
    assert {one["digest"] for one in said} == {SMALL}
    compiled = Counter(name for one in said for name in one["compiled"])
    assert compiled == {"fill": 1}
    assert run_many(1, "small", tmp_path)[0]["compiled"] == []


@pytest.mark.slow
def test_each_with_a_cache_of_its_own_compiles(tmp_path):
    """The twin: it is the shared folder that saves the work."""
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        assert len(run_many(1, "small", tmp_path / name)[0]["compiled"]) == 1


@pytest.mark.parametrize(
    "damage", ["flipped", *(pytest.param(name, marks=pytest.mark.slow) for name in ("empty", "cut", "removed"))]
)
def test_a_damaged_file_is_compiled_again(tmp_path, damage):
    run_many(1, "small", tmp_path)
    (file,) = (tmp_path / "cache").rglob("*.fill-*.nbc")
    content = file.read_bytes()
    if damage == "removed":
        file.unlink()
    elif damage == "flipped":
        # In the machine code: Numba's own cache would run it.
        at = len(content) // 2
        file.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
    else:
        file.write_bytes(content[: 0 if damage == "empty" else len(content) // 2])
    (again,) = run_many(1, "small", tmp_path)
    assert again["digest"] == SMALL
    assert again["compiled"] == ["fill"]
    assert run_many(1, "small", tmp_path)[0]["compiled"] == []


def test_without_a_place_to_keep_them_kernels_work_all_the_same(tmp_path):
    (tmp_path / "cache").write_text("in the way")
    (tmp_path / "gate").touch()
    process = start("small", tmp_path / "cache" / "below", tmp_path / "gate")
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0
    assert json.loads(out)["digest"] == SMALL
    assert err.count("\n") == 1
    assert err.startswith("mcoom: note: compiled kernels are not kept: ")


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_64_processes_compile_the_engine_once(tmp_path):
    said = run_many(64, "engine", tmp_path)
    assert len({one["digest"] for one in said}) == 1
    compiled = Counter(name for one in said for name in one["compiled"])
    assert compiled["run_rows"] == 1
    assert max(compiled.values()) == 1
    print(f"slowest of 64: {max(one['seconds'] for one in said):.0f} s")
