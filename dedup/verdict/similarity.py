"""From candidates to duplicates: each candidate is compared with the survivor that it would be removed for.

Following chains of similar documents to their end puts documents together that share nothing: A is like B, B like C, …
Here a document is removed only if it is itself similar to a document that stays.
"""

from __future__ import annotations

import math

from manyo.corpus.jit import Float32s, Int32s, Int64s
from manyo.dedup.settings import Dedup
from manyo.dedup.verdict.compared import Compared
from manyo.dedup.verdict.similarity_kernels import Limits, Measured, find_survivors


def link_to_survivors(
    compared: Compared, survivor_order: Int64s, candidate_offsets: Int64s, candidates: Int32s, settings: Dedup
) -> tuple[Int32s, Float32s, Float32s]:
    """Give each document the survivor that it repeats, or itself.

    Documents are taken in survivor order. One whose exact text is that of a candidate gets that one's survivor. Any
    other is compared with

    - the survivor of each of its candidates (the candidate itself, if it survived), and
    - the survivors remembered around each candidate, that is, of earlier documents with the same candidate,
      `settings.max_survivors_per_candidate` of them, the first in survivor order.

    Every earlier document that shares a key with this one either is its candidate for that key or has the same
    candidate. So, up to that limit, it is compared with the survivor of every document that it shares a key with. It
    joins the most similar of those that reach `settings.min_similarity`, or hold `settings.min_containment` of it
    where that is given (of equals, the first in survivor order), or survives. Survivors never become duplicates, so no
    chain is longer than one link.

    Similarity is the Jaccard similarity of the shingle sets of both documents (of their smallest
    `settings.max_compared_shingles`, where there are more); if one text is longer than `settings.max_shingled_chars`,
    it is at most the ratio of their lengths. Sets are compared if the share of equal minima, an estimate of the same
    similarity, reaches `min_estimate`; with `settings.min_containment`, also if it reaches the lowest estimate with
    which, by the sizes of both sets, one may hold that share of the other.

    Args:
        compared: the documents.
        survivor_order: int64 (n_docs,), their positions in survivor order.
        candidate_offsets: int64 (n_docs + 1,), document `i` has
            `candidates[candidate_offsets[i]:candidate_offsets[i + 1]]`.
        candidates: int32, positions of documents that are earlier in survivor order.
        settings: thresholds and limits.

    Returns:
        int32 (n_docs,) positions of survivors, float32 (n_docs,) similarities to them, and float32 (n_docs,) the share
        of each document's shingles that its survivor holds. Both are 1 for survivors; an exact repetition has the
        values of the document that it repeats.
    """
    measured = Measured(
        compared.exact_hash,
        compared.chars,
        compared.minhash,
        compared.has_minhash,
        compared.shingles,
        compared.shingle_offsets,
    )
    limits = Limits(
        settings.min_similarity,
        min_estimate(settings),
        settings.min_containment or 0.0,
        settings.max_shingled_chars,
        settings.max_compared_shingles,
        settings.max_survivors_per_candidate,
    )
    return find_survivors(measured, survivor_order, candidate_offsets, candidates, limits)


def min_estimate(settings: Dedup) -> float:
    """The estimate from which two documents are compared shingle by shingle.

    It lies three standard deviations, `sqrt(J * (1 - J) / permutations)` each, below the threshold: of pairs right at
    the threshold one in 700 is not compared, of others fewer.
    """
    threshold = settings.min_similarity
    return threshold - 3 * math.sqrt(threshold * (1 - threshold) / settings.permutations)
