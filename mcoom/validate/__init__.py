"""Prediction of measured kernel episodes from stage costs alone, and how well it does.

``mcoom.validate.main`` is the door. Reading, building, predicting, scoring and reporting are a module each, and only
scoring ever sees an outcome.
"""

DEFAULT_REPLICATES = 160
"""Simulated boots per measured configuration: the public file takes three minutes of CPU time."""
