"""The passes that find where words of lists may begin, and count those that an automaton found."""

from __future__ import annotations

from typing import Final

import numpy as np

from manyo.corpus.jit import Bools, Bytes, Int32s, Int64s, Records, Uint32s, Uint64s, int64, kernel, record
from manyo.corpus.utf8_kernels import code_point
from manyo.filters.signals.primitive_kernels import MULTIPLIER


class WordCount:
    """The counts of one document and list, a record of `WORD_COUNTS`."""

    words: int
    chars: int  # of these words
    different_words: int


WORD_COUNTS: Final = record(*((name, np.int64) for name in WordCount.__annotations__))

#: A byte that no UTF-8 text has: it separates the parts that the automaton reads.
NO_TEXT: Final = 0xFF

# Katakana in UTF-8: U+30A1 to U+30BF are E3 82 A1 to E3 82 BF, U+30C0 to U+30FF are E3 83 80 to E3 83 BF.
_KATAKANA_BYTES: Final = 3
_KATAKANA_LEAD: Final = 0xE3
_KATAKANA_ROW: Final = 0x82
_FIRST_OF_KATAKANA_ROW: Final = 0xA1
_SECOND_KATAKANA_ROW: Final = 0x83
_MIDDLE_DOT_OF_ROW: Final = 0xBB  # ・
_CASE_BIT: Final = 0x20
# The last code points that UTF-8 writes in so many bytes.
_LAST_OF_1_BYTE: Final = 0x7F
_LAST_OF_2_BYTES: Final = 0x7FF
_LAST_OF_3_BYTES: Final = 0xFFFF
_A: Final = ord("a")
_Z: Final = ord("z")

# The table of pairs has 2**10 rows of 2**6 bits, the table of reaches 2**16 rows.
_TO_PAIR_ROW: Final = np.uint64(64 - 10)
_TO_PAIR_BIT: Final = np.uint64(64 - 6)
_TO_REACH_ROW: Final = np.uint64(64 - 16)
PAIR_ROWS: Final = 1 << 10
REACH_ROWS: Final = 1 << 16


@kernel
def _is_katakana(data: Bytes, i: int) -> bool:
    """Whether the three bytes at i are a full-width katakana; ー is one, ・ is not."""
    row, cell = int64(data[i + 1]), int64(data[i + 2])
    if data[i] != _KATAKANA_LEAD:
        return False
    if row == _KATAKANA_ROW:
        return cell >= _FIRST_OF_KATAKANA_ROW
    return row == _SECOND_KATAKANA_ROW and cell != _MIDDLE_DOT_OF_ROW


@kernel
def _is_latin(byte: int) -> bool:
    """Whether a byte is a letter of ASCII."""
    return _A <= byte | _CASE_BIT <= _Z


@kernel
def _is_part_of_word(data: Bytes, start: int, end: int, first: int, last: int) -> bool:
    """Whether the word at data[start:end] is part of a longer one in data[first:last].

    It is where katakana stands on both sides of one of its ends, or a Latin letter does.
    """
    if start > first and _is_latin(data[start]) and _is_latin(data[start - 1]):
        return True
    if end < last and _is_latin(data[end - 1]) and _is_latin(data[end]):
        return True
    before, after = start - _KATAKANA_BYTES, end - _KATAKANA_BYTES
    if before >= first and _is_katakana(data, start) and _is_katakana(data, before):
        return True
    return end + _KATAKANA_BYTES <= last and after >= start and _is_katakana(data, after) and _is_katakana(data, end)


@kernel
def _spread(point: int | np.uint64) -> np.uint64:
    """A code point over 64 bits, of which the upper ones are a hash."""
    return np.uint64(point) * MULTIPLIER


@kernel
def _reach_row(first: int, second: int, third: int) -> np.uint64:
    """The row in reaches of a word's first three characters; 0 stands for one that it does not have."""
    return (_spread(_spread(_spread(first) + np.uint64(second)) + np.uint64(third))) >> _TO_REACH_ROW


@kernel
def note_beginnings(data: Bytes, offsets: Int64s, pairs: Uint64s, reaches: Int32s) -> None:
    """Note how words begin.

    Args:
        data, offsets: the words.
        pairs: zeros (PAIR_ROWS,); gets a row for the first character and in it a bit for the second, and every bit for
            a word of one character.
        reaches: zeros (REACH_ROWS,); gets the size in bytes of the longest word by its first three characters.
    """
    for word in range(len(offsets) - 1):
        i, end = offsets[word], offsets[word + 1]
        size = end - i
        second = third = int64(0)
        first, i = code_point(data, i)
        bits = ~np.uint64(0)
        if i < end:
            second, i = code_point(data, i)
            bits = np.uint64(1) << (_spread(second) >> _TO_PAIR_BIT)
        if i < end:
            third, i = code_point(data, i)
        pairs[_spread(first) >> _TO_PAIR_ROW] |= bits
        row = _reach_row(first, second, third)
        reaches[row] = max(reaches[row], size)


