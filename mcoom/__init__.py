"""Time-to-kill distributions of out-of-memory policies, by Monte Carlo simulation of the Linux OOM path.

Holds the version and nothing else, so that importing it costs nothing. The command line is ``mcoom.cli.main``;
the stations of the straight line are the sub-packages (README.md).
"""

__version__ = "0.1.0"
