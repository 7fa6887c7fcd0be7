"""The pass that counts characters by class."""

from __future__ import annotations

from manyo.corpus.jit import Bytes, Int64s, Uint32s, kernel


@kernel
def count_classes(points: Uint32s, offsets: Int64s, classes: Bytes, counts: Int64s) -> None:
    """Count the characters of each class: counts[doc, classes[code point]]."""
    for doc in range(len(offsets) - 1):
        for i in range(offsets[doc], offsets[doc + 1]):
            counts[doc, classes[points[i]]] += 1
