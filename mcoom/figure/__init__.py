"""Figures, one file each.

Takes what the analysis and the tallies give, gives drawings as SVG, PNG or PDF whose bytes depend on nothing but their
data and the version of matplotlib. Needs the extra ``plot``; everything else works without it. Must know nothing of
files of results or of pages.
"""
