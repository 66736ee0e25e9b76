"""One clear line for every mistake in a scenario file.

Takes a document, its text and pydantic's findings, gives ``SpecError`` with file, line, key, value, reason and what is
allowed. Must not know the rules themselves.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from mcoom.errors import SpecError
from mcoom.spec.locate import Path, find_line, key_lines
from mcoom.spec.write import write_value
from mcoom.units import closest

SHOWN = 60
"""Characters of a value shown in a message."""


@dataclass(frozen=True)
class Site:
    """Where a document comes from.

    Attributes
    ----------
    file
        Name for messages.
    document
        The parsed document, overrides applied.
    lines
        Line of each path in the source.
    overrides
        The ``--set`` text of each path that one has changed.
    """

    file: str
    document: dict[str, Any]
    lines: dict[Path, int]
    overrides: dict[Path, str]

    def error(self, path: Path, why: str) -> SpecError:
        """Make the error for one path.

        Parameters
        ----------
        path : Path
            Keys and indices; need not exist in the document.
        why : str
            Reason, then what is allowed.

        Returns
        -------
        SpecError
            Of one line.
        """
        value = self._value(path)
        shown = f" = {value}" if value else ""
        for end in range(len(path), 0, -1):
            if path[:end] in self.overrides:
                return SpecError(f"{self.file}: --set {self.overrides[path[:end]]}: {self.dotted(path)}{shown}: {why}")
        line = find_line(self.lines, path)
        where = f"{self.file}:{line}" if line else self.file
        return SpecError(f"{where}: {self.dotted(path)}{shown}: {why}".replace("\n", " "))

    def line(self, path: Path) -> int:
        """Give the line of a path for sorting; paths nowhere in the file come last."""
        return find_line(self.lines, path) or 1 << 30

    def dotted(self, path: Path) -> str:
        """Write a path with dots, elements of arrays by their name.

        Parameters
        ----------
        path : Path
            Keys and indices.

        Returns
        -------
        str
            Such as ``class.storm.count``.
        """
        parts: list[str] = []
        node: Any = self.document
        for step in path:
            try:
                node = node[step]
            except (KeyError, IndexError, TypeError):
                node = None
            if isinstance(step, int):
                name = node.get("name") if isinstance(node, dict) else None
                parts.append(name if isinstance(name, str) else str(step + 1))
            else:
                parts.append(step)
        return ".".join(parts)

    def _value(self, path: Path) -> str:
        """Write the value at a path, shortened; empty if there is none or it is a table."""
        node: Any = self.document
        for step in path:
            try:
                node = node[step]
            except (KeyError, IndexError, TypeError):
                return ""
        is_law = isinstance(node, dict) and len(node) <= 3 and path[-1:] not in (("start",), ("group",))
        if isinstance(node, dict) and not (is_law and len(path) > 1):
            return ""
        text = write_value(node)
        return text if len(text) <= SHOWN else text[: SHOWN - 3] + "..."


def make_site(file: str, text: str, document: dict[str, Any], overrides: dict[Path, str]) -> Site:
    """Make the site of a document.

    Parameters
    ----------
    file : str
        Name for messages.
    text : str
        Its source.
    document : dict
        The parsed document, overrides applied.
    overrides : dict[Path, str]
        From ``apply_overrides``.

    Returns
    -------
    Site
        For messages.
    """
    return Site(file, document, key_lines(text), overrides)


def read_table(model: type[BaseModel], raw: Any, site: Site, at: Path = ()) -> Any:
    """Validate a raw table.

    Parameters
    ----------
    model : type
        The pydantic model.
    raw : Any
        What TOML gave.
    site : Site
        Where it comes from.
    at : Path
        Path of the table in the document.

    Returns
    -------
    Any
        An instance of ``model``.

    Raises
    ------
    SpecError
        On the first mistake in the order of the file, missing keys last; if there are more, their number is added.
    """
    try:
        return model.model_validate(raw)
    except ValidationError as found:
        mistakes = found.errors(include_url=False)
        # A misspelt key is also a missing one: the misspelling is the one to name.
        first = min(mistakes, key=lambda e: (e["type"] == "missing", site.line((*at, *e["loc"]))))
        more = f" (and {len(mistakes) - 1} more)" if len(mistakes) > 1 else ""
        loc: Path = tuple(first["loc"])
        raise site.error((*at, *loc), _why(model, first, loc) + more) from None


def _why(model: type[BaseModel], mistake: Any, loc: Path) -> str:
    """Say in our words what pydantic found."""
    if mistake["type"] == "value_error":
        return str(mistake["ctx"]["error"])
    if mistake["type"] == "extra_forbidden":
        keys = _keys(model, loc[:-1])
        return f"unknown key{closest(str(loc[-1]), keys)}; allowed: {', '.join(keys)}"
    if mistake["type"] == "missing":
        table = ".".join(map(str, loc[:-1])) or "the file"
        return f"missing; allowed: {table} needs {loc[-1]!r}{_description(model, loc)}"
    return "not a table; allowed: a table of keys (arrays of tables: [[name]])"


def _description(model: type[BaseModel], loc: Path) -> str:
    """Give the description of a key, in brackets."""
    owner = _model_at(model, loc[:-1])
    text = next((f.description for n, f in owner.model_fields.items() if (f.alias or n) == loc[-1]), None)
    return f" ({text})" if text else ""


def _keys(model: type[BaseModel], loc: Sequence[str | int]) -> list[str]:
    """List the keys allowed in the table at ``loc``."""
    return [field.alias or name for name, field in _model_at(model, loc).model_fields.items()]


def _model_at(model: type[BaseModel], loc: Sequence[str | int]) -> type[BaseModel]:
    """Find the model of the table at ``loc``."""
    for step in loc:
        for name, field in model.model_fields.items():
            if step == (field.alias or name):
                inner = [field.annotation, *get_args(field.annotation)]
                model = next(m for m in inner if isinstance(m, type) and issubclass(m, BaseModel))
    return model
