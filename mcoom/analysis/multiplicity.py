"""Families of tests.

Takes p-values, gives them adjusted so that the chance of any false rejection in the family (Holm), or the expected
share of false ones among the rejections (Benjamini), stays below the error rate. Must know nothing about what was
tested.
"""

from collections.abc import Callable, Sequence


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


def benjamini_hochberg(p_values: Sequence[float | None]) -> list[float | None]:
    """Adjust p-values by the step-up procedure of Benjamini and Hochberg.

    Returns
    -------
    list of float or None
        Rejecting where the adjusted value is at most q keeps the expected share of false rejections among all
        rejections (the false discovery rate) at or below q, for tests that are independent or positively dependent.

    References
    ----------
    1. Benjamini and Hochberg (1995), Controlling the false discovery rate, J R Statist Soc B 57, 289-300.

    Examples
    --------
    >>> benjamini_hochberg([0.01, None, 0.04, 0.03])
    [0.03, None, 0.04, 0.04]
    """
    return _step_up(p_values, 1.0)


def benjamini_yekutieli(p_values: Sequence[float | None]) -> list[float | None]:
    """Adjust p-values by the procedure of Benjamini and Yekutieli: as Hochberg's, under any dependence.

    References
    ----------
    1. Benjamini and Yekutieli (2001), The control of the false discovery rate in multiple testing under dependency,
       Ann Statist 29, 1165-1188.
    """
    n = sum(p is not None for p in p_values)
    return _step_up(p_values, sum(1 / i for i in range(1, n + 1)))


def _step_up(p_values: Sequence[float | None], factor: float) -> list[float | None]:
    order = sorted(((p, i) for i, p in enumerate(p_values) if p is not None), reverse=True)
    adjusted: list[float | None] = [None] * len(p_values)
    smallest = 1.0
    for rank, (p, i) in enumerate(order):
        smallest = min(smallest, factor * p * len(order) / (len(order) - rank))
        adjusted[i] = smallest
    return adjusted


ADJUSTMENTS: dict[str, Callable[[Sequence[float | None]], list[float | None]]] = {
    "holm": holm,
    "bh": benjamini_hochberg,
    "by": benjamini_yekutieli,
}
"""Ways to adjust a family, by the name that users give."""
ADJUSTMENT_NAMES = {"holm": "Holm", "bh": "Benjamini-Hochberg", "by": "Benjamini-Yekutieli"}
"""How people call them."""
