"""The verification as a whole.

Takes files of answers (default: those that mcoom ships), gives a report. Must know nothing about the command line.
"""

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from mcoom.verify.answer import load_table
from mcoom.verify.check import check_table
from mcoom.verify.report import VerifyReport


def shipped_tables() -> list[Path]:
    """Return the files of answers that come with mcoom."""
    folder = Path(str(files("mcoom.verify") / "tables"))
    return sorted(folder.glob("*.toml"))


def verify(paths: Sequence[Path] = ()) -> VerifyReport:
    """Check published answers against mcoom.

    Parameters
    ----------
    paths : sequence of Path
        Files of answers (docs/statistics.md has the format); those that mcoom ships by default.

    Returns
    -------
    VerifyReport

    Raises
    ------
    DataError
        A file is not what docs/statistics.md says.
    """
    tables = tuple(load_table(path) for path in (paths or shipped_tables()))
    return VerifyReport(tables, tuple(check for table in tables for check in check_table(table)))
