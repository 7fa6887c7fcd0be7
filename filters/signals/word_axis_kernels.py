"""The pass that reads words from left to right, each time the longest that a table has, and adds up their codes."""

from __future__ import annotations

from typing import Final

import numpy as np

from manyo.corpus.jit import Int32s, Int64s, Records, Uint32s, Uint64s, int64, kernel, record
from manyo.filters.signals.primitive_kernels import find_slot

#: A code point has 21 bits; the node that it continues has the bits above.
_POINT_BITS: Final = np.uint64(21)
_LAST_BITS: Final = np.uint64(63)
_ONE: Final = np.uint64(1)


class WordNode:
    """What is known of a beginning of words, a record of `WORD_NODES`."""

    followers: np.uint64  # a bit for the last six bits of each character that continues it
    word: int  # the number of the word that it is; -1 if none


WORD_NODES: Final = record(("followers", np.uint64), ("word", np.int32))


@kernel
def fill_nodes(
    points: Uint32s, offsets: Int64s, shift: int, firsts: Int32s, keys: Uint64s, used: Int32s, nodes: Records
) -> None:
    """Enter words into a tree of their beginnings; node 0 is none.

    Args:
        points, offsets: the words; none is empty.
        shift: of the table of 2**(64 - shift) slots.
        firsts: zeros (65,536,), gets the node of each first character.
        keys, used: the table, empty; gets the node of each beginning and the character after it.
        nodes: records of `WORD_NODES`, without followers and words.
    """
    n_nodes = 1
    for word in range(len(offsets) - 1):
        start = offsets[word]
        first = np.uint64(points[start])
        if firsts[first] == 0:
            firsts[first] = n_nodes
            n_nodes += 1
        number = int64(firsts[first])
        for i in range(start + 1, offsets[word + 1]):
            point = np.uint64(points[i])
            key = np.uint64(number) << _POINT_BITS | point
            slot = find_slot(keys, used, key, shift)
            if used[slot] == 0:
                keys[slot] = key
                used[slot] = n_nodes
                n_nodes += 1
            before: WordNode = nodes[number]
            before.followers = before.followers | _ONE << (point & _LAST_BITS)
            number = int64(used[slot])
        last: WordNode = nodes[number]
        last.word = word


@kernel
def sum_codes(
    points: Uint32s,
    offsets: Int64s,
    head_chars: int,
    firsts: Int32s,
    keys: Uint64s,
    used: Int32s,
    shift: int,
    nodes: Records,
    codes: Uint64s,
    sums: Uint64s,
    counts: Int64s,
) -> None:
    """Add up the codes of the words of each document's beginning.

    At each place the longest word is taken, and reading goes on behind it; where no word begins, at the next character.

    Args:
        points, offsets: the documents.
        head_chars: characters of each that are read.
        firsts, keys, used, shift, nodes: of `fill_nodes`.
        codes: (n_words, n_lanes), four codes of 16 bits in each, so small that no sum needs more.
        sums: zeros (n_docs, n_lanes), get the sums in the same way.
        counts: zeros (n_docs,), gets how many words were read.
    """
    n_lanes = codes.shape[1]
    for doc in range(len(counts)):
        at, end = int64(offsets[doc]), int64(min(offsets[doc + 1], offsets[doc] + head_chars))
        while at < end:
            first = np.uint64(points[np.uint64(at)])
            number = int64(firsts[first]) if first < np.uint64(len(firsts)) else int64(0)
            at += 1
            word, behind, i = int64(-1), at, at
            while number != 0:
                node: WordNode = nodes[np.uint64(number)]
                if node.word >= 0:
                    word, behind = int64(node.word), i
                if i == end:
                    break
                point = np.uint64(points[np.uint64(i)])
                if node.followers >> (point & _LAST_BITS) & _ONE == np.uint64(0):
                    break
                key = np.uint64(number) << _POINT_BITS | point
                number = int64(used[find_slot(keys, used, key, shift)])
                i += 1
            at = behind
            if word >= 0:
                counts[doc] += 1
                for lane in range(n_lanes):
                    sums[doc, lane] += codes[np.uint64(word), lane]
