"""The mixing of bits that all hashes of dedup share."""

from __future__ import annotations

from typing import Final

import numpy as np

from manyo.corpus.jit import kernel

# Odd multipliers of MurmurHash3's 64-bit finaliser (Appleby, public domain) and of splitmix64 (Steele, Lea, Flood
# 2014). Any odd numbers with well-spread bits would do; these are well tested. Stored hashes depend on them.
MIX_1: Final = np.uint64(0xFF51AFD7ED558CCD)
MIX_2: Final = np.uint64(0xC4CEB9FE1A85EC53)
STEP: Final = np.uint64(0x9E3779B97F4A7C15)


@kernel
def mixed(state: np.uint64) -> np.uint64:
    """MurmurHash3's finaliser without its last shift: the upper bits depend on all bits of the state."""
    state = (state ^ (state >> np.uint64(33))) * MIX_1
    return (state ^ (state >> np.uint64(33))) * MIX_2
