"""The pass that reads how words are joined: stretches without particles, words over and over, related segments."""

from __future__ import annotations

from typing import Final

import numpy as np

from manyo.corpus.jit import Bytes, Int32s, Int64s, Records, Uint32s, Uint64s, inlined, int64, kernel, record
from manyo.filters.signals.primitive_kernels import MULTIPLIER, longest_document

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
#: A row that no pair has, for characters that make none with the one before.
NO_PAIR: Final = 1 << PAIR_BITS
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
    words: Uint64s,
    lengths: Int32s,
    keys: Uint64s,
    used: Int32s,
    row: CoherenceCount,
) -> int:
    """Count one document, whose first segment has a number; returns the number after its last one.

    words and lengths are scratch, with room for every character and one more.
    """
    unjoined_chars, segment_chars, before = limits
    stretch, unjoined, longest, visible = int64(0), int64(0), int64(0), int64(0)
    chars, run_chars, word_chars, n_words = int64(0), int64(0), int64(0), np.uint64(0)
    is_related = is_labelled = False
    last, last_point, word = int64(OTHER), np.uint64(0), np.uint64(0)
    for i in range(np.uint64(start), np.uint64(end)):
        point = np.uint64(points[i])
        this = int64(classes[point])
        # The processor cannot predict where words and stretches end. So there is no branch in the way that nearly every
        # character takes: each notes the word before it, and the next one writes over it unless a word ended there.
        is_content = this >= FIRST_CONTENT
        goes_on = is_content & (this == last)
        words[n_words] = word
        lengths[n_words] = word_chars
        n_words += np.uint64((word_chars > 1) & (not goes_on))
        goes_on_bits = -int64(goes_on)  # all bits or none
        word = ((word & np.uint64(goes_on_bits)) + point) * MULTIPLIER
        word_chars = (word_chars & goes_on_bits) + int64(is_content)
        pair = ((last_point * MULTIPLIER + point) * MULTIPLIER) >> _TO_PAIR_ROW
        at = (pair & np.uint64(goes_on_bits)) | (np.uint64(NO_PAIR) & ~np.uint64(goes_on_bits))
        seen = int64(last_seen[at])
        is_related |= goes_on & (seen >= number - before) & (seen != number)
        last_seen[at] = np.int32(number)
        last, last_point = this, point
        if SEGMENT_END <= this <= COLON:
            if this == COLON:
                is_labelled |= 0 < chars <= LABEL_CHARS
                stretch += 1
                chars += 1
                continue
            is_mark = int64(this == SEGMENT_END)
            stretch += is_mark
            chars += is_mark
            if chars > 0:
                visible += chars
                run_chars = _end_segment(row, chars, run_chars, segment_chars, is_related, is_labelled)
                number += 1
                chars = int64(0)
                is_related = is_labelled = False
            continue
        chars += this != BLANK
        is_joint = -int64(this == JOINT)  # all bits or none
        longest = max(longest, stretch)
        unjoined += stretch & is_joint & -int64(stretch >= unjoined_chars)
        stretch = (stretch + (this != BLANK)) & ~is_joint
    words[n_words] = word
    lengths[n_words] = word_chars
    n_words += np.uint64(word_chars > 1)
    top = int64(0)
    for i in range(n_words):
        top = max(top, _covered(keys, used, words[i], int64(lengths[i])))
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
    last_seen = np.zeros(NO_PAIR + 1, np.int32)  # number of the last segment with a pair, over all documents
    longest = longest_document(offsets)
    words = np.empty(longest + 1, np.uint64)  # only what is written to becomes memory
    lengths = np.empty(longest + 1, np.int32)
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
            words,
            lengths,
            keys,
            used,
            counts[doc],
        )
