"""The errors that mcoom raises on purpose.

Takes a message, gives an exception whose text is one clear line for a person. Must know nothing else: the command line
turns each into an exit code.
"""


class McoomError(Exception):
    """Base of all errors below; ``exit_code`` is what the command line exits with."""

    exit_code = 1


class SpecError(McoomError):
    """A scenario, policy or option is wrong: names file, key or line, value and what is allowed."""

    exit_code = 2


class DataError(McoomError):
    """A measured or result file is not what it should be: names the file and what is wrong."""

    exit_code = 2


class UnreadableError(SpecError, DataError):
    """A scenario, table or measured file that was named cannot be read at all: it is missing, or may not be opened."""

    exit_code = 1


class StoreError(McoomError):
    """A result file cannot be written or read."""


class WorkerLostError(McoomError):
    """The workers of one task died again and again: names the task. What was finished before is kept."""


class EngineError(McoomError):
    """The engine met a state that the model does not allow: a defect of mcoom."""

    exit_code = 3
