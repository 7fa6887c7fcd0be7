"""The pass that finds frequent and repeated runs of words."""

from __future__ import annotations

from typing import Final

import numpy as np

from manyo.corpus.jit import Int64s, Records, Uint64s, int64, kernel, record
from manyo.filters.signals.primitive_kernels import (
    COUNT_BITS,
    MULTIPLIER,
    STEPPED_BIT,
    count_ngrams,
    keep_repeated,
    longest_document,
    table_shift,
)

#: Lengths of runs in words: the most frequent one is measured up to 4, repeated ones from 5.
SHORTEST_TOP: Final = 2
SHORTEST_STEPPED: Final = 5
LONGEST: Final = 10


class RunCount:
    """The counts of one document, a record of `RUN_COUNTS`. Arrays have a number for each length of run."""

    top_chars: Int64s  # characters in the most frequent run, from `SHORTEST_TOP` on
    stepped_chars: Int64s  # characters in repeated runs, counted in steps, from `SHORTEST_STEPPED` on
    repeated_7word_runs: int  # occurrences of runs of seven words that occur more than once


RUN_COUNTS: Final = record(
    ("top_chars", np.int64, (SHORTEST_STEPPED - SHORTEST_TOP,)),
    ("stepped_chars", np.int64, (LONGEST + 1 - SHORTEST_STEPPED,)),
    ("repeated_7word_runs", np.int64),
)


@kernel
def _top_chars(
    starts: Int64s, n_starts: int, slots: Uint64s, table: Uint64s, top: np.uint64, length: int, lengths: Int64s
) -> int:
    """Characters in the runs that occur `top` times, with the spaces between their words; the first such run counts."""
    start = int64(0)
    if top > np.uint64(1):
        for i in range(n_starts):
            if table[slots[i]] & COUNT_BITS == top:
                start = int64(starts[i])
                break
    run_chars = int64(lengths[start + length] - lengths[start]) + length - 1
    return run_chars * int64(top)


@kernel
def _stepped_chars(starts: Int64s, n_starts: int, slots: Uint64s, table: Uint64s, length: int, lengths: Int64s) -> int:
    """Characters in runs that were passed before, each stepped over whole; the table remembers those passed."""
    one = np.uint64(1)
    passed = one << STEPPED_BIT
    chars = int64(0)
    stepped_to = 0
    for i in range(n_starts):
        entry, start = table[slots[i]], starts[i]
        if entry & COUNT_BITS > one and start >= stepped_to:
            if entry & passed:
                chars += lengths[start + length] - lengths[start]
                stepped_to = start + length
            table[slots[i]] = entry | passed
    return chars


@kernel
def _repeated(n_starts: int, slots: Uint64s, table: Uint64s) -> int:
    """The number of places whose run occurs more than once."""
    n_repeated = 0
    for i in range(n_starts):
        n_repeated += table[slots[i]] & COUNT_BITS > np.uint64(1)
    return n_repeated


@kernel
def count_runs(words: Int64s, chars: Int64s, offsets: Int64s, counts: Records) -> None:
    """Fill a record of `RUN_COUNTS` for each document.

    A run is as long as its words, and in top_chars as the spaces between them too, because datatrove joins words with
    spaces there. Of runs that are equally frequent, the first is the top one.

    Args:
        words: numbers of the words of all documents, equal for equal words.
        chars: length of each.
        offsets: document i has the words from offsets[i] on.
        counts: the records.
    """
    longest = max(1, longest_document(offsets))
    table = np.empty(1 << (64 - table_shift(2 * longest)), np.uint64)
    starts = np.empty(longest, np.int64)
    hashes = np.empty(longest, np.uint64)
    slots = np.empty(longest, np.uint64)
    ranks = np.empty(longest, np.uint32)
    lengths = np.zeros(longest + 1, np.int64)
    for doc in range(len(counts)):
        first, n_words = offsets[doc], offsets[doc + 1] - offsets[doc]
        row: RunCount = counts[doc]
        for i in range(n_words):
            lengths[i + 1] = lengths[i] + chars[first + i]
            starts[i] = i
            hashes[i] = np.uint64(words[first + i] + 1)
        n_starts = n_words
        for length in range(SHORTEST_TOP, LONGEST + 1):
            n_runs = max(n_words - length + 1, 0)
            while n_starts > 0 and starts[n_starts - 1] >= n_runs:
                n_starts -= 1
            for i in range(n_starts):
                hashes[i] = hashes[i] * MULTIPLIER + np.uint64(words[first + starts[i] + length - 1] + 1)
            count_ngrams(hashes, n_starts, slots, ranks, table)
            if length >= SHORTEST_STEPPED:
                stepped = _stepped_chars(starts, n_starts, slots, table, length, lengths)
                row.stepped_chars[length - SHORTEST_STEPPED] = stepped
            elif n_runs:
                top = np.uint64(1)
                for i in range(n_starts):
                    top = max(top, np.uint64(ranks[i]))
                top_chars = _top_chars(starts, n_starts, slots, table, top, length, lengths)
                row.top_chars[length - SHORTEST_TOP] = top_chars
            if length == 7:
                row.repeated_7word_runs = _repeated(n_starts, slots, table)
            n_starts = keep_repeated(starts, hashes, n_starts, slots, table)
