"""MinHash signatures over character shingles (Broder 1997), one row per document.

Characters, not words: a Japanese segmenter is a hundred times slower than everything else here, and cuts a sentence
differently after a small change before it.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pyarrow as pa

from manyo.corpus.jit import Uint32s
from manyo.corpus.schema import SIGNATURES
from manyo.dedup.settings import Dedup
from manyo.dedup.sketch.exact import Folded, exact_hashes
from manyo.dedup.sketch.shingle_kernels import minhash_texts
from manyo.dedup.sketch.view import as_compared

#: Start of the splitmix64 sequence that the permutations are drawn from: 万葉 in UTF-16.
SEED = 0x4E07_8449


def signatures(batch: pa.RecordBatch, settings: Dedup) -> pa.RecordBatch:
    """Measure a batch of documents for dedup.

    Args:
        batch: with columns `doc_id`, `profile` and `text`, as in `manyo.corpus.schema.DOCUMENTS`.
        settings: shingles, bands and lengths.

    Returns:
        A batch of `manyo.corpus.schema.SIGNATURES`, row for row; `minhash` is empty for documents shorter than
        `settings.min_chars`.
    """
    folded = as_compared(batch, settings)
    minima = minhashes(folded, settings)
    has_minhash = folded.chars >= settings.min_chars
    value_offsets = np.concatenate(([0], np.cumsum(has_minhash) * settings.permutations)).astype(np.int32)
    minhash = pa.ListArray.from_arrays(pa.array(value_offsets), pa.array(minima.reshape(-1)))
    return pa.RecordBatch.from_arrays(
        [batch.column("doc_id"), pa.array(exact_hashes(folded)), pa.array(folded.chars), minhash],
        schema=SIGNATURES.schema,
    )


def minhashes(folded: Folded, settings: Dedup) -> Uint32s:
    """uint32 (n_long, permutations), signatures of the documents that have `settings.min_chars` characters."""
    factors, shifts = permutations(settings.permutations)
    return minhash_texts(
        folded.characters,
        folded.offsets,
        settings.shingle_chars,
        settings.min_chars,
        settings.max_shingled_chars,
        factors,
        shifts,
    )


@cache
def permutations(count: int) -> tuple[Uint32s, Uint32s]:
    """Factors (odd) and shifts of `x -> factor * x + shift` modulo 2^32, uint32 (count,) each.

    The first `n` permutations are the same for every count.
    """
    drawn = [_splitmix64(i) for i in range(count)]
    factors = np.array([number >> 32 | 1 for number in drawn], np.uint32)
    shifts = np.array([number & 0xFFFFFFFF for number in drawn], np.uint32)
    return factors, shifts


def _splitmix64(index: int) -> int:
    """The `index`-th number of splitmix64 (Steele, Lea, Flood 2014) from SEED."""
    mask = 0xFFFF_FFFF_FFFF_FFFF
    z = (SEED + (index + 1) * 0x9E37_79B9_7F4A_7C15) & mask
    z = (z ^ z >> 30) * 0xBF58_476D_1CE4_E5B9 & mask
    z = (z ^ z >> 27) * 0x94D0_49BB_1331_11EB & mask
    return z ^ z >> 31
