"""The pass that counts characters by class."""

from __future__ import annotations

from manyo.corpus.jit import Bytes, Int64s, kernel
from manyo.corpus.utf8_kernels import code_point


@kernel
def count_classes(data: Bytes, offsets: Int64s, classes: Bytes, counts: Int64s) -> None:
    """Count the characters of each class: counts[doc, classes[code point]]."""
    for doc in range(len(offsets) - 1):
        i, end = offsets[doc], offsets[doc + 1]
        while i < end:
            point, i = code_point(data, i)
            counts[doc, classes[point]] += 1
