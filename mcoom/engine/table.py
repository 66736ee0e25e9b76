"""What an array of ``State`` is inside a compiled kernel: a plain address with columns of its own.

Takes the arrays of a ``State`` at the entry of a kernel, gives the same ``State`` made of tables. A kernel reads and
writes a table exactly as it does an array, and where nothing is compiled they are arrays. Must know no rule of the
kernel.

Numba's arrays cost the engine half of its speed (docs/adr/0016): their indices may be negative, their rows have a
length that is looked up and multiplied with, and LLVM must assume that a store to any of them may change all others.
A table has rows of a fixed length, indices that are not negative, and tells LLVM which column is read or written
(type-based alias analysis, as C's structs have it): what is in one column is not changed by a store to another. An
index that is no constant may be any column of its table.
"""

import operator
from typing import NamedTuple

from llvmlite import ir
from numba import config, types
from numba.core import cgutils
from numba.core.datamodel.models import PointerModel
from numba.core.extending import (
    infer_getattr,
    intrinsic,
    lower_builtin,
    lower_getattr_generic,
    overload,
    register_model,
)
from numba.core.typing.templates import AbstractTemplate, AttributeTemplate, infer_global, signature

from mcoom.engine.state import (
    ADDRESS_CPU,
    ADDRESS_HEAP,
    ADDRESS_TASK,
    N_CPU_COLUMNS,
    N_HEAP_COLUMNS,
    N_TASK_COLUMNS,
    State,
)

_WORD = ir.IntType(64)


class Layout(NamedTuple):
    """How the entries of a table lie in memory."""

    name: str
    columns: int
    """Columns of a row; 0 for a table that has one index only."""


_LAYOUTS = (
    Layout("g", 0),
    Layout("task", N_TASK_COLUMNS),
    Layout("cpu", N_CPU_COLUMNS),
    Layout("heap", N_HEAP_COLUMNS),
)

_ADDRESSES = {"task": ADDRESS_TASK, "cpu": ADDRESS_CPU, "heap": ADDRESS_HEAP}


class TableType(types.Type):
    """The Numba type of one table."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        super().__init__(name=f"Table({layout.name}, {layout.columns})")

    @property
    def dtype(self):
        """What stands in a table."""
        return types.int64


@register_model(TableType)
class _TableModel(PointerModel):
    def __init__(self, manager, table):
        super().__init__(manager, types.CPointer(table.dtype))


def _is_index(table, index) -> bool:
    if table.layout.columns == 0:
        return isinstance(index, types.Integer)
    if not isinstance(index, types.UniTuple | types.Tuple) or len(index) != 2:
        return False
    return isinstance(index[0], types.Integer) and isinstance(index[1], types.Integer)


@infer_global(operator.getitem)
class _GetEntry(AbstractTemplate):
    prefer_literal = True

    def generic(self, args, kws):
        table, index = args
        if isinstance(table, TableType) and _is_index(table, index):
            return signature(table.dtype, table, index)
        return None


@infer_global(operator.setitem)
class _SetEntry(AbstractTemplate):
    prefer_literal = True

    def generic(self, args, kws):
        table, index, _ = args
        if isinstance(table, TableType) and _is_index(table, index):
            return signature(types.none, table, index, table.dtype)
        return None


def _column(index) -> int | None:
    """Return the column if it is a constant of the kernel that reads or writes it."""
    column = index if isinstance(index, types.Integer) else index[1]
    return column.literal_value if isinstance(column, types.IntegerLiteral) else None


def _alias_tag(builder, layout: Layout, column: int | None):
    """Return the TBAA tag of a column, or of a whole table: the parent of its columns."""
    module = builder.module
    root = module.add_metadata(["mcoom state"])
    node = module.add_metadata([layout.name, root, ir.Constant(_WORD, 0)])
    if column is not None:
        node = module.add_metadata([f"{layout.name} {column}", node, ir.Constant(_WORD, 0)])
    return module.add_metadata([node, node, ir.Constant(_WORD, 0)])


def _address(context, builder, table, index_type, address, index):
    """Return the address of an entry, and its alias tag."""
    words = builder.bitcast(address, _WORD.as_pointer())
    if isinstance(index_type, types.Integer):
        at = context.cast(builder, index, index_type, types.int64)
    else:
        row, column = (
            context.cast(builder, value, kind, types.int64)
            for value, kind in zip(cgutils.unpack_tuple(builder, index), index_type, strict=True)
        )
        start = builder.mul(row, ir.Constant(_WORD, table.layout.columns), flags=["nsw"])
        at = builder.add(start, column, flags=["nsw"])
    entry = builder.gep(words, [at], inbounds=True)
    return entry, _alias_tag(builder, table.layout, _column(index_type))


@lower_builtin(operator.getitem, TableType, types.Any)
def _get_entry(context, builder, sig, args):
    entry, tag = _address(context, builder, *sig.args, *args)
    value = builder.load(entry)
    value.set_metadata("tbaa", tag)
    return value


@lower_builtin(operator.setitem, TableType, types.Any, types.Any)
def _set_entry(context, builder, sig, args):
    entry, tag = _address(context, builder, *sig.args[:2], *args[:2])
    builder.store(args[2], entry).set_metadata("tbaa", tag)
    return context.get_dummy_value()


class TablesType(types.Type):
    """The Numba type of a ``State`` made of tables: the address of ``g``, in which the others' addresses stand."""

    def __init__(self) -> None:
        super().__init__(name="State of tables")


@register_model(TablesType)
class _TablesModel(PointerModel):
    def __init__(self, manager, tables):
        super().__init__(manager, types.CPointer(types.int64))


@infer_getattr
class _TablesAttributes(AttributeTemplate):
    key = TablesType

    def generic_resolve(self, tables, name):
        return next((TableType(layout) for layout in _LAYOUTS if layout.name == name), None)


def _address_slot(builder, g, place: int):
    """Return where in ``g`` the address of a table stands, and the alias tag of all such places."""
    module = builder.module
    node = module.add_metadata(["address", module.add_metadata(["mcoom state"]), ir.Constant(_WORD, 0)])
    slot = builder.gep(g, [ir.Constant(_WORD, place)], inbounds=True)
    return slot, module.add_metadata([node, node, ir.Constant(_WORD, 0)])


@lower_getattr_generic(TablesType)
def _get_table(context, builder, tables, g, name):
    if name == "g":
        return g
    slot, tag = _address_slot(builder, g, _ADDRESSES[name])
    address = builder.load(slot)
    address.set_metadata("tbaa", tag)
    return builder.inttoptr(address, g.type)


@intrinsic
def _tables_of(typing_context, s):
    """Write the addresses of the arrays of ``s`` into its ``g`` and return that of ``g``."""

    def codegen(context, builder, sig, args):
        arrays = {name: context.make_array(kind)(context, builder, builder.extract_value(args[0], n)).data
                  for n, (name, kind) in enumerate(zip(State._fields, s.types, strict=True))}  # fmt: skip
        for name, place in _ADDRESSES.items():
            slot, tag = _address_slot(builder, arrays["g"], place)
            builder.store(builder.ptrtoint(arrays[name], _WORD), slot).set_metadata("tbaa", tag)
        return arrays["g"]

    return signature(TablesType(), s), codegen


def as_tables(s: State) -> State:
    """Return ``s`` made of tables where it is compiled; elsewhere, and with bounds checks, ``s`` itself.

    Its arrays must be C-contiguous int64, and outlive the tables.
    """
    return s


@overload(as_tables)
def _as_tables(s):
    if config.BOUNDSCHECK:
        return lambda s: s
    return lambda s: _tables_of(s)
