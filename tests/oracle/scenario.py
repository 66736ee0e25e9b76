"""Scenarios: small random ones in which much happens (docs/model.md section 1).

Takes a random generator, gives the machine, the policy, the classes and the shape tables of one episode.
Must not know how an episode goes.
"""

from random import Random

ONE = 1 << 20
MS = 10**6
US = 10**3
NICE_WEIGHTS = (
    88761, 71755, 56483, 46273, 36291, 29154, 23254, 18705, 14949, 11916, 9548, 7620, 6100, 4904, 3906, 3121, 2501,
    1991, 1586, 1277, 1024, 820, 655, 526, 423, 335, 272, 215, 172, 137, 110, 87, 70, 56, 45, 36, 29, 23, 18, 15,
)  # fmt: skip
"""Weights of nice -20 .. 19, the kernel's table."""
IDLE_WEIGHT = 3

Fields = dict[str, int]
FLAVOURS = ("mixed", "mixed", "mixed", "herd", "herd", "rt", "eaten", "eaten", "long")
"""What a scenario has more of: tasks on few CPUs, RT tasks, allocators that are victims, time."""


def shape_tables() -> list[list[int]]:
    """Return four tables of 257 quantiles: constant 1, uniform 0..2, long-tailed, two-valued."""
    points = range(257)
    return [
        [ONE] * 257,
        [2 * ONE * i // 256 for i in points],
        [ONE // 4 + 4 * ONE * i**6 // 256**6 for i in points],
        [ONE // 2 if i < 200 else 3 * ONE for i in points],
    ]


def random_scenario(rng: Random) -> tuple[Fields, Fields, list[Fields], list[list[int]]]:
    """Return (machine, policy, classes, shapes) of a small scenario.

    Parameters
    ----------
    rng
        Source of all choices.

    Returns
    -------
    tuple
        Inputs of one episode: dicts with exactly the names of docs/model.md section 1, and 4 shape tables.
    """
    flavour = rng.choice(FLAVOURS)
    machine: Fields = {}
    add_machine(rng, machine, flavour)
    add_memory(rng, machine)
    add_costs(rng, machine)
    add_run(rng, machine, flavour)
    classes = random_classes(rng, machine, flavour)
    return machine, random_policy(rng, flavour), classes, shape_tables()


def add_machine(rng: Random, m: Fields, flavour: str) -> None:
    """Add CPUs, clock and scheduler constants."""
    n_cpus = rng.choice((1, 1, 1, 2, 2, 3)) if flavour == "herd" else rng.choice((1, 1, 1, 2, 2, 3, 4, 4, 5, 8))
    factor = n_cpus.bit_length() if n_cpus < 8 else 4
    unit = rng.choice((MS, MS // 8, MS // 30)) if flavour == "herd" else rng.choice((MS, MS, MS // 8))
    hz = rng.choice((100, 250, 300, 1000, 1000))
    runtimes = (-1, 950 * MS, 0, rng.randrange(1, 30) * MS, rng.randrange(1, 400) * 100 * US)
    m.update(n_cpus=n_cpus, hz=hz, tick_ns=10**9 // hz, preempt=rng.randrange(2), groups=rng.randrange(2))
    m.update(
        latency_ns=6 * unit * factor,
        min_gran_ns=unit * 3 // 4 * factor,
        wakeup_gran_ns=unit * factor,
        idle_min_gran_ns=unit * 3 // 4,
        rt_runtime_ns=rng.choice(runtimes[-2:] if flavour == "long" else runtimes),
        rr_slice_ticks=rng.choice((1, 2, 3, max(1, hz // 10))),
        timer_mode=int(rng.random() < 0.15),
        switch_ns=rng.choice((0, 1, 1500, 2000, rng.randrange(5000))),
    )


def add_memory(rng: Random, m: Fields) -> None:
    """Add pages: the free list begins little above the marks, so that memory is soon exhausted."""
    low = rng.choice((0, 1, rng.randrange(4, 120)))
    high = low + rng.choice((0, 1, rng.randrange(1, 60)))
    boost = rng.choice((0, 0, rng.randrange(1, 40)))
    m.update(min_pages=low, high_pages=high, boost_pages=boost, total_pages=rng.choice((1000, 4000, 65536)))
    m["boost_from"] = rng.randrange(2)
    m["pcp_pages"] = rng.choice((0, 0, rng.randrange(1, 60)))
    m["free_pages"] = max(0, low + boost + rng.randrange(-5, 60))
    m["stuck_lru_pages"] = rng.choice((0, 0, 0, rng.randrange(1, 200)))
    m["reclaimable_pages"] = rng.choice((0, 0, 0, rng.randrange(1, 40), rng.randrange(40, 600)))


def add_costs(rng: Random, m: Fields) -> None:
    """Add what everything costs."""
    slow = rng.choice((1, 1, 4))
    m.update(
        pass_ns=rng.choice((0, rng.randrange(5, 40) * US, rng.randrange(5, 100) * US, rng.randrange(40, 200) * US)),
        pass_shape=rng.randrange(4),
        pass_points=rng.choice((1, 2, 4, 16, 1000)),
        entry_ns=rng.choice((0, rng.randrange(20000))),
        trylock_ns=rng.choice((0, 0, rng.randrange(1, 8000), rng.randrange(1, 300 * US))),
        select_base_ns=rng.choice((0, rng.randrange(50 * US) * slow)),
        select_task_ns=rng.choice((0, rng.randrange(10 * US) * slow)),
        select_candidate_ns=rng.choice((0, rng.randrange(5 * US))),
        other_tasks=rng.choice((0, rng.randrange(100))),
        report_ns=rng.choice((0, rng.randrange(1, 400) * US * slow, rng.randrange(1, 6) * MS)),
        report_task_ns=rng.choice((0, 0, rng.randrange(50 * US))),
        report_burst=rng.choice((0, 1, 2, 10)),
        report_interval_ns=rng.choice((0, 5 * MS, 40 * MS, 5000 * MS)),
        post_kill_ns=rng.choice((0, rng.randrange(100 * US) * slow)),
        exit_start_ns=rng.choice((0, rng.randrange(200 * US) * slow, rng.randrange(3 * MS))),
        exit_base_ns=rng.choice((0, rng.randrange(100 * US) * slow)),
        exit_page_ns=rng.choice((0, rng.randrange(1, 8000))),
        exit_seg_ns=rng.choice((0, 1, rng.randrange(1, 100 * US), 50 * US)),
        reap_base_ns=rng.choice((0, rng.randrange(300 * US))),
        reap_page_ns=rng.choice((0, rng.randrange(1, 5000))),
        gate_wake_ns=rng.choice((0, rng.randrange(1, 30 * US))),
        gate_batch=rng.choice((1, 2, 3, 100)),
    )


def add_run(rng: Random, m: Fields, flavour: str) -> None:
    """Add when the episode ends; a few run past the RT period of one second."""
    m["n_kills"] = rng.choice((1, 2, 3, 3, 4, 4))
    m["horizon_ns"] = rng.choice((rng.randrange(20, 100), rng.randrange(50, 300), rng.randrange(100, 300))) * MS
    m["max_events"] = rng.choice((rng.randrange(300, 4000), 8000, 12000, 20000))
    if flavour == "long":
        m["horizon_ns"] = rng.randrange(1020, 2200) * MS
    m["until"] = rng.choice((0, 0, 1))


def random_policy(rng: Random, flavour: str) -> Fields:
    """Return one value of each mechanism."""
    lock = rng.choice((1, 2, 2, 2) if flavour == "eaten" else (0, 1, 1, 1, 2, 2))
    return {
        "sched": rng.randrange(2),
        "lock": lock,
        "lock_k": rng.choice((0, 1, 1, 2)) if lock == 2 else rng.choice((1, 1, 1, 2, 3)),
        "holder": rng.choice((0, 1, 2, 2)) if flavour == "eaten" else rng.randrange(3),
        "holder_k": rng.choice((1, 1, 2, 3)),
        "report": rng.randrange(2),
        "release": rng.choice((0, 1, 2, 2, 3, 3)),
        "reap_delay_ms": rng.choice((1, 2, 5, rng.randrange(1, 40), rng.randrange(1, 200))),
        "reserves": rng.randrange(3),
        "selection": rng.choice((0, 1, 2, 3)),
        "lru_fallback": rng.randrange(2),
        "reap_exiting": rng.randrange(2),
        "rt_reserve": rng.choice((2, 4)),
    }


def random_classes(rng: Random, m: Fields, flavour: str) -> list[Fields]:
    """Return the classes: some allocators, mostly some sleepers, at times hogs, in any order."""
    many = flavour == "herd" and rng.random() < 0.7
    low, high = (9, 24) if many else (3, 10) if flavour in ("herd", "eaten") else (1, 6)
    classes = [random_class(rng, m, flavour, 0, rng.randrange(low, high))]
    sleepers = 0.35 if flavour == "eaten" else 0.95
    for program, share in ((0, 0.7), (0, 0.3), (1, 0.35), (1, 0.15), (2, sleepers), (2, 0.3)):
        if rng.random() < share:
            top = 8 if many and program < 2 else 3
            classes.append(random_class(rng, m, flavour, program, rng.randrange(1, top + 1)))
    if rng.random() < 0.1:
        classes.append(random_class(rng, m, flavour, rng.randrange(3), 0))
    if any(c["program"] == 0 and c["start_kind"] == 0 and c["count"] for c in classes):
        rng.shuffle(classes)
    else:
        classes[0]["start_kind"] = 0  # somebody has to begin
    return classes


def random_class(rng: Random, m: Fields, flavour: str, program: int, count: int) -> Fields:
    """Return one class of a program."""
    real_time = (3, 3, 4, 4, 4) if flavour in ("rt", "long") else (3, 4)
    sclass = rng.choice((0, 0, 0, 0, 0, 0, 1, 2, 2, *real_time))
    weight = rng.choice((1024, 1024, rng.choice(NICE_WEIGHTS)))
    late = rng.choice((0, 0, 0, 2 * MS, 20 * MS))
    if flavour == "long":
        late = rng.choice((0, 900, 960, 990)) * MS
    cls = {
        "count": count,
        "program": program,
        "sclass": sclass,
        "rt_prio": rng.choice((1, 1, 1, 50, rng.randrange(1, 100))),
        "weight": IDLE_WEIGHT if sclass == 2 else weight,
        "affinity": random_affinity(rng, m["n_cpus"]),
        "start_kind": rng.choice((0, 0, 0, 0, 0, 1, 2, 3)),
        "start_ns": late,
        "start_var_ns": rng.choice((0, 0, 100 * US, 5 * MS)),
        "start_shape": rng.randrange(4),
        "gate_vruntime_ns": rng.choice((-(1 << 60), -(1 << 60), 0, rng.randrange(-4 * MS, 12 * MS))),
    }
    cls.update(random_program(rng, flavour, program))
    return cls


def random_program(rng: Random, flavour: str, program: int) -> Fields:
    """Return what a task of a program computes, takes and holds."""
    victim = program == 2
    adj = rng.choice((0, 0, 500, 1000, -200) if victim else (0, 0, 0, -1000, -300, 200, 1000))
    rss = rng.choice((0, 0, rng.randrange(1, 80)))
    if flavour == "eaten" and not victim:
        adj, rss = rng.choice((0, 0, 300)), rng.randrange(1, 100)
    return {
        "first_ns": rng.choice((0, rng.randrange(200 * US))),
        "first_var_ns": rng.choice((0, rng.randrange(1 * MS))),
        "first_shape": rng.randrange(4),
        "touch_ns": rng.choice((0, rng.randrange(5, 200) * US, rng.randrange(50, 800) * US)),
        "touch_var_ns": rng.choice((0, rng.randrange(5, 200) * US)),
        "touch_shape": rng.randrange(4),
        "limit_pages": rng.choice((-1, -1, -1, rng.randrange(0, 400))),
        "fault_pages": rng.randrange(1, 5),
        "rss_pages": rng.randrange(5, 200) if victim else rss,
        "adj": adj,
        "nofs_frac": rng.choice((0, 0, 0, rng.randrange(1, ONE), ONE)),
    }


def random_affinity(rng: Random, n_cpus: int) -> int:
    """Return a mask that has at least one of the CPUs, and at times some that do not exist."""
    if rng.random() < 0.65:
        return (1 << n_cpus) - 1
    if rng.random() < 0.1:
        return (1 << 62) - 1
    mask = rng.randrange(1 << n_cpus)
    return mask | 1 << rng.randrange(n_cpus)
