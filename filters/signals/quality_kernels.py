"""The pass that marks which n-grams a document's beginning has, in a table of hashed ones."""

from __future__ import annotations

from typing import Final

import numpy as np

from manyo.corpus.jit import Bytes, Int64s, Uint32s, kernel
from manyo.filters.signals.primitive_kernels import MULTIPLIER

#: Rows of the table, as a power of two, and the length of the n-grams in symbols.
GRAM_BITS: Final = 10
GRAM_SYMBOLS: Final = 3
#: The first symbols that stand for a whole class of characters; a run of one of these is one symbol.
FIRST_SINGLE: Final = 16

_TO_ROW: Final = np.uint64(64 - GRAM_BITS)
_SYMBOL_BITS: Final = np.uint64(8)
_LAST_SYMBOLS: Final = np.uint64((1 << 8 * GRAM_SYMBOLS) - 1)


@kernel
def mark_grams(points: Uint32s, offsets: Int64s, symbols: Bytes, max_chars: int, marks: Bytes) -> None:
    """Mark the n-grams of each document.

    Args:
        points, offsets: the documents.
        symbols: uint8 (0x110000,), the symbol of each code point, from 1 on.
        max_chars: characters from the start that are read.
        marks: zeros (n_docs, 2**GRAM_BITS); gets 1 where the document has an n-gram of the row.
    """
    for doc in range(len(offsets) - 1):
        n_symbols = 0
        last, gram = 0, np.uint64(0)
        for i in range(offsets[doc], min(offsets[doc] + max_chars, offsets[doc + 1])):
            symbol = int(symbols[points[i]])
            if symbol == last and symbol < FIRST_SINGLE:
                continue
            last = symbol
            gram = (gram << _SYMBOL_BITS | np.uint64(symbol)) & _LAST_SYMBOLS
            n_symbols += 1
            if n_symbols >= GRAM_SYMBOLS:
                marks[doc, (gram * MULTIPLIER) >> _TO_ROW] = 1
