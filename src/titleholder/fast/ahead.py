"""Memory that is written soon, asked for ahead; for compiled passes alone.

Rows that are dealt out go to some hundred places by turns. Processors see no pattern in that, and
wait for each stretch of memory when its first row comes.
"""

from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.extending import intrinsic

_NUMBER = ir.IntType(32)
_TO_WRITE = 1
_KEEP = 3  # in every cache
_DATA = 1


@intrinsic  # type: ignore[untyped-decorator]
def will_write(_: Any, array: Any, at: Any) -> Any:
    """Ask for the place ``at`` of an array, which may lie behind its end: nothing is touched."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        held = context.make_array(signature.args[0])(context, builder, arguments[0])
        place = builder.gep(held.data, [arguments[1]])
        place = builder.bitcast(place, ir.IntType(8).as_pointer())
        takes = ir.FunctionType(ir.VoidType(), [place.type, _NUMBER, _NUMBER, _NUMBER])
        prefetch = builder.module.declare_intrinsic("llvm.prefetch", [place.type], takes)
        builder.call(prefetch, [place, *map(_NUMBER, (_TO_WRITE, _KEEP, _DATA))])
        return context.get_dummy_value()

    return types.void(array, at), generate
