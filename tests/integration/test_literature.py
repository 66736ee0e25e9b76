"""``mcoom literature`` from the command line."""

import json


def test_json_has_probability_range_and_assumptions(mcoom):
    options = ("literature", "T2 lock_killable", "T9", "--json", "--replicates", 6, "-q")
    done = mcoom(*options, "--threads", 2)
    assert done.returncode == 0, done.stderr
    simulated, not_simulated = json.loads(done.stdout)["reports"]
    assert simulated["n"] == 30
    assert simulated["probability_interval"][0] <= simulated["probability"] <= simulated["probability_interval"][1]
    assert 0 < simulated["central_95_ns"][0] < simulated["median_ns"] < simulated["central_95_ns"][1]
    assert any(one.startswith("class.writers.count=") for one in simulated["assumed"])
    assert not_simulated["fits"] is None
    assert "huge pages" in not_simulated["not_simulated_because"]
    assert mcoom(*options, "--threads", 1).stdout == done.stdout


def test_a_stall_that_the_mail_saw_is_watched_for_as_long(mcoom):
    """Under its what-if T1 stalls beyond what the mail saw; as the mail is read, it does not."""
    done = mcoom("literature", "T1", "--json", "--replicates", 2, "-q")
    assert done.returncode == 0, done.stderr
    (report,) = json.loads(done.stdout)["reports"]
    assert report["fits"] is False
    assert report["miss_because"]
    assert report["what_if"]["n_censored"] == 2
    assert report["what_if"]["median_ns"] > report["seen_ns"][0] > 10 * report["central_95_ns"][1]


def test_list_simulates_nothing(mcoom):
    done = mcoom("literature", "--list")
    assert done.returncode == 0, done.stderr
    assert "at least 720 s" in done.stdout
    assert "not simulated: swap" in done.stdout
    data = json.loads(mcoom("literature", "--list", "--json").stdout)
    assert len(data) == 22
    assert data[0]["setting"]["scenario"] == "handa-2017"


def test_an_unknown_report_is_one_line_and_exit_code_2(mcoom):
    done = mcoom("literature", "T0")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "report T0: not known" in done.stderr
