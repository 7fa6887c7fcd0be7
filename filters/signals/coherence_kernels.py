"""The pass that reads how words are joined: stretches without particles, and words over and over."""

from __future__ import annotations

from typing import Final

import numpy as np

from manyo.corpus.jit import Bytes, Int32s, Int64s, Records, Uint32s, Uint64s, inlined, int64, kernel, record
from manyo.filters.signals.primitive_kernels import MULTIPLIER, longest_document

# What a character is to this pass. Of the classes of content, neighbours of one class are one word.
OTHER: Final = 0
BLANK: Final = 1
JOINT: Final = 2  # hiragana of particles and inflections
HAN: Final = 3
KATAKANA: Final = 4
LATIN: Final = 5
FIRST_CONTENT: Final = HAN

#: Rows of the table of words, as a power of two. A word whose row another word has is not counted, so that the table
#: stays small and nothing is searched for.
WORD_BITS: Final = 12
_TO_WORD_ROW: Final = np.uint64(64 - WORD_BITS)


class CoherenceCount:
    """The counts of one document, a record of `COHERENCE_COUNTS`. Characters are those that are not white space."""

    visible: int
    unjoined: int  # characters in stretches of `unjoined_chars` or more without a joint
    longest_unjoined: int
    top_word_chars: int  # of all occurrences of the word that covers most, if it occurs three times or more


COHERENCE_COUNTS: Final = record(*((name, np.int64) for name in CoherenceCount.__annotations__))

_LEAST_REPEATS: Final = 3


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
def _read(
    points: Uint32s,
    start: int,
    end: int,
    classes: Bytes,
    unjoined_chars: int,
    words: Uint64s,
    lengths: Int32s,
    keys: Uint64s,
    used: Int32s,
    row: CoherenceCount,
) -> None:
    """Count one document.

    words and lengths are scratch, with room for every character and one more.
    """
    stretch, unjoined, longest, visible = int64(0), int64(0), int64(0), int64(0)
    word_chars, n_words = int64(0), np.uint64(0)
    last, word = int64(OTHER), np.uint64(0)
    for i in range(np.uint64(start), np.uint64(end)):
        point = np.uint64(points[i])
        this = int64(classes[point])
        # The processor cannot predict where words and stretches end. So there is no branch: each character notes the
        # word before it, and the next one writes over it unless a word ended there.
        is_content = this >= FIRST_CONTENT
        goes_on = is_content & (this == last)
        words[n_words] = word
        lengths[n_words] = word_chars
        n_words += np.uint64((word_chars > 1) & (not goes_on))
        goes_on_bits = -int64(goes_on)  # all bits or none
        word = ((word & np.uint64(goes_on_bits)) + point) * MULTIPLIER
        word_chars = (word_chars & goes_on_bits) + int64(is_content)
        last = this
        is_visible = int64(this != BLANK)
        visible += is_visible
        is_joint = -int64(this == JOINT)  # all bits or none
        longest = max(longest, stretch)
        unjoined += stretch & is_joint & -int64(stretch >= unjoined_chars)
        stretch = (stretch + is_visible) & ~is_joint
    words[n_words] = word
    lengths[n_words] = word_chars
    n_words += np.uint64(word_chars > 1)
    top = int64(0)
    for i in range(n_words):
        top = max(top, _covered(keys, used, words[i], int64(lengths[i])))
    row.visible = visible
    row.unjoined = unjoined + (stretch if stretch >= unjoined_chars else 0)
    row.longest_unjoined = max(longest, stretch)
    row.top_word_chars = top


@kernel
def count_coherence(points: Uint32s, offsets: Int64s, classes: Bytes, unjoined_chars: int, counts: Records) -> None:
    """Fill a record of `COHERENCE_COUNTS` for each document.

    Args:
        points, offsets: the documents.
        classes: uint8 (0x110000,), the class of each code point.
        unjoined_chars: length of a stretch without joints from which on it counts.
        counts: the records.
    """
    longest = longest_document(offsets)
    words = np.empty(longest + 1, np.uint64)  # only what is written to becomes memory
    lengths = np.empty(longest + 1, np.int32)
    keys = np.zeros(1 << WORD_BITS, np.uint64)
    used = np.zeros(1 << WORD_BITS, np.int32)
    for doc in range(len(counts)):
        used[:] = 0
        start, end = offsets[doc], offsets[doc + 1]
        _read(points, start, end, classes, unjoined_chars, words, lengths, keys, used, counts[doc])
