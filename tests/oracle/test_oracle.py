"""Tests of the oracle by itself: known draws, one sum of costs, invariants over random scenarios.

Takes nothing but the oracle, gives passed or failed.
Must not know the engine: the comparison with it is another test.
"""

from random import Random

from tests.oracle import run_episode
from tests.oracle.codes import KILLS_DONE, T_ACQUIRE, T_KILL
from tests.oracle.scenario import random_scenario, shape_tables
from tests.oracle.stream import draw_at, index_below, shape_at

US = 1000


def test_draws_of_key_zero_are_those_of_splitmix64() -> None:
    assert [draw_at(0, n) for n in range(3)] == [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F]


def test_shapes_and_indices_stay_in_range() -> None:
    top = (1 << 64) - 1
    for table in shape_tables():
        assert table[0] <= shape_at(table, 0) and shape_at(table, top) <= table[256]
    assert (index_below(5, 0), index_below(5, top)) == (0, 4)


def one_killer() -> tuple[dict[str, int], dict[str, int], list[dict[str, int]]]:
    """Return one allocator that finds no page and one sleeper to be killed, on one CPU, with constant costs."""
    machine, policy, _, _ = random_scenario(Random(0))
    machine.update(n_cpus=1, hz=100, tick_ns=10**7, preempt=0, timer_mode=0, switch_ns=0, free_pages=0)
    machine.update(
        reclaimable_pages=0,
        stuck_lru_pages=0,
        min_pages=10,
        high_pages=20,
        boost_pages=0,
        boost_from=0,
        pcp_pages=0,
        pass_ns=50 * US,
        pass_shape=0,
    )
    machine.update(trylock_ns=3 * US, select_candidate_ns=US, report_task_ns=5 * US)
    machine.update(entry_ns=7 * US, select_base_ns=3 * US, select_task_ns=2 * US, other_tasks=10, report_ns=900 * US)
    machine.update(report_burst=10, report_interval_ns=10**9, post_kill_ns=11 * US, exit_start_ns=US, exit_base_ns=US)
    machine.update(n_kills=1, until=0, horizon_ns=10**9, max_events=1000, rt_runtime_ns=-1)
    policy.update(lock=1, lock_k=1, holder=0, report=1, release=0, reserves=0, selection=0, lru_fallback=0)
    allocator = {
        "count": 1, "program": 0, "sclass": 0, "rt_prio": 1, "weight": 1024, "affinity": 1, "start_kind": 0,
        "gate_vruntime_ns": 0, "start_ns": 5 * US, "start_var_ns": 0, "start_shape": 0,
        "first_ns": US, "first_var_ns": 0, "first_shape": 0,
        "touch_ns": US, "touch_var_ns": 0, "touch_shape": 0, "limit_pages": -1, "fault_pages": 1, "rss_pages": 0,
        "adj": 0, "nofs_frac": 0,
    }  # fmt: skip
    return machine, policy, [allocator, allocator | {"program": 2, "rss_pages": 100}]


def test_one_killer_pays_the_sum_of_its_costs() -> None:
    machine, policy, classes = one_killer()
    result = run_episode(machine, policy, classes, shape_tables(), 1, 2, 3)
    invoked = (5 + 1 + 7 + 50) * US
    trylock = 3 * US
    cost = (3 + 2 * (2 + 10) + 1 + 900 + 5 * 2) * US
    assert [(t, c) for t, c, _, _, _ in result.trace if c in (T_ACQUIRE, T_KILL)][:2] == [
        (invoked + trylock, T_ACQUIRE),
        (invoked + trylock + cost, T_KILL),
    ]
    assert result.out["t0_ns_0"] == invoked
    assert result.out["kill_ns_0"] == trylock + cost
    assert result.out["owner_cpu_ns_0"] == cost
    assert result.out["end_reason"] == KILLS_DONE


def test_random_scenarios_keep_the_invariants_and_mostly_kill() -> None:
    kills = 0
    for index in range(60):
        machine, policy, classes, shapes = random_scenario(Random(index))
        result = run_episode(machine, policy, classes, shapes, index, 1, 2)
        assert len(result.out) == 18 + 4 * 8
        times = [record[0] for record in result.trace]
        assert times == sorted(times)
        kills += result.out["n_kills_seen"] > 0
    assert kills >= 30
