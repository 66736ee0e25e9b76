"""``cache``: where the compiled kernels are kept, and how to be rid of old ones.

Takes nothing, gives a table or JSON. Must know nothing of how kernels are kept.
"""

from typing import TYPE_CHECKING

import click

from mcoom.cli.options import json_option
from mcoom.cli.output import give, give_json, say
from mcoom.errors import StoreError

if TYPE_CHECKING:
    from mcoom.cache.entry import CacheEntry

HEADER = ("engine", "CPU", "kernels", "size", "age", "")


@click.command()
@click.option("--prune", is_flag=True, help="Remove what was compiled from other sources than this installation's.")
@json_option
def cache(prune: bool, as_json: bool) -> None:
    """Show the cache of compiled kernels: where it is, what it holds, how big and how old."""
    from mcoom._jit import cache_dir, engine_digest
    from mcoom.cache.entry import prune_entries, read_entries
    from mcoom.report.table import table_lines

    base, digest = cache_dir().parent, engine_digest()
    try:
        removed = prune_entries(base, digest) if prune else []
        entries = read_entries(base)
    except OSError as error:
        raise StoreError(f"{error.filename or base}: cannot be removed or read: {error.strerror or error}") from error
    if as_json:
        give_json(
            {
                "path": str(base),
                "engine_digest": digest,
                "current": cache_dir().name,
                "entries": [_record(entry) for entry in entries],
                "removed": [_record(entry) for entry in removed],
            }
        )
        return
    if removed:
        say(f"removed {len(removed)} of other engines: {sum(entry.size_bytes for entry in removed) / 1e6:.1f} MB")
    give(f"{base}")
    if entries:
        rows = [_row(entry, entry.path == cache_dir()) for entry in entries]
        give("\n".join(table_lines(HEADER, rows, left=2)))


def _row(entry: "CacheEntry", is_current: bool) -> tuple[str, ...]:
    return (
        entry.engine_digest[:12],
        entry.cpu or "?",
        f"{entry.n_kernels}",
        f"{entry.size_bytes / 1e6:.1f} MB",
        _age(entry.age_s),
        "in use here" if is_current else "",
    )


def _age(seconds: float) -> str:
    for size_s, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size_s:
            return f"{seconds / size_s:.0f} {unit}"
    return f"{seconds:.0f} s"


def _record(entry: "CacheEntry") -> dict[str, object]:
    return {
        "path": str(entry.path),
        "engine_digest": entry.engine_digest,
        "cpu": entry.cpu,
        "n_kernels": entry.n_kernels,
        "size_bytes": entry.size_bytes,
        "age_s": round(entry.age_s, 1),
    }
