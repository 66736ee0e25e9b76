"""Ctrl-C and a reader that goes away: no traceback, no half file."""

import signal
import subprocess
import time

from tests.integration.conftest import command


def start(folder, *arguments):
    return subprocess.Popen(command(*arguments), cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_interrupt_leaves_what_is_done_and_no_result(tmp_path, scenario_text):
    (tmp_path / "small.toml").write_text(scenario_text)
    process = start(tmp_path, "run", "small.toml", "-o", "big.h5", "--replicates", 10**8)
    try:
        first = process.stderr.readline()
        assert "episodes" in first
        time.sleep(2)
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        _, rest = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 75
    assert "mcoom: error: stopped by SIGINT; what is done is safe in big.parts" in rest
    assert "Traceback" not in rest
    assert sorted(path.name for path in tmp_path.iterdir()) == ["big.parts", "small.toml"]
    kinds = {path.suffix for path in (tmp_path / "big.parts").iterdir()}
    assert kinds == {".json", ".mcpart"}


def test_broken_pipe_is_quiet(run_folder):
    reader = subprocess.Popen(["true"], stdin=subprocess.PIPE)
    reader.wait()
    process = subprocess.Popen(
        command("replay", "small.h5", "--cell", "0", "--replicate", "0"),
        cwd=run_folder,
        stdout=reader.stdin,
        stderr=subprocess.PIPE,
        text=True,
    )
    reader.stdin.close()
    _, errors = process.communicate(timeout=120)
    assert errors == ""
    assert process.returncode == 141
