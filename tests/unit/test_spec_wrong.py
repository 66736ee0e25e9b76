"""Wrong scenario files: each gives one line with file, line, key, value, reason and what is allowed."""

import copy
import re
import tomllib

import pytest

from mcoom.design.build import build_design
from mcoom.errors import SpecError
from mcoom.spec.load import load_scenario, parse_scenario
from mcoom.spec.write import write_value

RIGHT = """schema_version = 1
[scenario]
title = "small"
source = "none"
policies = ["linux-4.19", "linux-6.1"]
horizon = "2 s"

[machine]
cpus = 2
hz = 250
preempt = "none"

[memory]
managed = "1 GiB"
free = "16 MiB"

[[class]]
name = "owner"
policy = "idle"

[[class]]
name = "storm"
count = 4
nice = 5
start = { at = "1 ms" }
"""

END = 'start = { at = "1 ms" }'
FAMILY = """
[[analysis.family]]
name = 'a'
{}"""

WRONG = [
    (
        "alpha",
        "schema_version = 1",
        "schema_version = 1\nanalysis = { alpha = 1.5 }",
        2,
        "analysis.alpha = 1.5",
        "at most 0.5",
    ),
    (
        "adjust",
        "schema_version = 1",
        "schema_version = 1\nanalysis.adjust = 'hom'",
        2,
        "analysis.adjust",
        "mean 'holm'",
    ),
    (
        "family",
        END,
        END + FAMILY.format("policies = ['linux-4.19']"),
        28,
        "analysis.family.a.policies",
        "is the baseline",
    ),
    ("family of", END, END + FAMILY.format("estimands = ['kil']"), 28, "analysis.family.a.estimands", "mean 'kill'"),
    ("two families", END, END + 2 * FAMILY.format(""), 30, "analysis.family.a.name", "the name is taken"),
    (
        "in two",
        END,
        END + FAMILY.format("") + FAMILY.replace("'a'", "'b'").format(""),
        30,
        "family.b.name",
        "each contrast once",
    ),
    ("machine", "cpus = 2", "cpu = 2", 9, "machine.cpu = 2", "did you mean 'cpus'"),
    ("table", "[machine]", "[machin]", 8, "machin", "did you mean 'machine'"),
    ("unit", 'horizon = "2 s"', 'horizon = "2 sec"', 6, 'scenario.horizon = "2 sec"', "ns, us, ms, s, min"),
    ("no unit", 'horizon = "2 s"', "horizon = 2", 6, "scenario.horizon = 2", "unit in quotes"),
    ("memory unit", '"16 MiB"', '"16 ms"', 15, "memory.free", "unknown unit 'ms'"),
    ("range", "cpus = 2", "cpus = 65", 9, "machine.cpus = 65", "allowed: 1 to 64"),
    ("level", "hz = 250", "hz = 1024", 10, "machine.hz = 1024", "allowed: 100, 250, 300, 1000"),
    ("bool", "cpus = 2", "cpus = true", 9, "machine.cpus = true", "allowed: 1 to 64"),
    ("type", "count = 4", "count = 4.5", 23, "class.storm.count = 4.5", "integer without quotes"),
    ("word", 'policy = "idle"', 'policy = "ideal"', 19, "class.owner.policy", "did you mean 'idle'"),
    ("nice range", "nice = 5", "nice = 20", 24, "class.storm.nice = 20", "allowed: -20 to 19"),
    ("nice with idle", 'policy = "idle"', 'policy = "idle"\nnice = 3', 20, "class.owner.nice = 3", "other or batch"),
    ("nice with fifo", "nice = 5", 'policy = "fifo"\nrt_priority = 1\nnice = 5', 26, "class.storm.nice", "contradicts"),
    ("priority with other", "nice = 5", "rt_priority = 5", 24, "class.storm.rt_priority = 5", "fifo or rr only"),
    ("fifo without priority", 'policy = "idle"', 'policy = "fifo"', 17, "class.owner.rt_priority", "missing"),
    ("weights", "count = 4", "count = { choice = [1, 2], weights = [1] }", 23, "class.storm.count", "1 weights for 2"),
    ("weight", "count = 4", "count = { choice = [1, 2], weights = [1, -1] }", 23, "class.storm.count", "at least 0"),
    ("zero weights", "count = 4", "count = { choice = [1], weights = [0] }", 23, "class.storm.count", "weights are 0"),
    ("empty axis", "count = 4", "count = { axis = [] }", 23, "class.storm.count", "axis is empty"),
    ("axis twice", "count = 4", "count = { axis = [1, 1] }", 23, "class.storm.count", "twice"),
    ("two laws", "count = 4", "count = { axis = [1], choice = [1] }", 23, "class.storm.count", "contradict"),
    ("law", "count = 4", "count = { unifrom = [1, 2] }", 23, "class.storm.count", "did you mean 'uniform'"),
    ("range down", "count = 4", "count = { integers = [5, 1] }", 23, "class.storm.count", "no range"),
    ("loguniform 0", "count = 4", "count = { loguniform = [0, 9] }", 23, "class.storm.count", "above 0"),
    ("law of words", 'policy = "idle"', 'policy = { uniform = ["idle", "rr"] }', 19, "class.owner.policy", "of words"),
    ("policy", '"linux-6.1"', '"linux-6.2"', 5, "scenario.policies", "unknown policy 'linux-6.2', did you mean"),
    ("no policy", '["linux-4.19", "linux-6.1"]', "[]", 5, "scenario.policies", "no policy"),
    ("baseline", 'source = "none"', 'source = "none"\nbaseline = "linux-4.13"', 5, "scenario.baseline", "linux-4.19"),
    (
        "estimand",
        'source = "none"',
        'source = "x"\nestimands = ["kil"]',
        5,
        "scenario.estimands",
        "did you mean 'kill'",
    ),
    ("kill_2", 'source = "none"', 'source = "x"\nestimands = ["kill_2"]', 5, "scenario.estimands", "kills = 1"),
    (
        "strata",
        'source = "none"',
        'source = "x"\nstrata = ["machine.cpus"]',
        5,
        "scenario.strata",
        "not drawn by choice",
    ),
    ("affinity", "count = 4", "count = 4\naffinity = [0, 2]", 24, "class.storm.affinity = [0, 2]", "allowed: 0 to 1"),
    ("affinity 64", "count = 4", "count = 4\naffinity = [64]", 24, "class.storm.affinity", "0 to 63"),
    (
        "gate and time",
        '{ at = "1 ms" }',
        '{ at = "1 ms", gate = "first_kill" }',
        25,
        "class.storm.start",
        "contradicts",
    ),
    ("gate", '{ at = "1 ms" }', '{ gate = "first_lok" }', 25, "class.storm.start.gate", "did you mean 'first_lock'"),
    ("free twice", 'free = "16 MiB"', 'free = "1 MiB"\nfree_above_min = "1 MiB"', 15, "memory.free", "contradict"),
    ("min and managed", 'free = "16 MiB"', 'free = "1 MiB"\nmin = "1 MiB"', 16, "memory.min", "contradict"),
    ("no free", 'free = "16 MiB"\n', "", 13, "memory.free", "both missing"),
    ("missing", "hz = 250\n", "", 8, "machine.hz", "missing"),
    ("names", 'name = "storm"', 'name = "owner"', 22, "class.owner.name", "taken"),
    ("name", 'name = "storm"', 'name = "a b"', 22, "name", "not a name"),
    ("cost", "[memory]", "[costs]\nreport = 3\n[memory]", 14, "costs.report = 3", "unit in quotes"),
    ("cost table", "[memory]", '[costs]\nuse = "literatur"\n[memory]', 14, "costs.use", "did you mean 'literature'"),
    ("cost shape", "[memory]", '[costs]\ntouch_shape = "gamma"\n[memory]', 14, "costs.touch_shape", "unknown shape"),
    ("only hogs", 'policy = "idle"', 'program = "hog"', 17, "class", "no allocator"),
    ("version", "schema_version = 1", "schema_version = 2", 1, "schema_version = 2", "allowed: 1 to 1"),
    ("syntax", "cpus = 2", "cpus == 2", 9, "", "allowed: TOML 1.0"),
    ("syntax at end", "hz = 250", 'hz = """', None, "", "allowed: TOML 1.0"),
    ("twice", "hz = 250", "hz = 250\nhz = 250", 11, "", "allowed: TOML 1.0"),
    ("class is a table", '[[class]]\nname = "owner"', '[class]\nname = "owner"', None, "", ""),
]


