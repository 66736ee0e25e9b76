"""Bins of time: narrow, wide enough in range, and right at their edges."""

import numpy as np
import pytest

from mcoom.tally.edges import bin_of_ns, latency_edges_ns, n_bins


def test_edges_cover_the_range_with_bins_of_at_most_two_percent():
    edges = latency_edges_ns()
    assert edges.dtype == np.int64
    assert edges[0] == 100
    assert edges[-1] >= 2_000 * 10**9
    assert all(50 * (high - low) <= low for low, high in zip(edges.tolist(), edges.tolist()[1:], strict=False))
    assert np.all(np.diff(edges) > 0)
    assert len(edges) < 1300


def test_edges_are_read_only():
    with pytest.raises(ValueError, match="read-only"):
        latency_edges_ns()[0] = 1


def test_each_edge_opens_its_bin():
    edges = latency_edges_ns()
    numbers = np.arange(len(edges))
    assert np.array_equal(bin_of_ns(edges), numbers + 1)
    assert np.array_equal(bin_of_ns(edges - 1), numbers)


def test_flow_bins():
    assert bin_of_ns(np.array([0, 99, 1 << 62])).tolist() == [0, 0, n_bins() - 1]
