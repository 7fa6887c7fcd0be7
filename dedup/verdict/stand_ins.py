"""Documents that take part in place of others: their clusters go to the shards of those, too.

A document and the one that replaces it may lie in any two shards. The one that takes part goes to the part of its
component with the shard of the other, and what is decided there about it comes back to both shards. So no task reads a
table of all clusters.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pyarrow as pa

from manyo.corpus.doc_ids import find_ids
from manyo.corpus.schema import Column, Table
from manyo.dedup.numbering import NUMBER, deal

STAND_INS = Table(
    "stand_ins",
    "a document that takes part in place of documents of a shard",
    "dedup",
    (
        Column("number", NUMBER, "number of the document that takes part"),
        Column("shard", pa.uint64(), "number of the shard of those that it replaces"),
    ),
)


def deal_stand_ins(stand_ins: Iterable[pa.RecordBatch], linked: pa.RecordBatch, parts: int) -> list[pa.RecordBatch]:
    """Deal the stand-ins of a shard to the parts of their components.

    Args:
        stand_ins: batches of `STAND_INS` whose documents are of the shard.
        linked: the batch of `manyo.dedup.verdict.compared.LINKED` of the shard.
        parts: how many parts documents are compared in.

    Returns:
        For each part a batch of `STAND_INS`. A document that has no candidate is in no cluster, and left out.
    """
    rows = pa.Table.from_batches(stand_ins, STAND_INS.schema).combine_chunks()
    at, is_linked = find_ids(linked.column("number").to_numpy(), rows.column("number").to_numpy())
    (kept,) = rows.filter(pa.array(is_linked)).to_batches() or [_NONE]
    return deal(kept, linked.column("part").to_numpy()[at[is_linked]], parts)


def rows_of_stand_ins(
    stand_ins: Iterable[pa.RecordBatch], clusters: pa.RecordBatch, numbers: np.ndarray, n_shards: int
) -> list[pa.RecordBatch]:
    """What was decided about the stand-ins of a part, for the shards of the documents that they replace.

    Args:
        stand_ins: batches of `STAND_INS`, all that were dealt to the part.
        clusters: a batch of `manyo.dedup.verdict.clusters.CLUSTERS`.
        numbers: uint64 (n_rows,), the number of the document of each of its rows.
        n_shards: shards of this run.

    Returns:
        For each shard rows of `clusters`.
    """
    rows = pa.Table.from_batches(stand_ins, STAND_INS.schema)
    by_number = np.argsort(numbers)
    at, is_found = find_ids(numbers[by_number], rows.column("number").to_numpy())
    found = clusters.take(pa.array(by_number[at[is_found]]))
    return deal(found, rows.column("shard").to_numpy()[is_found].astype(np.int64), n_shards)


_NONE = pa.RecordBatch.from_pylist([], schema=STAND_INS.schema)
