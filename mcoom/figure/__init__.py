"""Figures, one file each.

Takes what the analysis and the tallies give, gives drawings as SVG, PNG or PDF whose bytes depend on nothing but their
data and the version of matplotlib. Needs the extra ``plot``; everything else works without it. Must know nothing of
files of results or of pages.
"""

import logging

from mcoom.errors import SpecError

# Matplotlib talks about its own folders (a home that may not be written, a font cache): no matter of ours.
logging.getLogger("matplotlib").setLevel(logging.ERROR)

try:
    import matplotlib as _matplotlib  # noqa: F401
except ImportError as error:
    raise SpecError("figures need matplotlib: pip install 'mcoom[plot]'") from error
