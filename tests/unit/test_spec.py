"""Scenarios: the built-in ones, defaults, overrides, round trips, and what the canonical hash covers."""

import dataclasses
import subprocess
import sys

import pytest

from mcoom.codes import Holder, Lock, Release, Reserves, Sched, Selection, Until
from mcoom.engine.layout import MAX_KILLS
from mcoom.errors import SpecError
from mcoom.spec.catalogue import names
from mcoom.spec.kind import time
from mcoom.spec.law import parse_law
from mcoom.spec.load import list_policies, list_scenarios, load_policy, load_scenario, parse_scenario
from mcoom.spec.model import KILLS_MAX
from mcoom.spec.shape import parse_shape

BUILT_IN = ("ci-farm", "desktop", "handa-2017", "handa-2019", "population", "sweep-livelock-map", "writers-2016")

SMALL = """
schema_version = 1
[scenario]
title = "small"
source = "none"
policies = ["linux-4.19"]
[machine]
cpus = 2
hz = 250
preempt = "none"
[memory]
managed = "1 GiB"
free = "16 MiB"
[[class]]
name = "storm"
count = 4
"""


def test_every_built_in_scenario_loads():
    assert tuple(info.name for info in list_scenarios()) == BUILT_IN
    for info in list_scenarios():
        scenario = load_scenario(info.name)
        assert scenario.name == info.name
        assert scenario.title == info.title
        assert len(scenario.spec_id) == 64


def test_every_policy_names_its_source():
    found = {policy.name: policy for policy in list_policies()}
    assert set(found) == {"linux-4.13", "linux-4.13+seed", "linux-4.19", "linux-6.1", "linux-6.12", "trylock_spin"}
    assert all("@v" in policy.source for policy in found.values())
    assert "EEVDF" in found["linux-6.12"].title


def test_presets_hold_what_the_kernels_do():
    old = load_policy("linux-4.13")
    seed = load_policy("linux-4.13+seed")
    assert (old.sched, old.lock, old.lock_k, old.holder) == (
        Sched.CFS413,
        Lock.TRYLOCK_SLEEP,
        1,
        Holder.SLEEP_UNDER_LOCK,
    )
    assert (old.release, old.reserves) == (Release.REAPER_WITH_LOCK, Reserves.FULL)
    changed = {f.name for f in dataclasses.fields(old) if getattr(old, f.name) != getattr(seed, f.name)}
    assert changed == {"name", "title", "source", "lock"}
    assert seed.lock == Lock.LOCK_KILLABLE
    new = load_policy("linux-6.1")
    assert (new.release, new.reap_delay_ms, new.selection) == (Release.REAPER_DELAYED, 2000, Selection.BADNESS_5_9)
    assert (new.holder, new.reserves, new.lru_fallback) == (Holder.NONE, Reserves.HALF, 1)


def test_defaults():
    scenario = parse_scenario(SMALL, "small")
    assert scenario.estimands == ("kill", "release", "hold_max")
    assert scenario.baseline == "linux-4.19"
    assert (scenario.horizon_ns, scenario.n_kills, scenario.until) == (10 * 10**9, 1, Until.KILLS)
    assert scenario.costs.entry.values == (0,)
    assert scenario.classes[0].limit.values == (-1,)
    assert KILLS_MAX == MAX_KILLS


def test_a_user_adds_a_policy_without_python():
    text = SMALL.replace('["linux-4.19"]', '["linux-4.19", "mine", "mine-2"]') + (
        '[[policy]]\nname = "mine"\nbase = "linux-4.19"\nlock_k = 2\nholder = "sleep_after_unlock"\n'
        '[[policy]]\nname = "mine-2"\nbase = "mine"\nreserves = "full"\nreap_delay = "40 ms"\n'
    )
    plain, mine, second = parse_scenario(text, "small").policies
    assert (mine.lock, mine.lock_k, mine.holder) == (plain.lock, 2, Holder.SLEEP_AFTER_UNLOCK)
    assert (second.lock_k, second.reserves, second.reap_delay_ms) == (2, Reserves.FULL, 40)
    assert "linux-4.19" in mine.title


