"""From a scenario to its points, replicates and drawn parameters.

Takes a ``Scenario``, gives a ``Design`` and, for any range of replicates, the integers that each parameter takes.
Must not know how an episode is simulated, nor where a block of replicates is cut.
"""
