"""``mcoom verify``: shipped answers hold, a wrong one is caught, a wrong file is named."""

import json
import shutil

import pytest

from mcoom.cli.main import main
from mcoom.errors import DataError
from mcoom.verify.answer import QUANTITIES, Printed, load_table
from mcoom.verify.main import shipped_tables, verify
from mcoom.verify.quantity import COMPUTE

NAMED = {"gehan", "lung", "veteran", "aml", "ovarian", "waltons", "pbc"}


@pytest.mark.parametrize("path", shipped_tables(), ids=lambda path: path.stem)
def test_shipped_answers_hold_on_both_paths(path):
    report = verify([path])
    assert report.passed, report.to_text()
    assert all(check.is_published for check in report.checks) or path.stem in ("veteran", "waltons")


def test_the_named_tables_are_shipped_with_source_and_licence():
    tables = {path.stem: load_table(path) for path in shipped_tables()}
    assert set(tables) >= NAMED
    assert all(t.source and t.licence for t in tables.values())
    assert set(COMPUTE) == set(QUANTITIES)


@pytest.mark.parametrize(
    ("text", "low", "high", "is_admitted"),
    [
        ("0.750", 0.7504, 0.7504, True),
        ("0.750", 0.7506, 0.7506, False),
        ("0.75", 0.7551, 0.7551, False),
        ("0.8", 0.7506, 0.7506, True),
        ("31", 30.6, 30.6, True),
        ("4e-05", 4.17e-5, 4.17e-5, True),
        ("<2e-16", 1e-20, 1e-20, True),
        ("<2e-16", 1e-3, 1e-3, False),
        ("NA", None, None, True),
        ("NA", 3.0, 3.0, False),
        ("3", None, None, False),
        ("0.5", 0.1, 0.9, True),
    ],
)
def test_printed_digits_say_how_exact_a_number_is(text, low, high, is_admitted):
    assert Printed(text).admits(low, high) is is_admitted


def copy_of(tmp_path, name, old, new):
    """A shipped table with something replaced."""
    for path in shipped_tables():
        if path.stem == name:
            shutil.copy(path.with_suffix(".csv"), tmp_path)
            text = path.read_text()
            assert old in text
            (tmp_path / path.name).write_text(text.replace(old, new, 1))
            return tmp_path / path.name
    raise AssertionError(name)


def leave_code(arguments):
    with pytest.raises(SystemExit) as left:
        main(arguments)
    return left.value.code


def test_a_wrong_answer_is_caught(tmp_path, capsys):
    """The twin that must fail: one printed digit changed, far enough for the bins too."""
    path = copy_of(tmp_path, "gehan", 'value = "16.793"', 'value = "61.793"')
    assert leave_code(["verify", str(path)]) == 4
    text = capsys.readouterr().out
    assert "printed 61.793, computed 16.79294" in text
    assert "FAIL: 1 of" in text
    last_digit = copy_of(tmp_path, "gehan", 'value = "16.793"', 'value = "16.794"')
    assert [c.passed for c in verify([last_digit]).checks].count(False) == 1


