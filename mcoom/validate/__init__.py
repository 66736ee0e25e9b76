"""Prediction of measured kernel episodes from stage costs alone, and how well it does.

``mcoom.validate.main`` is the door. Reading, building, predicting, scoring and reporting are a module each, and only
scoring ever sees an outcome.
"""

DEFAULT_REPLICATES = 100
"""Simulated rounds per measured configuration: the public file takes one to two minutes on two cores."""
