"""The only place where Numba's options are chosen, and where its cache lives.

Gives ``entry``, ``jit`` and ``leaf`` (the decorators of every kernel), ``engine_digest`` and the cache folder. Must
know nothing of what the kernels do.

Numba's own cache notices a change of the file of a kernel but not of the kernels it calls, so the cache folder is keyed
by the digest of all engine sources and of the options that change code generation (docs/adr/0004).
"""

import functools
import hashlib
import os
from pathlib import Path

import numba
from numba import config

# The kernels allocate nothing, so Numba's reference counting is left out of them (_nrt): it would cost an atomic
# operation at many calls.
_OPTIONS = {"nogil": True, "cache": True, "error_model": "numpy", "fastmath": False, "_nrt": False}


@functools.cache
def engine_digest() -> str:
    """Return the sha256 (hex) of every source file that the kernels are made of.

    Two runs with the same digest, scenario and seed give the same bytes.
    """
    root = Path(__file__).parent
    sources = [root / "_jit.py", root / "codes.py", *sorted((root / "engine").glob("*.py"))]
    digest = hashlib.sha256()
    for source in sources:
        digest.update(source.name.encode() + b"\0" + source.read_bytes() + b"\0")
    return digest.hexdigest()


def cache_dir() -> Path:
    """Return the folder that holds the compiled kernels of these sources and code generation flags.

    The base is NUMBA_CACHE_DIR if set, else XDG_CACHE_HOME/mcoom, else ~/.cache/mcoom.
    """
    base = os.environ.get("NUMBA_CACHE_DIR")
    root = Path(base) if base else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mcoom"
    flags = (numba.__version__, config.BOUNDSCHECK, config.OPT, os.environ.get("NUMBA_JIT_COVERAGE"))
    return root / hashlib.sha256(f"{engine_digest()}|{flags}".encode()).hexdigest()[:24]


config.CACHE_DIR = str(cache_dir())


class _Kernel:
    """Decorator that compiles a kernel once, whatever constants it is called with.

    Numba types a constant argument as a literal and would compile the callee anew for each value, and its callees in
    turn: a hundred small kernels took three minutes. Here literals are widened to their type before the callee is
    looked up.
    """

    def __init__(self, **options):
        self.options = {**_OPTIONS, **options}

    def __call__(self, function):
        kernel = numba.njit(**self.options)(function)
        if config.DISABLE_JIT:
            return kernel
        look_up = kernel.get_call_template
        kernel.get_call_template = lambda args, kws: look_up(
            tuple(numba.types.unliteral(arg) for arg in args),
            {name: numba.types.unliteral(arg) for name, arg in kws.items()},
        )
        return kernel


# Only entries are called from Python. The wrapper that Numba makes for such calls is left out of all others: it would
# hold a copy of the kernel and all it calls, to be compiled again.
_INTERNAL = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}

entry = _Kernel(no_cfunc_wrapper=True)
"""Decorator of a kernel that Python calls."""
jit = _Kernel(**_INTERNAL)
"""Decorator of a kernel that kernels call."""
leaf = _Kernel(**_INTERNAL, forceinline=True)
"""Decorator of a kernel that is small and called from hot code: always inlined by LLVM."""
