"""Compiled loops over keys and pairs: pair up the documents of a key, and drop repeated pairs."""

from __future__ import annotations

import numpy as np

from manyo.corpus.jit import Int64s, Uint64s, kernel


@kernel
def pair_with_first(
    by_key: Int64s, keys: Uint64s, precedence: Uint64s, id_head: Uint64s, number: Uint64s
) -> tuple[Uint64s, Uint64s, int]:
    """Pair every document of a key with the first document, in survivor order, of that key.

    Args:
        by_key: int64 (n_rows,), positions of the rows in order of their keys.
        keys, precedence, id_head, number: uint64 (n_rows,), the columns of `manyo.dedup.candidates.keys.KEYS`.

    Returns:
        The numbers of both members of each pair, the later one first; and a row whose document occurs twice, or -1.
    """
    n_rows = len(keys)
    n_pairs = 0
    for i in range(1, n_rows):
        n_pairs += keys[by_key[i]] == keys[by_key[i - 1]]
    later = np.empty(n_pairs, np.uint64)
    firsts = np.empty(n_pairs, np.uint64)
    twice = -1
    end = 0
    begin = 0
    while begin < n_rows:
        first = by_key[begin]
        stop = begin + 1
        while stop < n_rows and keys[by_key[stop]] == keys[first]:
            row = by_key[stop]
            if precedence[row] < precedence[first] or (
                precedence[row] == precedence[first] and id_head[row] < id_head[first]
            ):
                first = row
            stop += 1
        for i in range(begin, stop):
            row = by_key[i]
            if row == first:
                continue
            if precedence[row] == precedence[first] and id_head[row] == id_head[first]:
                twice = row
            later[end] = number[row]
            firsts[end] = number[first]
            end += 1
        begin = stop
    return later, firsts, twice


@kernel
def sort_pairs(by_left: Int64s, left: Uint64s, right: Uint64s) -> tuple[Uint64s, Uint64s]:
    """Sort pairs by both members and drop repeated ones; `by_left` holds their positions in order of the first."""
    ordered_left = np.empty(len(left), np.uint64)
    ordered_right = np.empty(len(left), np.uint64)
    begin = 0
    end = 0
    for row in by_left:
        if end == begin or ordered_left[end - 1] != left[row]:
            begin = end
        # A document has a few candidates, so an insertion sort is enough.
        at = end
        while at > begin and ordered_right[at - 1] > right[row]:
            at -= 1
        if at > begin and ordered_right[at - 1] == right[row]:
            continue
        for i in range(end, at, -1):
            ordered_right[i] = ordered_right[i - 1]
        ordered_left[end] = left[row]
        ordered_right[at] = right[row]
        end += 1
    return ordered_left[:end], ordered_right[:end]
