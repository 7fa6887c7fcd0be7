"""The pass that finds frequent and repeated n-grams of characters, runs of one character, and distinct characters."""

from __future__ import annotations

from typing import Final

import numpy as np

from manyo.corpus.jit import Bytes, Int32s, Int64s, Records, Uint32s, Uint64s, int64, kernel, record
from manyo.filters.signals.primitive_kernels import (
    MULTIPLIER,
    STEPPED_BIT,
    count_ngrams,
    keep_repeated,
    table_shift,
)

#: Lengths of n-grams: the most frequent one is counted up to 4 characters, repeated ones from 5.
SHORTEST_TOP: Final = 2
SHORTEST_REPEATED: Final = 5
LONGEST: Final = 10


class RepeatCount:
    """The counts of one document, a record of `REPEAT_COUNTS`. Arrays have a number for each length of n-gram."""

    sampled_chars: int
    longest_run: int
    distinct_chars: int
    top_ngrams: Int64s  # occurrences of the most frequent n-gram, from `SHORTEST_TOP` on
    duplicate_5gram_chars: int  # characters that stand in a 5-gram which occurred before
    duplicate_10gram_chars: int
    frequent_5grams: int
    stepped_chars: Int64s  # characters in repeated n-grams, counted in steps, from `SHORTEST_REPEATED` on
    distinct_ngrams: Int64s
    repeated_ngrams: Int64s  # distinct ones that occur more than once


_LENGTHS: Final = {"top_ngrams": SHORTEST_REPEATED - SHORTEST_TOP} | dict.fromkeys(
    ("stepped_chars", "distinct_ngrams", "repeated_ngrams"), LONGEST + 1 - SHORTEST_REPEATED
)
REPEAT_COUNTS: Final = record(
    *((name, np.int64, (_LENGTHS[name],) if name in _LENGTHS else ()) for name in RepeatCount.__annotations__)
)

_LINE_FEED: Final = 0x0A
_NO_CHARACTER: Final = -1


@kernel
def _covered_chars(starts: Int32s, ranks: Uint32s, n_starts: int, length: int) -> int:
    """Characters that stand in an n-gram which occurred before."""
    covered_chars = covered_to = int64(0)
    for i in range(np.uint64(n_starts)):
        start = int64(starts[i])
        end = start + length
        is_later = -int64(ranks[i] > 1)  # all bits or none: there is no branch to predict
        covered_chars += (end - max(start, covered_to)) & is_later
        covered_to = max(covered_to, end & is_later)
    return covered_chars


@kernel
def _stepped_chars(starts: Int32s, slots: Uint32s, n_starts: int, length: int, table: Uint64s) -> int:
    """Characters in n-grams that were passed before, each stepped over whole; the table remembers those passed."""
    n_steps = stepped_to = int64(0)
    for i in range(np.uint64(n_starts)):
        start = int64(starts[i])
        entry = table[slots[i]]
        is_passed = int64(start >= stepped_to)
        is_step = is_passed & int64(entry >> STEPPED_BIT & np.uint64(1))
        n_steps += is_step
        stepped_to = max(stepped_to, (start + length) & -is_step)
        table[slots[i]] = entry | np.uint64(is_passed) << STEPPED_BIT
    return n_steps * length


@kernel
def _frequent_ngrams(ranks: Uint32s, n_starts: int, n_distinct: int, n_repeated: int, reached: Int64s) -> int:
    """Occurrences of the most frequent repeated n-grams, of as many as the square root of the distinct ones.

    reached[n] counts the n-grams that occur n times or more. It holds zeros before and after.
    """
    top = 1
    for i in range(np.uint64(n_starts)):
        reached[ranks[i]] += 1
        top = max(top, ranks[i])
    n_frequent = min(int(np.sqrt(n_distinct)), n_repeated)
    n_occurrences = n_frequent
    reached[1] = 0
    for rank in range(2, top + 1):
        n_occurrences += min(reached[rank], n_frequent)
        reached[rank] = 0
    return n_occurrences