@pytest.mark.parametrize(("old", "new", "line", "key", "why"), [w[1:] for w in WRONG], ids=[w[0] for w in WRONG])
def test_wrong_file(tmp_path, monkeypatch, old, new, line, key, why):
    monkeypatch.chdir(tmp_path)
    assert old in RIGHT
    text = RIGHT.replace(old, new, 1)
    if old == 'policy = "idle"' and "hog" in new:
        text = text.replace("count = 4", 'program = "sleeper"')
    (tmp_path / "s.toml").write_text(text)
    with pytest.raises(SpecError) as caught:
        load_scenario("s.toml")
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 700
    assert key in message
    assert why in message
    assert "allowed: " in message
    if line is not None:
        assert re.match(rf"s\.toml:{line}: ", message), message
    else:
        assert message.startswith("s.toml:")


def test_the_right_file_is_right(tmp_path):
    (tmp_path / "s.toml").write_text(RIGHT)
    assert load_scenario(str(tmp_path / "s.toml")).name == "s"


@pytest.mark.parametrize("kind", ["missing", "folder", "binary"])
def test_unreadable_file(tmp_path, kind):
    path = tmp_path / "s.toml"
    if kind == "folder":
        path.mkdir()
    elif kind == "binary":
        path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SpecError, match=r"s\.toml: .*allowed: "):
        load_scenario(str(path))


