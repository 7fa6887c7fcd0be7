"""The pass that finds words of lists: where two characters stand that some begin with, each of them is compared."""

from __future__ import annotations

from typing import Final

import numpy as np

from manyo.corpus.jit import Bools, Int32s, Int64s, Records, Uint32s, Uint64s, inlined, int64, kernel, record
from manyo.filters.signals.primitive_kernels import MULTIPLIER, longest_document


class WordCount:
    """The counts of one document and list, a record of `WORD_COUNTS`."""

    words: int
    chars: int  # of these words
    different_words: int


WORD_COUNTS: Final = record(*((name, np.int64) for name in WordCount.__annotations__))

_FIRST_KATAKANA: Final = 0x30A1
_LAST_KATAKANA: Final = 0x30FF
_MIDDLE_DOT: Final = 0x30FB  # ・
_CASE_BIT: Final = 0x20
_A: Final = ord("a")
_Z: Final = ord("z")

# The table of pairs has 2**10 rows of 2**6 bits, the index of words 2**13 rows.
_TO_PAIR_ROW: Final = np.uint64(64 - 10)
_TO_PAIR_BIT: Final = np.uint64(64 - 6)
_TO_WORD_ROW: Final = np.uint64(64 - 13)
PAIR_ROWS: Final = 1 << 10
WORD_ROWS: Final = 1 << 13
#: Stands for the second character of a word of one.
_NOTHING: Final = np.uint64(0)


@kernel
def _goes_on(before: int, after: int) -> bool:
    """Whether two neighbours are of one word: katakana, among them ー but not ・, or letters of ASCII."""
    are_katakana = (
        _FIRST_KATAKANA <= before <= _LAST_KATAKANA
        and _FIRST_KATAKANA <= after <= _LAST_KATAKANA
        and before != _MIDDLE_DOT
        and after != _MIDDLE_DOT
    )
    return are_katakana or (_A <= before | _CASE_BIT <= _Z and _A <= after | _CASE_BIT <= _Z)


@inlined
def _spread(point: np.uint64) -> np.uint64:
    """A code point over 64 bits, of which the upper ones are a hash."""
    return point * MULTIPLIER


@inlined
def _word_row(first: np.uint64, second: np.uint64) -> np.uint64:
    """The row of the index for words that begin with two characters."""
    return _spread(_spread(first) + second) >> _TO_WORD_ROW


@kernel
def index_words(points: Uint32s, offsets: Int64s, pairs: Uint64s, rows: Int32s, order: Int32s) -> None:
    """Note how words begin.

    Args:
        points, offsets: the words, the longest first.
        pairs: zeros (PAIR_ROWS,); gets a row for the first character and in it a bit for the second, and every bit for
            a word of one character.
        rows: zeros (WORD_ROWS + 1,); gets where the words of each row begin in order.
        order: (n_words,), gets the words by row, those of a row as they come.
    """
    row_of = np.empty(len(order), np.int64)
    for word in range(len(order)):
        first = np.uint64(points[offsets[word]])
        second = _NOTHING
        bits = ~_NOTHING
        if offsets[word + 1] - offsets[word] > 1:
            second = np.uint64(points[offsets[word] + 1])
            bits = np.uint64(1) << (_spread(second) >> _TO_PAIR_BIT)
        pairs[_spread(first) >> _TO_PAIR_ROW] |= bits
        row_of[word] = _word_row(first, second)
        rows[row_of[word] + 1] += 1
    for row in range(WORD_ROWS):
        rows[row + 1] += rows[row]
    filled = rows.copy()
    for word in range(len(order)):
        order[filled[row_of[word]]] = word
        filled[row_of[word]] += 1


@kernel
def _find_beginnings(points: Uint32s, start: int, end: int, pairs: Uint64s, places: Int64s) -> int:
    """Note where two characters stand that words begin with, without a branch; how many such places there are."""
    n_places = _NOTHING
    point = np.uint64(points[start])
    for i in range(np.uint64(start + 1), np.uint64(end)):
        after = np.uint64(points[i])
        places[n_places] = i - np.uint64(1)
        n_places += pairs[_spread(point) >> _TO_PAIR_ROW] >> (_spread(after) >> _TO_PAIR_BIT) & np.uint64(1)
        point = after
    places[n_places] = end - 1
    n_places += pairs[_spread(point) >> _TO_PAIR_ROW] & np.uint64(1)
    return int64(n_places)


@kernel
def _stands_at(
    points: Uint32s, i: int, start: int, end: int, word_points: Uint32s, first: int, n_chars: int, may_go_on: bool
) -> bool:
    """Whether a word stands at character i of a document; whole, unless it may be part of a longer one."""
    if i + n_chars > end:
        return False
    for k in range(n_chars):
        if points[np.uint64(i + k)] != word_points[np.uint64(first + k)]:
            return False
    if may_go_on:
        return True
    after = i + n_chars
    return not (
        (i > start and _goes_on(int64(points[i - 1]), int64(points[i])))
        or (after < end and _goes_on(int64(points[after - 1]), int64(points[after])))
    )


@kernel
def count_words(
    points: Uint32s,
    offsets: Int64s,
    pairs: Uint64s,
    rows: Int32s,
    order: Int32s,
    word_points: Uint32s,
    word_offsets: Int64s,
    lists: Int64s,
    is_phrase: Bools,
    head_chars: int,
    counts: Records,
) -> None:
    """Count the words of each list. Of words that overlap the first counts, and of those the longest.

    Args:
        points, offsets: the documents.
        pairs, rows, order: as `index_words` filled them.
        word_points, word_offsets: the words, the longest first.
        lists: (n_words,), the list of each word.
        is_phrase: of each list, whether its words count only in the first head_chars characters, but there also as
            part of a longer word.
        head_chars: see `is_phrase`.
        counts: (n_docs, n_lists), records of `WORD_COUNTS`.
    """
    taken_to = np.zeros(counts.shape[1], np.int64)
    seen_in = np.full(len(lists), -1, np.int64)
    places = np.empty(longest_document(offsets) + 1, np.int64)
    for doc in range(len(counts)):
        start, end = offsets[doc], offsets[doc + 1]
        if start == end:
            continue
        for place in range(_find_beginnings(points, start, end, pairs, places)):
            i = places[place]
            first = np.uint64(points[i])
            second = np.uint64(points[i + 1]) if i + 1 < end else _NOTHING
            # Words of two characters and more, then those of one.
            for has_one in range(1 + (second != _NOTHING)):
                row = _word_row(first, _NOTHING if has_one else second)
                for at in range(rows[row], rows[row + np.uint64(1)]):
                    word = order[at]
                    of = lists[word]
                    n_chars = word_offsets[word + 1] - word_offsets[word]
                    is_beyond = is_phrase[of] and i - start + n_chars > head_chars
                    if i < taken_to[of] or is_beyond:
                        continue
                    if not _stands_at(points, i, start, end, word_points, word_offsets[word], n_chars, is_phrase[of]):
                        continue
                    taken_to[of] = i + n_chars
                    counted: WordCount = counts[doc, of]
                    counted.words += 1
                    counted.chars += n_chars
                    counted.different_words += seen_in[word] != doc
                    seen_in[word] = doc
