"""The bounded sample of raw rows of outputs.

Takes rows of outputs by replicate number, gives those with the lowest numbers, so that any order of merging keeps the
same ones. Must know nothing about what the columns mean.
"""

import numpy as np
from numpy.typing import NDArray


class RawRows:
    """Rows of outputs of the first replicates.

    Parameters
    ----------
    replicates : int64[n]
        Replicate numbers, strictly increasing.
    strata : int64[n]
        Stratum of each.
    horizon_ns : int64[n]
        Horizon of each, ns.
    outputs : int64[P, n, len(OUT_FIELDS)]
        Rows by policy.
    """

    __slots__ = ("horizon_ns", "outputs", "replicates", "strata")

    def __init__(
        self,
        replicates: NDArray[np.int64],
        strata: NDArray[np.int64],
        horizon_ns: NDArray[np.int64],
        outputs: NDArray[np.int64],
    ) -> None:
        self.replicates = replicates
        self.strata = strata
        self.horizon_ns = horizon_ns
        self.outputs = outputs

    def merge(self, other: "RawRows", limit: int) -> "RawRows":
        """Return the ``limit`` rows with the lowest replicate numbers of both.

        Raises
        ------
        ValueError
            A replicate is in both: it would be counted twice.
        """
        replicates = np.concatenate((self.replicates, other.replicates))
        order = np.argsort(replicates, kind="stable")
        replicates = replicates[order]
        twice = replicates[1:][replicates[1:] == replicates[:-1]]
        if twice.size:
            raise ValueError(f"replicate {twice[0]} is in both tallies: it would be counted twice")
        order = order[:limit]
        return RawRows(
            replicates[:limit],
            np.concatenate((self.strata, other.strata))[order],
            np.concatenate((self.horizon_ns, other.horizon_ns))[order],
            np.concatenate((self.outputs, other.outputs), axis=1)[:, order],
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, RawRows):
            return NotImplemented
        return all(np.array_equal(getattr(self, name), getattr(other, name)) for name in self.__slots__)

    __hash__ = None  # type: ignore[assignment]
