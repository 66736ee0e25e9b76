"""``mcoom report`` and ``mcoom plot`` as a user runs them."""

import json
import subprocess
import sys

import pytest

from tests.integration.conftest import run_mcoom

WITHOUT_MATPLOTLIB = "import sys; sys.modules['matplotlib'] = None; from mcoom.cli.main import main; main(sys.argv[1:])"


def test_report_writes_page_and_figures(report_folder):
    page = (report_folder / "index.html").read_text()
    figures = sorted(path.name for path in (report_folder / "figures").iterdir())
    assert {"map.svg", "map.png", "sensitivity.svg"} <= set(figures)
    assert len(figures) % 2 == 0
    assert page.count("<figure>") == len(figures) // 2


def test_report_says_what_livelocks_and_what_avoids_it(report_folder):
    lead = (report_folder.parent / "findings.txt").read_text().splitlines()[0]
    assert lead.startswith("=> linux-4.13 livelocks at ")
    assert "only with class.storm.count = 256" in lead
    assert "linux-4.13+seed avoids all of them" in lead


def test_report_again_gives_the_same_bytes(sweep_folder, report_folder):
    done = run_mcoom("report", "sweep.h5", "-o", "again", "--json", cwd=sweep_folder)
    assert done.returncode == 0, done.stderr
    given = json.loads(done.stdout)
    assert given["page"] == "again/index.html"
    assert {f["provenance"] != "" for f in given["findings"]} == {True}
    for name in given["files"]:
        mine = sweep_folder / name
        assert mine.read_bytes() == (report_folder / mine.relative_to(sweep_folder / "again")).read_bytes(), name


@pytest.mark.parametrize("kind", ["curves", "ridges", "map", "forest", "sensitivity"])
def test_plot_draws_each_kind(sweep_folder, kind):
    done = run_mcoom("plot", kind, "sweep.h5", "-o", f"{kind}.png", cwd=sweep_folder)
    assert done.returncode == 0, done.stderr
    assert (sweep_folder / f"{kind}.png").read_bytes().startswith(b"\x89PNG")
    assert "linux-4.13+seed" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("plot", "map", "sweep.h5", "-o", "x.gif"), 2, "x.gif: a figure cannot be written as .gif"),
        (("plot", "map", "sweep.h5", "--x", "machine.hertz"), 2, "machine.hertz: not swept"),
        (("plot", "curves", "sweep.h5", "--cell", "99"), 2, "--cell 99: no such point"),
        (("plot", "curves", "sweep.h5", "--estimand", "kil"), 2, "--estimand kil: not in the file, did you mean"),
        (("plot", "pie", "sweep.h5"), 2, "'pie' is not one of"),
        (("plot", "curves", "sweep.h5", "-o", "missing/x.svg"), 1, "missing/x.svg: cannot be written"),
        (("report", "sweep.h5", "--baseline", "linux-9"), 2, "--baseline linux-9: not in the file"),
        (("report", "missing.h5"), 1, "missing.h5: cannot be read"),
        (("report", "sweep.h5", "-o", "sweep.h5"), 1, "folder cannot be made"),
    ],
)
def test_errors_are_one_line(sweep_folder, arguments, code, message):
    done = run_mcoom(*arguments, cwd=sweep_folder)
    assert done.returncode == code
    assert message in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "arguments", [("report", "sweep.h5", "-o", "none"), ("plot", "map", "sweep.h5", "-o", "n.svg")]
)
def test_without_matplotlib_there_is_a_clear_error(sweep_folder, arguments):
    command = [sys.executable, "-c", WITHOUT_MATPLOTLIB, *arguments]
    done = subprocess.run(command, cwd=sweep_folder, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == "mcoom: error: figures need matplotlib: pip install 'mcoom[plot]'\n"
    assert not (sweep_folder / arguments[-1]).exists()


def test_text_and_json_work_without_matplotlib(sweep_folder):
    command = [sys.executable, "-c", WITHOUT_MATPLOTLIB, "compare", "sweep.h5", "--json"]
    done = subprocess.run(command, cwd=sweep_folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["estimates"]
