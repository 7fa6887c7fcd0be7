"""Compiled loops that look for benchmark items in UTF-8 texts; `manyo.filters.benchmarks.leaks` calls them."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from manyo.corpus.jit import Bytes, Int32s, Int64s, Records, Uint64s, kernel
from manyo.corpus.utf8_kernels import code_point

#: An odd multiplier with well-spread bits (the 64-bit golden ratio), for a polynomial hash modulo 2^64 and for the
#: multiply-shift that turns it into a slot.
_MULTIPLIER: Final = np.uint64(0x9E3779B97F4A7C15)

#: Share of an item's letters, 4 of 10, that its n-grams in a document must cover before the edits are counted. An edit
#: hides at most n letters, so where 12 % are edited, 5-grams still cover 40 %.
_MIN_COVERED: Final = 4
_OF_LETTERS: Final = 10

#: A stretch of a document that is an item.
LEAK: Final = np.dtype(
    [
        ("row", np.int64),  # the document
        ("item", np.int64),
        ("start", np.int64),  # in code points of the document
        ("stop", np.int64),
        ("edits", np.int64),
    ]
)

#: How far an item has been found while a document is read. Places count the letters of all documents together.
_PROGRESS: Final = np.dtype(
    [
        ("last_stop", np.int64),  # where its last n-gram ended
        ("covered", np.int64),  # letters of the stretch that lie in its n-grams
        ("start", np.int64),  # where the stretch began
        ("found_stop", np.int64),  # where it was found last
    ]
)


class Folds(NamedTuple):
    """What characters become before they are compared.

    Attributes:
        folds: int32 (0x110000,), for each code point 0 to leave it out, the letter that it becomes, or, negative, the
            place in `expansions`.
        expansions: int32, at such a place the number of letters and then the letters.
    """

    folds: Int32s
    expansions: Int32s


class GramTable(NamedTuple):
    """The n-grams of all items, by hash.

    Attributes:
        n: letters of an n-gram.
        shift: 64 less the bits of a slot's number.
        slot_keys: uint64 (n_slots,), the hash in each slot.
        slot_rows: int32 (n_slots,), the row of that n-gram in `first_postings`; -1 in a free slot.
        first_postings: int64 (n_grams + 1,), where the items of each n-gram begin in `postings`.
        postings: int32, the items that have an n-gram.
    """

    n: int
    shift: int
    slot_keys: Uint64s
    slot_rows: Int32s
    first_postings: Int64s
    postings: Int32s


class ItemTexts(NamedTuple):
    """The letters of the items.

    Attributes:
        letters: int32 (n_letters,), those of all items one after another.
        offsets: int64 (n_items + 1,), where each item begins.
        max_edits: int64 (n_items,), edits that a leak of it may need.
    """

    letters: Int32s
    offsets: Int64s
    max_edits: Int64s


class _Scratch(NamedTuple):
    """Arrays that the search writes again for each document or item."""

    letters: Int32s
    places: Int32s
    costs: Int64s
    starts: Int64s


@kernel
def fold_letters(data: Bytes, start: int, stop: int, folds: Folds, letters: Int32s, places: Int32s) -> int:
    """Fold the text in `data[start:stop]`.

    Args:
        data: UTF-8.
        start, stop: its bytes.
        folds: what characters become.
        letters: written with the letters; as long as the text has bytes is enough.
        places: written with the place of each letter, in code points of the text.

    Returns:
        The number of letters.
    """
    n_letters = 0
    place = 0
    i = start
    while i < stop:
        point, i = code_point(data, i)
        fold = folds.folds[point]
        if fold > 0:
            letters[n_letters] = fold
            places[n_letters] = place
            n_letters += 1
        elif fold < 0:
            at = -fold
            for j in range(at + 1, at + 1 + folds.expansions[at]):
                letters[n_letters] = folds.expansions[j]
                places[n_letters] = place
                n_letters += 1
        place += 1
    return n_letters


@kernel
def _leading_power(n: int) -> np.uint64:
    """The multiplier of the first letter in the hash of an n-gram."""
    power = np.uint64(1)
    for _ in range(n - 1):
        power *= _MULTIPLIER
    return power


@kernel
def _slot(key: np.uint64, shift: int) -> np.uint64:
    """The first slot in which to look for a hash."""
    return ((key ^ (key >> np.uint64(29))) * _MULTIPLIER) >> np.uint64(shift)


@kernel
def hash_grams(letters: Int32s, n: int, hashes: Uint64s) -> None:
    """Hash every n-gram: writes `hashes[i]`, that of `letters[i : i + n]`."""
    leading = _leading_power(n)
    rolling = np.uint64(0)
    for i in range(len(letters)):
        if i >= n:
            rolling -= np.uint64(letters[i - n]) * leading
        rolling = rolling * _MULTIPLIER + np.uint64(letters[i])
        if i >= n - 1:
            hashes[i - n + 1] = rolling


@kernel
def fill_slots(keys: Uint64s, slot_keys: Uint64s, slot_rows: Int32s, shift: int) -> None:
    """Put distinct keys into an open-addressing table of 2**(64 - shift) slots; a free slot has row -1."""
    mask = np.uint64(len(slot_keys) - 1)
    for row in range(len(keys)):
        slot = _slot(keys[row], shift)
        while slot_rows[slot] >= 0:
            slot = (slot + np.uint64(1)) & mask
        slot_keys[slot] = keys[row]
        slot_rows[slot] = row


@kernel
def _align(item: Int32s, text: Int32s, max_edits: int, costs: Int64s, starts: Int64s) -> tuple[int, int, int]:
    """Find the first stretch of a text that takes at most `max_edits` edits to become an item (Sellers 1980).

    The stretch is extended while that needs fewer edits.

    Args:
        item: its letters.
        text: letters to search.
        max_edits: the limit.
        costs, starts: scratch of more than the item's letters.

    Returns:
        Edits, start and stop of the stretch; more edits than `max_edits` if there is none.
    """
    n_letters = len(item)
    for row in range(n_letters + 1):
        costs[row] = row
        starts[row] = 0
    best, best_start, best_stop = max_edits + 1, 0, 0
    for column in range(len(text)):
        before_cost, before_start = costs[0], starts[0]
        starts[0] = column + 1
        for row in range(1, n_letters + 1):
            cost = before_cost + (item[row - 1] != text[column])
            start = before_start
            if costs[row] + 1 < cost:
                cost, start = costs[row] + 1, starts[row]
            if costs[row - 1] + 1 < cost:
                cost, start = costs[row - 1] + 1, starts[row - 1]
            before_cost, before_start = costs[row], starts[row]
            costs[row], starts[row] = cost, start
        if costs[n_letters] < best:
            best, best_start, best_stop = costs[n_letters], starts[n_letters], column + 1
        elif best <= max_edits and column + 1 > best_stop + best:
            break
    return best, best_start, best_stop


@kernel
def find_items(data: Bytes, offsets: Int64s, folds: Folds, table: GramTable, items: ItemTexts, found: Records) -> int:
    """Find every stretch of documents that is an item.

    Args:
        data: UTF-8 of all documents.
        offsets: int64 (n_docs + 1,), where each document begins in it.
        folds: what characters become.
        table: the n-grams of the items.
        items: their letters.
        found: of `LEAK`, written; if it is too small, the rest is missing.

    Returns:
        The number of stretches, which may be larger than `found`.
    """
    n = table.n
    n_items = len(items.offsets) - 1
    longest_item = 0
    for item in range(n_items):
        longest_item = max(longest_item, items.offsets[item + 1] - items.offsets[item])
    longest_text = 0
    for doc in range(len(offsets) - 1):
        longest_text = max(longest_text, offsets[doc + 1] - offsets[doc])
    scratch = _Scratch(
        np.zeros(longest_text + 1, np.int32),
        np.zeros(longest_text + 1, np.int32),
        np.zeros(longest_item + 1, np.int64),
        np.zeros(longest_item + 1, np.int64),
    )
    progress = np.zeros(n_items, _PROGRESS)
    mask = np.uint64(len(table.slot_keys) - 1)
    leading = _leading_power(n)
    letters = scratch.letters
    n_found = 0
    # Places go on from document to document with a gap, so that nothing need be reset.
    gap = 2 * longest_item + 4 * n
    base = 2 * gap
    for doc in range(len(offsets) - 1):
        n_letters = fold_letters(data, offsets[doc], offsets[doc + 1], folds, letters, scratch.places)
        rolling = np.uint64(0)
        for i in range(n_letters):
            if i >= n:
                rolling -= np.uint64(letters[i - n]) * leading
            rolling = rolling * _MULTIPLIER + np.uint64(letters[i])
            if i < n - 1:
                continue
            slot = _slot(rolling, table.shift)
            while table.slot_rows[slot] >= 0 and table.slot_keys[slot] != rolling:
                slot = (slot + np.uint64(1)) & mask
            row = table.slot_rows[slot]
            if row < 0:
                continue
            for at in range(table.first_postings[row], table.first_postings[row + 1]):
                item = table.postings[at]
                own = progress[item]
                if _is_covered(own, base, base + i + 1, n, items, item):
                    leak = _find_here(own, base, i + 1, n_letters, scratch, items, item)
                    if leak[0] <= items.max_edits[item]:
                        if n_found < len(found):
                            found[n_found]["row"] = doc
                            found[n_found]["item"] = item
                            found[n_found]["start"] = scratch.places[leak[1]]
                            found[n_found]["stop"] = scratch.places[leak[2] - 1] + 1
                            found[n_found]["edits"] = leak[0]
                        n_found += 1
        base += n_letters + gap
    return n_found


@kernel
def _is_covered(own: np.void, base: int, stop: int, n: int, items: ItemTexts, item: int) -> bool:
    """Note that an n-gram of an item ends at a place; whether its n-grams now cover enough to count the edits."""
    if stop <= own["found_stop"]:
        return False
    n_letters = items.offsets[item + 1] - items.offsets[item]
    # An edit hides n - 1 n-grams before it, and two edits near each other what lies between them.
    is_apart = stop - own["last_stop"] > 2 * n + items.max_edits[item]
    if is_apart or own["start"] < max(base, own["found_stop"]):
        own["covered"] = 0
        own["start"] = max(stop - n, own["found_stop"])
    own["covered"] += stop - max(stop - n, own["last_stop"], own["start"])
    own["last_stop"] = stop
    return bool(_OF_LETTERS * own["covered"] >= _MIN_COVERED * n_letters and own["covered"] >= n)


@kernel
def _find_here(
    own: np.void, base: int, stop: int, n_letters: int, scratch: _Scratch, items: ItemTexts, item: int
) -> tuple[int, int, int]:
    """Count the edits around an n-gram that ends at letter `stop` of a document; `_align`'s result, in its letters."""
    text_of_item = items.letters[items.offsets[item] : items.offsets[item + 1]]
    max_edits = items.max_edits[item]
    reach = len(text_of_item) + max_edits
    low = max(stop - reach, own["found_stop"] - base, 0)
    high = min(stop + reach, n_letters)
    edits, begin, end = _align(text_of_item, scratch.letters[low:high], max_edits, scratch.costs, scratch.starts)
    if edits <= max_edits:
        own["found_stop"] = base + low + end
    # Found or not, the stretch begins again.
    own["covered"] = 0
    own["start"] = base + stop
    return edits, low + begin, low + end
