"""The pass that marks which n-grams a document's beginning has, what these weigh, and the largest parts of a score."""

from __future__ import annotations

from typing import Final

import numpy as np

from manyo.corpus.jit import Bytes, Float64s, Int64s, Uint32s, int64, kernel
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
        last, gram = np.uint64(0), np.uint64(0)
        for i in range(offsets[doc], min(offsets[doc] + max_chars, offsets[doc + 1])):
            symbol = np.uint64(symbols[points[i]])
            # Within a run the n-gram before is marked again: the processor cannot predict where runs end.
            is_run = (symbol == last) & (symbol < np.uint64(FIRST_SINGLE))
            last = symbol
            gram = gram if is_run else (gram << _SYMBOL_BITS | symbol) & _LAST_SYMBOLS
            n_symbols += not is_run
            if n_symbols >= GRAM_SYMBOLS:
                marks[doc, (gram * MULTIPLIER) >> _TO_ROW] = 1


@kernel
def weigh_marked(marks: Bytes, weights: Float64s, prior: float, weighed: Float64s) -> None:
    """Add up the weights of each document's n-grams, over √(their number + prior).

    Four sums, always in the same order: the result depends neither on the processor nor on threads.

    Args:
        marks: (n_docs, 2**GRAM_BITS), as `mark_grams` filled it.
        weights: (2**GRAM_BITS,).
        prior: see above.
        weighed: (n_docs,), gets the results.
    """
    for doc in range(len(marks)):
        row = marks[doc]
        first = second = third = fourth = 0.0
        n_marked = 0
        for quarter in range(np.uint64(len(weights) // 4)):
            i = quarter * np.uint64(4)
            j, k, m = i + np.uint64(1), i + np.uint64(2), i + np.uint64(3)
            first += weights[i] * row[i]
            second += weights[j] * row[j]
            third += weights[k] * row[k]
            fourth += weights[m] * row[m]
            n_marked += int64(row[i]) + int64(row[j]) + int64(row[k]) + int64(row[m])
        weighed[doc] = (first + second + third + fourth) / np.sqrt(n_marked + prior)


@kernel
def pick_largest(parts: Float64s, picked: Int64s) -> None:
    """Note the columns of each row's largest amounts, for or against, the largest first and of equal ones the first.

    Args:
        parts: (n_docs, n_parts).
        picked: (n_docs, n_picked), gets the columns; not more than there are.
    """
    for doc in range(len(parts)):
        for rank in range(picked.shape[1]):
            largest = -1.0
            for column in range(parts.shape[1]):
                amount = abs(parts[doc, column])
                if amount > largest:
                    is_picked = False
                    for before in range(rank):
                        is_picked |= picked[doc, before] == column
                    if not is_picked:
                        largest = amount
                        picked[doc, rank] = column
