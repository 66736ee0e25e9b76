"""Families of tests.

Takes p-values, gives them adjusted so that the chance of any false rejection in the family stays below the error
rate. Must know nothing about what was tested.
"""

from collections.abc import Sequence


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Adjust p-values by Holm's step-down procedure.

    Parameters
    ----------
    p_values : sequence of float or None
        None where there was nothing to test: such entries are not part of the family.

    Returns
    -------
    list of float or None
        Rejecting where the adjusted value is at most alpha keeps the family-wise error rate at or below alpha,
        whatever the dependence between the tests.

    References
    ----------
    1. Holm (1979), A simple sequentially rejective multiple test procedure, Scand J Statist 6, 65-70.

    Examples
    --------
    >>> holm([0.01, None, 0.04, 0.03])
    [0.03, None, 0.06, 0.06]
    """
    order = sorted((p, i) for i, p in enumerate(p_values) if p is not None)
    adjusted: list[float | None] = [None] * len(p_values)
    largest = 0.0
    for rank, (p, i) in enumerate(order):
        largest = max(largest, min(1.0, p * (len(order) - rank)))
        adjusted[i] = largest
    return adjusted


def largest_p(tests: Sequence[tuple[float, float | None]]) -> float | None:
    """Return a p-value that holds whatever exhausted budgets hid.

    Parameters
    ----------
    tests : sequence of (effect, p-value)
        For the value first, then for each other case; the sign of the effect says which way it goes.

    Returns
    -------
    float or None
        The largest p-value; 1 if two cases disagree about the sign or one has nothing to test; None if the value
        has nothing to test.
    """
    if tests[0][1] is None:
        return None
    signs = {(effect > 0) - (effect < 0) for effect, _ in tests}
    p_values = [p for _, p in tests if p is not None]
    return 1.0 if {-1, 1} <= signs or len(p_values) < len(tests) else max(p_values)
