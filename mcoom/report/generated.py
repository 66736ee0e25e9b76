"""Pages of which a part is generated.

Takes a page and new text, gives the page with what stands between its marks replaced. Must know nothing of either.
"""

from mcoom.errors import DataError

BEGIN, END = "<!-- generated: begin -->", "<!-- generated: end -->"
"""Marks in a page."""


def replace_generated(page: str, generated: str) -> str:
    """Return a page with what is between its marks replaced.

    Raises
    ------
    DataError
        If the page does not have both marks, in order.
    """
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise DataError(f"the page has no marks; allowed: {BEGIN} and below it {END}")
    return f"{before}{BEGIN}\n{generated}\n{END}{after}"
