"""Probabilities too small to be counted: multilevel splitting.

Takes a system that can be started, run to a level of importance and copied there; gives the probability that it gets to
the last level, with an interval. Must not know files or reports.
"""
