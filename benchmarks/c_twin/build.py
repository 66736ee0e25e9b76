"""Compile the twin and call it.

Takes the name of a C compiler and a folder, gives a ``Twin`` that runs blocks as ``mcoom.engine.replicates.run_block``
does. Nothing is kept: the folder is the caller's, and so is its end.
"""

import ctypes
import shutil
import subprocess
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.c_twin.layout_header import header
from mcoom.engine.inputs import Inputs
from mcoom.engine.layout import OUT_FIELDS

SOURCES = Path(__file__).parent
COMPILERS = ("gcc", "clang")
FLAGS = ("-std=c11", "-O3", "-ffp-contract=off", "-shared", "-fPIC", "-Wall", "-Wextra", "-Werror")
NATIVE = "native"
_NUMBERS = ctypes.POINTER(ctypes.c_int64)


def compilers() -> list[str]:
    """Return those of ``COMPILERS`` that are installed."""
    return [name for name in COMPILERS if shutil.which(name)]


def compiler_version(compiler: str) -> str:
    """Return the first line that a compiler says of itself."""
    done = subprocess.run([compiler, "--version"], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[0]


def compile_twin(compiler: str, folder: Path, name: str, source: str = "twin.c", architecture: str = NATIVE) -> Path:
    """Compile one of the sources for ``-march=architecture`` into ``folder``; return the path of the library ``name``.

    Raises
    ------
    subprocess.CalledProcessError
        The compiler refuses it.
    """
    (folder / "layout.h").write_text(header())
    output = folder / name
    flags = [*FLAGS, f"-march={architecture}", "-I", str(folder)]
    subprocess.run([compiler, *flags, "-o", str(output), str(SOURCES / source)], check=True)
    return output


class Twin:
    """The compiled twin."""

    def __init__(self, compiler: str, folder: Path, architecture: str = NATIVE) -> None:
        """Compile with ``compiler``, unless ``folder`` has it already; the folder has to outlive the twin."""
        self.compiler = compiler
        library = folder / f"twin-{compiler}-{architecture}.so"
        if not library.exists():
            compile_twin(compiler, folder, library.name, architecture=architecture)
        self._run_rows = ctypes.CDLL(str(library)).run_rows
        self._run_rows.restype = None
        self._run_rows.argtypes = [_NUMBERS] * 4 + [ctypes.c_int64] * 6 + [_NUMBERS]

    def run_block(self, inputs: Inputs, policy: NDArray[np.int64]) -> NDArray[np.int64]:
        """Run every replicate of a block under one policy; arrays as the engine's ``run_block`` wants them."""
        n_rows, n_classes = inputs.classes.shape[:2]
        outputs = np.zeros((n_rows, len(OUT_FIELDS)), np.int64)
        arrays = (inputs.machine, inputs.classes, inputs.shapes, policy)
        self._run_rows(
            *(array.ctypes.data_as(_NUMBERS) for array in arrays),
            n_rows,
            n_classes,
            inputs.shapes.shape[0],
            inputs.seed,
            inputs.point,
            inputs.first,
            outputs.ctypes.data_as(_NUMBERS),
        )
        return outputs
