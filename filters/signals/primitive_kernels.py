"""Steps that several kernels share: find a slot in a hash table, count n-grams."""

from __future__ import annotations

from typing import Final, TypeVar

import numpy as np

from manyo.corpus.jit import Int32s, Int64s, Uint32s, Uint64s, int64, kernel

#: An odd multiplier with well-spread bits (the 64-bit golden ratio), for polynomial hashes modulo 2**64 and for the
#: multiply-shift that turns a hash into a slot.
MULTIPLIER: Final = np.uint64(0x9E3779B97F4A7C15)

# A slot of the table of n-grams: 44 bits of its hash as a tag, a bit if it was stepped over, how often it occurred.
_TAG_SHIFT: Final = np.uint64(20)
STEPPED_BIT: Final = np.uint64(19)
COUNT_BITS: Final = np.uint64(0x3_FFFF)

#: Scratch arrays of 32 or 64 bits, for texts of one length and for words.
Places = TypeVar("Places", Int32s, Int64s)
Slots = TypeVar("Slots", Uint32s, Uint64s)


@kernel
def longest_document(offsets: Int64s) -> int:
    """The size of the longest document, in what offsets count."""
    longest = int64(0)
    for doc in range(len(offsets) - 1):
        longest = max(longest, offsets[doc + 1] - offsets[doc])
    return longest


@kernel
def table_shift(n_keys: int) -> int:
    """The shift of the smallest table, of 16 slots or more, of which n keys fill at most half."""
    shift = 60
    while (1 << (64 - shift)) < 2 * n_keys:
        shift -= 1
    return shift


@kernel
def find_slot(keys: Uint64s, used: Int32s, key: np.uint64, shift: int) -> np.uint64:
    """The slot of a key in an open-addressing table of 2**(64 - shift) slots; unused if the key is new."""
    mask = np.uint64((1 << (64 - shift)) - 1)
    slot = (key * MULTIPLIER) >> np.uint64(shift)
    # One test, not two: the processor cannot predict whether a key is new.
    while (used[slot] != 0) & (keys[slot] != key):
        slot = (slot + np.uint64(1)) & mask
    return slot


@kernel
def count_ngrams(hashes: Uint64s, n_places: int, slots: Slots, ranks: Uint32s, table: Uint64s) -> None:
    """Count n-grams by their hashes.

    Loops that do one thing each, over unsigned numbers, leave the compiler no sign to test and nothing to spill.

    Args:
        hashes: polynomial hash of the n-gram at each place; only the first n_places are in use.
        n_places: see above.
        slots: gets the row of each place's n-gram in the table.
        ranks: gets for each place how often its n-gram has occurred up to there.
        table: gets the slots of the n-grams; only as much of it as the n-grams need is used.
    """
    shift = table_shift(2 * n_places)  # at most a quarter full: fewer collisions
    n_slots = 1 << (64 - shift)
    for slot in range(n_slots):
        table[slot] = 0
    down, mask = np.uint64(shift), np.uint64(n_slots - 1)
    for i in range(np.uint64(n_places)):
        spread = hashes[i] * MULTIPLIER
        tag = spread << _TAG_SHIFT
        slot = spread >> down
        entry = table[slot]
        # One test, not two: the processor cannot predict whether an n-gram is new.
        while (entry != 0) & ((entry ^ tag) >> _TAG_SHIFT != 0):
            slot = (slot + np.uint64(1)) & mask
            entry = table[slot]
        rank = (entry & COUNT_BITS) + np.uint64(1)
        table[slot] = tag | rank
        slots[i] = slot
        ranks[i] = rank


@kernel
def keep_repeated(starts: Places, hashes: Uint64s, n_starts: int, slots: Slots, table: Uint64s) -> int:
    """Move the places where an n-gram one longer may occur more than once to the front, and return their number.

    It can only where both n-grams in it do, the one at its place and the one at the next; places are in order. Their
    hashes move with them.
    """
    n_kept = np.uint64(0)
    before = int64(-1)  # the last place whose n-gram occurs more than once
    hash_before = np.uint64(0)
    for i in range(np.uint64(n_starts)):
        start, this_hash = int64(starts[i]), hashes[i]
        is_repeated = table[slots[i]] & COUNT_BITS > np.uint64(1)
        starts[n_kept], hashes[n_kept] = before, hash_before
        n_kept += np.uint64(is_repeated & (before >= 0) & (start == before + 1))
        before = start if is_repeated else before
        hash_before = this_hash if is_repeated else hash_before
    return int64(n_kept)
