"""C functions that kernels call by their addresses."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any, cast

from llvmlite import ir
from numba import config as _numba_config
from numba import types
from numba.extending import intrinsic

#: Its attributes appear when it is imported, which type checkers do not see.
_config: Any = _numba_config


def foreign(result: str, n_arguments: int) -> Callable[..., Any]:
    """A C function as kernels call it: with its address first, then its arguments.

    A call from Python costs as much as 20 from a kernel. The address is an argument, so the machine code can be kept.

    Args:
        result: "int", "unsigned", "pointer" or "double".
        n_arguments: 1 to 6, all of them addresses or integers.
    """
    if _config.DISABLE_JIT:
        kinds = {"int": ctypes.c_int, "unsigned": ctypes.c_uint, "pointer": ctypes.c_void_p, "double": ctypes.c_double}
        prototype = ctypes.CFUNCTYPE(kinds[result], *[ctypes.c_int64] * n_arguments)
        return lambda address, *arguments: prototype(int(address))(*map(int, arguments)) or 0
    integer = ir.IntType(64)
    returned = {"int": ir.IntType(32), "unsigned": ir.IntType(32), "pointer": integer, "double": ir.DoubleType()}[
        result
    ]
    native = types.float64 if result == "double" else types.int64

    def called(typing_context: Any, *arguments: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            address, *rest = [
                context.cast(builder, value, kind, types.int64)
                for value, kind in zip(values, signature.args, strict=True)
            ]
            function = ir.FunctionType(returned, [integer] * n_arguments)
            value = builder.call(builder.inttoptr(address, function.as_pointer()), rest)
            if result == "int":
                return builder.sext(value, integer)
            return builder.zext(value, integer) if result == "unsigned" else value

        return native(*arguments), code

    # An intrinsic's arguments are told by its signature, so there is one for each number of them.
    shapes: dict[int, Callable[..., Any]] = {
        1: lambda t, f, a: called(t, f, a),
        2: lambda t, f, a, b: called(t, f, a, b),
        3: lambda t, f, a, b, c: called(t, f, a, b, c),
        4: lambda t, f, a, b, c, d: called(t, f, a, b, c, d),
        5: lambda t, f, a, b, c, d, e: called(t, f, a, b, c, d, e),
        6: lambda t, f, a, b, c, d, e, g: called(t, f, a, b, c, d, e, g),
    }
    return cast("Callable[..., Any]", intrinsic(shapes[n_arguments]))
