"""Jitted loops over UTF-8 batches: one pass counts characters, one reads lines, one finds repeats.

Every kernel takes the bytes and offsets of `corpus.text.Texts`, which are read-only, and fills
arrays that its wrapper allocated. The wrappers, with types and docstrings for callers, are in
`characters`, `fluency` and `repetition`; each kernel's slow twin is in the tests' oracles.
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
LINE_COLUMNS: Final = 10

# Columns that the repetition kernel fills, per document.
SAMPLED_CHARS: Final = 0
TOP_2GRAM: Final = 1
TOP_3GRAM: Final = 2
TOP_4GRAM: Final = 3
DUPLICATE_5GRAM_CHARS: Final = 4
DUPLICATE_10GRAM_CHARS: Final = 5
LONGEST_RUN: Final = 6
DISTINCT_CHARS: Final = 7
REPETITION_COLUMNS: Final = 8

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
def _read_lines(data, offsets, marks, short_line_chars, counts):  # type: ignore[no-untyped-def]
    """Fill the line columns of each document.

    White space is not counted and a line without anything else is no line.
    """
    hashes = np.empty(1024, np.uint64)
    lengths = np.empty(1024, np.int64)
    keys = np.empty(16, np.uint64)
    used = np.zeros(16, np.int32)
    for doc in range(len(offsets) - 1):
        i, end = offsets[doc], offsets[doc + 1]
        row = counts[doc]
        n_lines = 0
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
                    if is_ended:
                        row[ENDED_SENTENCE_CHARS] += sentence_chars
                if line_chars:
                    row[LINES] += 1
                    row[VISIBLE_CHARS] += line_chars
                    row[SHORT_LINES] += line_chars <= short_line_chars
                    row[ENDED_LINES] += is_ended
                    row[ELLIPSIS_LINES] += last_mark == ELLIPSIS or dots >= 3
                    row[BULLET_LINES] += is_bullet
                    if n_lines == len(hashes):
                        grown_hashes = np.empty(2 * n_lines, np.uint64)
                        grown_hashes[:n_lines] = hashes
                        hashes = grown_hashes
                        grown_lengths = np.empty(2 * n_lines, np.int64)
                        grown_lengths[:n_lines] = lengths
                        lengths = grown_lengths
                    hashes[n_lines] = line_hash
                    lengths[n_lines] = line_chars
                    n_lines += 1
                line_chars = sentence_chars = dots = 0
                ended = _NOT_ENDED
                last_mark = PLAIN
                is_bullet = False
                line_hash = np.uint64(0)
                continue

            if ended != _NOT_ENDED and not SENTENCE_END <= mark <= QUOTE_CLOSER:
                if ended == _ENDED or mark != ALPHANUMERIC:
                    row[SENTENCES] += 1
                    row[LONGEST_SENTENCE] = max(row[LONGEST_SENTENCE], sentence_chars)
                    row[ENDED_SENTENCE_CHARS] += sentence_chars
                    sentence_chars = 0
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
            line_hash = line_hash * _MULTIPLIER + np.uint64(point)

        shift = _table_shift(n_lines)
        n_slots = 1 << (64 - shift)
        if n_slots > len(keys):
            keys = np.empty(n_slots, np.uint64)
            used = np.zeros(n_slots, np.int32)
        used[:n_slots] = 0
        for line in range(n_lines):
            slot = _find_slot(keys, used, hashes[line], shift)
            if used[slot]:
                row[DUPLICATE_LINE_CHARS] += lengths[line]
            keys[slot] = hashes[line]
            used[slot] = 1


@njit(cache=True, nogil=True)
def _ngram_hash(prefixes, start, length, power):  # type: ignore[no-untyped-def]
    """Polynomial hash of the n-gram at `start`, from prefix hashes; power is _MULTIPLIER**length."""
    return prefixes[start + length] - prefixes[start] * power


@njit(cache=True, nogil=True)
def _top_ngram_count(prefixes, n_chars, length, keys, used):  # type: ignore[no-untyped-def]
    """How often the most frequent n-gram occurs."""
    power = np.uint64(1)
    for _ in range(length):
        power *= _MULTIPLIER
    shift = _table_shift(n_chars)
    used[: 1 << (64 - shift)] = 0
    top = 0
    for start in range(n_chars - length + 1):
        key = _ngram_hash(prefixes, start, length, power)
        slot = _find_slot(keys, used, key, shift)
        keys[slot] = key
        used[slot] += 1
        top = max(top, used[slot])
    return top


@njit(cache=True, nogil=True)
def _duplicate_ngram_chars(prefixes, n_chars, length, keys, used):  # type: ignore[no-untyped-def]
    """Characters that stand in an n-gram which occurred before, each counted once."""
    power = np.uint64(1)
    for _ in range(length):
        power *= _MULTIPLIER
    shift = _table_shift(n_chars)
    used[: 1 << (64 - shift)] = 0
    duplicate_chars = 0
    covered_to = 0
    for start in range(n_chars - length + 1):
        key = _ngram_hash(prefixes, start, length, power)
        slot = _find_slot(keys, used, key, shift)
        if used[slot]:
            duplicate_chars += start + length - max(start, covered_to)
            covered_to = start + length
        keys[slot] = key
        used[slot] = 1
    return duplicate_chars


@njit(cache=True, nogil=True)
def _find_repeats(data, offsets, marks, max_chars, max_run, distinct_window, seen_in, counts):  # type: ignore[no-untyped-def]
    """Fill the repetition columns from the first max_chars characters that are not white space.

    From a run of one character only the first max_run enter the n-grams: a ruled line of forty
    hyphens is one line, not forty repeats. seen_in holds a zero for every code point, and is scratch.
    """
    n_slots = 1 << (64 - _table_shift(max_chars))
    keys = np.empty(n_slots, np.uint64)
    used = np.zeros(n_slots, np.int32)
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
        row[TOP_2GRAM] = _top_ngram_count(prefixes, n_chars, 2, keys, used)
        row[TOP_3GRAM] = _top_ngram_count(prefixes, n_chars, 3, keys, used)
        row[TOP_4GRAM] = _top_ngram_count(prefixes, n_chars, 4, keys, used)
        row[DUPLICATE_5GRAM_CHARS] = _duplicate_ngram_chars(prefixes, n_chars, 5, keys, used)
        row[DUPLICATE_10GRAM_CHARS] = _duplicate_ngram_chars(prefixes, n_chars, 10, keys, used)
