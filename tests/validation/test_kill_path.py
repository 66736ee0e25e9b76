"""With constant costs and one task the kill path takes the sum of its costs: exactly, to the nanosecond.

No tolerance and no error rate: random costs are only a choice of examples (``MCOOM_TEST_SEED``).
"""

import numpy as np
import pytest

from mcoom.codes import EndReason, Holder, Preempt, Release, Sched
from mcoom.engine.replicates import run_block
from tests.validation.rows import class_row, column, inputs, machine_row, policy_row, victim_row

N_EXAMPLES = 50
COSTS = (
    "switch_ns", "pass_ns", "entry_ns", "select_base_ns", "select_task_ns", "other_tasks", "report_ns", "post_kill_ns",
    "exit_start_ns", "exit_base_ns", "exit_page_ns", "reap_base_ns", "reap_page_ns",
)  # fmt: skip


def examples(seed):
    """Fifty dictionaries of costs below 0.1 ms each, up to 300 pages and 20 sleeping bystanders without memory."""
    rng = np.random.default_rng(seed)
    drawn = [{name: int(rng.integers(1, 100_000)) for name in COSTS} for _ in range(N_EXAMPLES)]
    for cost in drawn:
        cost.update(other_tasks=int(rng.integers(100)), first=int(rng.integers(100_000)))
        cost.update(pages=int(rng.integers(1, 300)), bystanders=int(rng.integers(20)))
    return drawn


def machines(drawn, **fixed):
    return [machine_row(**{name: cost[name] for name in COSTS}, **fixed) for cost in drawn]


def bystanders(cost):
    return victim_row(count=cost["bystanders"], rss_pages=0)


def exit_of(cost):
    return cost["exit_start_ns"] + cost["exit_base_ns"] + cost["exit_page_ns"] * cost["pages"]


def expect(outputs, name, law):
    np.testing.assert_array_equal(column(outputs, name), law, err_msg=name)


def select_and_report(cost, n_own, with_report):
    """Law of the time to kill: selection looks at every task, the report follows."""
    n = n_own + cost["bystanders"] + cost["other_tasks"]
    return cost["select_base_ns"] + cost["select_task_ns"] * n + with_report * cost["report_ns"]


@pytest.mark.parametrize("sched", Sched)
@pytest.mark.parametrize("preempt", Preempt)
@pytest.mark.parametrize("report", [0, 1])
def test_one_task_that_kills_itself(sched, preempt, report, base_seed):
    """Kill: select_base + select_task * n + report.

    Release: the same + post_kill + exit_start + exit_base + exit_page * pages. Twin: n without the killer must fail.
    """
    drawn = examples(base_seed)
    classes = [[class_row(adj=0, rss_pages=cost["pages"], first_ns=cost["first"]), bystanders(cost)] for cost in drawn]
    outputs = run_block(inputs(machines(drawn, preempt=preempt), classes), policy_row(sched=sched, report=report))
    start = [cost["switch_ns"] + cost["first"] + cost["entry_ns"] + cost["pass_ns"] for cost in drawn]
    kill = np.array([select_and_report(cost, 1, report) for cost in drawn])
    post = np.array([cost["post_kill_ns"] for cost in drawn])
    exit_ns = np.array([exit_of(cost) for cost in drawn])
    expect(outputs, "end_reason", EndReason.KILLS_DONE)
    expect(outputs, "t0_ns_0", start)
    expect(outputs, "kill_ns_0", kill)
    expect(outputs, "owner_cpu_ns_0", kill)
    expect(outputs, "hold_max_ns", kill + post)
    expect(outputs, "release_ns_0", kill + post + exit_ns)
    forgotten_task = kill - [cost["select_task_ns"] for cost in drawn]
    assert (column(outputs, "kill_ns_0") != forgotten_task).all()


@pytest.mark.parametrize("release", [Release.EXIT_ONLY, Release.REAPER, Release.REAPER_WITH_LOCK])
def test_victim_on_an_idle_cpu(release, base_seed):
    """Release after the kill: one switch and the exit, or one switch and the reaping if that ends first.

    A reaper that finds the lock taken sleeps until post_kill is over, and pays a switch again. (Entry takes 1 ms here,
    or the killer would take the lock a second time before the reaper is on its CPU.)
    """
    drawn = examples(base_seed)
    for cost in drawn:
        cost["entry_ns"] = 1_000_000
    classes = [[class_row(), victim_row(rss_pages=cost["pages"]), bystanders(cost)] for cost in drawn]
    policy = policy_row(report=1, release=release, reap_exiting=1)
    outputs = run_block(inputs(machines(drawn, n_cpus=4), classes), policy)
    kill = np.array([select_and_report(cost, 2, True) for cost in drawn])
    exits, reaps = [], []
    for cost in drawn:
        switch, post = cost["switch_ns"], cost["post_kill_ns"]
        exits.append(switch + exit_of(cost))
        starts = post + switch if release == Release.REAPER_WITH_LOCK and switch < post else switch
        reaps.append(starts + cost["reap_base_ns"] + cost["reap_page_ns"] * cost["pages"])
    expect(outputs, "kill_ns_0", kill)
    expect(outputs, "release_ns_0", kill + (exits if release == Release.EXIT_ONLY else np.minimum(exits, reaps)))
    assert 0.2 < np.less(reaps, exits).mean() < 0.8, "examples of both kinds, or the minimum is no law"


@pytest.mark.parametrize("hz", [100, 250, 300, 1000])
@pytest.mark.parametrize("k", [1, 2, 7])
def test_sleep_under_the_lock_holds_it_to_a_tick(hz, k, base_seed):
    """hold_max of an owner that sleeps k jiffies under the lock: to the tick after k whole ticks, and one switch.

    The victim takes 0.2 s to exit, so the lock is taken again only to find it dying. Twin: exactly k ticks must fail.
    """
    drawn = examples(base_seed)
    for cost in drawn:
        cost.update(exit_start_ns=200_000_000, bystanders=0)
    classes = [[class_row(), victim_row(rss_pages=cost["pages"])] for cost in drawn]
    policy = policy_row(report=1, holder=Holder.SLEEP_UNDER_LOCK, holder_k=k)
    outputs = run_block(inputs(machines(drawn, n_cpus=2, hz=hz), classes), policy)
    tick = 1_000_000_000 // hz
    start = column(outputs, "t0_ns_0")
    sleeps_at = start + [select_and_report(cost, 2, True) + cost["post_kill_ns"] for cost in drawn]
    wakes_at = (sleeps_at // tick + k + 1) * tick
    expect(outputs, "hold_max_ns", wakes_at + [cost["switch_ns"] for cost in drawn] - start)
    assert (wakes_at - sleeps_at != k * tick).all()
