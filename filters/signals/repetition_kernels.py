"""The pass that finds frequent and repeated n-grams of characters, runs of one character, and distinct characters."""

from __future__ import annotations

from typing import Final, TypeAlias

import numpy as np

from manyo.corpus.jit import Bytes, Int32s, Int64s, Records, Uint16s, Uint32s, Uint64s, int64, kernel, record
from manyo.filters.signals.primitive_kernels import (
    COUNT_BITS,
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

    sampled_chars: int  # all but white space, and what is left out of long runs
    longest_run: int
    distinct_chars: int
    top_ngrams: Int64s  # occurrences of the most frequent n-gram, from `SHORTEST_TOP` on
    duplicate_5gram_chars: int  # characters that stand in a 5-gram which occurred before
    duplicate_10gram_chars: int
    longest_duplicate: int  # characters in the longest stretch of such 10-grams
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

#: Scratch of exact counts: the rows and ranks of n-grams, and their table.
Scratch: TypeAlias = tuple[Uint32s, Uint32s, Uint64s]

_LINE_FEED: Final = 0x0A
_NO_CHARACTER: Final = -1

#: A unit of a long text ends where a line or a sentence does, or after so many characters without either.
_LONGEST_UNIT_CHARS: Final = 1024


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
def _longest_covered(starts: Int32s, ranks: Uint32s, n_starts: int, length: int) -> int:
    """Characters in the longest stretch of n-grams which occurred before."""
    longest = stretch_from = covered_to = int64(0)
    for i in range(np.uint64(n_starts)):
        if ranks[i] > 1:
            start = int64(starts[i])
            stretch_from = stretch_from if start <= covered_to else start
            covered_to = start + length
            longest = max(longest, covered_to - stretch_from)
    return longest


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
def _lengthen(chars: Uint32s, starts: Int32s, hashes: Uint64s, n_starts: int, length: int) -> None:
    """Turn the hashes of n-grams into those of n-grams one longer, which have this length."""
    last = np.uint64(length - 1)
    for i in range(np.uint64(n_starts)):
        hashes[i] = hashes[i] * MULTIPLIER + np.uint64(chars[np.uint64(starts[i]) + last])


@kernel
def _lengthen_all(chars: Uint32s, hashes: Uint64s, n_starts: int, length: int) -> None:
    """As `_lengthen`, where every character begins an n-gram."""
    last = np.uint64(length - 1)
    for i in range(np.uint64(n_starts)):
        hashes[i] = hashes[i] * MULTIPLIER + np.uint64(chars[i + last])


@kernel
def _fill_slots(hashes: Uint64s, n_starts: int, slots: Uint32s, filled: Uint16s) -> int:
    """Count the places of each slot, which n-grams may share; returns the most places of a slot.

    Nothing is compared and nothing searched for, and the slots of most documents stay in the nearest cache.
    """
    shift = table_shift(2 * n_starts)
    filled[: 1 << (64 - shift)] = 0
    down, most = np.uint64(shift), np.uint16(0)
    for i in range(np.uint64(n_starts)):
        slot = (hashes[i] * MULTIPLIER) >> down
        n_places = np.uint16(filled[slot] + np.uint16(1))
        filled[slot] = n_places
        slots[i] = slot
        most = max(most, n_places)
    return int64(most)


@kernel
def _top_of_full(
    hashes: Uint64s, n_starts: int, slots: Uint32s, filled: Uint16s, least: int, chosen: Uint64s, scratch: Scratch
) -> int:
    """Occurrences of the most frequent n-gram among those in slots of `least` places or more; 1 if there are none."""
    n_chosen = np.uint64(0)
    for i in range(np.uint64(n_starts)):
        chosen[n_chosen] = hashes[i]
        n_chosen += np.uint64(int64(filled[slots[i]]) >= least)
    count_ngrams(chosen, int64(n_chosen), *scratch)
    top = int64(1)
    for i in range(n_chosen):
        top = max(top, int64(scratch[1][i]))
    return top


@kernel
def _keep_shared(starts: Int32s, hashes: Uint64s, n_starts: int, slots: Uint32s, filled: Uint16s) -> int:
    """As `keep_repeated`, of places whose slot another place has: so all that may occur more than once, and others."""
    n_kept = np.uint64(0)
    before = int64(-1)
    hash_before = np.uint64(0)
    for i in range(np.uint64(n_starts)):
        start, this_hash = int64(starts[i]), hashes[i]
        is_shared = filled[slots[i]] > 1
        starts[n_kept], hashes[n_kept] = before, hash_before
        n_kept += np.uint64(is_shared & (before >= 0) & (start == before + 1))
        before = start if is_shared else before
        hash_before = this_hash if is_shared else hash_before
    return int64(n_kept)


@kernel
def _top_count(
    hashes: Uint64s, n_starts: int, slots: Uint32s, filled: Uint16s, chosen: Uint64s, scratch: Scratch
) -> int:
    """Occurrences of the most frequent n-gram; fills the slots.

    Places are counted by slot first. An n-gram is counted by itself only where its slot is nearly as full as the
    fullest, and again where that leaves the answer open.
    """
    most = _fill_slots(hashes, n_starts, slots, filled)
    if most < 2:
        return most
    least = max(most - most // 4, 2)
    top = _top_of_full(hashes, n_starts, slots, filled, least, chosen, scratch)
    if top < least - 1:
        top = max(top, _top_of_full(hashes, n_starts, slots, filled, top + 1, chosen, scratch))
    return top


@kernel
def _count_top(
    chars: Uint32s,
    n_chars: int,
    shortest: int,
    starts: Int32s,
    hashes: Uint64s,
    slots: Uint32s,
    filled: Uint16s,
    chosen: Uint64s,
    scratch: Scratch,
    row: RepeatCount,
) -> int:
    """Count the most frequent n-grams of `shortest` to 4 characters, and collect the places of longer ones.

    Returns how many places may have a repeated n-gram of `SHORTEST_REPEATED` characters. These are the first in starts
    and hashes.
    """
    n_starts = max(n_chars - shortest + 1, 0)
    for start in range(np.uint64(n_starts)):
        starts[start] = start
        hashes[start] = chars[start]
    for length in range(SHORTEST_TOP, shortest):
        _lengthen_all(chars, hashes, n_starts, length)
    for length in range(shortest, SHORTEST_REPEATED):
        if length == shortest:
            _lengthen_all(chars, hashes, n_starts, length)
        else:
            _lengthen(chars, starts, hashes, n_starts, length)
        top = _top_count(hashes, n_starts, slots, filled, chosen, scratch)
        row.top_ngrams[length - SHORTEST_TOP] += max(top, min(max(n_chars - length + 1, 0), 1))
        n_starts = _keep_shared(starts, hashes, n_starts, slots, filled)
    _lengthen(chars, starts, hashes, n_starts, SHORTEST_REPEATED)
    _fill_slots(hashes, n_starts, slots, filled)
    n_shared = np.uint64(0)
    for i in range(np.uint64(n_starts)):
        starts[n_shared], hashes[n_shared] = starts[i], hashes[i]
        n_shared += np.uint64(filled[slots[i]] > 1)
    return int64(n_shared)


@kernel
def _keep_longest(starts: Int32s, hashes: Uint64s, n_starts: int, slots: Uint32s, table: Uint64s) -> int:
    """As `keep_repeated`, at once from n-grams of `SHORTEST_REPEATED` characters to those of `LONGEST`, with hashes.

    One of these may occur more than once only where all of the shorter ones in it do, which are at places in a row.
    """
    apart = int64(LONGEST - SHORTEST_REPEATED)
    power = np.uint64(1)
    for _ in range(apart):
        power *= MULTIPLIER
    n_kept = np.uint64(0)
    in_a_row, before = int64(0), int64(-1)
    for i in range(n_starts):
        start = int64(starts[np.uint64(i)])
        is_repeated = int64(table[slots[np.uint64(i)]] & COUNT_BITS > np.uint64(1))
        in_a_row = ((in_a_row & -int64(start == before + 1)) + 1) & -is_repeated
        before = start
        if in_a_row > apart:
            starts[n_kept] = start - apart
            hashes[n_kept] = hashes[np.uint64(i - apart)] * power + hashes[np.uint64(i)]
            n_kept += np.uint64(1)
    return int64(n_kept)


@kernel
def _count_repeated(
    chars: Uint32s,
    n_chars: int,
    counts_every: bool,
    starts: Int32s,
    n_starts: int,
    hashes: Uint64s,
    scratch: Scratch,
    reached: Int64s,
    row: RepeatCount,
) -> None:
    """Count the n-grams that occur more than once, of `SHORTEST_REPEATED` characters and more.

    An n-gram can be repeated only where the shorter ones at its place and at the next are. So each length looks at the
    places that the length before it left, which are soon few, and its table is as small as they are.
    """
    slots, ranks, table = scratch
    length = SHORTEST_REPEATED
    while True:
        count_ngrams(hashes, n_starts, slots, ranks, table)
        n_later = n_repeated = 0
        for i in range(np.uint64(n_starts)):
            n_later += ranks[i] > 1
            n_repeated += ranks[i] == 2
        n_distinct = max(n_chars - length + 1, 0) - n_later
        at = length - SHORTEST_REPEATED
        row.distinct_ngrams[at] += n_distinct
        row.repeated_ngrams[at] += n_repeated
        if length == 5:
            row.duplicate_5gram_chars += _covered_chars(starts, ranks, n_starts, length)
            row.frequent_5grams += _frequent_ngrams(ranks, n_starts, n_distinct, n_repeated, reached)
        elif length == 10:
            row.duplicate_10gram_chars += _covered_chars(starts, ranks, n_starts, length)
            row.longest_duplicate = max(row.longest_duplicate, _longest_covered(starts, ranks, n_starts, length))
        if counts_every:
            row.stepped_chars[at] += _stepped_chars(starts, slots, n_starts, length, table)
        if length == LONGEST:
            return
        if counts_every:
            n_starts = keep_repeated(starts, hashes, n_starts, slots, table)
            length += 1
            _lengthen(chars, starts, hashes, n_starts, length)
        else:
            n_starts = _keep_longest(starts, hashes, n_starts, slots, table)
            length = LONGEST


@kernel
def _ends_unit(point: int) -> bool:
    return point in (_LINE_FEED, 0x3002, 0xFF01, 0xFF1F, 0x21, 0x3F)  # 。！？!?


@kernel
def _read_whole(
    points: Uint32s,
    classes: Bytes,
    space_class: int,
    max_run: int,
    keeps_blanks: bool,
    chars: Uint32s,
    units: Int64s,
) -> tuple[int, int, int]:
    """Read the characters of a document as `count_repeats` does, to its end, and where each of its units starts.

    Returns:
        Characters, units, and the longest run of one character.
    """
    n_chars = run = longest_run = 0
    previous = int64(_NO_CHARACTER)
    n_units, units[0] = 1, 0
    is_ended = False
    for i in range(len(points)):
        point = int64(points[i])
        was_ended, is_ended = is_ended, _ends_unit(point)
        if classes[point] == space_class and (
            not keeps_blanks or (point == _LINE_FEED and previous in (_NO_CHARACTER, _LINE_FEED))
        ):
            is_ended |= was_ended
            continue
        unit_chars = n_chars - units[n_units - 1]
        if unit_chars >= _LONGEST_UNIT_CHARS or (was_ended and not is_ended and unit_chars > 0):
            units[n_units] = n_chars
            n_units += 1
        run = run + 1 if point == previous else 1
        previous = point
        longest_run = max(longest_run, run)
        chars[n_chars] = point
        n_chars += run <= max_run
    return n_chars, n_units, longest_run


@kernel
def _order_units(chars: Uint32s, n_chars: int, units: Int64s, n_units: int) -> Uint32s:
    """The characters with their units in the order of the hashes: the same in whatever order a text has them.

    Equal units are neighbours, so that a part of the text that holds one holds most of the others.
    """
    hashes = np.empty(n_units, np.uint64)
    units[n_units] = n_chars
    for unit in range(n_units):
        unit_hash = np.uint64(0)
        for place in range(units[unit], units[unit + 1]):
            unit_hash = (unit_hash ^ np.uint64(chars[place])) * MULTIPLIER
        hashes[unit] = unit_hash ^ unit_hash >> np.uint64(32)
    ordered = np.empty(n_chars, np.uint32)
    n_ordered = 0
    for unit in np.argsort(hashes):
        for place in range(units[unit], units[unit + 1]):
            ordered[n_ordered] = chars[place]
            n_ordered += 1
    return ordered


@kernel
def count_repeats(
    points: Uint32s,
    offsets: Int64s,
    classes: Bytes,
    space_class: int,
    max_chars: int,
    max_run: int,
    keeps_blanks: bool,
    counts_every: bool,
    distinct_window: int,
    seen_in: Int32s,
    counts: Records,
) -> None:
    """Fill a record of `REPEAT_COUNTS` for each document.

    A document of more than `max_chars` characters is counted in equal parts of at most as many, which are added up. Its
    lines and sentences are put in the order of their hashes first, so that their own order does not matter.

    Args:
        points, offsets: the documents.
        classes: of each code point; only `space_class` matters here.
        space_class: the class of white space, line feeds among it.
        max_chars: characters that are counted together.
        max_run: characters of a run of one character that enter the n-grams.
        keeps_blanks: whether white space is sampled too, except blank lines.
        counts_every: whether n-grams of every length are counted. Without it, of the arrays of a record only the most
            frequent n-gram of 4 characters is filled in, and those that occurred before of 5 and of 10.
        distinct_window: characters from the start, of a long document of each part, in which distinct ones are counted.
        seen_in: scratch, a zero for every code point.
        counts: the records, all zeros.
    """
    n_slots = 1 << (64 - table_shift(2 * max_chars))
    scratch = (np.empty(max_chars, np.uint32), np.empty(max_chars, np.uint32), np.empty(n_slots, np.uint64))
    starts = np.empty(max_chars, np.int32)
    hashes = np.empty(max_chars, np.uint64)
    chosen = np.empty(max_chars + 1, np.uint64)
    slots = np.empty(max_chars, np.uint32)
    filled = np.empty(n_slots, np.uint16)
    reached = np.zeros(max_chars + 1, np.int64)
    chars = np.empty(max_chars, np.uint32)
    longest = n_marks = int64(0)
    for doc in range(len(counts)):
        longest = max(longest, offsets[doc + 1] - offsets[doc])
    whole = np.empty(longest if longest > max_chars else 0, np.uint32)
    units = np.empty(longest + 1 if longest > max_chars else 0, np.int64)
    for doc in range(len(counts)):
        i, end = offsets[doc], offsets[doc + 1]
        row: RepeatCount = counts[doc]
        n_chars, run, longest_run, previous = 0, 0, 0, int64(_NO_CHARACTER)
        while i < end and n_chars < max_chars:
            point, i = int64(points[np.uint64(i)]), i + 1
            if classes[np.uint64(point)] == space_class and (
                not keeps_blanks or (point == _LINE_FEED and previous in (_NO_CHARACTER, _LINE_FEED))
            ):
                continue
            run = run + 1 if point == previous else 1
            previous = point
            longest_run = max(longest_run, run)
            chars[np.uint64(n_chars)] = point
            n_chars += run <= max_run
        ordered = chars
        if i < end:
            text = points[offsets[doc] : end]
            n_chars, n_units, longest_run = _read_whole(text, classes, space_class, max_run, keeps_blanks, whole, units)
            ordered = _order_units(whole, n_chars, units, n_units)
        row.sampled_chars = n_chars
        row.longest_run = longest_run
        shortest = SHORTEST_TOP if counts_every else SHORTEST_REPEATED - 1
        n_parts = max(1, -(-n_chars // max_chars))
        for number in range(n_parts):
            part = ordered[number * n_chars // n_parts : (number + 1) * n_chars // n_parts]
            n_marks += 1
            distinct_chars = int64(0)
            for place in range(np.uint64(min(len(part), distinct_window))):
                distinct_chars += seen_in[np.uint64(part[place])] != n_marks
                seen_in[np.uint64(part[place])] = n_marks
            row.distinct_chars += distinct_chars
            n_starts = _count_top(part, len(part), shortest, starts, hashes, slots, filled, chosen, scratch, row)
            _count_repeated(part, len(part), counts_every, starts, n_starts, hashes, scratch, reached, row)
