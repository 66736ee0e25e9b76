"""Episodes that stop, are copied and go on: the same bytes, independent futures, and the probabilities of counting."""

import json
from pathlib import Path

import numpy as np
import pytest

from mcoom.design.build import build_design
from mcoom.engine.layout import OUT
from mcoom.engine.replicates import run_block
from mcoom.engine.state import STREAM
from mcoom.errors import SpecError
from mcoom.lower import lower_block, lower_policy
from mcoom.rare.estimate import rare_probability
from mcoom.rare.fork import begin_episodes, rekey, wait
from mcoom.rare.levels import choose_levels
from mcoom.rare.splitting import fixed_effort
from mcoom.rare.system import Outcome, segment_keys, whole
from mcoom.rare.tail import WaitTail
from mcoom.spec.load import load_scenario
from tests.integration.conftest import run_mcoom

HERD = Path(__file__).with_name("herd.toml")
MS = 1_000_000
HORIZON_NS = 1_000 * MS
SLEEPY = ("machine.timer=unsynchronised", "class.storm.count=36")
"""Sleeps that end anywhere: the owner lives on gaps between them, and waits long if few of them come."""


def design_of(*changes):
    return build_design(load_scenario(str(HERD), changes))


def lowered(design, n, first=0, policy=0):
    return lower_block(design, 0, first, n).inputs, lower_policy(design.scenario.policies[policy])


@pytest.mark.parametrize("invocation", [0, 1])
@pytest.mark.parametrize("policy", [0, 1])
@pytest.mark.parametrize("changes", [(), ("class.storm.count=20", "machine.cpus=2"), SLEEPY])
def test_stopping_on_the_way_changes_nothing(changes, policy, invocation):
    """Stopped at seven levels or not at all: the time to kill is that of the engine, to the nanosecond."""
    design = design_of(*changes)
    inputs, row = lowered(design, 12, policy=policy)
    outputs = run_block(inputs, row)
    episodes = begin_episodes(inputs, row, invocation)
    open_ones = []
    for level in (0.5, 1, 2.9, 3.7, 4.2, 60, HORIZON_NS / MS):
        found = wait(episodes, invocation, np.full(12, int(level * MS)), HORIZON_NS)
        open_ones.append(int(found.is_open.sum()))
    assert found.kill_ns.tolist() == outputs[:, OUT[f"kill_ns_{invocation}"]].tolist()
    assert open_ones == sorted(open_ones, reverse=True)
    if invocation == 0:
        assert open_ones[0] == 12


def test_levels_are_what_they_say():
    design = design_of()
    inputs, row = lowered(design, 30)
    kill_ns = run_block(inputs, row)[:, OUT["kill_ns_1"]]
    found = wait(begin_episodes(inputs, row, 1), 1, np.full(30, 4 * MS), HORIZON_NS)
    assert (found.is_open == (kill_ns >= 4 * MS)).all()
    assert 0 < found.is_open.sum() < 30


def test_branch_0_is_the_replicate_itself():
    """The keys of copies are folded as the engine folds them: with branch 0 they are the engine's."""
    design = design_of()
    episodes = begin_episodes(*lowered(design, 5, first=7), 1)
    n_tasks = 12
    before = episodes.arrays.task[:, :n_tasks, STREAM].copy()
    rekey(episodes, design.seed, 0, np.zeros(5, np.uint64))
    assert (episodes.arrays.task[:, :n_tasks, STREAM] == before).all()
    rekey(episodes, design.seed, 0, np.full(5, 2, np.uint64))
    assert (episodes.arrays.task[:, :n_tasks, STREAM] != before).all()


def test_copies_share_their_past_and_not_their_future():
    design = design_of(*SLEEPY)
    system = WaitTail(design, 0, "linux-4.13", "kill_2", HORIZON_NS)
    start = system.start(0, 1)
    there = system.run(start, segment_keys(1, 0, 0, 1), whole(20 * MS, 1), whole(-1, 1))
    assert there.outcome.tolist() == [Outcome.REACHED]
    copies = there.states[np.zeros(8, np.int64)]
    keys = segment_keys(1, 0, 1, 8)
    futures, again = (system.run(copies, keys, whole(HORIZON_NS, 8), whole(-1, 8)).best for _ in range(2))
    assert (futures == again).all()
    assert len(set(futures.tolist())) > 4
    assert (futures >= 20 * MS).all()


def split(system, copies, repeats=20, seed=5):
    levels = choose_levels(system, system.target, max(copies, 50), seed=seed)
    return rare_probability(
        lambda r: fixed_effort(system, levels.levels, copies, seed=seed, repeat=r),
        repeats=repeats,
        pilot_events=levels.n_events,
    )


