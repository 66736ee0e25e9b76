"""Reading measured episodes: what is refused, and what a prediction may see."""

import csv
import gzip
import lzma
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from mcoom.design.shape_table import shape_table
from mcoom.errors import DataError
from mcoom.validate.cells import group_cells
from mcoom.validate.columns import DESIGN_COLUMNS, FACTOR_COLUMNS, OUTCOME_COLUMNS, REQUIRED_COLUMNS
from mcoom.validate.measured import (
    SHIPPED,
    Measured,
    collect_configurations,
    data_path,
    read_episode,
    read_factors,
    read_measured,
)
from mcoom.validate.stages import read_stage_costs

SHARED = Path(__file__).resolve().parents[3] / "shared/kernel/measured"

ROW = {
    "accel": "icount", "shift": "1", "vcpu": "1", "hz": "250", "preempt": "full", "fail": "sleep", "hold": "1",
    "hpol": "i", "hnice": "0", "n": "4", "spol": "o", "snice": "0", "hogs": "0", "gpol": "o", "gate": "1", "V": "4",
    "vkb": "1024", "vpol": "o", "reaper": "1", "reapdelay": "2000", "dump": "0", "uart": "0", "npthrottle": "0",
    "uwork": "500", "boot_id": "A-1", "round": "1", "k": "1", "horizon_ms": "4000", "censored": "0",
    "ttk_ns": "3201537", "np_mean_ns": "44818",
}  # fmt: skip


def write_rows(path: Path, *rows: dict[str, str]) -> str:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return str(path)


@pytest.fixture(scope="module")
def public() -> Measured:
    return read_measured()


class Guarded(Mapping[str, str]):
    """A row that fails when a column outside ``allowed`` is looked at, in any way."""

    def __init__(self, row: dict[str, str], allowed: set[str]) -> None:
        self._row = row
        self._allowed = allowed

    def __getitem__(self, column: str) -> str:
        assert column in self._allowed, f"a prediction looked at {column}"
        return self._row[column]

    def __iter__(self) -> Iterator[str]:
        raise AssertionError("a prediction looked at all columns")

    def __len__(self) -> int:
        raise AssertionError("a prediction counted the columns")


def test_predicting_side_reads_factors_and_design_alone():
    allowed = {*FACTOR_COLUMNS, *DESIGN_COLUMNS}
    (configuration,) = collect_configurations([Guarded(ROW, allowed)])
    assert configuration.boots[0].pass_ns is None
    assert not allowed & set(OUTCOME_COLUMNS)


def test_pass_cost_is_read_for_mttcg_only():
    row = ROW | {"accel": "mttcg", "shift": "", "np_mean_ns": "28000"}
    (configuration,) = collect_configurations([Guarded(row, {*FACTOR_COLUMNS, *DESIGN_COLUMNS, "np_mean_ns"})])
    assert configuration.boots[0].pass_ns == 28000


def test_the_guard_would_notice():
    with pytest.raises(AssertionError, match="ttk_ns"):
        read_episode(Guarded(ROW, {*FACTOR_COLUMNS, *DESIGN_COLUMNS, "censored"}), read_factors(ROW))


def test_factors_have_no_field_of_an_outcome():
    assert set(read_factors(ROW).labels()) == set(FACTOR_COLUMNS)
    assert read_factors(ROW).kills == 4


def test_point_depends_on_factors_alone():
    point = read_factors(ROW).point()
    assert point == read_factors(ROW | {"k": "3", "ttk_ns": "1", "horizon_ms": "1"}).point()
    assert point != read_factors(ROW | {"n": "5"}).point()
    assert 0 <= point < 2**62


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"fail": "slep"}, ("line 2", "column fail", "'slep'", "sleep, spin, mutex, pi")),
        ({"n": "-1"}, ("column n:", "'-1'", "0..4096")),
        ({"n": "four"}, ("column n:", "'four'", "whole number")),
        ({"hz": "251"}, ("column hz", "'251'", "100, 250, 300, 1000")),
        ({"shift": ""}, ("column shift", "''", "where accel is icount")),
        ({"hnice": "30"}, ("column hnice", "'30'", "-20..19 where hpol is i")),
        ({"hpol": "f", "hnice": "0"}, ("column hnice", "'0'", "1..99 where hpol is f")),
        ({"k": "5"}, ("column k", "'5'", "1..4")),
        ({"ttk_ns": ""}, ("column ttk_ns", "where censored is 0")),
        ({"ttk_ns": "-1"}, ("column ttk_ns", "'-1'", "at least 0")),
        ({"censored": "3"}, ("column censored", "'3'", "0, 1, 2")),
        ({"boot_id": ""}, ("column boot_id", "''")),
        ({"np_mean_ns": "fast"}, ("column np_mean_ns", "'fast'")),
    ],
)
def test_a_wrong_field_is_named(tmp_path, change, words):
    path = write_rows(tmp_path / "m.csv", ROW | change)
    with pytest.raises(DataError) as caught:
        read_measured(path)
    message = str(caught.value)
    assert message.startswith(path)
    assert "\n" not in message
    assert [word for word in words if word not in message] == []


