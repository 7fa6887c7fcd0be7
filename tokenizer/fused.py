"""A product and a difference, rounded once, as processors with a fused instruction compute them.

Numba compiles `w * m - c` as two roundings on every machine. C++ compilers for aarch64 fuse them, so that ties between
sources of a blend fall otherwise there.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any, Final, cast

from numba import config
from numba.core import types
from numba.extending import intrinsic


def _in_python(factor: float, other: float, subtrahend: float) -> float:
    """The same by exact fractions, where kernels are not compiled."""
    return float(Fraction(float(factor)) * Fraction(float(other)) - Fraction(float(subtrahend)))


@intrinsic
def _compiled(typing: Any, factor: Any, other: Any, subtrahend: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        left, right, less = values
        return builder.fma(left, right, builder.fneg(less))

    return types.float64(types.float64, types.float64, types.float64), generate


#: `fused_difference(w, m, c)` is `w * m - c` for three float64, rounded once.
fused_difference: Final = cast(
    "Callable[[float, float, float], float]", _in_python if cast(Any, config).DISABLE_JIT else _compiled
)
