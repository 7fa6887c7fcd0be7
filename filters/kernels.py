"""Jitted loops over UTF-8 batches: passes that count characters, read lines, find repeats, weigh neighbours.

Every kernel takes the bytes and offsets of `corpus.text.Texts`, which are read-only, and fills
arrays that its wrapper allocated. The wrappers, with types and docstrings for callers, are in
`characters`, `fluency`, `repetition`, `tells` and `plausibility`; each kernel's slow twin is in the tests' oracles.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numba import njit

# What a character means to the line kernel: the values of its `marks` table.
PLAIN: Final = 0
SPACE: Final = 1
NEWLINE: Final = 2
SENTENCE_END: Final = 3
WEAK_SENTENCE_END: Final = 4  # ends no sentence where a letter or digit follows at once: 3．14, ?id=1, a!=b
CLOSER: Final = 5  # brackets and quotes that stay with the sentence they follow
QUOTE_CLOSER: Final = 6  # 」 and 』: at the end of a line they end an utterance
ELLIPSIS: Final = 7
DOT: Final = 8  # three in a row are an ellipsis
MIDDLE_DOT: Final = 9  # the same, and a bullet at the start of a line
BULLET: Final = 10
ALPHANUMERIC: Final = 11

# Columns that the line kernel fills, per document.
LINES: Final = 0
SHORT_LINES: Final = 1
ENDED_LINES: Final = 2
ELLIPSIS_LINES: Final = 3
BULLET_LINES: Final = 4
SENTENCES: Final = 5
LONGEST_SENTENCE: Final = 6
ENDED_SENTENCE_CHARS: Final = 7
VISIBLE_CHARS: Final = 8
DUPLICATE_LINE_CHARS: Final = 9
DUPLICATE_LINES: Final = 10
LONGEST_LINE: Final = 11
DUPLICATE_SENTENCES: Final = 12
DUPLICATE_SENTENCE_CHARS: Final = 13
TRAILING_SENTENCES: Final = 14
LINE_COLUMNS: Final = 15

# Columns that the repetition kernel fills, per document.
SAMPLED_CHARS: Final = 0
TOP_2GRAM: Final = 1
TOP_3GRAM: Final = 2
TOP_4GRAM: Final = 3
DUPLICATE_5GRAM_CHARS: Final = 4
DUPLICATE_10GRAM_CHARS: Final = 5
LONGEST_RUN: Final = 6
DISTINCT_CHARS: Final = 7
STEPPED_5GRAM_CHARS: Final = 8  # and 6 to 10 in the columns after it
NGRAMS_5: Final = 14
FREQUENT_5GRAMS: Final = 15
REPETITION_COLUMNS: Final = 16

# What a character tells the telling kernel: bits of its `tells` table. The bits below KANA stand for the
# distinct characters that are looked for.
KANA: Final = 16
LINE_FEED: Final = 17
FULL_STOP: Final = 18
SEPARATOR: Final = 19
JAPANESE: Final = 20
BLANK: Final = 21

# Columns that the telling kernel fills, per document.
STOP_CHARACTERS: Final = 0
HEAD_KANA: Final = 1
LINE_FEEDS: Final = 2
FULL_STOP_PARTS: Final = 3
SEPARATORS: Final = 4
SPACED_JAPANESE: Final = 5
FULL_STOPS: Final = 6
TELL_COLUMNS: Final = 7

# Classes of characters that have no row of their own in the table of the lift kernel.
OTHER_CLASS: Final = 0  # digits, Latin, line ends: what is beside it is no pair
KANJI_CLASS: Final = 1  # every kanji without a row of its own
BLANK_CLASS: Final = 255  # spaces stand between characters, and separate nothing

_NOT_ENDED, _WEAKLY_ENDED, _ENDED = 0, 1, 2

# An odd multiplier with well-spread bits (the 64-bit golden ratio), for polynomial hashes modulo
# 2**64 and for the multiply-shift that turns a hash into a slot.
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)


@njit(cache=True, nogil=True)
def _code_point(data, i):  # type: ignore[no-untyped-def]
    """The code point that starts at byte i, and the byte after it."""
    lead = np.int64(data[i])
    if lead < 0x80:
        return lead, i + 1
    if lead < 0xE0:
        return (lead & 0x1F) << 6 | np.int64(data[i + 1]) & 0x3F, i + 2
    if lead < 0xF0:
        middle = np.int64(data[i + 1]) & 0x3F
        return (lead & 0x0F) << 12 | middle << 6 | np.int64(data[i + 2]) & 0x3F, i + 3
    high = (lead & 0x07) << 18 | (np.int64(data[i + 1]) & 0x3F) << 12
    return high | (np.int64(data[i + 2]) & 0x3F) << 6 | np.int64(data[i + 3]) & 0x3F, i + 4


@njit(cache=True, nogil=True)
def _count_characters(data, offsets, classes, counts):  # type: ignore[no-untyped-def]
    """Count the characters of each class: counts[doc, classes[code point]]."""
    for doc in range(len(offsets) - 1):
        i, end = offsets[doc], offsets[doc + 1]
        while i < end:
            point, i = _code_point(data, i)
            counts[doc, classes[point]] += 1


@njit(cache=True, nogil=True)
def _find_slot(keys, used, key, shift):  # type: ignore[no-untyped-def]
    """The slot of a key in an open-addressing table of 2**(64 - shift) slots; unused if the key is new."""
    mask = np.uint64((1 << (64 - shift)) - 1)
    slot = (key * _MULTIPLIER) >> np.uint64(shift)
    # One test, not two: whether a key is new is a coin toss that the processor would guess wrong.
    while (used[slot] != 0) & (keys[slot] != key):
        slot = (slot + np.uint64(1)) & mask
    return slot


@njit(cache=True, nogil=True)
def _table_shift(n_keys):  # type: ignore[no-untyped-def]
    """The shift of the smallest table, 16 slots or more, that n keys fill at most by half."""
    shift = 60
    while (1 << (64 - shift)) < 2 * n_keys:
        shift -= 1
    return shift


@njit(cache=True, nogil=True)
def _doubled(array):  # type: ignore[no-untyped-def]
    """The array with room for as many rows again."""
    grown = np.empty((2 * len(array), array.shape[1]), array.dtype)
    grown[: len(array)] = array
    return grown


@njit(cache=True, nogil=True)
def _duplicates(hashed, count, keys, used):  # type: ignore[no-untyped-def]
    """How many of the hashes occurred before, and the sum of their lengths; keys and used are scratch."""
    shift = _table_shift(count)
    used[: 1 << (64 - shift)] = 0
    n_duplicates = 0
    duplicate_chars = np.int64(0)
    for i in range(count):
        slot = _find_slot(keys, used, hashed[i, 0], shift)
        if used[slot]:
            n_duplicates += 1
            duplicate_chars += np.int64(hashed[i, 1])
        keys[slot] = hashed[i, 0]
        used[slot] = 1
    return n_duplicates, duplicate_chars


@njit(cache=True, nogil=True)
def _read_lines(data, offsets, marks, short_line_chars, counts):  # type: ignore[no-untyped-def]
    """Fill the line columns of each document.

    White space is not counted and a line without anything else is no line.
    """
    # Hash and length of each line and each sentence.
    lines = np.empty((1024, 2), np.uint64)
    sentences = np.empty((1024, 2), np.uint64)
    keys = np.empty(16, np.uint64)
    used = np.zeros(16, np.int32)
    for doc in range(len(offsets) - 1):
        i, end = offsets[doc], offsets[doc + 1]
        row = counts[doc]
        n_lines = n_sentences = 0
        sentence_hash = np.uint64(0)
        line_chars = sentence_chars = dots = 0
        ended = _NOT_ENDED
        last_mark = PLAIN
        is_bullet = False
        line_hash = np.uint64(0)
        at_end = False
        while not at_end:
            if i < end:
                point, i = _code_point(data, i)
                mark = marks[point]
            else:
                point, mark, at_end = 0, NEWLINE, True
            if mark == SPACE:
                if ended == _WEAKLY_ENDED:
                    ended = _ENDED
                continue
            if mark == NEWLINE:
                is_ended = ended != _NOT_ENDED or last_mark == QUOTE_CLOSER
                if sentence_chars:
                    row[SENTENCES] += 1
                    row[LONGEST_SENTENCE] = max(row[LONGEST_SENTENCE], sentence_chars)
                    row[TRAILING_SENTENCES] += dots >= 3 or last_mark in (ELLIPSIS, MIDDLE_DOT)
                    if is_ended:
                        row[ENDED_SENTENCE_CHARS] += sentence_chars
                    if n_sentences == len(sentences):
                        sentences = _doubled(sentences)
                    sentences[n_sentences, 0] = sentence_hash
                    sentences[n_sentences, 1] = sentence_chars
                    n_sentences += 1
                    line_hash = (line_hash ^ sentence_hash) * _MULTIPLIER
                if line_chars:
                    row[LINES] += 1
                    row[VISIBLE_CHARS] += line_chars
                    row[SHORT_LINES] += line_chars <= short_line_chars
                    row[ENDED_LINES] += is_ended
                    row[ELLIPSIS_LINES] += last_mark == ELLIPSIS or dots >= 3
                    row[BULLET_LINES] += is_bullet
                    row[LONGEST_LINE] = max(row[LONGEST_LINE], line_chars)
                    if n_lines == len(lines):
                        lines = _doubled(lines)
                    lines[n_lines, 0] = line_hash
                    lines[n_lines, 1] = line_chars
                    n_lines += 1
                line_chars = sentence_chars = dots = 0
                ended = _NOT_ENDED
                last_mark = PLAIN
                is_bullet = False
                line_hash = sentence_hash = np.uint64(0)
                continue

            if ended != _NOT_ENDED and not SENTENCE_END <= mark <= QUOTE_CLOSER:
                if ended == _ENDED or mark != ALPHANUMERIC:
                    row[SENTENCES] += 1
                    row[LONGEST_SENTENCE] = max(row[LONGEST_SENTENCE], sentence_chars)
                    row[ENDED_SENTENCE_CHARS] += sentence_chars
                    if n_sentences == len(sentences):
                        sentences = _doubled(sentences)
                    sentences[n_sentences, 0] = sentence_hash
                    sentences[n_sentences, 1] = sentence_chars
                    n_sentences += 1
                    line_hash = (line_hash ^ sentence_hash) * _MULTIPLIER
                    sentence_chars = 0
                    sentence_hash = np.uint64(0)
                ended = _NOT_ENDED
            if mark == SENTENCE_END:
                ended = _ENDED
            elif mark == WEAK_SENTENCE_END:
                ended = max(ended, _WEAKLY_ENDED)
            if line_chars == 0:
                is_bullet = mark in (BULLET, MIDDLE_DOT)
            dots = dots + 1 if mark in (DOT, MIDDLE_DOT) else 0
            last_mark = mark
            line_chars += 1
            sentence_chars += 1
            sentence_hash = sentence_hash * _MULTIPLIER + np.uint64(point)

        n_slots = 1 << (64 - _table_shift(max(n_lines, n_sentences)))
        if n_slots > len(keys):
            keys = np.empty(n_slots, np.uint64)
            used = np.zeros(n_slots, np.int32)
        row[DUPLICATE_LINES], row[DUPLICATE_LINE_CHARS] = _duplicates(lines, n_lines, keys, used)
        row[DUPLICATE_SENTENCES], row[DUPLICATE_SENTENCE_CHARS] = _duplicates(sentences, n_sentences, keys, used)


@njit(cache=True, nogil=True)
def _ngram_hash(prefixes, start, length, power):  # type: ignore[no-untyped-def]
    """Polynomial hash of the n-gram at `start`, from prefix hashes; power is _MULTIPLIER**length."""
    return prefixes[start + length] - prefixes[start] * power


@njit(cache=True, nogil=True)
def _count_repeats(prefixes, n_chars, starts, slots, keys, used, seen, stepped, row):  # type: ignore[no-untyped-def]
    """Fill the n-gram columns of one document.

    An n-gram can only be repeated where the shorter one at the same place is. So each length looks at
    the places that the length before it left, which are soon few, and its table is as small as they are.
    starts, slots, keys, used, seen and stepped are scratch.
    """
    n_starts = max(n_chars - 1, 0)
    for start in range(n_starts):
        starts[start] = start
    power = _MULTIPLIER
    for length in range(2, 11):
        power *= _MULTIPLIER
        n_grams = max(n_chars - length + 1, 0)
        while n_starts > 0 and starts[n_starts - 1] >= n_grams:
            n_starts -= 1
        shift = _table_shift(n_starts)
        n_slots = 1 << (64 - shift)
        used[:n_slots] = 0
        top = min(n_grams, 1)
        for i in range(n_starts):
            key = _ngram_hash(prefixes, starts[i], length, power)
            slot = _find_slot(keys, used, key, shift)
            keys[slot] = key
            used[slot] += 1
            slots[i] = slot
            top = max(top, used[slot])
        if length <= 4:
            row[TOP_2GRAM + length - 2] = top
        else:
            if length == 5:
                row[NGRAMS_5] = n_grams
                row[FREQUENT_5GRAMS] = _frequent_ngrams(used[:n_slots], n_grams)
            seen[:n_slots] = 0
            stepped[:n_slots] = 0
            duplicate_chars = stepped_chars = 0
            covered_to = stepped_to = 0
            for i in range(n_starts):
                slot, start = slots[i], starts[i]
                if used[slot] < 2:
                    continue
                if seen[slot]:
                    duplicate_chars += start + length - max(start, covered_to)
                    covered_to = start + length
                seen[slot] = 1
                if start >= stepped_to:
                    if stepped[slot]:
                        stepped_chars += length
                        stepped_to = start + length
                    stepped[slot] = 1
            row[STEPPED_5GRAM_CHARS + length - 5] = stepped_chars
            if length == 5:
                row[DUPLICATE_5GRAM_CHARS] = duplicate_chars
            elif length == 10:
                row[DUPLICATE_10GRAM_CHARS] = duplicate_chars
        n_repeated = 0
        for i in range(n_starts):
            starts[n_repeated] = starts[i]
            n_repeated += used[slots[i]] > 1
        n_starts = n_repeated


@njit(cache=True, nogil=True)
def _frequent_ngrams(used, n_grams):  # type: ignore[no-untyped-def]
    """Occurrences of the most frequent n-grams: as many as the root of how many distinct ones there are, if repeated.

    used holds the counts of those that may be repeated; the others of the n_grams are distinct.
    """
    repeated = np.sort(used[used > 1])
    n_distinct = n_grams - repeated.sum() + len(repeated)
    n_frequent = min(int(np.sqrt(n_distinct)), len(repeated))
    return repeated[len(repeated) - n_frequent :].sum()


@njit(cache=True, nogil=True)
def _find_repeats(data, offsets, marks, max_chars, max_run, distinct_window, seen_in, counts):  # type: ignore[no-untyped-def]
    """Fill the repetition columns from the first max_chars characters that are not white space.

    From a run of one character only the first max_run enter the n-grams: a ruled line of forty
    hyphens is one line, not forty repeats. seen_in holds a zero for every code point, and is scratch.
    """
    n_slots = 1 << (64 - _table_shift(max_chars))
    keys = np.empty(n_slots, np.uint64)
    used = np.zeros(n_slots, np.int32)
    seen = np.zeros(n_slots, np.uint8)
    stepped = np.zeros(n_slots, np.uint8)
    starts = np.empty(max_chars, np.int32)
    slots = np.empty(max_chars, np.int32)
    prefixes = np.zeros(max_chars + 1, np.uint64)
    for doc in range(len(offsets) - 1):
        i, end = offsets[doc], offsets[doc + 1]
        row = counts[doc]
        n_chars = run = longest_run = distinct_chars = 0
        previous = np.int64(-1)
        while i < end and n_chars < max_chars:
            point, i = _code_point(data, i)
            mark = marks[point]
            if mark in (SPACE, NEWLINE):
                continue
            run = run + 1 if point == previous else 1
            previous = point
            longest_run = max(longest_run, run)
            if run > max_run:
                continue
            if n_chars < distinct_window:
                distinct_chars += seen_in[point] != doc + 1
                seen_in[point] = doc + 1
            prefixes[n_chars + 1] = prefixes[n_chars] * _MULTIPLIER + np.uint64(point + 1)
            n_chars += 1
        row[SAMPLED_CHARS] = n_chars
        row[LONGEST_RUN] = longest_run
        row[DISTINCT_CHARS] = distinct_chars
        _count_repeats(prefixes, n_chars, starts, slots, keys, used, seen, stepped, row)


@njit(cache=True, nogil=True)
def _read_tells(data, offsets, tells, head_chars, counts):  # type: ignore[no-untyped-def]
    """Fill the telling columns of each document, from what each character tells."""
    for doc in range(len(offsets) - 1):
        i, end = offsets[doc], offsets[doc + 1]
        row = counts[doc]
        stop_characters = np.int64(0)
        n_chars = part_chars = 0
        before = np.int64(0)  # what the last character that was not blank tells
        is_spaced = False
        while i < end:
            point, i = _code_point(data, i)
            tell = np.int64(tells[point])
            if n_chars < head_chars:
                row[HEAD_KANA] += tell >> KANA & 1
            n_chars += 1
            row[LINE_FEEDS] += tell >> LINE_FEED & 1
            row[SEPARATORS] += tell >> SEPARATOR & 1
            stop_characters |= tell & ((1 << KANA) - 1)
            if tell >> BLANK & 1:
                is_spaced = point == 0x20 and (before >> JAPANESE & 1) != 0
                continue
            row[SPACED_JAPANESE] += is_spaced and tell >> JAPANESE & 1
            is_spaced = False
            before = tell
            if tell >> FULL_STOP & 1:
                row[FULL_STOPS] += 1
                part_chars = 0
            else:
                row[FULL_STOP_PARTS] += part_chars == 0
                part_chars += 1
        while stop_characters:
            row[STOP_CHARACTERS] += stop_characters & 1
            stop_characters >>= 1


@njit(cache=True, nogil=True)
def _sum_lifts(data, offsets, classes, lifts, steps, pairs):  # type: ignore[no-untyped-def]
    """Add up the lifts of each document's pairs of neighbours, and count the pairs."""
    for doc in range(len(offsets) - 1):
        i, end = offsets[doc], offsets[doc + 1]
        before, total, n_pairs = np.int64(OTHER_CLASS), 0, 0
        while i < end:
            point, i = _code_point(data, i)
            this = np.int64(classes[point])
            if this == BLANK_CLASS:
                continue
            if this != OTHER_CLASS and before != OTHER_CLASS:
                total += lifts[before, this]
                n_pairs += 1
            before = this
        steps[doc], pairs[doc] = total, n_pairs
