"""The value of every parameter in a range of replicates.

Takes a design, a point and a range of replicates, gives one column of integers for each parameter asked for. Must not
know what a column means; the same replicate gets the same value however the range is cut.
"""

import numpy as np
from numpy.typing import NDArray

from mcoom.design.build import Design, strata_laws
from mcoom.design.quantile import sample_law
from mcoom.design.stream import draw, purpose_of, stream_key
from mcoom.spec.law import Law


class Columns:
    """Columns of parameters for replicates ``first`` to ``first + count - 1`` of one point.

    Parameters
    ----------
    design : Design
        What is run.
    point_index : int
        Number of the point.
    first, count : int
        Range of replicates.

    Attributes
    ----------
    count
        Number of replicates, R.
    drawn
        (R,) int64 columns of the parameters drawn so far, by canonical path; ``path[g]`` for group g of a crowd.
    """

    def __init__(self, design: Design, point_index: int, first: int, count: int) -> None:
        self.count = count
        self.drawn: dict[str, np.ndarray] = {}
        self._design = design
        self._point = design.points[point_index]
        self._replicates = np.arange(first, first + count, dtype=np.uint64)

    def value(self, path: str, law: Law, group: int | None = None) -> NDArray[np.int64]:
        """Give the column of one parameter.

        Parameters
        ----------
        path : str
            Canonical path.
        law : Law
            Its law.
        group : int | None
            Group of a crowd, for parameters drawn for each group.

        Returns
        -------
        np.ndarray
            (R,) int64.
        """
        if path in self._point.codes:
            return np.full(self.count, self._point.codes[path], np.int64)
        if law.form == "constant":
            return np.full(self.count, law.values[0], np.int64)
        name = path if group is None else f"{path}[{group}]"
        if name not in self.drawn:
            task = 0 if group is None else group
            key = stream_key(self._design.seed, self._point.index, self._replicates, 0, task, purpose_of(path))
            self.drawn[name] = sample_law(law, draw(key, 0))
        return self.drawn[name]

    def strata(self) -> NDArray[np.int64]:
        """Give the number of the stratum of each replicate.

        Returns
        -------
        np.ndarray
            (R,) int64, an index into ``Design.stratum_labels``.
        """
        index = np.zeros(self.count, np.int64)
        for path, law in strata_laws(self._design.scenario):
            levels = list(dict.fromkeys(law.values))
            order = np.argsort(levels, kind="stable")
            level = order[np.searchsorted(np.array(levels)[order], self.value(path, law))]
            index = index * len(levels) + level
        return index
