"""Compiled steps that read UTF-8: one character of it, or whole documents as code points."""

from __future__ import annotations

from typing import Final

import numpy as np

from manyo.corpus.jit import Bytes, Int64s, Uint32s, int64, kernel

# The first byte says how many bytes a character has; each of the others holds six bits.
_FIRST_OF_TWO: Final = 0x80
_FIRST_OF_THREE: Final = 0xE0
_FIRST_OF_FOUR: Final = 0xF0
_SIX_BITS: Final = 0x3F


@kernel
def code_point(data: Bytes, i: int) -> tuple[int, int]:
    """The code point that starts at byte i of well-formed UTF-8, and the byte after it."""
    at = np.uint64(i)  # with an unsigned index the compiler does not test for a negative one
    lead = int64(data[at])
    if lead < _FIRST_OF_TWO:
        return lead, i + 1
    second = int64(data[at + np.uint64(1)]) & _SIX_BITS
    if lead < _FIRST_OF_THREE:
        return (lead & 0x1F) << 6 | second, i + 2
    third = int64(data[at + np.uint64(2)]) & _SIX_BITS
    if lead < _FIRST_OF_FOUR:
        return (lead & 0x0F) << 12 | second << 6 | third, i + 3
    fourth = int64(data[at + np.uint64(3)]) & _SIX_BITS
    return (lead & 0x07) << 18 | second << 12 | third << 6 | fourth, i + 4


@kernel
def decode(data: Bytes, offsets: Int64s, points: Uint32s, starts: Int64s) -> int:
    """Write the code points of all documents one after another, and return their number.

    Args:
        data, offsets: the documents, in well-formed UTF-8.
        points: gets the code points; it has room for one in every byte.
        starts: (n_docs + 1,), gets where each document begins in points, and last where they end.
    """
    n_points = np.uint64(0)
    for doc in range(len(offsets) - 1):
        starts[doc] = n_points
        i, end = offsets[doc], offsets[doc + 1]
        while i < end:
            point, i = code_point(data, i)
            points[n_points] = point
            n_points += np.uint64(1)
    starts[len(offsets) - 1] = n_points
    return int64(n_points)
