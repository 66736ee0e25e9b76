"""The engine's kernels as device functions: the same code, called by CUDA kernels.

Takes a kernel of ``mcoom.engine``, gives its twin for the device, which calls twins where the kernel calls kernels. In
the CUDA simulator twins are plain functions. Must change nothing but who is called.
"""

from collections.abc import Callable
from types import FunctionType
from typing import Any

import numpy as np
from numba import config, cuda

from mcoom._jit import widen_literals
from mcoom.engine.episode import pauses
from mcoom.engine.state import TURNS
from mcoom.engine.whole import quotient, remainder

_ENGINE = "mcoom.engine."


def _unsigned_quotient(a, b):
    """Return what ``quotient`` does: one instruction of LLVM, as on the CPU."""
    return np.int64(np.uint64(a) // np.uint64(b))


def _unsigned_remainder(a, b):
    """Return what ``remainder`` does."""
    return np.int64(np.uint64(a) % np.uint64(b))


def _count_down(s):
    """Return whether an episode has had its turns, and count this one."""
    s.g[TURNS] -= 1
    return s.g[TURNS] < 0


def _source(kernel: Any) -> FunctionType | None:
    """Return the function that a kernel of the engine was made of; None for what is no kernel."""
    function = getattr(kernel, "py_func", kernel)
    is_ours = isinstance(function, FunctionType) and function.__module__.startswith(_ENGINE)
    return function if is_ours else None


def _compiled(function: FunctionType, forceinline: bool) -> Callable:
    if config.ENABLE_CUDASIM:
        return function
    device = cuda.jit(device=True, forceinline=forceinline)(function)
    widen_literals(device)
    if not forceinline:
        _keep_whole(device)
    return device


def _keep_whole(device: Any) -> None:
    """Let a function be called and not inlined: with copies of all in all the kernel has 3.5 MB of code, not 1."""
    compile_device = device.compile_device

    def compile_whole(args, return_type=None):
        result = compile_device(args, return_type)
        result.library.get_function(result.fndesc.llvm_func_name).attributes.add("noinline")
        return result

    device.compile_device = compile_whole


class DeviceEngine:
    """The twins of kernels, each made once."""

    def __init__(self) -> None:
        self._twins: dict[FunctionType | None, Callable] = {_source(pauses): _compiled(_count_down, forceinline=True)}
        if not config.ENABLE_CUDASIM:
            self._twins[quotient] = _compiled(_unsigned_quotient, forceinline=True)
            self._twins[remainder] = _compiled(_unsigned_remainder, forceinline=True)

    def twin(self, kernel: Callable) -> Callable:
        """Return the twin of a kernel of the engine, and make those of all kernels that it calls."""
        source = _source(kernel)
        if source is None:
            raise TypeError(f"{kernel!r} is no kernel of the engine")
        if source not in self._twins:
            names = dict(source.__globals__)
            copy = FunctionType(source.__code__, names, source.__name__, source.__defaults__)
            self._twins[source] = _compiled(copy, getattr(kernel, "targetoptions", {}).get("forceinline", False))
            for name in source.__code__.co_names:
                if _source(names.get(name)) is not None:
                    names[name] = self.twin(names[name])
        return self._twins[source]
