"""From a scenario file to a validated, frozen ``Scenario``.

Takes TOML text, gives dataclasses of integers, words and laws. Must not know arrays, numba or randomness:
loading a scenario imports neither numpy nor anything heavier.
"""
