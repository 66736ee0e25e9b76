"""Aligned columns of text.

Takes a header and rows of strings, gives lines. Must know nothing of what the columns hold.
"""

from collections.abc import Sequence


def table_lines(header: Sequence[str], rows: Sequence[Sequence[str]], left: int = 1) -> list[str]:
    """Return a table as lines, two blanks between columns.

    Parameters
    ----------
    header : sequence of str
        Names of the columns.
    rows : sequence of sequences of str
        Each as long as the header.
    left : int
        So many first columns are aligned left, the others right.

    Returns
    -------
    list of str
        Header and rows, without trailing blanks.

    Examples
    --------
    >>> table_lines(("policy", "n"), [("a", "10"), ("longer", "5")])
    ['policy   n', 'a       10', 'longer   5']
    """
    lines = [list(header), *[list(row) for row in rows]]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    return [
        "  ".join(
            cell.ljust(width) if column < left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    ]
