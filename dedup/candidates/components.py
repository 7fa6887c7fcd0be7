"""Which documents must be judged in one place: the connected components of the candidate pairs.

A component is a unit of work, not a cluster: what becomes of a document depends only on documents of its component
(`manyo.dedup.verdict.similarity`), so components can be dealt to parts, and a task that judges a part holds nothing
else. Documents without a candidate, most of a crawl, are in no component.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np
import pyarrow as pa

from manyo.corpus.schema import Column, Table
from manyo.dedup.candidates.component_kernels import point_at_roots, unite
from manyo.dedup.numbering import NUMBER, first_number, rows_of, shards_of

COMPONENTS = Table(
    "components",
    "a document that has a candidate, or is one, in order of its number",
    "dedup",
    (
        Column("number", NUMBER, "number of the document"),
        Column("part", pa.int32(), "the part in which it is compared, the same for a whole component"),
    ),
)


def find_components(
    pairs: Callable[[], Iterable[pa.RecordBatch]], n_shards: int, parts: int
) -> Iterator[pa.RecordBatch]:
    """Deal all documents that are in pairs to parts without dividing a component.

    Memory: 8 bytes for each document of the corpus, up to the last of each shard that is in a pair,
    and a batch of pairs.

    Args:
        pairs: opens the batches of `manyo.dedup.candidates.pairs.PAIRS`, in any order; called twice.
        n_shards: shards that the documents are of.
        parts: how many parts components are dealt to.

    Yields:
        For each shard a batch of `COMPONENTS`.
    """
    n_rows = np.zeros(n_shards, np.int64)
    for batch in pairs():
        for numbers in _columns(batch):
            np.maximum.at(n_rows, shards_of(numbers), rows_of(numbers) + 1)
    # A forest over all rows of all shards, one shard after another.
    starts = np.concatenate((np.zeros(1, np.int64), np.cumsum(n_rows)))
    parent = np.full(starts[-1], -1)
    for batch in pairs():
        unite(parent, *(starts[shards_of(numbers)] + rows_of(numbers) for numbers in _columns(batch)))
    point_at_roots(parent)
    for shard in range(n_shards):
        root = parent[starts[shard] : starts[shard + 1]]
        rows = np.flatnonzero(root >= 0)
        numbers = np.uint64(first_number(shard)) + rows.astype(np.uint64)
        part_of = (root[rows] % parts).astype(np.int32)
        yield pa.RecordBatch.from_arrays([pa.array(numbers), pa.array(part_of)], schema=COMPONENTS.schema)


def _columns(pairs: pa.RecordBatch) -> tuple[np.ndarray, np.ndarray]:
    return pairs.column("number").to_numpy(), pairs.column("candidate").to_numpy()