def check_agrees(beyond_ms, n_counted, copies):
    """Splitting and counting differ by less than 5 standard errors of both (false alarm below 1e-5)."""
    design = design_of(*SLEEPY)
    inputs, row = lowered(design, n_counted, first=1_000_000)
    share = float((run_block(inputs, row)[:, OUT["kill_ns_1"]] >= beyond_ms * MS).mean())
    found = split(WaitTail(design, 0, "linux-4.13", "kill_2", beyond_ms * MS), copies)
    error = np.sqrt(found.relative_error**2 + (1 - share) / (share * n_counted))
    assert abs(np.log(found.value / share)) < 5 * error
    return found, share, error


def test_agrees_with_counting():
    found, share, error = check_agrees(88, 1_500, 50)
    assert 0.01 < share < 0.2
    # Twin: the probability of another wait is further away than that.
    other = split(WaitTail(design_of(*SLEEPY), 0, "linux-4.13", "kill_2", 110 * MS), 50)
    assert abs(np.log(other.value / share)) > 5 * np.hypot(error, other.relative_error)
    assert other.value < found.value


@pytest.mark.slow
def test_agrees_with_counting_at_a_thousandth():
    _, share, _ = check_agrees(106, 60_000, 200)
    assert 5e-4 < share < 5e-3


def test_a_wait_that_nobody_counts():
    """140 ms: 1e-9 or so, with an interval; counting would need more than 1e9 episodes."""
    found = split(WaitTail(design_of(*SLEEPY), 0, "linux-4.13", "kill_2", 135 * MS), 100, repeats=10)
    assert 1e-12 < found.value < 1e-6
    assert 0 < found.low < found.value < found.high


def test_livelocks_are_waits_with_busy_cpus():
    """Nearly all CPUs are busy, the second invocation opens in a tenth of the replicates, stuck in a few percent."""
    design = design_of("machine.timer=unsynchronised", "class.storm.count=37", "scenario.horizon=80 ms")
    stuck = run_block(*lowered(design, 2_000, first=1_000_000))[:, OUT["livelock"]] == 1
    assert 0.01 < stuck.mean() < 0.05
    livelock = WaitTail(design, 0, "linux-4.13", "kill_2", 80 * MS, is_livelock=True)
    found = split(livelock, 300)
    error = np.hypot(found.relative_error, 1 / np.sqrt(stuck.sum()))
    assert abs(np.log(found.value / stuck.mean())) < 5 * error < 1
    # Twin: a policy whose owner is not starved has none.
    patch = WaitTail(design, 0, "linux-4.13+seed", "kill_2", 80 * MS, is_livelock=True)
    assert fixed_effort(patch, (80.0 * MS,), 50, seed=1).probability == 0.0


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (("linux-9", "kill", HORIZON_NS), "--policy linux-9"),
        (("linux-4.13", "release", HORIZON_NS), "--estimand release"),
        (("linux-4.13", "kill_3", HORIZON_NS), "--estimand kill_3"),
        (("linux-4.13", "kill", HORIZON_NS + 1), "--beyond"),
        (("linux-4.13", "kill", 5, True), "--livelock"),
    ],
)
def test_wrong_requests(given, words):
    with pytest.raises(SpecError, match=words) as found:
        WaitTail(design_of(), 0, *given)
    assert "allowed" in str(found.value)


def test_exhausted_budgets_are_refused():
    system = WaitTail(design_of("scenario.max_events=1000", *SLEEPY), 0, "linux-4.13", "kill_2", HORIZON_NS)
    with pytest.raises(SpecError, match="max_events"):
        fixed_effort(system, (float(HORIZON_NS),), 5, seed=1)


def test_command(tmp_path):
    (tmp_path / "herd.toml").write_text(HERD.read_text())
    arguments = ("rare", "herd.toml", "--estimand", "kill_2", "--beyond", "100 ms", "--copies", 50, "--repeats", 10)
    changes = [text for change in SLEEPY for text in ("--set", change)]
    one = run_mcoom(*arguments, *changes, "--threads", 1, "--json", "-q", cwd=tmp_path)
    assert one.returncode == 0, one.stderr
    assert one.stderr == ""
    found = json.loads(one.stdout)
    assert 1e-3 < found["low"] < found["value"] < found["high"] < 0.1
    assert found["levels_ns"][-1] == 100 * MS
    two = run_mcoom(*arguments, *changes, "--threads", 2, "--json", "-q", cwd=tmp_path)
    assert two.stdout == one.stdout
    text = run_mcoom(*arguments, *changes, cwd=tmp_path).stdout
    assert "kill_2: no kill within 100 ms of the invocation" in text
    wrong = run_mcoom("rare", "herd.toml", "--beyond", "100", cwd=tmp_path)
    assert (wrong.returncode, len(wrong.stderr.splitlines())) == (2, 1)
    assert "unit" in wrong.stderr


def test_chance_that_is_used_up_is_said(tmp_path):
    """Without those sleeps the end of a wait is settled early: copies do not part, which the pilot finds and says."""
    (tmp_path / "herd.toml").write_text(HERD.read_text())
    done = run_mcoom("rare", "herd.toml", "--estimand", "kill_2", "--beyond", "20 ms", cwd=tmp_path)
    assert done.returncode == 2
    assert "the pilot got no further" in done.stderr
