"""One random number per document, from its id and a seed: what samples and shuffles are made of.

A document draws the same number whatever shard, batch or process it is in, so nothing that is decided by
draws depends on how the work was cut.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from manyo.corpus.doc_ids import id_heads


def draws(doc_ids: pa.Array, seed: int) -> np.ndarray:
    """uint64 (n_docs,), from the first 8 bytes of each id, which are random already, and the seed.

    Args:
        doc_ids: a `doc_id` column.
        seed: any integer of 64 bits.
    """
    drawn = id_heads(doc_ids).byteswap()
    # splitmix64's finaliser: without it, seeds that differ in low bits would order documents alike.
    drawn = drawn ^ np.uint64((seed * 0x9E3779B97F4A7C15) % 2**64)
    drawn = (drawn ^ (drawn >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    drawn = (drawn ^ (drawn >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    drawn ^= drawn >> np.uint64(31)
    return drawn
