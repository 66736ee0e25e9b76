"""Results files: the same objects back, named axes, equal bytes, one clear line for what is wrong."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import h5py
import numpy as np
import pytest

from mcoom.errors import StoreError
from mcoom.store.read import read_results
from mcoom.store.record import PointRecord
from mcoom.store.schema import SCHEMA_VERSION
from mcoom.store.write import write_results
from mcoom.tally import PointTally, TallyPlan, latency_edges_ns
from mcoom.tally.field import FIELDS, axis_labels
from mcoom.tally.limbs import int_from_limbs
from tests.unit.episode_rows import episodes

ROOT = Path(__file__).resolve().parents[2]
PLAN = TallyPlan(("linux-4.13", "linux-4.13+seed"), "linux-4.13", ("kill", "kill_2"), ("light", "heavy"), 5)
PROVENANCE = {"seed": 7, "elapsed_s": 1.25, "scenario_text": "title = 'ä'\n" * 20_000, "git_commit": ""}


def point(index, n, values):
    outputs, horizon = episodes(index, 2, n)
    tally = PointTally.from_outputs(PLAN, outputs, horizon, np.arange(n) % 2, 0)
    return PointRecord(index, f"point {index}", values, tally)


POINTS = (
    point(0, 40, {"hz": 100, "cost": "1 ms", "frac": 0.5, "mixed": 3, "policy": "x", "a/b": 1}),
    point(2, 3, {"hz": 250, "cost": "2 ms", "frac": 1.0, "mixed": "all", "policy": "y", "a/b": 2}),
)


@pytest.fixture
def results_path(tmp_path):
    path = tmp_path / "run.h5"
    write_results(path, plan=PLAN, points=POINTS, provenance=PROVENANCE)
    return path


def every_dataset(path):
    """Name of each dataset with its dtype, shape, filters and stored bytes (strings as text)."""
    found = {}
    with h5py.File(path) as file:

        def look(name, item):
            if isinstance(item, h5py.Dataset):
                is_text = h5py.check_string_dtype(item.dtype) is not None
                content = tuple(item.asstr()[...].ravel()) if is_text else item[...].tobytes()
                if item.chunks:
                    chunks = [item.id.get_chunk_info(i) for i in range(item.id.get_num_chunks())]
                    content = (content, [item.id.read_direct_chunk(c.chunk_offset) for c in chunks])
                found[name] = (item.dtype.str, item.shape, content)

        file.visititems(look)
    return found


def test_what_is_read_equals_what_was_written(results_path):
    results = read_results(results_path)
    assert results.plan == PLAN
    assert results.points == POINTS
    assert results.provenance == PROVENANCE
    assert [list(p.values.items()) for p in results.points] == [list(p.values.items()) for p in POINTS]
    assert [type(v) for v in results.provenance.values()] == [type(PROVENANCE[k]) for k in results.provenance]


def test_reading_notices_a_difference(results_path):
    results = read_results(results_path)
    assert results.points[0] != POINTS[1]
    assert results.points[0].tally != results.points[1].tally


def test_two_writes_are_equal_to_the_byte(results_path, tmp_path):
    again = tmp_path / "again.h5"
    write_results(again, plan=PLAN, points=POINTS, provenance=PROVENANCE | {"elapsed_s": 99.0})
    assert every_dataset(results_path) == every_dataset(again)


def test_the_same_call_a_second_later_gives_the_same_file(results_path):
    before = results_path.read_bytes()
    time.sleep(1.1)
    write_again(results_path)
    assert results_path.read_bytes() == before


def test_other_tallies_are_other_bytes(results_path, tmp_path):
    other = tmp_path / "other.h5"
    write_results(other, plan=PLAN, points=[POINTS[0], point(2, 4, POINTS[1].values)], provenance=PROVENANCE)
    before, after = every_dataset(results_path), every_dataset(other)
    different = {name for name in before if before[name] != after[name]}
    assert {"time_histogram", "status_count", "counts/count_sum", "joint/n_pairs", "raw/outputs"} <= different


def test_numbers_are_compressed_and_checksummed(results_path):
    with h5py.File(results_path) as file:
        for name in [*((f"{f.group}/{f.name}") for f in FIELDS), "time_histogram", "raw/outputs"]:
            dataset = file[name]
            assert (dataset.compression, dataset.shuffle, dataset.fletcher32) == ("gzip", True, True)


def test_xarray_sees_named_axes_coordinates_and_units(results_path):
    xarray = pytest.importorskip("xarray")
    pytest.importorskip("h5netcdf")
    root = xarray.open_dataset(results_path, engine="h5netcdf")
    assert "phony" not in str(root)
    assert root["time_histogram"].dims == ("histogram_entry",)
    assert root["policy"].values.tolist() == list(PLAN.policies)
    assert root["bin"].values.tolist() == [0, *latency_edges_ns().tolist()]
    assert root["bin"].attrs["units"] == "ns"
    assert {"bin", "bin_high", "point", "point_label"} <= set(root.coords)
    dims = root["histogram_entry"].attrs["compress"].split()
    places = np.unravel_index(root["histogram_entry"].values, [root.sizes[dim] for dim in dims])
    table = {dim: root[dim].values[i] for dim, i in zip(dims, places, strict=True)}
    is_wanted = (table["policy"] == "linux-4.13+seed") & (table["estimand"] == "kill")
    is_wanted &= (table["stratum"] == "heavy") & (table["kind"] == "seen")
    n_seen = [int(root["time_histogram"].values[is_wanted & (table["point"] == p)].sum()) for p in (0, 2)]
    count = root["status_count"].sel(policy="linux-4.13+seed", estimand="kill", stratum="heavy", status="SEEN")
    assert n_seen == count.values.tolist()
    limbs = root["time_sum"].sel(point=2, policy="linux-4.13", estimand="kill", stratum="light")
    assert limbs.attrs["units"] == "ns"
    total = int(limbs.sel(limb="high")) * 2**64 + int(limbs.sel(limb="low"))
    assert total == int_from_limbs(POINTS[1].tally["time_sum"][0, 0, 0])


def test_xarray_tree_has_all_groups(results_path):
    xarray = pytest.importorskip("xarray")
    pytest.importorskip("h5netcdf")
    tree = xarray.open_datatree(results_path, engine="h5netcdf")
    assert "phony" not in str(tree)
    assert set(tree.children) == {"joint", "counts", "axes", "raw"}
    for node in tree.subtree:
        for name, array in node.data_vars.items():
            assert array.attrs["units"] in ("1", "ns", "ns2", "mixed"), name
            assert array.attrs["long_name"]
            assert all(dim in node.coords for dim in array.dims), name
    assert tree["axes"]["hz"].values.tolist() == [100, 250]
    assert tree["raw/outputs"].sel(column="kill_ns_0", policy="linux-4.13").shape == (2, 5)


def test_document_names_everything_in_the_file(results_path):
    page = (ROOT / "docs/store.md").read_text()
    names = set()
    with h5py.File(results_path) as file:
        file.visit(lambda name: names.add(name))
        names -= {f"axes/{name}" for name in file["axes"]}
        attributes = set(file.attrs) - set(PROVENANCE)
    missing = [name for name in {n.split("/")[-1] for n in names} | attributes if f"`{name}`" not in page]
    assert missing == []
    for name, labels in axis_labels(PLAN).items():
        if name not in ("policy", "estimand", "stratum", "count"):
            assert [label for label in labels if f"`{label}`" not in page] == []
    assert f"`schema_version` {SCHEMA_VERSION}" in page


def test_a_run_without_rows_or_sweep(tmp_path):
    plan = TallyPlan(("a",), "a", ("kill",))
    outputs, horizon = episodes(1, 1, 4)
    record = PointRecord(0, "", {}, PointTally.from_outputs(plan, outputs, horizon, np.zeros(4, dtype=np.int64), 0))
    path = tmp_path / "plain.h5"
    write_results(path, plan=plan, points=[record], provenance={})
    assert read_results(path).points == (record,)
    with h5py.File(path) as file:
        assert "raw" not in file


@pytest.mark.parametrize(
    ("change", "message"),
    [({"points": []}, "at least one"), ({"provenance": {"baseline": "x"}}, "reserved"),
     ({"provenance": {"schema_version": 9}}, "reserved"), ({"plan": TallyPlan(("a",), "a", ("kill",))}, "another plan"),
     ({"points": [POINTS[0], PointRecord(1, "", {}, POINTS[0].tally)]}, "swept parameters differ")],
)  # fmt: skip
def test_wrong_calls_are_refused(tmp_path, change, message):
    with pytest.raises(ValueError, match=message):
        write_results(tmp_path / "x.h5", **({"plan": PLAN, "points": POINTS, "provenance": {}} | change))
    assert not list(tmp_path.iterdir())


def test_points_of_a_large_file_are_read_when_asked_for(results_path, monkeypatch):
    monkeypatch.setattr("mcoom.store.read.EAGER_BYTES", 0)
    monkeypatch.setattr("mcoom.store.points._AT_ONCE", 1)
    points = read_results(results_path).points
    assert not isinstance(points, tuple)
    assert len(points) == len(POINTS)
    assert tuple(points) == POINTS
    assert (points[-1], points[:1]) == (POINTS[-1], POINTS[:1])
    with pytest.raises(IndexError):
        points[len(POINTS)]
    results_path.unlink()
    with pytest.raises(StoreError, match="damaged"):
        points[1]


def test_a_file_of_version_1_is_read(results_path):
    """Up to version 1 the histogram was written out in full."""
    with h5py.File(results_path, "r+") as file:
        dense = np.stack([point.tally.histogram.dense() for point in POINTS])
        for name in ("time_histogram", "histogram_entry", "histogram_begin"):
            del file[name]
        file["time_histogram"] = dense
        file.attrs["schema_version"] = 1
    assert read_results(results_path).points == POINTS


def one_line(error):
    text = str(error.value)
    assert "\n" not in text
    return text


@pytest.mark.parametrize("content", [b"", b"no HDF5 here", b"\x89HDF\r\n\x1a\n" + b"\0" * 200])
def test_files_that_are_not_hdf5(tmp_path, content):
    path = tmp_path / "x.h5"
    path.write_bytes(content)
    with pytest.raises(StoreError) as error:
        read_results(path)
    assert str(path) in one_line(error)


def test_missing_and_foreign_files(tmp_path):
    with pytest.raises(StoreError) as error:
        read_results(tmp_path / "none.h5")
    assert "No such file" in one_line(error)
    with h5py.File(tmp_path / "foreign.h5", "w") as file:
        file["x"] = 1
    with pytest.raises(StoreError) as error:
        read_results(tmp_path / "foreign.h5")
    assert "not a results file of mcoom" in one_line(error)


def test_newer_schema_other_edges_and_other_labels(results_path):
    with h5py.File(results_path, "r+") as file:
        file["bin"][3] += 1
    with pytest.raises(StoreError) as error:
        read_results(results_path)
    assert "edges" in one_line(error)
    with h5py.File(results_path, "r+") as file:
        file["bin"][3] -= 1
        file["status"][0] = "GONE"
    with pytest.raises(StoreError) as error:
        read_results(results_path)
    assert "labels along status" in one_line(error)
    with h5py.File(results_path, "r+") as file:
        file["status"][0] = "SEEN"
        file["raw/column"][0] = "GONE"
    with pytest.raises(StoreError) as error:
        read_results(results_path)
    assert "labels along /raw/column" in one_line(error)
    with h5py.File(results_path, "r+") as file:
        file.attrs["schema_version"] = SCHEMA_VERSION + 1
    with pytest.raises(StoreError) as error:
        read_results(results_path)
    assert f"schema_version = {SCHEMA_VERSION + 1}" in one_line(error)


@pytest.mark.parametrize("keep", [0.1, 0.5, 0.9, 0.999])
def test_truncated_files(results_path, keep):
    content = results_path.read_bytes()
    results_path.write_bytes(content[: int(len(content) * keep)])
    with pytest.raises(StoreError) as error:
        read_results(results_path)
    assert str(results_path) in one_line(error)


def test_a_flipped_bit_in_the_numbers_is_noticed(results_path):
    with h5py.File(results_path) as file:
        chunk = file["status_count"].id.get_chunk_info(0)
    content = bytearray(results_path.read_bytes())
    content[chunk.byte_offset + chunk.size // 2] ^= 4
    results_path.write_bytes(content)
    with pytest.raises(StoreError) as error:
        read_results(results_path)
    assert "damaged" in one_line(error)


def write_again(path, points=POINTS):
    write_results(path, plan=PLAN, points=points, provenance=PROVENANCE)


def test_an_existing_file_is_replaced_and_no_other_is_left(results_path):
    write_again(results_path, POINTS[:1])
    assert read_results(results_path).points == POINTS[:1]
    assert list(results_path.parent.iterdir()) == [results_path]


def test_places_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    for path, reason in ((tmp_path / "none/x.h5", "No such file"), (tmp_path / "file/x.h5", "Not a directory")):
        with pytest.raises(StoreError) as error:
            write_again(path)
        assert reason in one_line(error)
    (tmp_path / "folder.h5").mkdir()
    with pytest.raises(StoreError) as error:
        write_again(tmp_path / "folder.h5")
    assert "folder.h5: cannot be written" in one_line(error)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "folder.h5"]


def test_no_permission(tmp_path):
    folder = tmp_path / "locked"
    folder.mkdir(mode=0o555)
    tmp_path.chmod(0o755)
    user = os.geteuid()
    try:
        if user == 0:
            os.seteuid(65534)  # the superuser may write anywhere
        with pytest.raises(StoreError) as error:
            write_again(folder / "x.h5")
    finally:
        os.seteuid(user)
    assert "Permission denied" in one_line(error) or "No such file" in one_line(error)


FULL_DISK = """
import json, resource, sys
from mcoom.errors import StoreError
from tests.unit.test_store import write_again
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
try:
    write_again(sys.argv[1])
except StoreError as error:
    print(json.dumps(str(error)))
"""


def test_no_room_leaves_the_old_file_and_says_so(results_path):
    """A limit on the size of files stands for a full disk: the system refuses the same call."""
    before = results_path.read_bytes()
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(results_path)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == f"{results_path}: cannot be written: File too large"
    assert done.stderr == ""
    assert results_path.read_bytes() == before
    assert list(results_path.parent.iterdir()) == [results_path]
