"""Figures, one file each.

Takes what the analysis and the tallies give, gives drawings as SVG, PNG or PDF whose bytes depend on nothing but their
data and the version of matplotlib. Needs the extra ``plot``; everything else works without it. Must know nothing of
files of results or of pages.
"""

from mcoom.errors import SpecError

try:
    import matplotlib as _matplotlib  # noqa: F401
except ImportError as error:
    raise SpecError("figures need matplotlib: pip install 'mcoom[plot]'") from error
