"""Reported stalls of real machines, and what the model says of each.

``mcoom.literature.main`` is the door. Reports are data (``reports.toml``); reading, predicting, judging and printing
are a module each. What a mail does not say is a distribution, stated before anything is simulated and never fitted.
"""

DEFAULT_REPLICATES = 100
"""Simulated episodes per report: the longest stalls take some seconds of CPU time each."""
