"""Caches of Megatron's order: whether they still fit the token shards that they were made from.

Megatron names a cache by the path of the shard and by the arguments of the run. Neither size nor content of the shard
is in the name, so that a cache is found again after the shard was written anew, and training reads at wrong offsets.
The files are those of `GPTDataset` in megatron-core 0.11 to 0.19: `HASH-GPTDataset-train-description.txt` (JSON), and
`document_index`, `sample_index` and `shuffle_index` as `.npy` beside it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from manyo.corpus.tables.shards import ShardError
from manyo.tokenizer.reader import Fault
from manyo.tokenizer.training_order import DocumentIndex, OrderError

#: The end of a description's name, after what all files of its cache begin with.
DESCRIPTION = "-description.txt"

#: The arrays of a token shard's cache: its documents in order, where each sample begins, and the order of the samples.
ARRAYS = ("document_index", "sample_index", "shuffle_index")

#: Rows of a sample index that are compared at once: 32 MB.
_ROWS_AT_ONCE = 1 << 21


def cache_folder(prefix: str) -> str:
    """Where Megatron keeps the cache of a token shard without `--data-cache-path`."""
    return f"{prefix}/cache/GPTDataset_indices"


def cache_faults(folder: Path) -> Iterator[Fault]:
    """Compare the caches in a folder with the token shards that they name; yield a fault for each that does not fit.

    Memory: 8 bytes for each document and epoch of a cache.
    """
    for path in descriptions(folder):
        if (problem := _problem(path)) is not None:
            yield Fault(str(path), "file", problem)


def descriptions(folder: Path) -> list[Path]:
    """The descriptions of the caches in a folder, one for each."""
    return sorted(folder.glob(f"*-GPTDataset-*{DESCRIPTION}"))


def _problem(description: Path) -> str | None:
    """Why a cache must not be used; None if it fits its shard."""
    base = str(description).removesuffix(DESCRIPTION)
    try:
        said = json.loads(description.read_text(encoding="utf-8"))
        prefix, length = str(said["dataset_path"]), int(said["sequence_length"])
        order, samples, shuffled = (np.load(f"{base}-{name}.npy", mmap_mode="r") for name in ARRAYS)
    except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
        return f"is no whole cache ({error}); delete its files"
    try:
        lengths = DocumentIndex.read(prefix).lengths
    except (OrderError, ShardError) as error:
        return f"is a cache of a token shard that cannot be read: {error}"
    stale = f"is a cache of {prefix} as it was before; delete its files, or training reads at wrong offsets"
    if samples.ndim != 2 or samples.shape[1] != 2 or len(shuffled) != len(samples) - 1:
        return "has a sample index of another form than megatron-core 0.11 to 0.19 writes; delete its files"
    if len(order) and (int(order.max()) >= len(lengths) or int(order.min()) < 0):
        return stale
    starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths[order], dtype=np.int64)])
    if len(samples) and not 0 <= int(samples[:, 0].max()) <= len(order):
        return stale
    for row in range(0, len(samples), _ROWS_AT_ONCE):
        places, offsets = (np.asarray(column, np.int64) for column in samples[row : row + _ROWS_AT_ONCE].T)
        # Samples are cut end to end: each starts where the one before it ends.
        if np.any(starts[places] + offsets != length * np.arange(row, row + len(places))):
            return stale
    return None
