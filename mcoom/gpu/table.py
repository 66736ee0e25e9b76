"""What an array of ``State`` is inside a CUDA kernel: an address, and how far apart its entries are.

Takes the memory of all slots and where the tables of one begin, gives a ``State`` made of tables, which are read and
written as arrays are. The counterpart of ``mcoom.engine.table``; needs numba-cuda. Must know no rule of the kernel.

Addresses are whole numbers and point to global memory, so that no access has to find out what kind of memory it is. An
entry of ``g`` behind the classes is one of the shape tables, which all slots share.
"""

import operator
from typing import NamedTuple

from llvmlite import ir
from numba.cuda import cgutils, types
from numba.cuda.datamodel.models import PrimitiveModel, StructModel
from numba.cuda.extending import intrinsic, lower_builtin, lower_getattr_generic, register_model
from numba.cuda.typing.templates import AbstractTemplate, AttributeTemplate, infer_getattr, infer_global, signature

from mcoom.engine.state import N_CPU_COLUMNS, N_HEAP_COLUMNS, N_TASK_COLUMNS, State

_WORD = ir.IntType(64)
_HALF = ir.IntType(32)
_WORD_BYTES = 8
_GLOBAL = 1
"""Address space of the memory that all threads share."""
COLUMNS = State(g=0, task=N_TASK_COLUMNS, cpu=N_CPU_COLUMNS, heap=N_HEAP_COLUMNS)
"""Columns of a row of each table; 0 where there is one index only."""


class Layout(NamedTuple):
    """How the entries of a table lie in memory."""

    name: str
    columns: int
    """Columns of a row; 0 for a table that has one index only."""
    step: int
    """Words from an entry to the next one."""


class TableType(types.Type):
    """The Numba type of one table."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        super().__init__(name=f"DeviceTable({layout.name}, {layout.columns}, {layout.step})")


class SharedTableType(TableType):
    """The Numba type of ``g``."""


class StateType(types.Type):
    """The Numba type of a ``State`` made of tables; ``steps`` are the words from an entry to the next, by table."""

    def __init__(self, steps: tuple[int, ...]) -> None:
        self.tables = {
            name: (SharedTableType if name == "g" else TableType)(Layout(name, columns, step))
            for name, columns, step in zip(State._fields, COLUMNS, steps, strict=True)
        }
        super().__init__(name=f"DeviceState({', '.join(map(str, steps))})")


@register_model(TableType)
class _TableModel(PrimitiveModel):
    def __init__(self, manager, table):
        super().__init__(manager, table, _WORD)


@register_model(SharedTableType)
class _SharedTableModel(StructModel):
    def __init__(self, manager, table):
        super().__init__(manager, table, [(name, types.int64) for name in ("own", "shapes", "shapes_at")])


@register_model(StateType)
class _StateModel(StructModel):
    def __init__(self, manager, state):
        super().__init__(manager, state, list(state.tables.items()))


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
            return signature(types.int64, table, index)
        return None


@infer_global(operator.setitem)
class _SetEntry(AbstractTemplate):
    prefer_literal = True

    def generic(self, args, kws):
        table, index, _ = args
        if isinstance(table, TableType) and _is_index(table, index):
            return signature(types.none, table, index, types.int64)
        return None


def _offset(context, builder, index, kind, words: int):
    """Return the bytes of ``index`` steps of ``words`` words; an index fits 32 bits, which multiply at once."""
    if isinstance(kind, types.IntegerLiteral):
        return ir.Constant(_WORD, kind.literal_value * words * _WORD_BYTES)
    narrow = builder.trunc(context.cast(builder, index, kind, types.int64), _HALF)
    return builder.mul(builder.sext(narrow, _WORD), ir.Constant(_WORD, words * _WORD_BYTES), flags=["nsw"])


def _entry(context, builder, table, index_type, value, index, shared):
    """Return the pointer to an entry; ``shared``: it may be one of the shape tables."""
    layout = table.layout
    if layout.columns:
        at = value
        steps = (layout.columns * layout.step, layout.step)
        for part, kind, words in zip(cgutils.unpack_tuple(builder, index), index_type, steps, strict=True):
            at = builder.add(at, _offset(context, builder, part, kind, words))
    else:
        at = builder.add(builder.extract_value(value, 0), _offset(context, builder, index, index_type, layout.step))
        if shared and not isinstance(index_type, types.IntegerLiteral):
            number = context.cast(builder, index, index_type, types.int64)
            shape = builder.add(builder.extract_value(value, 1), _offset(context, builder, index, index_type, 1))
            is_shape = builder.icmp_signed(">=", number, builder.extract_value(value, 2))
            at = builder.select(is_shape, shape, at)
    return builder.inttoptr(at, ir.PointerType(_WORD, addrspace=_GLOBAL))


def _tag(builder, table, index_type):
    """Return the alias tag of an entry's column, as in ``mcoom.engine.table``."""
    module, name = builder.module, table.layout.name
    node = module.add_metadata([name, module.add_metadata(["mcoom state"]), ir.Constant(_WORD, 0)])
    column = index_type if isinstance(index_type, types.Integer) else index_type[1]
    if isinstance(column, types.IntegerLiteral):
        node = module.add_metadata([f"{name} {column.literal_value}", node, ir.Constant(_WORD, 0)])
    return module.add_metadata([node, node, ir.Constant(_WORD, 0)])


