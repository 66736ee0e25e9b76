"""``mcoom validate`` from a file to a report, on a handful of small cells."""

import csv
import gzip
import json

import pytest

from mcoom.validate.main import Settings, validate
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
    report = validate([subset], Settings(4, 1, 2))
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


def test_kept_predictions_give_the_same_report_without_simulating(mcoom, subset):
    first = mcoom("validate", subset, "--json", "--replicates", 3, "--save-predictions", "p.npz")
    assert first.returncode == 0, first.stderr
    second = mcoom("validate", subset, "--json", "--predictions", "p.npz")
    assert second.returncode == 0, second.stderr
    assert second.stdout == first.stdout
    assert "episodes" not in second.stderr


def test_folder_gets_text_json_and_page(mcoom, subset, tmp_path):
    pytest.importorskip("matplotlib", reason="--html needs the extra plot")
    done = mcoom("validate", subset, "--replicates", 2, "-q", "-o", "out/deep", "--html")
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "out/deep"
    assert sorted(path.name for path in folder.iterdir()) == ["validation.html", "validation.json", "validation.txt"]
    data = json.loads((folder / "validation.json").read_text())
    summary = data["summary"]
    assert set(summary["bootstrap_intervals"]) >= {"stuck_recall", "stuck_specificity", "crps_decades"}
    assert len(summary["worst_cells"]) == 10
    assert all(cell["likely_causes"] for cell in summary["worst_cells"])
    found = [t for t in summary["transitions"] if t["sleep_and_hold"]]
    assert found == []  # two storm sizes show no transition
    page = (folder / "validation.html").read_text()
    # Every cell has its panel.
    assert page.count("; predicted ") >= len(data["cells"])
    assert "recall" in done.stdout
    assert len(done.stdout) < len((folder / "validation.txt").read_text())


def with_new_factors(subset: str) -> list[dict[str, str]]:
    """Rows like those of files that are held back: values of factors that the public file does not have."""
    with open(subset, newline="") as file:
        row = next(csv.DictReader(file))
    changes = [
        {"hz": "1000"}, {"hz": "100", "shift": "0"}, {"shift": "2", "n": "3"}, {"n": "0"}, {"n": "23", "hz": "300"},
        {"hpol": "f", "hnice": "50"}, {"hpol": "b", "hnice": "5"}, {"hogs": "2", "gpol": "i"}, {"gate": "2"},
        {"gate": "3", "spol": "b"}, {"V": "2", "vpol": "f"}, {"hold": "3", "vkb": "64"}, {"reaper": "0"},
        {"accel": "mttcg", "shift": "", "vcpu": "2", "np_mean_ns": ""}, {"fail": "pi", "dump": "1", "uwork": "0"},
    ]  # fmt: skip
    rows = [row | change | {"boot_id": f"H-{i}", "k": "1"} for i, change in enumerate(changes)]
    never = [row | {"boot_id": "H-never", "censored": "2", "ttk_ns": "", "n": "9", "k": "2"}]
    blank = dict.fromkeys(list(row)[list(row).index("ttk_ns") + 1 :], "")
    cut = [row | blank | {"boot_id": "H-cut", "censored": "1", "ttk_ns": "4000000000", "n": "11"}]
    return rows + never + cut


def test_new_values_of_factors_and_empty_fields_are_no_trouble(mcoom, subset, tmp_path):
    rows = with_new_factors(subset)
    with gzip.open(tmp_path / "held.csv.gz", "wt", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    done = mcoom("validate", "held.csv.gz", "--json", "--replicates", 2, "-q")
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)["summary"]
    assert (summary["n_cells"], summary["n_rows_never_open"]) == (16, 1)
    both = mcoom("validate", "held.csv.gz", subset, "--json", "--replicates", 2, "-q")
    assert both.returncode == 0, both.stderr
    assert json.loads(both.stdout)["summary"]["n_cells"] > 20


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--html",), "--html with -o DIR"),
        (("--predictions", "p.npz", "--seed", "3"), "without --replicates, --seed"),
    ],
)
def test_wrong_options_are_one_line_and_exit_code_2(mcoom, options, words):
    done = mcoom("validate", *options)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert words in done.stderr


def test_a_file_that_cannot_be_written_is_found_before_the_work(mcoom, subset, tmp_path):
    (tmp_path / "taken").write_text("")
    for options in (("-o", "taken"), ("--save-predictions", "none/p.npz")):
        done = mcoom("validate", subset, "--replicates", 2, *options)
        assert done.returncode == 1
        assert "episodes" not in done.stderr


@pytest.mark.parametrize(
    "command",
    [
        ("validate", "no.csv"),
        ("validate", "--predictions", "no.npz"),
        ("verify", "no.toml"),
        ("check", "no.toml"),
        ("run", "no.toml"),
        ("rare", "no.toml"),
        ("show", "no.h5"),
        ("compare", "no.h5"),
        ("report", "no.h5"),
        ("plot", "curves", "no.h5"),
        ("merge", "no", "-o", "f.h5"),
        ("status", "no"),
    ],
    ids=lambda c: c[0],
)
def test_a_file_that_is_not_there_is_one_line_and_exit_code_1(mcoom, command):
    done = mcoom(*command)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "no." in done.stderr or "no:" in done.stderr
