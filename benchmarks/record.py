"""The two files that a benchmark leaves: its record as JSON and as a page.

Takes a record and its page, writes them beside each other, prints the page. Must know nothing of what was measured.
"""

import json
from pathlib import Path
from typing import Any


def write_json(folder: Path, name: str, record: dict[str, Any]) -> None:
    """Write ``folder``/``name``.json."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(record, indent=1) + "\n")


def write(folder: Path, name: str, record: dict[str, Any], page: str) -> None:
    """Write ``folder``/``name``.json and .md, and print the page."""
    write_json(folder, name, record)
    (folder / f"{name}.md").write_text(page)
    print(page)