@lower_builtin(operator.getitem, TableType, types.Any)
def _get_entry(context, builder, sig, args):
    table, index_type = sig.args
    value = builder.load(_entry(context, builder, table, index_type, *args, True), align=_WORD_BYTES)
    value.set_metadata("tbaa", _tag(builder, table, index_type))
    return value


@lower_builtin(operator.setitem, TableType, types.Any, types.Any)
def _set_entry(context, builder, sig, args):
    table, index_type, _ = sig.args
    entry = _entry(context, builder, table, index_type, *args[:2], False)
    builder.store(args[2], entry, align=_WORD_BYTES).set_metadata("tbaa", _tag(builder, table, index_type))
    return context.get_dummy_value()


@infer_getattr
class _StateAttributes(AttributeTemplate):
    key = StateType

    def generic_resolve(self, state, name):
        return state.tables.get(name)


@lower_getattr_generic(StateType)
def _get_table(context, builder, state, value, name):
    return builder.extract_value(value, State._fields.index(name))


def make_state(steps: tuple[int, ...]):
    """Return the intrinsic (words, shapes, g, task, cpu, heap, sizes) -> ``State``.

    ``words`` and ``shapes`` are 1-D int64 arrays; the next four say in which word each table begins; ``sizes`` are
    ``mcoom.gpu.memory.Sizes``, the first of which is where the entries of ``shapes`` begin in ``g``.
    """

    @intrinsic
    def state(typing_context, words, shapes, g, task, cpu, heap, sizes):
        result = StateType(steps)
        starts = (types.int64,) * 4

        def codegen(context, builder, sig, args):
            def base(kind, array):
                data = context.make_array(kind)(context, builder, array).data
                return builder.ptrtoint(data, _WORD)

            memory = base(sig.args[0], args[0])
            tables = [builder.add(memory, builder.shl(start, ir.Constant(_WORD, 3))) for start in args[2:6]]
            shapes_at = builder.extract_value(args[6], 0)
            back = builder.shl(shapes_at, ir.Constant(_WORD, 3))
            shared = cgutils.create_struct_proxy(result.tables["g"])(context, builder)
            shared.own = tables[0]
            shared.shapes = builder.sub(base(sig.args[1], args[1]), back)
            shared.shapes_at = shapes_at
            made = cgutils.create_struct_proxy(result)(context, builder)
            made.g, made.task, made.cpu, made.heap = shared._getvalue(), *tables[1:]
            return made._getvalue()

        return signature(result, words, shapes, *starts, sizes), codegen

    return state
