"""Wrong input at the command line: one clear line, the right exit code, no traceback."""

import pytest

WRONG = {
    "not TOML": ("[machine]", "[machine", "small.toml:"),
    "unknown key": ("cpus = 2", "cpu = 2", "'cpus'"),
    "unknown table": ("[memory]", "[memmory]", "memmory"),
    "missing key": ("hz = 250\n", "", "machine.hz"),
    "missing unit": ('horizon = "2 s"', "horizon = 2", "scenario.horizon"),
    "wrong unit": ('horizon = "2 s"', 'horizon = "2 MiB"', "MiB"),
    "misspelt unit": ('jitter = "5 ms"', 'jitter = "5 msec"', "msec"),
    "impossible range": ("cpus = 2", "cpus = 65", "65"),
    "not a level": ("hz = 250", "hz = 60", "60"),
    "unknown word": ('program = "sleeper"', 'program = "sleper"', "'sleeper'"),
    "unknown policy": ('"linux-4.13+seed"', '"linux-4.13+sed"', "linux-4.13+sed"),
    "unknown base policy": ('base = "linux-4.13"', 'base = "linux-4.31"', "linux-4.31"),
    "wrong nice": ('policy = "idle"', "nice = 40", "40"),
    "wrong type": ("count = 12", 'count = "many"', "many"),
    "weights that do not fit": ("count = 12", "count = { choice = [4, 8], weights = [1] }", "weights"),
    "range upside down": ("count = 12", "count = { uniform = [9, 3] }", "count"),
}


@pytest.mark.parametrize(("old", "new", "named"), WRONG.values(), ids=WRONG)
def test_wrong_scenario(mcoom, tmp_path, scenario_text, old, new, named):
    assert old in scenario_text
    (tmp_path / "small.toml").write_text(scenario_text.replace(old, new, 1))
    done = mcoom("check", "small.toml")
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("mcoom: error: small.toml")
    assert done.stderr.count("\n") == 1, done.stderr
    assert named in done.stderr


def test_right_scenario(mcoom, tmp_path, scenario_text):
    (tmp_path / "small.toml").write_text(scenario_text)
    done = mcoom("check", "small.toml")
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("ok\n")


@pytest.mark.parametrize(
    ("arguments", "code", "named"),
    [
        (("run", "no-such-scenario"), 2, "no-such-scenario"),
        (("run", "no-such-file.toml"), 1, "no-such-file.toml"),
        (("run", "desktop", "--replicates", "0"), 2, "0"),
        (("run", "desktop", "--threads", "none"), 2, "none"),
        (("run", "desktop", "--sed", "1"), 2, "--sed"),
        (("run", "desktop", "--set", "machine.cpus"), 2, "machine.cpus"),
        (("run", "desktop", "--set", "machine.cpu=2"), 2, "machine.cpu"),
        (("run", "desktop", "-o", "no-such-folder/x.h5"), 1, "no-such-folder"),
        (("run", "desktop", "-o", "."), 1, "folder"),
        (("show", "no-such.h5"), 1, "no-such.h5"),
        (("compare", "no-such.h5"), 1, "no-such.h5"),
        (("frobnicate",), 2, "frobnicate"),
        (("replay", "no-such.h5", "--cell", "0", "--replicate", "0"), 1, "no-such.h5"),
        (("validate", "no-such.csv"), 1, "no-such.csv"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else str(value),
)
def test_wrong_arguments(mcoom, arguments, code, named):
    done = mcoom(*arguments)
    assert done.returncode == code, done.stderr
    assert done.stderr.startswith("mcoom: error: ")
    assert done.stderr.count("\n") == 1, done.stderr
    assert named in done.stderr


def test_a_file_that_is_no_result(mcoom, tmp_path):
    (tmp_path / "text.h5").write_text("not HDF5\n")
    done = mcoom("show", "text.h5")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "text.h5" in done.stderr
