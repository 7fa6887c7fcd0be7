"""The compiled loop that makes the keys of a signature's bands."""

from __future__ import annotations

import numpy as np

from manyo.corpus.jit import Uint32s, Uint64s, kernel
from manyo.dedup.mixing_kernels import MIX_1, MIX_2, STEP


@kernel
def key_bands(minhash: Uint32s, bands: int, rows: int) -> Uint64s:
    """A 64-bit key of each band of signatures: its number (from 1) and its values, mixed in one after another.

    Args:
        minhash: uint32 (n_docs, bands * rows).
        bands: bands of a signature.
        rows: values of a band.

    Returns:
        uint64 (n_docs, bands).
    """
    keys = np.empty((len(minhash), bands), np.uint64)
    for doc in range(len(minhash)):
        for band in range(bands):
            state = np.uint64(band + 1) * STEP
            for row in range(band * rows, (band + 1) * rows):
                state = (state ^ np.uint64(minhash[doc, row])) * MIX_1
                state ^= state >> np.uint64(32)
            state *= MIX_2
            keys[doc, band] = state ^ (state >> np.uint64(33))
    return keys
