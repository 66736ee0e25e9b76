"""The scenarios, policies and cost tables that come with mcoom.

Takes names, gives parsed TOML of the package data. Must not know what a scenario does with them.
"""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mcoom.errors import SpecError, UnreadableError
from mcoom.units import closest

PACKAGE = Path(__file__).resolve().parent.parent
"""Folder of the package."""


@dataclass(frozen=True)
class ScenarioInfo:
    """One built-in scenario: its name, title and file."""

    name: str
    title: str
    path: str


def names(folder: str) -> tuple[str, ...]:
    """List the built-in names of one kind.

    Parameters
    ----------
    folder : str
        ``scenarios``, ``policies`` or ``costs``.

    Returns
    -------
    tuple[str, ...]
        Sorted.
    """
    return tuple(sorted(path.name.removesuffix(".toml") for path in (PACKAGE / folder).glob("*.toml")))


def path_of(folder: str, name: str) -> Path:
    """Give the file of a built-in name.

    Parameters
    ----------
    folder : str
        ``scenarios``, ``policies`` or ``costs``.
    name : str
        One of ``names(folder)``.

    Returns
    -------
    Path
        Its file.

    Raises
    ------
    SpecError
        If there is no such name.
    """
    known = names(folder)
    if name not in known:
        noun = {"scenarios": "scenario", "policies": "policy", "costs": "cost table"}[folder]
        raise SpecError(f"{name}: no such {noun}{closest(name, known)}; allowed: a file, or {', '.join(known)}")
    return PACKAGE / folder / f"{name}.toml"


def read_toml(path: Path, shown: str) -> tuple[str, dict[str, Any]]:
    """Read and parse a file.

    Parameters
    ----------
    path : Path
        The file.
    shown : str
        Its name for messages.

    Returns
    -------
    tuple[str, dict]
        Text and parsed document.

    Raises
    ------
    SpecError
        If it is not TOML.
    UnreadableError
        If it cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as found:
        raise SpecError(f"{shown}: not UTF-8 at byte {found.start}; allowed: a TOML file in UTF-8") from None
    except OSError as found:
        reason = (found.strerror or "cannot be read").lower()
        raise UnreadableError(
            f"{shown}: {reason}; allowed: a readable TOML file, or {', '.join(names('scenarios'))}"
        ) from None
    return text, parse_toml(text, shown)


def parse_toml(text: str, shown: str) -> dict[str, Any]:
    """Parse a TOML text.

    Parameters
    ----------
    text : str
        The text.
    shown : str
        Its name for messages.

    Returns
    -------
    dict
        The document.

    Raises
    ------
    SpecError
        If it is not TOML; the line is named.
    """
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as found:
        why, _, place = str(found).partition(" (at ")
        line = place.removeprefix("line ").partition(",")[0]
        where = f"{shown}:{line}" if line.isdigit() else f"{shown}:{text.count(chr(10)) + 1}"
        raise SpecError(f"{where}: {why[:1].lower()}{why[1:]}; allowed: TOML 1.0".replace("\n", " ")) from None
