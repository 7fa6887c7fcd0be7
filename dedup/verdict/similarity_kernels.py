"""Compiled comparison of documents: shingle sets with each other, and each document with the survivors near it."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from manyo.corpus.jit import Bools, Float32s, Int32s, Int64s, Uint32s, Uint64s, kernel

_NOBODY: Final = -1


class Measured(NamedTuple):
    """What documents are compared by; the arrays are those of `manyo.dedup.verdict.compared.Compared`."""

    exact_hash: Uint64s
    chars: Int64s
    minhash: Uint32s
    has_minhash: Bools
    shingles: Uint32s
    shingle_offsets: Int64s


class Limits(NamedTuple):
    """When a document repeats another.

    Attributes:
        min_similarity: Jaccard similarity from which it does.
        min_estimate: estimate of that similarity from which shingles are compared.
        min_containment: share of its shingles in the other from which it does; 0 is off.
        max_chars: characters that were shingled.
        max_shingles: size at which a shingle set was cut off.
        max_remembered: survivors remembered around one candidate.
    """

    min_similarity: float
    min_estimate: float
    min_containment: float
    max_chars: int
    max_shingles: int
    max_remembered: int


class _Remembered(NamedTuple):
    """The survivors around each candidate, as linked lists.

    Attributes:
        first_entry: int64 (n_docs,), the newest entry of each candidate's list; -1 where it is empty.
        n_entries: int64 (n_docs,), length of each list.
        survivor: int32 (n_pairs,), the survivor of each entry. A pair adds at most one.
        next_entry: int64 (n_pairs,), the entry that follows; -1 at the end.
    """

    first_entry: Int64s
    n_entries: Int64s
    survivor: Int32s
    next_entry: Int64s


@kernel
def compare_sets(one: Uint32s, other: Uint32s, max_shingles: int) -> tuple[float, float]:
    """Jaccard similarity of two sorted sets, and the share of the first that the second holds.

    A set of `max_shingles` was cut off there, so both are compared up to its largest member.
    """
    i = j = n_union = n_common = 0
    while i < len(one) and j < len(other):
        a = one[i]
        b = other[j]
        n_union += 1
        n_common += a == b
        i += a <= b
        j += b <= a
    if i == len(one) and len(one) < max_shingles:
        n_union += len(other) - j
    elif j == len(other) and len(other) < max_shingles:
        n_union += len(one) - i
        i = len(one)
    return n_common / n_union, n_common / max(i, 1)


@kernel
def least_estimate(n_one: int, n_other: int, min_containment: float, n_permutations: int) -> float:
    """The lowest estimate with which the second of two sets may hold `min_containment` of the first.

    It lies three standard deviations below the Jaccard similarity that they then have at least.
    """
    common = min(min_containment * n_one, n_other)
    similarity = common / (n_one + n_other - common)
    return float(similarity - 3 * np.sqrt(similarity * (1 - similarity) / n_permutations))


@kernel
def _may_repeat(docs: Measured, doc: int, other: int, limits: Limits) -> bool:
    """Whether the signatures of two documents are alike enough for their shingles to be compared."""
    n_permutations = docs.minhash.shape[1]
    n_equal = 0
    for p in range(n_permutations):
        n_equal += docs.minhash[doc, p] == docs.minhash[other, p]
    least = limits.min_estimate
    if limits.min_containment > 0:
        n_doc = docs.shingle_offsets[doc + 1] - docs.shingle_offsets[doc]
        n_other = docs.shingle_offsets[other + 1] - docs.shingle_offsets[other]
        if max(n_doc, n_other) == limits.max_shingles:
            # Of a set that was cut off the size is not known; the text's length stands for it.
            n_doc, n_other = docs.chars[doc], docs.chars[other]
        least = min(least, least_estimate(n_doc, n_other, limits.min_containment, n_permutations))
    return bool(n_equal >= least * n_permutations)


@kernel
def _compare(docs: Measured, doc: int, other: int, limits: Limits) -> tuple[float, float]:
    """Similarity of two documents, and how much of the first the second holds, bounded by their lengths."""
    similarity, containment = compare_sets(
        docs.shingles[docs.shingle_offsets[doc] : docs.shingle_offsets[doc + 1]],
        docs.shingles[docs.shingle_offsets[other] : docs.shingle_offsets[other + 1]],
        limits.max_shingles,
    )
    n_doc, n_other = docs.chars[doc], docs.chars[other]
    if max(n_doc, n_other) > limits.max_chars:
        similarity = min(similarity, min(n_doc, n_other) / max(n_doc, n_other))
    if n_doc > limits.max_chars:
        containment = min(containment, n_other / n_doc)
    return similarity, containment


@kernel
def _remember(remembered: _Remembered, at: int, survivor: int, n_used: int) -> int:
    """Put a survivor into the list of a candidate unless it is in it; returns how many entries are used then."""
    entry = remembered.first_entry[at]
    while entry >= 0 and remembered.survivor[entry] != survivor:
        entry = remembered.next_entry[entry]
    if entry >= 0:
        return n_used
    remembered.survivor[n_used] = survivor
    remembered.next_entry[n_used] = remembered.first_entry[at]
    remembered.first_entry[at] = n_used
    remembered.n_entries[at] += 1
    return n_used + 1


@kernel
def find_survivors(
    docs: Measured, order: Int64s, candidate_offsets: Int64s, candidates: Int32s, limits: Limits
) -> tuple[Int32s, Float32s, Float32s]:
    """Give every document the survivor that it repeats (itself if none).

    Args:
        docs: the documents.
        order: int64 (n_docs,), their positions in survivor order.
        candidate_offsets: int64 (n_docs + 1,), where the candidates of each begin.
        candidates: int32 (n_pairs,), positions of documents that are earlier in survivor order.
        limits: thresholds.

    Returns:
        Its survivor, its similarity to it, and how much of it the survivor holds: int32 and twice float32 (n_docs,).
    """
    n_docs = len(docs.chars)
    survivor = np.empty(n_docs, np.int32)
    similarity = np.empty(n_docs, np.float32)
    containment = np.empty(n_docs, np.float32)
    remembered = _Remembered(
        np.full(n_docs, _NOBODY, np.int64),
        np.zeros(n_docs, np.int64),
        np.empty(len(candidates), np.int32),
        np.empty(len(candidates), np.int64),
    )
    n_entries = 0
    compared_by = np.full(n_docs, _NOBODY, np.int32)
    rank = np.empty(n_docs, np.int32)
    for i in range(n_docs):
        rank[order[i]] = i
    for doc in order:
        own_candidates = candidates[candidate_offsets[doc] : candidate_offsets[doc + 1]]
        twin = _NOBODY
        for candidate in own_candidates:
            if docs.exact_hash[candidate] == docs.exact_hash[doc] and docs.chars[candidate] == docs.chars[doc]:
                twin = candidate
                break
        if twin >= 0:
            survivor[doc] = survivor[twin]
            similarity[doc] = similarity[twin]
            containment[doc] = containment[twin]
            continue
        best = _NOBODY
        best_similarity = best_containment = 1.0
        for candidate in own_candidates if docs.has_minhash[doc] else own_candidates[:0]:
            other = survivor[candidate]
            entry = remembered.first_entry[candidate]
            while True:
                if compared_by[other] != doc and docs.has_minhash[other]:
                    compared_by[other] = doc
                    if _may_repeat(docs, doc, other, limits):
                        alike, contained = _compare(docs, doc, other, limits)
                        if (alike >= limits.min_similarity or 0 < limits.min_containment <= contained) and (
                            best < 0
                            or alike > best_similarity
                            or (alike == best_similarity and rank[other] < rank[best])
                        ):
                            best, best_similarity, best_containment = other, alike, contained
                if entry < 0:
                    break
                other = remembered.survivor[entry]
                entry = remembered.next_entry[entry]
        survivor[doc] = doc if best < 0 else best
        similarity[doc] = best_similarity
        containment[doc] = best_containment
        for candidate in own_candidates:
            if survivor[candidate] != survivor[doc] and remembered.n_entries[candidate] < limits.max_remembered:
                n_entries = _remember(remembered, candidate, survivor[doc], n_entries)
    return survivor, similarity, containment
