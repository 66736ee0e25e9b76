"""The header that tells the twin which column is what.

Takes mcoom/engine/layout.py and mcoom/codes.py, gives C: one struct of int64_t for each kind of row, one constant for
each code. Must not be written by hand: a column that moves there moves here.
"""

import enum
import inspect
import itertools
import re

from mcoom import codes
from mcoom.engine import layout

_ROWS = {
    "Machine": layout.MACHINE_FIELDS,
    "Policy": layout.POLICY_FIELDS,
    "Class": layout.CLASS_FIELDS,
    "Out": layout.OUT_FIELDS,
}
_NUMBERS = ("MAX_KILLS", "SHAPE_BINS")
_TIMES = ("SHAPE_ONE", "LONG_AGO", "INF")


def _struct(name: str, fields: tuple[str, ...]) -> list[str]:
    """Return the struct of one row; fields that differ by a number at their end become one array."""
    lines = []
    for stem, same in itertools.groupby(fields, lambda field: re.sub(r"_\d+$", "[]", field)):
        n = len(list(same))
        lines.append(f"    int64_t {stem.replace('[]', f'[{n}]')};")
    return ["typedef struct {", *lines, f"}} {name};", ""]


def _enum(kind: type[enum.IntEnum]) -> list[str]:
    prefix = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", kind.__name__).upper()
    return ["enum {", *(f"    {prefix}_{member.name} = {member.value}," for member in kind), "};", ""]


def header() -> str:
    """Return the text of layout.h."""
    lines = ["#ifndef TWIN_LAYOUT_H", "#define TWIN_LAYOUT_H", "", "#include <stdint.h>", ""]
    lines += [f"enum {{ {name} = {getattr(layout, name)} }};" for name in _NUMBERS]
    lines += [f"#define {name} INT64_C({getattr(layout, name)})" for name in _TIMES]
    lines.append("")
    for name, fields in _ROWS.items():
        lines += _struct(name, fields)
    for _, kind in inspect.getmembers(codes, inspect.isclass):
        if issubclass(kind, enum.IntEnum) and kind is not enum.IntEnum:
            lines += _enum(kind)
    return "\n".join([*lines, "#endif", ""])
