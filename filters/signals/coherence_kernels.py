"""The pass that reads how words are joined: stretches without particles, words over and over, related segments."""

from __future__ import annotations

from typing import Final

import numpy as np

from manyo.corpus.jit import Bytes, Int32s, Int64s, Records, Uint32s, Uint64s, inlined, int64, kernel, record
from manyo.filters.signals.primitive_kernels import MULTIPLIER

# What a character is to this pass. Of the classes of content, neighbours of one class are one word.
OTHER: Final = 0
BLANK: Final = 1
JOINT: Final = 2  # hiragana of particles and inflections
HIRAGANA: Final = 3  # other hiragana
DIGIT: Final = 4
SEGMENT_END: Final = 5
LINE_END: Final = 6
COLON: Final = 7
HAN: Final = 8
KATAKANA: Final = 9
LATIN: Final = 10
FIRST_CONTENT: Final = HAN

#: Rows of the tables of pairs and of words, as powers of two. A word whose row another word has is not counted, so
#: that the tables stay small and nothing is searched for.
PAIR_BITS: Final = 13
WORD_BITS: Final = 12
_TO_PAIR_ROW: Final = np.uint64(64 - PAIR_BITS)
_TO_WORD_ROW: Final = np.uint64(64 - WORD_BITS)


class CoherenceCount:
    """The counts of one document, a record of `COHERENCE_COUNTS`. Characters are those that are not white space."""

    visible: int
    unjoined: int  # characters in stretches of `unjoined_chars` or more without a joint
    longest_unjoined: int
    top_word_chars: int  # of all occurrences of the word that covers most, if it occurs three times or more
    segments: int  # of `segment_chars` or more
    segment_chars: int
    labelled: int  # such segments that begin with a label and a colon
    related: int  # such segments that share a pair of characters with one of the `before` ones before
    coherent_chars: int  # of the longest run of segments of which each but the first is related


COHERENCE_COUNTS: Final = record(*((name, np.int64) for name in CoherenceCount.__annotations__))

_LEAST_REPEATS: Final = 3
#: A label has at most this many characters before its colon.
LABEL_CHARS: Final = 10


@inlined
def _covered(keys: Uint64s, used: Int32s, word: np.uint64, length: int) -> int:
    """Count an occurrence of a word; returns the characters in all of its occurrences, 0 if they are too few."""
    at = (word * MULTIPLIER) >> _TO_WORD_ROW
    if used[at] == 0:
        keys[at] = word
    elif keys[at] != word:
        return 0
    used[at] += np.int32(1)
    occurrences = int64(used[at])
    return occurrences * length if occurrences >= _LEAST_REPEATS else 0


@kernel
def _end_segment(
    row: CoherenceCount, chars: int, run_chars: int, segment_chars: int, is_related: bool, is_labelled: bool
) -> int:
    """Count a segment that ends; returns the characters of the coherent run that it is in."""
    if chars < segment_chars:
        return run_chars
    row.segments += 1
    row.segment_chars += chars
    row.labelled += is_labelled
    row.related += is_related
    run_chars = run_chars + chars if is_related else chars
    row.coherent_chars = max(row.coherent_chars, run_chars)
    return run_chars


@kernel
def _read(
    points: Uint32s,
    start: int,
    end: int,
    classes: Bytes,
    limits: tuple[int, int, int],
    number: int,
    last_seen: Int32s,
    keys: Uint64s,
    used: Int32s,
    row: CoherenceCount,
) -> int:
    """Count one document, whose first segment has a number; returns the number after its last one."""
    unjoined_chars, segment_chars, before = limits
    stretch, unjoined, longest, top, visible = int64(0), int64(0), int64(0), int64(0), int64(0)
    chars, run_chars, word_chars = int64(0), int64(0), int64(0)
    is_related = is_labelled = False
    last, last_point, word = int64(OTHER), np.uint64(0), np.uint64(0)
    for i in range(start, end):
        point = np.uint64(points[i])
        this = int64(classes[point])
        if this >= FIRST_CONTENT:
            stretch += 1
            chars += 1
            if this == last:
                word = (word + point) * MULTIPLIER
                word_chars += 1
                at = ((last_point * MULTIPLIER + point) * MULTIPLIER) >> _TO_PAIR_ROW
                seen = int64(last_seen[at])
                is_related |= (seen >= number - before) & (seen != number)
                last_seen[at] = np.int32(number)
            else:
                if word_chars > 1:
                    top = max(top, _covered(keys, used, word, word_chars))
                word, word_chars = point * MULTIPLIER, int64(1)
            last, last_point = this, point
            continue
        if word_chars > 1:
            top = max(top, _covered(keys, used, word, word_chars))
        word_chars = int64(0)
        last = this
        if this == JOINT:
            chars += 1
            longest = max(longest, stretch)
            unjoined += stretch if stretch >= unjoined_chars else 0
            stretch = int64(0)
        elif this < SEGMENT_END:
            is_visible = int64(this != BLANK)
            stretch += is_visible
            chars += is_visible
        elif this == COLON:
            stretch += 1
            is_labelled |= 0 < chars <= LABEL_CHARS
            chars += 1
        else:
            is_mark = int64(this == SEGMENT_END)
            stretch += is_mark
            chars += is_mark
            if chars > 0:
                visible += chars
                run_chars = _end_segment(row, chars, run_chars, segment_chars, is_related, is_labelled)
                number += 1
                chars = int64(0)
                is_related = is_labelled = False
    if word_chars > 1:
        top = max(top, _covered(keys, used, word, word_chars))
    if chars > 0:
        _end_segment(row, chars, run_chars, segment_chars, is_related, is_labelled)
        number += 1
    row.visible = visible + chars
    row.unjoined = unjoined + (stretch if stretch >= unjoined_chars else 0)
    row.longest_unjoined = max(longest, stretch)
    row.top_word_chars = top
    return number


@kernel
def count_coherence(
    points: Uint32s,
    offsets: Int64s,
    classes: Bytes,
    unjoined_chars: int,
    segment_chars: int,
    before: int,
    counts: Records,
) -> None:
    """Fill a record of `COHERENCE_COUNTS` for each document.

    Args:
        points, offsets: the documents.
        classes: uint8 (0x110000,), the class of each code point.
        unjoined_chars: length of a stretch without joints from which on it counts.
        segment_chars: shorter segments are not counted, but a segment may be related to one.
        before: how many segments before one it may be related to.
        counts: the records.
    """
    last_seen = np.zeros(1 << PAIR_BITS, np.int32)  # number of the last segment with a pair, over all documents
    keys = np.zeros(1 << WORD_BITS, np.uint64)
    used = np.zeros(1 << WORD_BITS, np.int32)
    number = int64(0)
    for doc in range(len(counts)):
        number += before + 1  # nothing is related to another document
        used[:] = 0
        number = _read(
            points,
            offsets[doc],
            offsets[doc + 1],
            classes,
            (unjoined_chars, segment_chars, before),
            number,
            last_seen,
            keys,
            used,
            counts[doc],
        )
