"""Statistics of tallies, with censoring respected.

Takes tallies, gives estimates and contrasts with their intervals. Must know nothing about files, plots or how a
replicate was simulated; docs/estimands.md says what is estimated and how.
"""
