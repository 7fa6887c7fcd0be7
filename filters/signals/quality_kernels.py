"""The pass that weighs the n-grams of a document's beginning, and finds the largest parts of a score."""

from __future__ import annotations

from typing import Final

import numpy as np

from manyo.corpus.jit import Bytes, Float64s, Int64s, Uint32s, inlined, int64, kernel
from manyo.filters.signals.primitive_kernels import MULTIPLIER

#: Rows of the table of weights, as a power of two.
GRAM_BITS: Final = 13

_TO_ROW: Final = np.uint64(64 - GRAM_BITS)
_ZERO: Final = np.uint64(ord("0"))
_FULLWIDTH_ZERO: Final = np.uint64(ord("０"))
_TEN: Final = np.uint64(10)


@inlined
def _symbol(point: np.uint32) -> np.uint64:
    """A code point, and 0 for every digit."""
    symbol = np.uint64(point)
    # Below zero, an unsigned number is a large one.
    is_digit = (symbol - _ZERO < _TEN) | (symbol - _FULLWIDTH_ZERO < _TEN)
    return _ZERO if is_digit else symbol


@inlined
def _row(before: np.uint64, symbol: np.uint64) -> np.uint64:
    """The row of two characters; of one, after none, whose code is 0."""
    return ((before * MULTIPLIER + symbol) * MULTIPLIER) >> _TO_ROW


@kernel
def mark_grams(points: Uint32s, offsets: Int64s, max_chars: int, marks: Bytes) -> None:
    """Mark the characters of each document, and its pairs of neighbours.

    Args:
        points, offsets: the documents.
        max_chars: characters from the start that are read.
        marks: zeros (n_docs, 2**GRAM_BITS); gets 1 where the document has an n-gram of the row.
    """
    nothing = np.uint64(0)
    for doc in range(len(offsets) - 1):
        before = nothing
        for i in range(offsets[doc], min(offsets[doc] + max_chars, offsets[doc + 1])):
            symbol = _symbol(points[i])
            marks[doc, _row(nothing, symbol)] = 1
            marks[doc, _row(before, symbol)] = 1
            before = symbol


@kernel
def weigh_grams(
    points: Uint32s, offsets: Int64s, weights: Float64s, prior: float, max_chars: int, weighed: Float64s
) -> None:
    """Add up the weights of the rows that `mark_grams` marks, over √(their number + prior).

    Sums are always in the same order: the result depends neither on the processor nor on threads.

    Args:
        points, offsets: the documents.
        weights: (2**GRAM_BITS,).
        prior: see above.
        max_chars: characters from the start that are read.
        weighed: (n_docs,), gets the results.
    """
    nothing = np.uint64(0)
    seen_in = np.full(1 << GRAM_BITS, -1, np.int64)
    for doc in range(len(offsets) - 1):
        of_characters = of_pairs = 0.0
        n_rows = int64(0)
        before = nothing
        for i in range(np.uint64(offsets[doc]), np.uint64(min(offsets[doc] + max_chars, offsets[doc + 1]))):
            symbol = _symbol(points[i])
            row = _row(nothing, symbol)
            is_new = int64(seen_in[row] != doc)
            seen_in[row] = doc
            of_characters += weights[row] * is_new
            n_rows += is_new
            row = _row(before, symbol)
            is_new = int64(seen_in[row] != doc)
            seen_in[row] = doc
            of_pairs += weights[row] * is_new
            n_rows += is_new
            before = symbol
        weighed[doc] = (of_characters + of_pairs) / np.sqrt(n_rows + prior)


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
