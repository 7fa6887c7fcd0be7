"""The pass that counts characters by class."""

from __future__ import annotations

import numpy as np

from manyo.corpus.jit import Bytes, Int64s, Uint32s, kernel


@kernel
def count_classes(points: Uint32s, offsets: Int64s, classes: Bytes, counts: Int64s) -> None:
    """Count the characters of each class: counts[doc, classes[code point]]."""
    for doc in range(len(offsets) - 1):
        row = counts[doc]
        for i in range(np.uint64(offsets[doc]), np.uint64(offsets[doc + 1])):
            row[classes[points[i]]] += 1