@pytest.mark.parametrize(
    ("override", "why"),
    [
        ("machine.cpus", "not a change of a key"),
        ("cpus=2", "not a change of a key"),
        ("machine.cpu=2", "did you mean 'cpus'"),
        ("machine.cpus=0", "allowed: 1 to 64"),
        ("class.strom.count=2", "did you mean 'storm'"),
        ("class.storm.cout=2", "did you mean 'count'"),
        ("class.storm=2", "no such class"),
        ("policy.mine.lock_k=2", "none in this scenario"),
        ("machine.cpus.more=2", "not a table"),
        ("scenario.horizon=5", "unit in quotes"),
    ],
)
def test_wrong_override(tmp_path, override, why):
    (tmp_path / "s.toml").write_text(RIGHT)
    with pytest.raises(SpecError) as caught:
        load_scenario(str(tmp_path / "s.toml"), [override])
    message = str(caught.value)
    assert f"--set {override}" in message
    assert why in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("policy", "why"),
    [
        ('name = "mine"\nbase = "linux-4.20"', "did you mean"),
        ('name = "linux-4.19"\nbase = "linux-4.13"', "built in"),
        ('name = "mine"\nbase = "linux-4.19"\nlock = "spin"', "trylock_spin"),
        ('name = "mine"\nbase = "linux-4.19"\nlok_k = 2', "did you mean 'lock_k'"),
        ('name = "mine"\nbase = "linux-4.19"\nlock_k = -1', "0 to 100000"),
        ('name = "mine"\nbase = "linux-4.19"\nreap_delay = "1 us"', "multiples of 1 ms"),
        ('name = "mine"', "missing"),
    ],
)
def test_wrong_policy(tmp_path, policy, why):
    (tmp_path / "s.toml").write_text(f"{RIGHT}\n[[policy]]\n{policy}\n")
    with pytest.raises(SpecError, match="allowed: ") as caught:
        load_scenario(str(tmp_path / "s.toml"))
    assert why in str(caught.value)
    assert re.search(r"s\.toml:(2[7-9]|3\d): policy\.", str(caught.value)), caught.value


CROWD = """
[[crowd]]
name = "mob"
threads = 9
groups = 3
nice = 4
[crowd.group]
share = 2
"""


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("share = 2", "share = 2\nnice = 4", "once for the crowd, or once for each group"),
        ("share = 2", "shar = 2", "did you mean 'share'"),
        ("share = 2", 'policy = "idle"', "other or batch only"),
        ("share = 2", 'policy = { choice = ["other", "rr"] }', "needed by policy fifo or rr"),
        ("groups = 3", "groups = 17", "allowed: 1 to 16"),
        ('name = "mob"', 'name = "storm"', "taken"),
    ],
)
def test_wrong_crowd(tmp_path, old, new, why):
    (tmp_path / "s.toml").write_text(RIGHT + CROWD.replace(old, new))
    with pytest.raises(SpecError, match=re.escape(why)):
        load_scenario(str(tmp_path / "s.toml"))


STRANGE = [3, -1, 2.5, True, "", "x", "9 PB", [], [[]], {}, {"choice": 3}, {"axis": [{}]}, {"uniform": ["1 ms", 3]}]
STRANGE += [
    {"lognormal": 3},
    {"lognormal": {"median": 1, "sigma": "a"}},
    [{"name": 3}],
    10**40,
    float("nan"),
    float("inf"),
]


def test_no_strange_value_anywhere_escapes_as_another_error():
    right = tomllib.loads(RIGHT + CROWD)
    right["policy"] = [{"name": "mine", "base": "linux-4.19", "lock_k": 2}]
    right["costs"] = {"use": "literature", "report": "2 ms", "touch_shape": {"lognormal": 0.2}}
    for path in _paths(right, ()):
        for value in STRANGE:
            changed = copy.deepcopy(right)
            node = changed
            for step in path[:-1]:
                node = node[step]
            node[path[-1]] = value
            message = _message(to_toml_any(changed))
            assert "\n" not in message
            assert not message or "allowed: " in message, message


def _message(text):
    """What the user reads; empty if the scenario is legal."""
    try:
        build_design(parse_scenario(text, "s.toml"))
    except SpecError as found:
        return str(found)
    return ""


def to_toml_any(document):
    """TOML whose top level is inline, so that it can hold what has the wrong type."""
    return "\n".join(f"{key} = {write_value(value)}" for key, value in document.items())


def _paths(node, path):
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for step, value in items:
        yield (*path, step)
        yield from _paths(value, (*path, step))