def test_json_has_every_check(capsys):
    assert leave_code(["verify", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["passed"] is True
    assert found["n_checks"] == len(found["checks"]) > 400
    assert {t["name"] for t in found["tables"]} >= NAMED


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('quantity = "median"', 'quantity = "medain"', r"answer\[\d+\].quantity = 'medain': unknown, did you mean"),
        ('group = "6-MP"', 'group = "7-MP"', "not a value of groups = 'treat'; values: 6-MP, control"),
        ('groups = "treat"', 'groups = "arm"', "not a column of the data; columns: time, event, treat"),
        ('value = "0.857"', "value = 0.857", "must be text as printed"),
        ('value = "0.857"', 'valeu = "0.857"', "valeu: unknown key, did you mean 'value'"),
        ("time = 6.0", 'time = "6"', "must be a number"),
        ("time = 6.0", "", "time: is missing; survival needs it"),
        ('transform = "log-log"', 'transform = "logit"', "transform = 'logit': must be one of"),
        ('data = "gehan.csv"', 'data = "gone.csv"', "gone.csv: cannot be read"),
        ("[table]", "[tabel]", "table: is missing"),
        ("[table]", "[table", "not TOML"),
    ],
)
def test_a_wrong_file_is_named(tmp_path, old, new, message):
    path = copy_of(tmp_path, "gehan", old, new)
    with pytest.raises(DataError, match=message) as caught:
        verify([path])
    assert str(tmp_path) in str(caught.value)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("time,treat\n1,6-MP\n", "1: has no column 'event'"),
        ("time,event,treat\n1,2,6-MP\n", "2: event = '2': must be 0"),
        ("time,event,treat\n-1,1,6-MP\n", "2: time = '-1': must be a number >= 0"),
        ("time,event,treat\n1,1\n", "2: 2 fields; the header has 3"),
        ("time,event,treat\n", "has no rows"),
        ("", "has no column"),
    ],
)
def test_wrong_data_are_named(tmp_path, data, message, capsys):
    path = copy_of(tmp_path, "gehan", "[table]", "[table]")
    (tmp_path / "gehan.csv").write_text(data)
    assert leave_code(["verify", str(path)]) == 2
    assert message in capsys.readouterr().err


EDGES = """time,event,arm,site
0,1,a,x
0,0,a,y
1.5,1,a,x
1.5,0,a,y
2,1,a,x
3.25,0,a,y
1,0,b,x
2,0,b,y
2,0,b,x
4,1,c,y
"""
EDGE_ANSWERS = [
    ("survival", {"group": "a", "time": 0.0}, {"value": "0.8333"}),
    ("survival", {"group": "a", "time": 1.5}, {"value": "0.625"}),
    ("cumulative_hazard", {"group": "a", "time": 1.5}, {"value": "0.4167"}),
    ("median", {"group": "a"}, {"value": "2"}),
    ("median", {"group": "b"}, {"value": "NA", "low": "NA", "high": "NA"}),
    ("median", {"group": "c"}, {"value": "4"}),
    ("rmst", {"group": "b", "tau": 2.0}, {"value": "2", "se": "0"}),
    ("rmst", {"group": "b", "tau": 2.5}, {"value": "NA"}),
    ("rmst_difference", {"group": "a", "against": "b", "tau": 2.0}, {"value": "-0.4375"}),
    ("superiority", {"group": "a", "against": "b", "tau": 2.0}, {"value": "0.6875"}),
    ("logrank", {}, {"value": "2.81544", "p": "0.244701"}),
]
"""By hand; the last one by lifelines."""


def edge_table(folder, answers=EDGE_ANSWERS):
    (folder / "own.csv").write_text(EDGES)
    lines = [
        "[table]",
        *(
            f'{k} = "{v}"'
            for k, v in zip(("title", "data", "source", "licence"), ("own", "own.csv", "me", "none"), strict=True)
        ),
    ]
    for quantity, options, numbers in answers:
        given = {"quantity": quantity, "groups": "arm", "source": "by hand", **options, **numbers}
        lines += ["[[answer]]", *(f"{k} = {v}" if isinstance(v, float) else f'{k} = "{v}"' for k, v in given.items())]
    (folder / "own.toml").write_text("\n".join(lines))
    return folder / "own.toml"


def test_edges_of_data_of_ones_own(tmp_path, capsys):
    """Times of 0 and fractions, events and censorings at once, a group all censored, a group of one."""
    assert leave_code(["verify", str(edge_table(tmp_path))]) == 0
    wrong = [("median", {"group": "b"}, {"value": "2"})]
    assert leave_code(["verify", str(edge_table(tmp_path, wrong))]) == 4
    assert "printed 2" in capsys.readouterr().out
