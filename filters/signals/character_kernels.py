"""The pass that counts characters by class."""

from __future__ import annotations

import numpy as np

from manyo.corpus.jit import Bytes, Int64s, Uint32s, kernel


@kernel
def count_classes(points: Uint32s, offsets: Int64s, classes: Bytes, counts: Int64s) -> None:
    """Count the characters of each class: counts[doc, classes[code point]].

    Neighbours have one class more often than not, and a count waits for the one before it. So every other character is
    counted by itself.
    """
    others = np.empty(counts.shape[1], np.int64)
    for doc in range(len(offsets) - 1):
        row = counts[doc]
        others[:] = 0
        start, end = np.uint64(offsets[doc]), np.uint64(offsets[doc + 1])
        for pair in range((end - start) >> np.uint64(1)):
            i = start + (pair << np.uint64(1))
            row[classes[points[i]]] += 1
            others[classes[points[i + np.uint64(1)]]] += 1
        if (end - start) & np.uint64(1):
            row[classes[points[end - np.uint64(1)]]] += 1
        row += others
