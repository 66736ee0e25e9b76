"""What a benchmark ran on.

Takes nothing, gives one record that stands in every result. Must stay free of what is measured.
"""

import os
import platform
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from mcoom._jit import engine_digest

RESULTS = Path(__file__).parent / "results"


def machine() -> dict[str, str | int]:
    """Describe the machine, the versions and the engine."""
    model = platform.processor()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        named = [line for line in cpuinfo.read_text().splitlines() if line.startswith("model name")]
        model = named[0].split(":", 1)[1].strip() if named else model
    return {
        "cpu": model or platform.machine(),
        "cpus": os.cpu_count() or 1,
        "load_average": f"{os.getloadavg()[0]:.2f}",
        "platform": platform.platform(),
        "python": platform.python_version(),
        **{name: metadata.version(name) for name in ("numba", "numpy", "llvmlite")},
        "engine_digest": engine_digest(),
        "date": datetime.now(UTC).date().isoformat(),
    }


def in_words(about: dict[str, str | int]) -> str:
    """Return the record of ``machine`` as a line of a page."""
    return (
        f"{about['cpu']}, {about['cpus']} CPUs (load {about['load_average']} before), Python {about['python']}, "
        f"Numba {about['numba']}; {about['date']}, engine {str(about['engine_digest'])[:12]}."
    )


def pin() -> int | None:
    """Keep this process on one core, the last it may use; return its number, None where that cannot be done."""
    if not hasattr(os, "sched_setaffinity"):
        return None
    core = max(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {core})
    return core
