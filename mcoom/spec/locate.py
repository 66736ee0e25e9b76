"""Where in a TOML text a key stands, for messages.

Takes the text and a path of keys and list indices, gives a line number. Must not know what the keys mean; it reads
lines, so a key inside an inline table is found at the line of the table's own key.
"""

import re

Path = tuple[str | int, ...]
"""A path into a TOML document: keys, and indices of arrays of tables."""

_HEADER = re.compile(r"\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"\s*((?:[A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*'))*)\s*=")
_STRINGS = re.compile(r"\"(?:\\.|[^\"\\])*\"|'[^']*'|#.*")


def key_lines(text: str) -> dict[Path, int]:
    """Map every table and key of a TOML text to its line.

    Parameters
    ----------
    text : str
        Valid TOML.

    Returns
    -------
    dict[Path, int]
        Line of each path, from 1.
    """
    lines: dict[Path, int] = {}
    counts: dict[Path, int] = {}
    table: Path = ()
    depth = 0
    fence = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if fence:
            fence = "" if fence in line else fence
            continue
        bare = _STRINGS.sub("", line) if '"""' not in line and "'''" not in line else line
        if depth == 0:
            header = _HEADER.match(line)
            if header:
                table = _table(_parts(header.group(2)), header.group(1) == "[[", counts)
                lines.setdefault(table, number)
                continue
            key = _KEY.match(line)
            if key:
                path = table + tuple(_parts(key.group(1)))
                for end in range(len(table) + 1, len(path) + 1):
                    lines.setdefault(path[:end], number)
        for mark in ('"""', "'''"):
            if line.count(mark) % 2 == 1:
                fence = mark
        depth = max(0, depth + sum(bare.count(c) for c in "[{") - sum(bare.count(c) for c in "]}"))
    return lines


def find_line(lines: dict[Path, int], path: Path) -> int | None:
    """Find the line of a path, or of the nearest table around it.

    Parameters
    ----------
    lines : dict[Path, int]
        From ``key_lines``.
    path : Path
        What is looked for.

    Returns
    -------
    int | None
        Its line; None if not even its outermost table is there.
    """
    for end in range(len(path), 0, -1):
        for known in (path[:end], (*path[:end], 0)):
            if known in lines:
                return lines[known]
    return None


def _parts(dotted: str) -> list[str]:
    """Split a dotted key."""
    return [part.strip().strip("\"'") for part in re.findall(r"\"[^\"]*\"|'[^']*'|[^.]+", dotted)]


def _table(parts: list[str], is_array: bool, counts: dict[Path, int]) -> Path:
    """Give the path of a table header, counting the elements of arrays of tables."""
    path: Path = ()
    for i, part in enumerate(parts):
        path = (*path, part)
        last = i == len(parts) - 1
        if last and is_array:
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path = (*path, counts[path])
    return path
