"""Quantities: what reads, what does not, and that writing and reading agree."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcoom.units import (
    closest,
    format_ns,
    format_pages,
    parse_count,
    parse_pages,
    parse_ratio,
    parse_time_ns,
)


@pytest.mark.parametrize(
    ("text", "ns"),
    [
        ("1.5 ms", 1_500_000),
        ("10ms", 10_000_000),
        ("2 s", 2 * 10**9),
        ("0 ns", 0),
        ("1e3 us", 10**6),
        ("3 min", 180 * 10**9),
    ],
)
def test_times(text, ns):
    assert parse_time_ns(text) == ns


@pytest.mark.parametrize(
    ("text", "pages"),
    [("1 page", 1), ("64 KiB", 16), ("67580 kB", 16895), ("1 MiB", 256), ("2 GiB", 524288), ("0.5 MiB", 128)],
)
def test_sizes(text, pages):
    assert parse_pages(text) == pages


@pytest.mark.parametrize(
    ("read", "raw", "why"),
    [
        (parse_time_ns, 10, "unit in quotes"),
        (parse_time_ns, "10", "unit is missing"),
        (parse_time_ns, "10 mis", "unknown unit 'mis', did you mean"),
        (parse_time_ns, "4 MS", "unknown unit 'MS'"),
        (parse_time_ns, "1.0000000001 s", "whole number of nanoseconds"),
        (parse_time_ns, "ten ms", "not a number"),
        (parse_time_ns, "", "not a number"),
        (parse_pages, "128 mb", "unknown unit 'mb'"),
        (parse_pages, 128, "unit in quotes"),
        (parse_pages, "1 KiB", "whole number of 4 KiB pages"),
        (parse_ratio, "half", "not a number"),
        (parse_ratio, True, "not a number"),
        (parse_ratio, float("nan"), "not a number"),
        (parse_ratio, float("inf"), "not a number"),
        (parse_count, 2.5, "not a whole number"),
        (parse_count, True, "not a whole number"),
        (parse_count, "2", "not a whole number"),
    ],
)
def test_wrong_quantities(read, raw, why):
    with pytest.raises(ValueError, match=why) as caught:
        read(raw)
    assert "allowed: " in str(caught.value)


def test_ratios():
    assert parse_ratio(0.25) == parse_ratio("25 %") == 250_000
    assert parse_ratio(2) == 2_000_000


@given(st.integers(0, 10**15))
def test_times_read_back(ns):
    assert parse_time_ns(format_ns(ns)) == ns


@given(st.integers(0, 2**40))
def test_sizes_read_back(pages):
    assert parse_pages(format_pages(pages)) == pages


def test_closest():
    assert closest("cout", ["count", "name"]) == ", did you mean 'count'?"
    assert closest("xyz", ["count", "name"]) == ""