def test_a_policy_needs_no_base():
    fields = "\n".join(f"{k} = {v!r}" for k, v in load_policy("linux-4.13").words().items())
    toml = fields.replace("True", "true").replace("False", "false")
    text = SMALL.replace("linux-4.19", "own") + f'[[policy]]\nname = "own"\ntitle = "t"\nsource = "s"\n{toml}\n'
    own = parse_scenario(text, "small").policies[0]
    assert own.canonical()[3:] == load_policy("linux-4.13").canonical()[3:]


def test_overrides_are_part_of_the_text():
    changed = load_scenario("handa-2017", ["class.storm.count=16", "costs.report=5 ms", "machine.preempt=none"])
    assert changed.classes[2].count.values == (16,)
    assert changed.costs.report.values == (5_000_000,)
    again = parse_scenario(changed.text, "handa-2017")
    assert again.spec_id == changed.spec_id
    assert load_scenario("handa-2017").spec_id != changed.spec_id


def test_override_removes_a_key_and_reaches_a_named_policy():
    text = SMALL.replace("linux-4.19", "v1.2") + '[[policy]]\nname = "v1.2"\nbase = "linux-4.19"\n'
    scenario = parse_scenario(text, "small", ["memory.free=", "memory.free_above_min=4 pages", "policy.v1.2.lock_k=3"])
    assert scenario.memory.free is None
    assert scenario.policies[0].lock_k == 3


@pytest.mark.parametrize("name", BUILT_IN)
def test_text_reads_back_to_the_same_scenario(name):
    scenario = load_scenario(name, ["scenario.title=another"])
    assert parse_scenario(scenario.text, name).spec_id == scenario.spec_id == load_scenario(name).spec_id


@pytest.mark.parametrize(
    ("override", "same"),
    [
        ("scenario.replicates=7", True),
        ("scenario.seed=7", True),
        ("scenario.source=elsewhere", True),
        ("scenario.horizon=9 s", False),
        ("class.storm.count=5", False),
        ("class.storm.affinity=[0]", False),
        ("costs.reclaim_pass_shape=exponential", False),
        ('scenario.policies=["linux-6.1"]', False),
    ],
)
def test_spec_id_covers_what_decides_results(override, same):
    plain, changed = parse_scenario(SMALL, "small"), parse_scenario(SMALL, "small", [override])
    assert (plain.spec_id == changed.spec_id) is same


def test_axes_come_in_file_order():
    swept = load_scenario("sweep-livelock-map")
    assert [axis.path for axis in swept.axes] == [
        "machine.cpus",
        "machine.hz",
        "class.owner.policy",
        "class.storm.count",
    ]
    assert swept.axes[2].written == ("idle", "other")


def test_laws():
    kind = time()
    assert parse_law(kind, "2 ms").values == (2_000_000,)
    assert parse_law(kind, {"uniform": ["1 us", "2 us"]}).high == 2000
    weighted = parse_law(kind, {"choice": ["1 us", "2 us", "3 us"], "weights": [1, 0, 3]})
    assert weighted.thresholds == (2**62, 2**62, 2**64)
    cut = parse_law(kind, {"lognormal": {"median": "40 us", "sigma": 0.3}, "min": "20 us", "max": "70 us"})
    assert (cut.low, cut.high) == (20_000, 70_000)


def test_shapes():
    shape = parse_shape({"quantiles": [[0, 50], [0.5, 100], [1, 400]], "one": 100})
    assert [float(q) for _, q in shape.points] == [0.5, 1.0, 4.0]
    for wrong in (
        "gamma",
        3,
        {"lognormal": 9},
        {"quantiles": [[0, 1]]},
        {"quantiles": [[0, 2], [1, 1]]},
        {"lognorm": 1},
    ):
        with pytest.raises(ValueError, match="allowed: "):
            parse_shape(wrong)


def test_built_in_names_are_listed_when_one_is_wrong():
    with pytest.raises(SpecError, match="did you mean 'desktop'") as caught:
        load_scenario("dekstop")
    assert all(name in str(caught.value) for name in names("scenarios"))


def test_loading_imports_nothing_heavy():
    code = (
        "import sys; from mcoom.spec.load import load_scenario; load_scenario('population'); "
        "print([m for m in ('numpy', 'scipy', 'numba', 'h5py') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
