"""Which policies go through an episode together, and until when.

Takes policy rows, gives an order and, for each, the stage at which it parts from the one before. Must not know how an
episode is kept or gone on with. docs/adr/0024.

A column that has not been read yet cannot have made a difference: up to the first look at a column in which two
policies differ their episodes are one, as streams do not contain the policy. Columns fall into three stages by the
earliest event that may look at them.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mcoom.engine.layout import CLASS, POLICY, POLICY_FIELDS
from mcoom.engine.words import AT_KILL, AT_SELECT, AT_SET_UP, NEVER

_LATER = {
    "report": AT_SELECT,
    "holder": AT_KILL,
    "holder_k": AT_KILL,
    "release": AT_KILL,
    "reap_delay_ms": AT_KILL,
    "reserves": AT_KILL,
    "reap_exiting": AT_KILL,
}
"""Columns that nobody looks at before this; all others may be looked at right after the episode is set up."""


class Kin(NamedTuple):
    """Policies in the order in which they are run, relatives next to each other."""

    order: NDArray[np.int64]
    """(P,) rows of the policies."""
    forks: NDArray[np.int64]
    """(P,) the stage at which each parts from the one before: up to it they are the same; the first has -1."""
    kept: NDArray[np.int64]
    """(P,) stages at which the episode of each is kept for a later one, as bits ``1 << stage``."""


def find_kin(policies: NDArray[np.int64], classes: NDArray[np.int64]) -> Kin:
    """Return how policies are related on these replicates.

    Parameters
    ----------
    policies : (P, len(POLICY_FIELDS)) int64
        P >= 1.
    classes : (R, C, len(CLASS_FIELDS)) int64
        The classes that meet them.

    Examples
    --------
    >>> rows = np.zeros((3, len(POLICY_FIELDS)), np.int64)
    >>> rows[1, POLICY["lock"]] = 1
    >>> rows[2, POLICY["release"]] = 1
    >>> kin = find_kin(rows, np.zeros((1, 1, len(CLASS)), np.int64))
    >>> kin.order.tolist(), kin.forks.tolist(), kin.kept.tolist()
    ([0, 2, 1], [-1, 2, 0], [5, 0, 0])
    """
    stages = np.array([_LATER.get(name, AT_SET_UP) for name in POLICY_FIELDS])
    if (classes[:, :, CLASS["nofs_frac"]] > 0).any():
        # A GFP_NOFS task gives the lock up without a kill, and does then what an owner does.
        stages[[POLICY["holder"], POLICY["holder_k"]]] = AT_SET_UP
    early_first = np.argsort(stages, kind="stable")
    order = np.lexsort(policies[:, early_first[::-1]].T)
    differs = policies[order][1:] != policies[order][:-1]
    forks = np.concatenate(([-1], np.where(differs, stages, NEVER).min(axis=1)))
    return Kin(order, forks, _kept(forks))


def _kept(forks: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the stages at which each episode is kept: who parts needs that of the last one begun before the stage."""
    kept = np.zeros(len(forks), np.int64)
    for p, stage in enumerate(forks):
        if 0 <= stage < NEVER:
            kept[np.flatnonzero(forks[:p] < stage)[-1]] |= 1 << stage
    return kept
