"""What the compiler refuses in a kernel that only borrows arrays."""

from __future__ import annotations

import numpy as np
import pytest
from numba.core import config
from numba.core.errors import NumbaError, TypingError

from manyo.corpus.jit import Bytes, borrowing

pytestmark = pytest.mark.skipif(bool(config.DISABLE_JIT), reason="without the compiler nothing is counted")


@borrowing
def _makes_an_array(data: Bytes) -> int:
    return len(np.empty(len(data), np.uint8))


@borrowing
def _returns_a_part(data: Bytes) -> Bytes:
    return data[1:]


def test_what_borrows_cannot_make_an_array() -> None:
    with pytest.raises((NumbaError, RuntimeError)):
        _makes_an_array(np.zeros(3, np.uint8))


def test_what_borrows_cannot_return_a_part_of_an_array() -> None:
    with pytest.raises(TypingError, match="returning of array"):
        _returns_a_part(np.zeros(3, np.uint8))