@kernel
def _count_repeated(
    prefixes: Uint64s,
    n_chars: int,
    starts: Int32s,
    hashes: Uint64s,
    slots: Uint32s,
    ranks: Uint32s,
    table: Uint64s,
    reached: Int64s,
    row: RepeatCount,
) -> None:
    """Count the n-grams of one document.

    An n-gram can be repeated only where the shorter ones at its place and at the next are. So each length looks at the
    places that the length before it left, which are soon few, and its table is as small as they are.
    starts, hashes, slots, ranks, table and reached are scratch.
    """
    n_starts = max(n_chars - 1, 0)
    for start in range(n_starts):
        starts[start] = start
    power = MULTIPLIER
    for length in range(SHORTEST_TOP, LONGEST + 1):
        power *= MULTIPLIER
        n_grams = max(n_chars - length + 1, 0)
        count_ngrams(prefixes, starts, n_starts, length, power, hashes, slots, ranks, table)
        top = min(n_grams, 1)
        n_later = n_repeated = 0
        for i in range(np.uint64(n_starts)):
            top = max(top, int64(ranks[i]))
            n_later += ranks[i] > 1
            n_repeated += ranks[i] == 2
        if length < SHORTEST_REPEATED:
            row.top_ngrams[length - SHORTEST_TOP] = top
        else:
            n_distinct = n_grams - n_later
            at = length - SHORTEST_REPEATED
            row.stepped_chars[at] = _stepped_chars(starts, slots, n_starts, length, table)
            row.distinct_ngrams[at] = n_distinct
            row.repeated_ngrams[at] = n_repeated
            if length == 5:
                row.duplicate_5gram_chars = _covered_chars(starts, ranks, n_starts, length)
                row.frequent_5grams = _frequent_ngrams(ranks, n_starts, n_distinct, n_repeated, reached)
            elif length == 10:
                row.duplicate_10gram_chars = _covered_chars(starts, ranks, n_starts, length)
        n_starts = keep_repeated(starts, n_starts, slots, table)


@kernel
def count_repeats(
    points: Uint32s,
    offsets: Int64s,
    classes: Bytes,
    space_class: int,
    max_chars: int,
    max_run: int,
    keeps_blanks: bool,
    distinct_window: int,
    seen_in: Int32s,
    counts: Records,
) -> None:
    """Fill a record of `REPEAT_COUNTS` for each document.

    Args:
        points, offsets: the documents.
        classes: of each code point; only `space_class` matters here.
        space_class: the class of white space, line feeds among it.
        max_chars: characters from the start that are sampled.
        max_run: characters of a run of one character that enter the n-grams.
        keeps_blanks: whether white space is sampled too, except blank lines.
        distinct_window: characters from the start in which distinct ones are counted.
        seen_in: scratch, a zero for every code point.
        counts: the records.
    """
    table = np.empty(1 << (64 - table_shift(2 * max_chars)), np.uint64)
    starts = np.empty(max_chars, np.int32)
    hashes = np.empty(max_chars, np.uint64)
    slots = np.empty(max_chars, np.uint32)
    ranks = np.empty(max_chars, np.uint32)
    reached = np.zeros(max_chars + 1, np.int64)
    prefixes = np.zeros(max_chars + 1, np.uint64)
    for doc in range(len(counts)):
        i, end = offsets[doc], offsets[doc + 1]
        row: RepeatCount = counts[doc]
        n_chars = run = longest_run = distinct_chars = 0
        previous = int64(_NO_CHARACTER)
        while i < end and n_chars < max_chars:
            point, i = int64(points[np.uint64(i)]), i + 1
            if classes[point] == space_class and (
                not keeps_blanks or (point == _LINE_FEED and previous in (_NO_CHARACTER, _LINE_FEED))
            ):
                continue
            run = run + 1 if point == previous else 1
            previous = point
            longest_run = max(longest_run, run)
            if run > max_run:
                continue
            if n_chars < distinct_window:
                distinct_chars += seen_in[point] != doc + 1
                seen_in[point] = doc + 1
            prefixes[n_chars + 1] = prefixes[n_chars] * MULTIPLIER + np.uint64(point + 1)
            n_chars += 1
        row.sampled_chars = n_chars
        row.longest_run = longest_run
        row.distinct_chars = distinct_chars
        _count_repeated(prefixes, n_chars, starts, hashes, slots, ranks, table, reached, row)
