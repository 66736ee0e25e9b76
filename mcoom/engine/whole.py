"""Division of whole numbers that are not negative.

Takes two int64, gives their quotient or what is left. Must know nothing of what they count. Python's ``//`` rounds down
for every sign and looks for a divisor of 0 or -1: twelve instructions where one will do.
"""

from numba.core import types
from numba.core.extending import intrinsic, overload
from numba.core.typing.templates import signature


def quotient(a, b):
    """Return ``a // b`` for int64 ``a`` >= 0 and ``b`` > 0."""
    return a // b


def remainder(a, b):
    """Return ``a % b`` for int64 ``a`` >= 0 and ``b`` > 0."""
    return a % b


@intrinsic
def _divide(typing_context, a, b):
    def codegen(context, builder, sig, args):
        return builder.udiv(*args)

    return signature(types.int64, types.int64, types.int64), codegen


@intrinsic
def _leave(typing_context, a, b):
    def codegen(context, builder, sig, args):
        return builder.urem(*args)

    return signature(types.int64, types.int64, types.int64), codegen


@overload(quotient)
def _quotient(a, b):
    return lambda a, b: _divide(a, b)


@overload(remainder)
def _remainder(a, b):
    return lambda a, b: _leave(a, b)
