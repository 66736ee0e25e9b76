"""Where the cache is.

Takes the environment of the process, gives one folder. Must know nothing of what is kept there.
"""

import os
import stat
import tempfile
from collections.abc import Mapping
from pathlib import Path

_NAME = "mcoom"
EXPLICIT = ("MCOOM_CACHE_DIR", "NUMBA_CACHE_DIR")
"""Variables that name the folder; the first that is set decides, and no other place is tried."""


def find_base(entry: str, environment: Mapping[str, str] = os.environ) -> Path:
    """Return the folder that the entries of the cache are in.

    The value of a variable of ``EXPLICIT``; else the first of XDG_CACHE_HOME/mcoom (or ~/.cache/mcoom) and
    mcoom-UID in the folder of temporary files that can be written, or has the entry already. Creates nothing.

    Parameters
    ----------
    entry : str
        Name of the entry that is looked for: a folder that has it will do even if it cannot be written.
    environment : mapping
        Replaced in tests.

    Returns
    -------
    Path
        Perhaps missing, perhaps not writable.
    """
    for variable in EXPLICIT:
        if environment.get(variable):
            return Path(environment[variable]).absolute()
    home, temporary = _home(environment), Path(tempfile.gettempdir()) / f"{_NAME}-{os.getuid()}"
    if home is not None and ((home / entry).is_dir() or is_writable(home)):
        return home
    # What is unpickled from here runs as this user, and anybody may have made a folder of that name.
    if _is_private(temporary) or home is None:
        return temporary
    return home


def _home(environment: Mapping[str, str]) -> Path | None:
    if environment.get("XDG_CACHE_HOME"):
        return Path(environment["XDG_CACHE_HOME"]).absolute() / _NAME
    try:
        return Path.home() / ".cache" / _NAME
    except RuntimeError:  # no HOME, and no line in the password file
        return None


def is_writable(folder: Path) -> bool:
    """Return whether files can be made in a folder, or the folder itself if it is missing."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)


def _is_private(folder: Path) -> bool:
    try:
        found = folder.lstat()
    except FileNotFoundError:
        return is_writable(folder.parent)
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o022
