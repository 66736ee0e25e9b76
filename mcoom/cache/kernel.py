"""What Numba asks when it is about to compile a kernel, and tells when it has.

Takes a kernel and a signature, gives machine code that was kept or None. The only file that knows how Numba packs a
compiled function; must know nothing of what the kernels do.

Numba's own cache is not used: it fails on a file that is cut off, trusts one that is changed, and lets every process of
a cold start compile (docs/adr/0013).
"""

import hashlib
import pickle
import platform
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import llvmlite
import llvmlite.binding as llvm
import numba
import numpy as np
from numba import config
from numba.core.caching import NullCache
from numba.core.compiler import CompileResult
from numba.core.serialize import dumps
from numba.core.sigutils import normalize_signature

from mcoom.cache.folder import CacheFolder

_FLAGS = ("BOUNDSCHECK", "OPT", "LOOP_VECTORIZE", "SLP_VECTORIZE", "DEBUGINFO_DEFAULT", "JIT_COVERAGE")


def code_variant() -> dict[str, str]:
    """Return everything besides the sources that decides what machine code is made and whether it can be loaded."""
    features = config.CPU_FEATURES
    return {
        "numba": numba.__version__,
        "llvmlite": llvmlite.__version__,
        "numpy": np.__version__,
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "triple": llvm.get_process_triple(),
        "cpu": config.CPU_NAME or llvm.get_host_cpu_name(),
        "cpu_features": features if features is not None else llvm.get_host_cpu_features().flatten(),
        "flags": " ".join(f"{name}={getattr(config, name, None)}" for name in _FLAGS),
    }


def entry_name(engine_digest: str, variant: dict[str, str]) -> str:
    """Return the name of an entry: the sources, then what they were compiled with and for."""
    text = "\n".join(f"{key}={value}" for key, value in sorted(variant.items()))
    return f"{engine_digest[:24]}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


class KernelCache(NullCache):
    """The compiled signatures of one kernel, in the form that a Numba dispatcher wants.

    Parameters
    ----------
    kernel : callable
        The Python function.
    folder : CacheFolder
        Where they are kept.
    """

    def __init__(self, kernel: Callable[..., Any], folder: CacheFolder) -> None:
        self._kernel = kernel
        self._folder = folder

    @property
    def cache_path(self) -> str:
        """Folder of the compiled kernels."""
        return str(self._folder.path)

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Return what was compiled for a signature, or None: then Numba compiles, and calls ``save_overload``.

        Waits while another process compiles it.
        """
        target_context.refresh()
        name = self._file_name(sig)
        payload = self._folder.read(name)
        if payload is None:
            self._folder.begin(name)
            payload = self._folder.read(name)
            if payload is None:
                return None
            self._folder.end()
        return CompileResult._rebuild(target_context, *pickle.loads(payload))

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep what was compiled, unless it holds addresses of this process."""
        try:
            if not data.lifted and not data.library.has_dynamic_globals:
                self._folder.write(self._file_name(sig), dumps(data._reduce()))
        finally:
            # Where compiling failed this is not reached, and the lock stays with the process; a defect of a kernel
            # ends it, and the others wait no longer than they do.
            self._folder.end()

    def _file_name(self, sig: Any) -> str:
        arguments, _ = normalize_signature(sig)
        key = repr((self._kernel.__module__, self._kernel.__qualname__, str(arguments)))
        # The folder is keyed by the sources of the engine; a kernel that lives elsewhere by its own file.
        source = _source(self._kernel.__code__.co_filename)
        code = self._kernel.__code__.co_code
        digest = hashlib.sha256(b"\0".join((key.encode(), code, source))).hexdigest()
        return f"{self._kernel.__module__.rpartition('.')[2]}.{self._kernel.__qualname__}-{digest[:16]}.nbc"


@lru_cache
def _source(path: str) -> bytes:
    """Return the source of a module, empty where there is none to read (a zipped installation)."""
    try:
        return Path(path).read_bytes()
    except OSError:
        return b""
