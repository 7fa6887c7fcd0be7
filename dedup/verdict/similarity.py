"""From candidates to duplicates: every candidate is verified against the survivor it would vanish for.

Following chains of similar documents to their end puts documents together that share nothing: A is
like B, B like C, … Here a document is removed only if it is itself similar to a document that
stays.
"""

from __future__ import annotations

import math

import numpy as np

from manyo.dedup.dedup_kernels import _link_to_survivors
from manyo.dedup.settings import Dedup
from manyo.dedup.verdict.compared import Compared


def link_to_survivors(
    compared: Compared,
    survivor_order: np.ndarray,
    candidate_offsets: np.ndarray,
    candidates: np.ndarray,
    settings: Dedup,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Give each document the survivor that it repeats, or itself.

    Documents are taken in survivor order. One whose exact text came before shares that one's
    fate. Any other is compared with

    - the survivor of each of its candidates (the candidate itself, if it survived), and
    - the survivors remembered around each candidate, that is, of earlier documents with the same
      candidate, `settings.max_survivors_per_candidate` of them, the first in survivor order.

    Every earlier document that shares a key with this one either is its candidate for that key or
    has the same candidate, so, up to that limit, this compares it with the survivor of every
    document that it shares a key with. It joins the most similar of those that reach
    `settings.min_similarity`, or hold `settings.min_containment` of it where that is given (of
    equals, the first in survivor order), or survives. Survivors never become duplicates, hence no
    chain is longer than one link.

    Similarity is the Jaccard similarity of the shingle sets of both documents (of their smallest
    `settings.max_compared_shingles`, where there are more); if one text is longer than
    `settings.max_shingled_chars`, it is at most the ratio of their lengths. Sets are compared if
    the share of equal minima, an estimate of the same similarity, reaches `min_estimate`, or what
    it is at least, by the sizes of both sets, where one holds `settings.min_containment` of the other.

    Args:
        compared: the documents.
        survivor_order: int64 (n_docs,), their positions in survivor order.
        candidate_offsets: int64 (n_docs + 1,), document `i` has
            `candidates[candidate_offsets[i]:candidate_offsets[i + 1]]`.
        candidates: int32, positions of documents that are earlier in survivor order.
        settings: thresholds and limits.

    Returns:
        int32 (n_docs,) positions of survivors, float32 (n_docs,) similarities to them, 1 for survivors
        and exact repetitions, and float32 (n_docs,) the share of its shingles that the survivor holds.
    """
    survivor, similarity, containment = _link_to_survivors(
        compared.exact_hash,
        compared.chars,
        compared.minhash,
        compared.has_minhash,
        compared.shingles,
        compared.shingle_offsets,
        survivor_order,
        candidate_offsets,
        candidates,
        settings.min_similarity,
        min_estimate(settings),
        settings.min_containment or 0.0,
        settings.max_shingled_chars,
        settings.max_compared_shingles,
        settings.max_survivors_per_candidate,
    )
    return survivor, similarity, containment


def min_estimate(settings: Dedup) -> float:
    """The estimate from which two documents are compared shingle by shingle.

    It lies three standard deviations, `sqrt(J * (1 - J) / permutations)` each, below the
    threshold: of pairs right at the threshold one in 700 is not compared, of others fewer.
    """
    threshold = settings.min_similarity
    return threshold - 3 * math.sqrt(threshold * (1 - threshold) / settings.permutations)
