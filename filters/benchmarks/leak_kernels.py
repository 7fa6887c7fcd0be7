"""Jitted loops that look for benchmark items in UTF-8 batches.

The wrappers, with types and docstrings for callers, are in `manyo.filters.benchmarks.leaks`; the slow twin of the
whole is in
the tests' oracles.
"""

from __future__ import annotations

import numpy as np

from manyo.corpus.jit import kernel

# An odd multiplier with well-spread bits (the 64-bit golden ratio), for a polynomial hash modulo 2**64 and for the
# multiply-shift that turns it into a slot.
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)


@kernel
def _letters(data, start, stop, folds, expansions, points, places):  # type: ignore[no-untyped-def]
    """Fold the text in data[start:stop]: its letters, and the place of each in code points; returns their number."""
    n = 0
    place = 0
    i = start
    while i < stop:
        lead = np.int64(data[i])
        if lead < 0x80:
            point = lead
            i += 1
        elif lead < 0xE0:
            point = (lead & 0x1F) << 6 | np.int64(data[i + 1]) & 0x3F
            i += 2
        elif lead < 0xF0:
            point = (lead & 0x0F) << 12 | (np.int64(data[i + 1]) & 0x3F) << 6 | np.int64(data[i + 2]) & 0x3F
            i += 3
        else:
            high = (lead & 0x07) << 18 | (np.int64(data[i + 1]) & 0x3F) << 12
            point = high | (np.int64(data[i + 2]) & 0x3F) << 6 | np.int64(data[i + 3]) & 0x3F
            i += 4
        fold = folds[point]
        if fold > 0:
            points[n] = fold
            places[n] = place
            n += 1
        elif fold < 0:
            at = -fold
            for j in range(at + 1, at + 1 + expansions[at]):
                points[n] = expansions[j]
                places[n] = place
                n += 1
        place += 1
    return n


@kernel
def _hash_grams(points, n_points, n, hashes):  # type: ignore[no-untyped-def]
    """Hash every n-gram of points: hashes[i] is that of points[i:i + n]."""
    lead_power = np.uint64(1)
    for _ in range(n - 1):
        lead_power *= _MULTIPLIER
    rolling = np.uint64(0)
    for i in range(n_points):
        if i >= n:
            rolling -= np.uint64(points[i - n]) * lead_power
        rolling = rolling * _MULTIPLIER + np.uint64(points[i])
        if i >= n - 1:
            hashes[i - n + 1] = rolling


@kernel
def _fill_slots(keys, slot_keys, slot_rows, shift):  # type: ignore[no-untyped-def]
    """Put distinct keys into an open-addressing table of 2**(64 - shift) slots; a free slot has row -1."""
    mask = np.uint64(len(slot_keys) - 1)
    for row in range(len(keys)):
        slot = ((keys[row] ^ (keys[row] >> np.uint64(29))) * _MULTIPLIER) >> np.uint64(shift)
        while slot_rows[slot] >= 0:
            slot = (slot + np.uint64(1)) & mask
        slot_keys[slot] = keys[row]
        slot_rows[slot] = row


@kernel
def _align(item, text, limit, costs, starts):  # type: ignore[no-untyped-def]
    """The first stretch of a text that takes at most `limit` edits to become an item (Sellers): edits, start, stop.

    The stretch goes on while that makes the edits fewer. If there is none, more edits than `limit` are returned.
    """
    m = len(item)
    for row in range(m + 1):
        costs[row] = row
        starts[row] = 0
    best, best_start, best_stop = limit + 1, 0, 0
    for column in range(len(text)):
        before_cost, before_start = costs[0], starts[0]
        starts[0] = column + 1
        for row in range(1, m + 1):
            cost = before_cost + (item[row - 1] != text[column])
            start = before_start
            if costs[row] + 1 < cost:
                cost, start = costs[row] + 1, starts[row]
            if costs[row - 1] + 1 < cost:
                cost, start = costs[row - 1] + 1, starts[row - 1]
            before_cost, before_start = costs[row], starts[row]
            costs[row], starts[row] = cost, start
        if costs[m] < best:
            best, best_start, best_stop = costs[m], starts[m], column + 1
        elif best <= limit and column + 1 > best_stop + best:
            break
    return best, best_start, best_stop


