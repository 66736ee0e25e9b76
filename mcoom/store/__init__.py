"""Results files: versioned HDF5, one per run.

Takes tallies and provenance, gives files that are either whole or absent, and the same objects back. Must know nothing
about statistics or simulation; docs/store.md lists every group, dataset and attribute.
"""
