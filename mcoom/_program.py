"""A kernel that Python calls, and all that it calls, compiled as one program.

Takes what Numba lowers, kernel by kernel, gives machine code of entries alone. The only file that knows how Numba links
and optimises; must know nothing of what the kernels do. docs/adr/0023.

Numba optimises and compiles each function together with everything it calls, and once more as a part of every caller.
As any of them may be called from elsewhere, each keeps its convention of calls, and returns a status that the caller
tests. Here a kernel stays as it was lowered until an entry calls it. Then all parts are put together and hidden behind
the entry, so that LLVM sees every call of each of them.
"""

from llvmlite import binding as llvm
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler

_OPT_LEVEL = 3


class _PartCodegen:
    """Numba's code generator, for a library that has no symbols."""

    def __init__(self, codegen):
        self._codegen = codegen

    def __getattr__(self, name):
        return getattr(self._codegen, name)

    def set_env(self, name, env):
        """Do nothing: an environment is for functions that call Python."""


class _KernelLibrary(JITCodeLibrary):
    """Code of one kernel."""

    def add_llvm_module(self, ll_module):
        """Add lowered code, which is optimised when all is there."""
        ll_module.data_layout = self._codegen._data_layout
        self._final_module.link_in(ll_module)


class PartLibrary(_KernelLibrary):
    """Code of a kernel that kernels call; it is never compiled on its own."""

    @property
    def codegen(self):
        """The code generator of this library."""
        return _PartCodegen(self._codegen)

    def finalize(self):
        """Close the library."""
        self._raise_if_finalized()
        self._finalized = True

    def get_pointer_to_function(self, name):
        """Return 0: there is no machine code."""
        self._ensure_finalized()
        return 0

    def _get_module_for_linking(self):
        self._ensure_finalized()
        return self._final_module


def _with_parts(libraries):
    """Return these libraries and all that they need, each once, in an order that depends on nothing else."""
    found = dict.fromkeys(libraries)
    waiting = list(found)
    while waiting:
        library = waiting.pop()
        if isinstance(library, PartLibrary):
            new = [needed for needed in library._linking_libraries if needed not in found]
            found.update(dict.fromkeys(new))
            waiting += new
    return list(found)


class ProgramLibrary(_KernelLibrary):
    """Code of an entry and of all its parts."""

    def finalize(self):
        """Link the parts, hide them, optimise and compile."""
        self._raise_if_finalized()
        own = {function.name for function in self._final_module.functions if not function.is_declaration}
        for library in _with_parts(self._linking_libraries):
            self._final_module.link_in(library._get_module_for_linking(), preserve=True)
        self._linking_libraries = []
        for function in self._final_module.functions:
            if not function.is_declaration and function.name not in own:
                function.linkage = llvm.Linkage.internal
        super().finalize()

    def _optimize_final_module(self):
        """Optimise: the forced inlining first, then what LLVM does at level 3.

        Its loops are over CPUs, classes and purposes, a handful each, or end early: unrolling and vectorising them
        made more and slower code.
        """
        options = llvm.create_pipeline_tuning_options(_OPT_LEVEL)
        options.loop_unrolling = options.loop_vectorization = options.slp_vectorization = False
        builder = llvm.create_pass_builder(self._codegen._tm, options)
        inlining = llvm.create_new_module_pass_manager()
        inlining.add_always_inliner_pass()
        inlining.add_sroa_pass()
        inlining.add_instruction_combine_pass()
        inlining.add_jump_threading_pass()
        inlining.run(self._final_module, builder)
        builder.getModulePassManager().run(self._final_module, builder)


class PartCompiler(Compiler):
    """Numba's compiler, for a kernel that kernels call."""

    library_class: type[_KernelLibrary] = PartLibrary

    def __init__(self, typingctx, targetctx, library, args, return_type, flags, locals):
        if library is None:
            library = self.library_class(targetctx.codegen(), self.library_class.__name__)
            library.enable_object_caching()
        super().__init__(typingctx, targetctx, library, args, return_type, flags, locals)


class ProgramCompiler(PartCompiler):
    """Numba's compiler, for a kernel that Python calls."""

    library_class = ProgramLibrary