@kernel
def find_beginnings(points: Uint32s, starts: Int64s, offsets: Int64s, pairs: Uint64s, places: Int64s) -> int:
    """Find where in the documents two characters stand that words begin with.

    Args:
        points, starts: the documents as code points.
        offsets: the bytes at which they begin.
        pairs: as `note_beginnings` filled it.
        places: gets the bytes; it has room for a place in every character and one more.

    Returns:
        How many places there are.
    """
    n_places = np.uint64(0)
    for doc in range(len(offsets) - 1):
        at = offsets[doc]
        start, end = np.uint64(starts[doc]), np.uint64(starts[doc + 1])
        if start == end:
            continue
        point = int64(points[start])
        for i in range(start + np.uint64(1), end):
            after = int64(points[i])
            places[n_places] = at
            n_places += pairs[_spread(point) >> _TO_PAIR_ROW] >> (_spread(after) >> _TO_PAIR_BIT) & np.uint64(1)
            at += 1 + int64(point > _LAST_OF_1_BYTE) + int64(point > _LAST_OF_2_BYTES) + int64(point > _LAST_OF_3_BYTES)
            point = after
        places[n_places] = at
        n_places += pairs[_spread(point) >> _TO_PAIR_ROW] & np.uint64(1)
    return int64(n_places)


@kernel
def cut_parts(
    data: Bytes, offsets: Int64s, places: Int64s, reaches: Int32s, parts: Int64s, cut: Bytes
) -> tuple[int, int]:
    """Copy every part of the documents in which a word can stand.

    Args:
        data, offsets: the documents.
        places: where a word may begin, as `find_beginnings` found it.
        reaches: as `note_beginnings` filled it.
        parts: (n_places, 2), gets for each part where it begins in cut and in data.
        cut: gets the parts, each after a byte `NO_TEXT`; it has room for all bytes and one more for each document.

    Returns:
        How many bytes are in cut, and how many parts there are.
    """
    n_parts = n_bytes = int64(0)
    doc = -1
    end = int64(0)
    copied_to = int64(-1)
    for at in places:
        while at >= end:
            doc += 1
            end = offsets[doc + 1]
            copied_to = offsets[doc] - 1
        second = third = int64(0)
        first, i = code_point(data, at)
        if i < end:
            second, i = code_point(data, i)
        if i < end:
            third, i = code_point(data, i)
        reach = max(
            reaches[_reach_row(first, 0, 0)],
            reaches[_reach_row(first, second, 0)],
            reaches[_reach_row(first, second, third)],
        )
        if reach == 0:
            continue
        if at > copied_to:
            cut[n_bytes] = NO_TEXT
            n_bytes += 1
            parts[n_parts] = n_bytes, at
            n_parts += 1
            copied_to = at
        for byte in range(copied_to, min(at + reach, end)):
            cut[n_bytes] = data[byte]
            n_bytes += 1
            copied_to += 1
    return n_bytes, n_parts


@kernel
def _head_end(data: Bytes, i: int, end: int, head_chars: int) -> int:
    """The byte after the first head_chars characters."""
    for _ in range(head_chars):
        if i >= end:
            break
        _, i = code_point(data, i)
    return i


@kernel
def count_matches(
    data: Bytes,
    offsets: Int64s,
    matches: Int64s,
    lists: Int64s,
    chars: Int64s,
    is_phrase: Bools,
    head_chars: int,
    counts: Records,
) -> None:
    """Count the words of each list. Of matches that overlap the first counts, and of those the longest.

    Args:
        data, offsets: the documents.
        matches: rows of word, first byte and byte after the last, ordered by first byte and then the longest first.
        lists: of each word, its list.
        chars: of each word, its length.
        is_phrase: of each list, whether its words count only in the first head_chars characters, but there also as
            part of a longer word.
        head_chars: see `is_phrase`.
        counts: (n_docs, n_lists), records of `WORD_COUNTS`.
    """
    n_lists = counts.shape[1]
    taken_to = np.zeros(n_lists, np.int64)
    seen_in = np.full(len(lists), -1, np.int64)
    doc = head_doc = -1
    doc_end = head_to = int64(0)
    for match in range(len(matches)):
        word, start, end = matches[match]
        while start >= doc_end:
            doc += 1
            doc_end = offsets[doc + 1]
        of = lists[word]
        if end > doc_end or start < taken_to[of]:
            continue
        if is_phrase[of]:
            if head_doc != doc:
                head_doc = doc
                head_to = _head_end(data, offsets[doc], doc_end, head_chars)
            if end > head_to:
                continue
        elif _is_part_of_word(data, start, end, offsets[doc], doc_end):
            continue
        taken_to[of] = end
        row: WordCount = counts[doc, of]
        row.words += 1
        row.chars += chars[word]
        row.different_words += seen_in[word] != doc
        seen_in[word] = doc