@pytest.mark.parametrize("column", REQUIRED_COLUMNS)
def test_a_missing_column_is_named(tmp_path, column):
    row = {name: value for name, value in ROW.items() if name != column}
    with pytest.raises(DataError, match=f"no column {column};"):
        read_measured(write_rows(tmp_path / "m.csv", row))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no column"),
        (",".join(ROW) + "\n", "no episode"),
        (",".join(ROW) + "\n1,2\n", "line 2: not 31 fields"),
        (",".join(ROW) + "\n" + ",".join(ROW.values()) + ",1\n", "line 2: not 31 fields"),
        (",".join([*ROW, "n"]) + "\n", "column n is there twice"),
    ],
)
def test_a_wrong_form_is_named(tmp_path, text, words):
    path = tmp_path / "m.csv"
    path.write_text(text)
    with pytest.raises(DataError, match=words):
        read_measured(str(path))


@pytest.mark.parametrize(("name", "raw"), [("m.csv.gz", b"no"), ("m.csv.xz", b"no"), ("m.csv", b"\xff\xfe")])
def test_an_unreadable_file_is_named(tmp_path, name, raw):
    path = tmp_path / name
    path.write_bytes(raw)
    with pytest.raises(DataError, match=name):
        read_measured(str(path))


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(DataError, match=path.name):
            read_measured(str(path))


def test_packed_files_read_as_plain_ones(tmp_path):
    plain = write_rows(tmp_path / "m.csv", ROW, ROW | {"k": "2"})
    raw = Path(plain).read_bytes()
    (tmp_path / "m.csv.gz").write_bytes(gzip.compress(raw))
    (tmp_path / "m.csv.xz").write_bytes(lzma.compress(raw))
    expected = read_measured(plain)
    for name in ("m.csv.gz", "m.csv.xz"):
        read = read_measured(str(tmp_path / name))
        assert (read.configurations, read.episodes) == (expected.configurations, expected.episodes)


def test_columns_may_come_in_any_order_with_others_between(tmp_path):
    row = dict(reversed((ROW | {"note": "x"}).items()))
    assert len(read_measured(write_rows(tmp_path / "m.csv", row)).episodes) == 1


def test_episodes_that_never_began_are_left_out(tmp_path):
    rows = [
        ROW,
        ROW | {"k": "2", "censored": "2", "ttk_ns": ""},
        ROW | {"k": "3", "censored": "1", "ttk_ns": "-19125"},
        ROW | {"k": "4", "censored": "1", "ttk_ns": "4000000001"},
    ]
    measured = read_measured(write_rows(tmp_path / "m.csv", *rows))
    assert [(e.k, e.censored) for e in measured.episodes] == [(1, False), (4, True)]
    assert (measured.n_rows, measured.n_never_open) == (4, 2)


def test_a_boot_keeps_its_horizon_and_its_pass_cost(tmp_path):
    mttcg = ROW | {"accel": "mttcg", "shift": ""}
    rows = [
        mttcg | {"np_mean_ns": "20000"},
        mttcg | {"np_mean_ns": "26000", "k": "2"},
        mttcg | {"np_mean_ns": "", "boot_id": "A-0", "horizon_ms": "8000"},
    ]
    (configuration,) = read_measured(write_rows(tmp_path / "m.csv", *rows)).configurations
    assert [(b.boot_id, b.horizon_ns, b.pass_ns) for b in configuration.boots] == [
        ("A-0", 8_000_000_000, 23000),
        ("A-1", 4_000_000_000, 23000),
    ]


def test_public_file_has_the_counts_of_its_readme(public):
    cells = group_cells(public)
    assert (public.n_rows, len(public.configurations), len(cells)) == (10_540, 505, 1_836)
    assert len({c.factors.point() for c in public.configurations}) == 505


@pytest.mark.skipif(not SHARED.is_dir(), reason="the original measurements are not beside this checkout")
def test_shipped_data_are_the_original_ones():
    packed = data_path(SHIPPED).read_bytes()
    assert gzip.decompress(packed) == (SHARED / "episodes-public.csv").read_bytes()
    assert packed[4:8] == b"\0\0\0\0", "a time stamp in the gzip header would make builds differ"
    for name in ("stage_costs.csv", "README.md"):
        assert data_path(name).read_bytes() == (SHARED / name).read_bytes()


def test_stage_costs_of_the_standard_machine():
    stages = read_stage_costs()
    assert stages.reclaim_pass().median == 44808
    assert stages.selection_per_task(32).median == pytest.approx(99.64, abs=0.01)
    assert stages.selection_per_task(5000).covariate == "tasks=128..159"
    base_ns, page_ns = stages.exit_line()
    assert 1150 < page_ns < 1250
    assert 0 <= base_ns < 60_000
    table = shape_table(stages.reclaim_pass().shape())
    assert table[128] == 1 << 20
    assert table[0] == round((1 << 20) * 44014 / 44808)
    assert list(table) == sorted(table)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("stage,n\nx,1\n", "no column covariate"),
        ("stage,covariate,n,min,p05,p25,p50,p75,p95,max\nx,y,1,1,2,3,4,5,x,9\n", "column p95: 'x'"),
        ("stage,covariate,n,min,p05,p25,p50,p75,p95,max\nx,y,1,1,2,3,4,5,4,9\n", "fall"),
    ],
)
def test_wrong_stage_costs_are_named(tmp_path, text, words):
    path = tmp_path / "stage_costs.csv"
    path.write_text(text)
    with pytest.raises(DataError, match=words):
        read_stage_costs(str(path))
