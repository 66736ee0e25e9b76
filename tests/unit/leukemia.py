"""Remission times of the 6-MP trial, the textbook example of survival analysis ("gehan" of R's MASS).

Source: Freireich et al. (1963), Blood 21, 699-716; Gehan (1965), Biometrika 52, 203-223. Weeks.
"""

import numpy as np

from mcoom.analysis.survival import LifeTable

TREATED = [6, 6, 6, 7, 10, 13, 16, 22, 23]
TREATED_CENSORED = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
CONTROL = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]
WEEKS = np.arange(36)


def table(events, censored=()):
    """Life table by week."""
    deaths, losses = (np.bincount(np.array(x, dtype=np.int64), minlength=36) for x in (events, censored))
    return LifeTable.of_times(WEEKS.astype(np.float64), deaths, losses)


TREATED_TABLE = table(TREATED, TREATED_CENSORED)
CONTROL_TABLE = table(CONTROL)
