"""The pass that masks what a template puts in: numbers, katakana, Latin words, places and words of the title."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from manyo.corpus.jit import Bytes, Int32s, Int64s, Records, Uint32s, Uint64s, int64, kernel, record
from manyo.filters.signals.primitive_kernels import MULTIPLIER, find_slot, longest_document
from manyo.filters.signals.segment_kernels import (
    BLANK,
    DECORATION,
    HIRAGANA_CODES,
    JAPANESE,
    SEGMENTS,
    WIDE_BLANK,
    Segment,
    cut_segments,
)

#: A hole in a masked key; no character has this code.
_HOLE: Final = np.uint64(0x11_0000)
#: What a slot of the table of places holds.
BEGINS_PLACE: Final = 1
PLACE: Final = 2
#: Words of the title: kanji alone from this length on, anything else from that.
TITLE_KANJI: Final = 2
TITLE_CHARS: Final = 4
#: As much of a title is looked at.
LONGEST_TITLE: Final = 200
_TITLE_SLOTS: Final = 1 << 12
_TITLE_MASK: Final = _TITLE_SLOTS - 1

_FULLWIDTH: Final = (0xFF01, 0xFF5E)
_TO_HALFWIDTH: Final = 0xFEE0


class MaskedSegment:
    """A segment with holes, a record of `MASKED_SEGMENTS`."""

    document: int
    chars: int
    literal_chars: int  # kana and kanji outside the holes
    key: np.uint64  # hash of the segment with one sign for each hole
    exact: np.uint64  # hash of the segment as it is


MASKED_SEGMENTS: Final = record(
    *((name, np.int64) for name in ("document", "chars", "literal_chars")), ("key", np.uint64), ("exact", np.uint64)
)


@kernel
def _visible(points: Uint32s, start: int, end: int, marks: Bytes, visible: Uint32s) -> int:
    """Fill `visible` with the characters of a segment, without blanks and dividers, of one width; their number."""
    n_visible = 0
    for i in range(start, end):
        point = int64(points[i])
        mark = int64(marks[np.uint64(point)])
        if mark in (BLANK, WIDE_BLANK) or mark >= DECORATION:
            continue
        visible[n_visible] = point - _TO_HALFWIDTH if _FULLWIDTH[0] <= point <= _FULLWIDTH[1] else point
        n_visible += 1
    return n_visible


@kernel
def _place_chars(points: Uint32s, i: int, n_points: int, starts: Bytes, keys: Uint64s, used: Int32s, shift: int) -> int:
    """The length of the longest place that stands at i, 0 if none does."""
    longest = int64(0)
    place = np.uint64(0)
    for length in range(1, min(n_points - i, int64(starts[np.uint64(points[i])])) + 1):
        place = place * MULTIPLIER + np.uint64(points[i + length - 1])
        kind = used[find_slot(keys, used, place, shift)]
        if kind == 0:
            break
        if kind == PLACE:
            longest = int64(length)
    return longest


@kernel
def _title_chars(points: Uint32s, i: int, n_points: int, title: Uint32s, n_title: int, marks: Bytes) -> int:
    """The length of the longest stretch of the title that stands at i, 0 if none is a word."""
    longest = int64(0)
    for start in range(n_title):
        length = int64(0)
        is_kanji = True
        while i + length < n_points and start + length < n_title and points[i + length] == title[start + length]:
            is_kanji &= int64(marks[np.uint64(points[i + length])]) == JAPANESE
            length += 1
            if is_kanji and length >= TITLE_KANJI:
                longest = max(longest, length)
        if length >= TITLE_CHARS:
            longest = max(longest, length)
    return longest


@kernel
def _mask(
    points: Uint32s,
    n_points: int,
    title: Uint32s,
    n_title: int,
    in_title: Bytes,
    marks: Bytes,
    fillers: Bytes,
    starts: Bytes,
    keys: Uint64s,
    used: Int32s,
    shift: int,
    row: MaskedSegment,
) -> bool:
    """Note the hashes of a segment and its characters outside holes; whether it has a hole."""
    key, exact = np.uint64(0), np.uint64(0)
    n_literal = i = int64(0)
    is_hole = has_hole = False
    while i < n_points:
        point = np.uint64(points[i])
        mark = int64(marks[point])
        length = int64(fillers[point])
        if length == 0 and starts[point]:
            length = _place_chars(points, i, n_points, starts, keys, used, shift)
        if in_title[points[i] & _TITLE_MASK]:
            length = max(length, _title_chars(points, i, n_points, title, n_title, marks))
        if length == 0:
            key = key * MULTIPLIER + point
            n_literal += mark < HIRAGANA_CODES or mark == JAPANESE
        elif not is_hole:
            key = key * MULTIPLIER + _HOLE
            has_hole = True
        is_hole = length > 0
        for _ in range(max(length, int64(1))):
            exact = exact * MULTIPLIER + np.uint64(points[i])
            i += 1
    row.key, row.exact, row.literal_chars = key, exact, n_literal
    return has_hole


@kernel
def mask_segments(
    points: Uint32s,
    offsets: Int64s,
    titles: Uint32s,
    title_offsets: Int64s,
    marks: Bytes,
    polite_pairs: Bytes,
    children: NDArray[np.int16],
    kinds: Bytes,
    particles: Bytes,
    fillers: Bytes,
    place_starts: Bytes,
    place_keys: Uint64s,
    place_used: Int32s,
    place_shift: int,
    min_chars: int,
    masked: Records,
    segment_chars: Int64s,
) -> int:
    """Mask the segments of documents.

    Args:
        points, offsets: the documents, as code points.
        titles, title_offsets: their titles.
        marks, polite_pairs, children, kinds, particles: as for `segment_kernels.count_segments`.
        fillers: by code point, 1 for digits, katakana and Latin letters.
        place_starts: by code point, the length of the longest place that begins with it.
        place_keys, place_used: an open-addressing table of the hashes of places and of how they begin: `PLACE` or
            `BEGINS_PLACE`, 0 for free slots. `place_shift` is that of `find_slot`.
        min_chars: characters that a segment has outside its holes at least.
        masked: gets the segments that have a hole and as many characters.
        segment_chars: gets the characters in segments of each document.

    Returns:
        How many of `masked` are filled, in the order of the documents.
    """
    segments = np.empty(longest_document(offsets) + 1, SEGMENTS)  # only what is written to becomes memory
    visible = np.empty(longest_document(offsets) + 1, np.uint32)
    title = np.empty(longest_document(title_offsets) + 1, np.uint32)
    in_title = np.zeros(_TITLE_SLOTS, np.uint8)
    n_masked = 0
    for doc in range(len(segment_chars)):
        n_title = min(_visible(titles, title_offsets[doc], title_offsets[doc + 1], marks, title), int64(LONGEST_TITLE))
        for i in range(n_title):
            in_title[title[i] & _TITLE_MASK] = 1
        n_segments, _ = cut_segments(
            points, offsets[doc], offsets[doc + 1], marks, polite_pairs, children, kinds, particles, segments
        )
        for number in range(n_segments):
            segment: Segment = segments[number]
            segment_chars[doc] += segment.chars
            if segment.chars <= min_chars or segment.japanese < min_chars:
                continue
            n_visible = _visible(points, segment.start, segment.stop, marks, visible)
            row: MaskedSegment = masked[n_masked]
            row.document, row.chars = doc, segment.chars
            has_hole = _mask(
                visible, n_visible, title, n_title, in_title, marks, fillers,
                place_starts, place_keys, place_used, place_shift, row,
            )  # fmt: skip
            n_masked += has_hole and row.literal_chars >= min_chars
        for i in range(n_title):
            in_title[title[i] & _TITLE_MASK] = 0
    return n_masked
