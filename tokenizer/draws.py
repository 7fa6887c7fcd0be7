"""One random number per document, computed from its id and a seed; samples and shuffles are decided by it.

A document draws the same number in whatever shard, batch or process it is, so samples and shuffles do not depend on how
the work is divided.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from manyo.corpus.doc_ids import id_heads
from manyo.corpus.jit import Uint64s

# splitmix64's finaliser (Steele, Lea, Flood 2014): two shifts and multiplications, and a last shift.
_STEP = 0x9E3779B97F4A7C15
_MIX_1, _MIX_2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_SHIFT_1, _SHIFT_2, _SHIFT_3 = np.uint64(30), np.uint64(27), np.uint64(31)


def draws(doc_ids: pa.Array, seed: int) -> Uint64s:
    """Draw a number for each document.

    Args:
        doc_ids: a `doc_id` column, (n_docs,).
        seed: any integer of 64 bits.

    Returns:
        uint64 (n_docs,).
    """
    drawn = id_heads(doc_ids).byteswap() ^ np.uint64(seed * _STEP % 2**64)
    # Without the finaliser, seeds that differ in low bits would order documents alike.
    drawn = (drawn ^ (drawn >> _SHIFT_1)) * _MIX_1
    drawn = (drawn ^ (drawn >> _SHIFT_2)) * _MIX_2
    return drawn ^ (drawn >> _SHIFT_3)
