"""The shingles of a document as a sorted set of hashes, by which candidates are compared in the end.

Only documents that have a candidate need them, a small part of a crawl. Folding and hashing are those of the signature
(`manyo.dedup.sketch.minhash`), so the similarity that a signature estimates is that of these sets. 32 bits are enough:
two documents of 65,536 shingles share one hash by chance.
"""

from __future__ import annotations

import pyarrow as pa

from manyo.dedup.settings import Dedup
from manyo.dedup.sketch.exact import Folded
from manyo.dedup.sketch.shingle_kernels import list_shingles


def shingle_sets(folded: Folded, settings: Dedup) -> pa.Array:
    """The distinct shingle hashes of each document in ascending order, a large list of uint32.

    Args:
        folded: the documents.
        settings: shingles and lengths.

    Returns:
        One list for each document: empty if it is shorter than `settings.min_chars`; otherwise the hashes of the
        shingles of its first `settings.max_shingled_chars` characters; of more than `settings.max_compared_shingles`,
        the smallest.
    """
    hashes, offsets = list_shingles(
        folded.characters,
        folded.offsets,
        settings.shingle_chars,
        settings.min_chars,
        settings.max_shingled_chars,
        settings.max_compared_shingles,
    )
    return pa.LargeListArray.from_arrays(pa.array(offsets), pa.array(hashes))
