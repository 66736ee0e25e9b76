"""The only place where Numba's options for the CPU are chosen, and where its cache lives.

Gives ``entry``, ``jit`` and ``leaf`` (the decorators of every kernel), ``engine_digest`` and the cache folder. Must
know nothing of what the kernels do.

A change of a kernel changes every kernel that calls it, so the cache is keyed by the digest of all engine sources, and
by what they are compiled with and for (docs/adr/0004, docs/adr/0013).
"""

import functools
import hashlib
from pathlib import Path

import numba
from numba import config

from mcoom._program import PartCompiler, ProgramCompiler
from mcoom.cache.folder import CacheFolder
from mcoom.cache.kernel import KernelCache, code_variant, entry_name
from mcoom.cache.place import find_base

# The kernels allocate nothing, so Numba's reference counting is left out of them (_nrt): it would cost an atomic
# operation at many calls.
_OPTIONS = {"nogil": True, "error_model": "numpy", "fastmath": False, "_nrt": False}


@functools.cache
def engine_digest() -> str:
    """Return the sha256 (hex) of every source file that the kernels are made of.

    Two runs with the same digest, scenario and seed give the same bytes.
    """
    root = Path(__file__).parent
    sources = [root / "_jit.py", root / "_program.py", root / "codes.py", *sorted((root / "engine").glob("*.py"))]
    digest = hashlib.sha256()
    for source in sources:
        digest.update(source.name.encode() + b"\0" + source.read_bytes() + b"\0")
    return digest.hexdigest()


def _cache_folder() -> CacheFolder:
    variant = code_variant()
    entry = entry_name(engine_digest(), variant)
    return CacheFolder(find_base(entry) / entry, {"engine_digest": engine_digest(), **variant})


_CACHE = _cache_folder()


def cache_dir() -> Path:
    """Return the folder that holds the compiled kernels of these sources, for this CPU and these versions.

    Perhaps missing: it is made when the first kernel is kept (docs/clusters.md says where).
    """
    return _CACHE.path


def widen_literals(kernel) -> None:
    """Let a kernel be compiled once, whatever constants it is called with.

    Numba types a constant argument as a literal and would compile the callee anew for each value, and its callees in
    turn: a hundred small kernels took three minutes. Here literals are widened to their type before the callee is
    looked up.
    """
    look_up = kernel.get_call_template
    kernel.get_call_template = lambda args, kws: look_up(
        tuple(numba.types.unliteral(arg) for arg in args),
        {name: numba.types.unliteral(arg) for name, arg in kws.items()},
    )


class _Kernel:
    """Decorator of kernels: Numba with our options, our cache, and literals widened."""

    def __init__(self, **options):
        self.options = {**_OPTIONS, **options}

    def __call__(self, function):
        kernel = numba.njit(**self.options)(function)
        if config.DISABLE_JIT:
            return kernel
        if self.options["pipeline_class"] is ProgramCompiler:
            kernel._cache = KernelCache(function, _CACHE)
        widen_literals(kernel)
        return kernel


# Only entries are called from Python, and only they are compiled and kept (docs/adr/0023).
_PART = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True, "pipeline_class": PartCompiler}

entry = _Kernel(no_cfunc_wrapper=True, pipeline_class=ProgramCompiler)
"""Decorator of a kernel that Python calls."""
jit = _Kernel(**_PART)
"""Decorator of a kernel that kernels call."""
leaf = _Kernel(**_PART, forceinline=True)
"""Decorator of a kernel that is small and called from hot code: always inlined by LLVM."""
