"""The exact engine: one episode after another, event by event.

Takes arrays of integers (``inputs``, ``layout``), gives arrays of integers. Must not know scenarios, files, names of
policies or clocks; docs/model.md is its law.
"""
