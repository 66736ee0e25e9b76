"""Where episodes are simulated: on the CPU, a block at a time, or on a GPU, many blocks at once.

Takes lowered blocks, gives their outputs, the same bytes from both. Must know nothing of counting and of who asks.
"""

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from mcoom.engine.inputs import Inputs
from mcoom.engine.replicates import run_policies
from mcoom.errors import SpecError

DEVICES = ("cpu", "gpu")
"""Names that ``run_blocks`` knows."""
GPU_EPISODES = 1 << 17
"""Episodes of a task for a GPU, about: some for each of its threads, so that few wait for the last ones."""


def check_device(name: str) -> None:
    """Find out before the work whether a device can be had.

    Raises
    ------
    SpecError
        There is none, or the package for it is missing.
    """
    if name == "gpu":
        from mcoom.gpu.found import why_not

        reason = why_not()
        if reason:
            raise SpecError(f"--device gpu: {reason}; allowed: --device cpu")


def blocks_per_task(name: str, block: int, n_policies: int) -> int:
    """Return how many blocks of ``block`` replicates a task should have; 0: as many as suit its duration."""
    return max(1, GPU_EPISODES // (block * n_policies)) if name == "gpu" else 0


def run_blocks(name: str, blocks: Iterable[Inputs], policies: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    """Simulate blocks under every policy.

    Parameters
    ----------
    name : str
        One of ``DEVICES``. For ``gpu`` all blocks are taken together: there should be about ``GPU_EPISODES`` episodes.
    blocks : iterable of Inputs
        Taken one by one for ``cpu``.
    policies : (P, len(POLICY_FIELDS)) int64

    Yields
    ------
    (P, R, len(OUT_FIELDS)) int64
        Outputs of each block, in order.
    """
    if name == "gpu":
        from mcoom.gpu.replicates import Work, run_works

        yield from run_works([Work(inputs, policies) for inputs in blocks])
        return
    for inputs in blocks:
        yield run_policies(inputs, policies)