# Columns of the state of an item while a document is read; positions are letters of all documents together.
_LAST = 0  # where its last n-gram ended
_COVERED = 1  # letters of the stretch that lie in its n-grams
_FIRST = 2  # where the stretch began
_DONE = 3  # where it was found last


@kernel
def _find_items(  # type: ignore[no-untyped-def]
    data,
    offsets,
    folds,
    expansions,
    n,
    slot_keys,
    slot_rows,
    shift,
    first_postings,
    postings,
    item_points,
    item_offsets,
    allowed,
    found,
):
    """Write (doc, item, start, stop, edits) of every stretch that is an item; returns how many there are.

    If `found` is too small, the number returned is larger than it, and the rest is missing.
    """
    n_items = len(item_offsets) - 1
    longest = 0
    for item in range(n_items):
        longest = max(longest, item_offsets[item + 1] - item_offsets[item])
    costs, starts = np.zeros(longest + 1, np.int64), np.zeros(longest + 1, np.int64)
    state = np.zeros((n_items, 4), np.int64)
    size = 0
    for doc in range(len(offsets) - 1):
        size = max(size, offsets[doc + 1] - offsets[doc])
    points, places = np.zeros(size + 1, np.int32), np.zeros(size + 1, np.int32)
    mask = np.uint64(len(slot_keys) - 1)
    lead_power = np.uint64(1)
    for _ in range(n - 1):
        lead_power *= _MULTIPLIER
    n_found = 0
    base = 4 * longest + 4 * n  # positions count on from document to document, so that nothing is reset
    for doc in range(len(offsets) - 1):
        n_points = _letters(data, offsets[doc], offsets[doc + 1], folds, expansions, points, places)
        rolling = np.uint64(0)
        for i in range(n_points):
            if i >= n:
                rolling -= np.uint64(points[i - n]) * lead_power
            rolling = rolling * _MULTIPLIER + np.uint64(points[i])
            if i < n - 1:
                continue
            slot = ((rolling ^ (rolling >> np.uint64(29))) * _MULTIPLIER) >> np.uint64(shift)
            while slot_rows[slot] >= 0 and slot_keys[slot] != rolling:
                slot = (slot + np.uint64(1)) & mask
            row = slot_rows[slot]
            if row < 0:
                continue
            stop = base + i + 1
            for at in range(first_postings[row], first_postings[row + 1]):
                item = postings[at]
                own = state[item]
                if stop <= own[_DONE]:
                    continue
                m = item_offsets[item + 1] - item_offsets[item]
                k = allowed[item]
                # An edit hides n - 1 n-grams before it, and two edits near each other what lies between them.
                if stop - own[_LAST] > 2 * n + k or own[_FIRST] < max(base, own[_DONE]):
                    own[_COVERED] = 0
                    own[_FIRST] = max(stop - n, own[_DONE])
                own[_COVERED] += stop - max(stop - n, own[_LAST], own[_FIRST])
                own[_LAST] = stop
                if 10 * own[_COVERED] < 4 * m or own[_COVERED] < n:
                    continue
                low = max(stop - base - m - k, own[_DONE] - base, 0)
                high = min(stop - base + m + k, n_points)
                edits, begin, end = _align(
                    item_points[item_offsets[item] : item_offsets[item + 1]], points[low:high], k, costs, starts
                )
                if edits <= k:
                    if n_found < len(found):
                        found[n_found, 0] = doc
                        found[n_found, 1] = item
                        found[n_found, 2] = places[low + begin]
                        found[n_found, 3] = places[low + end - 1] + 1
                        found[n_found, 4] = edits
                    n_found += 1
                    own[_DONE] = base + low + end
                # Found or not, the stretch begins again.
                own[_COVERED] = 0
                own[_FIRST] = stop
        base += n_points + 2 * longest + 4 * n
    return n_found
