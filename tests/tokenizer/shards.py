"""Token shards for the tests, from ids alone."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from manyo.tokenizer.pack import MegatronWriter, PackedCounts


def write_token_shard(
    bin_path: Path | str,
    idx_path: Path | str,
    dtype: np.dtype,
    batches: Iterable[tuple[np.ndarray, np.ndarray]],
) -> PackedCounts:
    """Write a Megatron shard from pairs of ids and lengths, as `Tokenizer.encode_batch` returns them."""
    with MegatronWriter(bin_path, idx_path, dtype) as shard:
        for ids, lengths in batches:
            shard.add(ids, lengths)
    return shard.counts
