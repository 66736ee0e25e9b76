"""``--set key=value``: changes of a scenario before it is read.

Takes a parsed TOML document and ``key=value`` texts, gives a changed copy and the paths that changed. Must not know
what the keys mean: validation comes after, and treats an override like any other value.
"""

import copy
import tomllib
from typing import Any

from mcoom.errors import SpecError
from mcoom.spec.locate import Path
from mcoom.units import closest

NAMED = ("class", "crowd", "policy")
"""Arrays of tables that are addressed by the name of their element."""


def apply_overrides(document: dict[str, Any], overrides: tuple[str, ...]) -> tuple[dict[str, Any], dict[Path, str]]:
    """Apply ``key=value`` texts to a document.

    Parameters
    ----------
    document : dict
        Parsed TOML; not modified.
    overrides : tuple[str, ...]
        ``path=value`` each; the value is TOML, or a bare word or quantity. An empty value removes the key. Elements of
        ``class``, ``crowd`` and ``policy`` are addressed by name: ``class.storm.count=16``.

    Returns
    -------
    tuple[dict, dict[Path, str]]
        The changed copy, and for each changed path the override that did it.

    Raises
    ------
    SpecError
        If an override has no ``=``, or its path leads nowhere.
    """
    changed = copy.deepcopy(document)
    where: dict[Path, str] = {}
    for override in overrides:
        name, equals, value = override.partition("=")
        keys = [part.strip() for part in name.split(".")]
        if not equals or not all(keys) or len(keys) < 2:
            raise SpecError(
                f"--set {override}: not a change of a key; allowed: table.key=value, such as machine.cpus=4 "
                "or class.storm.count=16"
            )
        path = _set(changed, keys, value.strip(), override)
        where[path] = override
    return changed, where


def _set(document: dict[str, Any], keys: list[str], value: str, override: str) -> Path:
    """Set or remove one key; the path it has in the document."""
    node: Any = document
    path: Path = ()
    rest = keys[:-1]
    if rest[0] in NAMED:
        index, used = _element(node.get(rest[0], []), rest[1:], rest[0], override)
        node, path, rest = node[rest[0]][index], (rest[0], index), rest[1 + used :]
    for name in rest:
        node = node.setdefault(name, {})
        path = (*path, name)
        if not isinstance(node, dict):
            raise SpecError(f"--set {override}: {name} is not a table; allowed: a key of a table")
    if value:
        node[keys[-1]] = _value(value)
    else:
        node.pop(keys[-1], None)
    return (*path, keys[-1])


def _element(items: Any, rest: list[str], kind: str, override: str) -> tuple[int, int]:
    """Find an element of an array of tables by its name, which may contain dots: its index, and the keys used up."""
    tables = items if isinstance(items, list) else []
    names = [str(item.get("name", "")) if isinstance(item, dict) else "" for item in tables]
    for used in range(len(rest), 0, -1):
        name = ".".join(rest[:used])
        if name in names:
            return names.index(name), used
    wanted = rest[0] if rest else ""
    raise SpecError(
        f"--set {override}: {kind}.{wanted}: no such {kind}{closest(wanted, names)}; "
        f"allowed: {', '.join(names) or 'none in this scenario'}"
    )


def _value(text: str) -> Any:
    """Read a value as TOML; what is not TOML is a bare string."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
