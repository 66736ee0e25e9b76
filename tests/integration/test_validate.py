"""``mcoom validate`` from a file to a report, on a handful of small cells."""

import csv
import json

import pytest

from mcoom.validate.main import validate
from mcoom.validate.measured import SHIPPED, data_path, read_measured, read_text
from mcoom.validate.predict import predict_all
from mcoom.validate.stages import read_stage_costs

KEEP = {
    "accel": {"icount"}, "hpol": {"i"}, "hogs": {"0"}, "gate": {"1"}, "vkb": {"1024", "2048"}, "dump": {"0"},
    "reaper": {"1"}, "hold": {"1"}, "fail": {"sleep", "mutex"}, "preempt": {"full"}, "n": {"4", "64"},
    "npthrottle": {"0"},
}  # fmt: skip
OUTCOMES_START = "censored"


@pytest.fixture(scope="module")
def subset(tmp_path_factory) -> str:
    """A file with the episodes of a few configurations."""
    reader = csv.DictReader(read_text(data_path(SHIPPED)).splitlines())
    rows = [row for row in reader if all(row[column] in values for column, values in KEEP.items())]
    path = tmp_path_factory.mktemp("measured") / "subset.csv"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, reader.fieldnames)
        writer.writeheader()
        writer.writerows(rows)
    return str(path)


def predictions(path: str, threads: int = 1):
    measured = read_measured(path)
    found = predict_all(measured.configurations, read_stage_costs(), 4, 1, threads)
    return {
        configuration.factors: [(s.time_ns.tolist(), s.censored.tolist()) for s in prediction.samples]
        for configuration, prediction in zip(measured.configurations, found, strict=True)
    }


def test_outcomes_change_no_prediction(subset, tmp_path):
    with open(subset, newline="") as file:
        reader = csv.DictReader(file)
        rows = list(reader)
    header = reader.fieldnames
    outcomes = header[header.index(OUTCOMES_START) :]
    for row in rows:
        row |= dict.fromkeys(outcomes, "") | {"censored": "0", "ttk_ns": "1"}
    path = tmp_path / "blank.csv"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, header)
        writer.writeheader()
        writer.writerows(rows)
    assert predictions(str(path)) == predictions(subset)


def test_other_cells_and_threads_change_no_prediction(subset, tmp_path):
    with open(subset, newline="") as file:
        lines = file.readlines()
    half = tmp_path / "half.csv"
    half.write_text("".join([lines[0], *(line for line in lines[1:] if ",mutex," in line)]))
    everything, some = predictions(subset, threads=2), predictions(str(half))
    assert 0 < len(some) < len(everything)
    assert {factors: everything[factors] for factors in some} == some


def test_sleep_livelocks_where_mutex_does_not(subset):
    report = validate(subset, 4, 1, 2)
    late = {(s.cell.factors.fail, s.cell.factors.n): s for s in report.scores if s.cell.k == 3}
    assert late["sleep", 64].predicted_stuck
    assert late["sleep", 64].observed.stuck
    for cell in (("sleep", 4), ("mutex", 4), ("mutex", 64)):
        assert not late[cell].predicted_stuck
        assert not late[cell].observed.stuck


def test_command_gives_json(mcoom, subset):
    done = mcoom("validate", subset, "--json", "--replicates", 2, "--seed", 1)
    assert done.returncode == 0, done.stderr
    data = json.loads(done.stdout)
    assert data["summary"]["n_cells"] == len(data["cells"]) > 8
    assert data["summary"]["measured"] == subset


def test_command_gives_text(mcoom, subset):
    done = mcoom("validate", subset, "--replicates", 2, "--quiet")
    assert done.returncode == 0, done.stderr
    assert "recall" in done.stdout
    assert "Residuals by factor" in done.stdout


def test_a_wrong_file_is_one_line_and_exit_code_2(mcoom, tmp_path):
    (tmp_path / "wrong.csv").write_text("a,b\n1,2\n")
    done = mcoom("validate", "wrong.csv")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "wrong.csv: line 1: no column accel" in done.stderr
