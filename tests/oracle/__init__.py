"""Oracle: the model of docs/model.md once more, slow and obvious, in plain Python.

Takes one episode's inputs as dicts of integers and gives its trace and its outputs, to be compared with the engine
event for event. Must know nothing of the engine: it is written from docs/model.md alone and imports nothing of mcoom.
"""

from .episode import Result, run_episode

__all__ = ["Result", "run_episode"]
