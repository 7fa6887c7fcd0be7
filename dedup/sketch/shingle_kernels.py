"""Compiled loops over shingles: their hashes, MinHash signatures, and sorted sets.

A shingle's hash is a polynomial over its characters modulo 2^64, rolled from one shingle to the next and then mixed
down to 32 bits. `hash_shingles` alone knows it.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from manyo.corpus.jit import Int64s, Uint32s, kernel
from manyo.dedup.mixing_kernels import STEP, mixed

#: Shingle hashes worked on at once: 16 KiB stay in the first-level cache through all permutations.
_BLOCK: Final = 4096
#: A block is filled up to a multiple of this by repeating a hash, which changes no minimum, so that the vectorised loop
#: over it has no scalar tail.
_LANES: Final = 32
#: Runs that shingle hashes are dealt to before they are sorted: 2 MB of counters stay in the second-level cache.
_MAX_RUNS: Final = 1 << 18

_LARGEST_HASH: Final = np.uint32(0xFFFF_FFFF)


@kernel
def hash_shingles(
    characters: Uint32s, first: int, shingle_chars: int, rolling: np.uint64, hashes: Uint32s
) -> np.uint64:
    """Hash the shingles that begin at `first` and after it, one for each element of `hashes`.

    Args:
        characters: uint32, of all documents.
        first: where the first shingle begins.
        shingle_chars: length of a shingle.
        rolling: the polynomial over all characters of the first shingle but its last.
        hashes: uint32 (n_shingles,), written.

    Returns:
        The polynomial with which the next shingle goes on.
    """
    oldest = np.uint64(1)  # the multiplier of the character that leaves the shingle
    for _ in range(shingle_chars - 1):
        oldest *= STEP
    for i in range(len(hashes)):
        rolling = rolling * STEP + np.uint64(characters[first + i + shingle_chars - 1])
        hashes[i] = np.uint32(mixed(rolling) >> np.uint64(32))
        rolling -= np.uint64(characters[first + i]) * oldest
    return rolling


@kernel
def _polynomial(characters: Uint32s, start: int, stop: int) -> np.uint64:
    rolling = np.uint64(0)
    for i in range(start, stop):
        rolling = rolling * STEP + np.uint64(characters[i])
    return rolling


@kernel
def minhash_texts(
    characters: Uint32s,
    offsets: Int64s,
    shingle_chars: int,
    min_chars: int,
    max_chars: int,
    factors: Uint32s,
    shifts: Uint32s,
) -> Uint32s:
    """Signatures of the documents that have `min_chars`, of their first `max_chars`: uint32 (n_long, permutations).

    Hashes are computed once, block by block; then each permutation `x -> factor * x + shift` modulo 2^32 runs over the
    block in one tight loop, which LLVM turns into vector multiplications and minima.
    """
    n_docs = len(offsets) - 1
    n_long = 0
    for doc in range(n_docs):
        if offsets[doc + 1] - offsets[doc] >= min_chars:
            n_long += 1
    minima = np.full((n_long, len(factors)), _LARGEST_HASH, np.uint32)
    block = np.empty(_BLOCK, np.uint32)
    row = 0
    for doc in range(n_docs):
        first = offsets[doc]
        n_chars = offsets[doc + 1] - first
        if n_chars < min_chars:
            continue
        stop = first + min(n_chars, max_chars) - shingle_chars + 1
        rolling = _polynomial(characters, first, first + shingle_chars - 1)
        while first < stop:
            n_hashes = min(_BLOCK, stop - first)
            rolling = hash_shingles(characters, first, shingle_chars, rolling, block[:n_hashes])
            n_padded = (n_hashes + _LANES - 1) // _LANES * _LANES
            for i in range(n_hashes, n_padded):
                block[i] = block[0]
            for p in range(len(factors)):
                factor = factors[p]
                shift = shifts[p]
                minimum = minima[row, p]
                for i in range(n_padded):
                    minimum = min(minimum, np.uint32(block[i] * factor + shift))
                minima[row, p] = minimum
            first += n_hashes
        row += 1
    return minima


@kernel
def sort_hashes(hashes: Uint32s, scattered: Uint32s, ends: Int64s) -> Uint32s:
    """Sort numbers that are spread evenly over 32 bits, several times faster than a comparison sort.

    One pass deals them by their leading bits to about as many runs as there are numbers; what is left to do within the
    runs is little enough for an insertion sort.

    Args:
        hashes: uint32 (n,).
        scattered: uint32 (n or more,), for the result.
        ends: int64 (2^18 + 1,), for the ends of the runs.

    Returns:
        The first `n` of `scattered`, ascending.
    """
    n_runs = 1
    shift = 32
    while n_runs < len(hashes) and n_runs < _MAX_RUNS:
        n_runs *= 2
        shift -= 1
    ends[: n_runs + 1] = 0
    for h in hashes:
        ends[(np.uint64(h) >> np.uint64(shift)) + np.uint64(1)] += 1
    for run in range(n_runs):
        ends[run + 1] += ends[run]
    for h in hashes:
        leading = np.uint64(h) >> np.uint64(shift)
        scattered[ends[leading]] = h
        ends[leading] += 1
    for i in range(1, len(hashes)):
        h = scattered[i]
        j = i
        while j > 0 and scattered[j - 1] > h:
            scattered[j] = scattered[j - 1]
            j -= 1
        scattered[j] = h
    return scattered[: len(hashes)]


@kernel
def list_shingles(
    characters: Uint32s, offsets: Int64s, shingle_chars: int, min_chars: int, max_chars: int, max_shingles: int
) -> tuple[Uint32s, Int64s]:
    """Sorted distinct shingle hashes of the documents that have `min_chars`, of their first `max_chars`.

    Of a document with more than `max_shingles` distinct ones, the smallest.

    Returns:
        The hashes of all documents, and int64 (n_docs + 1,), where each document begins among them.
    """
    n_docs = len(offsets) - 1
    out_offsets = np.zeros(n_docs + 1, np.int64)
    most = 0
    total = 0
    for doc in range(n_docs):
        n_chars = offsets[doc + 1] - offsets[doc]
        if n_chars >= min_chars:
            most = max(most, min(n_chars, max_chars))
            total += min(min(n_chars, max_chars), max_shingles)
    distinct = np.empty(total, np.uint32)
    buffer = np.empty(most, np.uint32)
    scattered = np.empty(most, np.uint32)
    ends_of_runs = np.empty(_MAX_RUNS + 1, np.int64)
    end = 0
    for doc in range(n_docs):
        first = offsets[doc]
        n_chars = offsets[doc + 1] - first
        if n_chars >= min_chars:
            hashes = buffer[: min(n_chars, max_chars) - shingle_chars + 1]
            rolling = _polynomial(characters, first, first + shingle_chars - 1)
            hash_shingles(characters, first, shingle_chars, rolling, hashes)
            ordered = sort_hashes(hashes, scattered, ends_of_runs)
            stop = end + max_shingles
            for i in range(len(ordered)):
                if i == 0 or ordered[i] != ordered[i - 1]:
                    if end == stop:
                        break
                    distinct[end] = ordered[i]
                    end += 1
        out_offsets[doc + 1] = end
    return distinct[:end], out_offsets
