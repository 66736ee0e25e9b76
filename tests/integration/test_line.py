"""The whole line: TOML -> run -> HDF5 -> show, compare, replay."""

import json
import re

import numpy as np
import pytest

from mcoom.engine.layout import OUT_FIELDS
from mcoom.store.read import read_results
from tests.integration.conftest import run_mcoom

POLICIES = ["linux-4.13", "linux-4.13+seed", "patient"]
INTERVAL = {"value", "low", "high"}


def ask(folder, *arguments):
    done = run_mcoom(*arguments, cwd=folder)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_run_ends_with_the_table(run_folder):
    text = (run_folder / "stdout.txt").read_text()
    for word in (*POLICIES, "livelock", "median", "p99", "restricted mean", "adjusted"):
        assert word in text
    assert not re.search(r"\bnan\b|\binf\b|None", text)


def test_run_says_how_far_it_is_and_where_it_wrote(run_folder):
    text = (run_folder / "stderr.txt").read_text()
    assert "small: 360 episodes" in text
    assert "wrote small.h5" in text


def test_file_holds_what_was_asked(run_folder, scenario_text):
    results = read_results(run_folder / "small.h5")
    assert list(results.plan.policies) == POLICIES
    assert [point.values for point in results.points] == [{"machine.preempt": "none"}, {"machine.preempt": "full"}]
    assert [point.tally.n_replicates for point in results.points] == [60, 60]
    assert results.provenance["scenario_text"] == scenario_text
    assert results.provenance["seed"] == 3
    assert results.provenance["command"] == "mcoom run small.toml -o small.h5 --replicates 60 --seed 3"
    assert re.fullmatch("[0-9a-f]{64}", str(results.provenance["engine_digest"]))


def test_show(run_folder):
    text = ask(run_folder, "show", "small.h5")
    for word in (*POLICIES, "machine.preempt", "seed", "engine_digest"):
        assert word in text
    data = json.loads(ask(run_folder, "show", "small.h5", "--json"))
    assert data["policies"] == POLICIES
    assert [point["values"] for point in data["points"]] == [{"machine.preempt": "none"}, {"machine.preempt": "full"}]


def test_compare_has_the_promised_keys(run_folder):
    data = json.loads(ask(run_folder, "compare", "small.h5", "--json"))
    estimates, contrasts = data["estimates"], data["contrasts"]
    n_estimands = 4  # kill, kill_2, release, hold_max
    assert len(estimates) == 2 * 3 * n_estimands
    assert len(contrasts) == 2 * 2 * n_estimands
    for estimate in estimates:
        assert {"cell", "policy", "estimand", "n", "n_censored"} <= set(estimate)
        for name in ("livelock_prob", "median_ns", "p99_ns", "rmst_ns"):
            assert set(estimate[name]) >= INTERVAL
    for contrast in contrasts:
        assert {"policy", "baseline", "estimand", "logrank_p", "p_adjusted"} <= set(contrast)
        for name in ("rmst_diff_ns", "prob_superiority"):
            assert set(contrast[name]) >= INTERVAL


def test_compare_can_be_narrowed(run_folder):
    data = json.loads(ask(run_folder, "compare", "small.h5", "--estimand", "kill_2", "--json"))
    assert {e["estimand"] for e in data["estimates"]} == {"kill_2"}
    data = json.loads(ask(run_folder, "compare", "small.h5", "--baseline", "patient", "--json"))
    assert {c["baseline"] for c in data["contrasts"]} == {"patient"}


@pytest.mark.parametrize("option", [("--baseline", "linux-9"), ("--estimand", "kills")])
def test_compare_refuses_unknown_names(run_folder, option):
    done = run_mcoom("compare", "small.h5", *option, cwd=run_folder)
    assert done.returncode == 2
    assert option[1] in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("policy", POLICIES)
def test_replay_equals_the_stored_row(run_folder, policy):
    data = json.loads(ask(run_folder, "replay", "small.h5", "--cell", f"1/{policy}", "--replicate", 5, "--json"))
    assert data["equals_stored_row"] is True
    tally = read_results(run_folder / "small.h5").points[1].tally
    row = tally.rows.outputs[POLICIES.index(policy), 5]
    seen = {name: int(value) for name, value in zip(OUT_FIELDS, row, strict=True) if value >= 0}
    assert data["outputs"] == seen
    assert [event["event"] for event in data["events"]][-1] == "END"
    assert sum(event["event"] == "KILL" for event in data["events"]) == data["outputs"]["n_kills_seen"]


def test_replay_speaks(run_folder):
    text = ask(run_folder, "replay", "small.h5", "--cell", "0", "--replicate", 0)
    for word in ("takes oom_lock", "kills sleeper/", "memory released", "END ", "equal to the stored row"):
        assert word in text


def test_replay_of_a_replicate_without_a_stored_row(run_folder):
    text = ask(run_folder, "replay", "small.h5", "--cell", "0", "--replicate", 59)
    assert "stored row" not in text


@pytest.mark.parametrize(
    "arguments",
    [("--cell", "9", "--replicate", "0"), ("--cell", "0", "--replicate", "60"), ("--cell", "0/no", "--replicate", "0")],
)
def test_replay_refuses_what_is_not_there(run_folder, arguments):
    done = run_mcoom("replay", "small.h5", *arguments, cwd=run_folder)
    assert done.returncode == 2
    assert done.stderr.startswith("mcoom: error: ")
    assert done.stderr.count("\n") == 1


def test_more_replicates_extend_a_run(run_folder):
    """The first rows of a longer run are those of the shorter one."""
    done = run_mcoom("run", "small.toml", "-o", "long.h5", "--replicates", 90, "--seed", 3, "-q", cwd=run_folder)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    short, long = (read_results(run_folder / name) for name in ("small.h5", "long.h5"))
    for a, b in zip(short.points, long.points, strict=True):
        assert np.array_equal(a.tally.rows.outputs, b.tally.rows.outputs)


def test_set_is_recorded_and_replayed(run_folder):
    done = run_mcoom(
        "run", "small.toml", "-o", "set.h5", "--replicates", 8, "--set", "class.storm.count=3", "-q", cwd=run_folder
    )
    assert done.returncode == 0, done.stderr
    data = json.loads(ask(run_folder, "replay", "set.h5", "--cell", "0", "--replicate", 7, "--json"))
    assert data["equals_stored_row"] is True
    assert data["outputs"]["n_tasks"] in (1 + 4 + 3, 1 + 4 + 3 + 1)  # with or without the reaper
