"""A parsed scenario as TOML text again.

Takes a parsed TOML document, gives text that parses to the same document. Must not know what the keys mean.
"""

import re
from typing import Any


def to_toml(document: dict[str, Any]) -> str:
    """Write a document as TOML.

    Parameters
    ----------
    document : dict
        Strings, ints, floats, bools, lists and dicts.

    Returns
    -------
    str
        TOML; tables in the order of the document, tables inside tables inline.
    """
    lines = [f"{_key(k)} = {write_value(v)}" for k, v in document.items() if not _is_table(v) and not _is_array(v)]
    for name, value in document.items():
        if _is_table(value):
            lines += ["", f"[{_key(name)}]", *(f"{_key(k)} = {write_value(v)}" for k, v in value.items())]
        elif _is_array(value):
            for item in value:
                lines += ["", f"[[{_key(name)}]]", *(f"{_key(k)} = {write_value(v)}" for k, v in item.items())]
    return "\n".join(lines) + "\n"


def _is_table(value: Any) -> bool:
    return isinstance(value, dict)


def _is_array(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, dict) for item in value)


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else write_value(name)


def write_value(value: Any) -> str:
    """Write one value on one line.

    Parameters
    ----------
    value : Any
        A string, number, bool, list or table.

    Returns
    -------
    str
        TOML; tables inline.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return '"' + "".join(c if c.isprintable() else f"\\U{ord(c):08X}" for c in escaped) + '"'
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_key(k)} = {write_value(v)}" for k, v in value.items()) + " }" if value else "{}"
    if isinstance(value, list):
        return "[" + ", ".join(map(write_value, value)) + "]"
    return str(value) if not isinstance(value, float) else repr(value)
