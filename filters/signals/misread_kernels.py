"""The pass that counts characters of the private-use area, and those that a wrong encoding leaves."""

from __future__ import annotations

from typing import Final

import numpy as np

from manyo.corpus.jit import Bytes, Int64s, Uint32s, kernel

#: What a code point means to the pass. A pair's first half is mojibake where its second half follows.
NOTHING: Final = 0
PRIVATE_USE: Final = 1
MOJIBAKE: Final = 2
PAIR_START: Final = 3
PAIR_END: Final = 4


@kernel
def count_misread(points: Uint32s, offsets: Int64s, meanings: Bytes, counts: Int64s) -> None:
    """Count characters of private use (column 0) and of mojibake (column 1) of each document."""
    for doc in range(len(offsets) - 1):
        before = NOTHING
        for i in range(np.uint64(offsets[doc]), np.uint64(offsets[doc + 1])):
            meaning = meanings[points[i]]
            if meaning == PRIVATE_USE:
                counts[doc, 0] += 1
            elif meaning == MOJIBAKE:
                counts[doc, 1] += 1
            elif meaning == PAIR_END and before == PAIR_START:
                counts[doc, 1] += 2
            before = meaning
