"""Clusters: a survivor and the documents that repeat it; and one row for every document of a shard."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from corpus.schema import DOC_ID, DUPLICATES, Column, Table
from dedup.compared import read_compared
from dedup.pairs import distinct, find_ids, ids_as_bytes, ids_to_arrow
from dedup.settings import Dedup
from dedup.verify import link_to_survivors

CLUSTERS = Table(
    "clusters",
    "a document in a cluster of two or more, in order of doc_id",
    "dedup",
    (
        Column("doc_id", DOC_ID, "the document"),
        Column("survivor", DOC_ID, "the document that stays; doc_id itself for the survivor"),
        Column("similarity", pa.float32(), "Jaccard similarity of the shingles to those of the survivor", "fraction"),
        Column("cluster_size", pa.int32(), "documents in the cluster", "documents"),
    ),
)


def find_clusters(
    pairs: Iterable[pa.RecordBatch], compared: Iterable[pa.RecordBatch], settings: Dedup
) -> pa.RecordBatch:
    """Decide for the documents of one part who repeats whom (`dedup.verify.link_to_survivors`).

    Memory: 50 bytes for each row of `pairs`, and as `dedup.compared.read_compared`.

    Args:
        pairs: batches of `corpus.schema.PAIRS`, with all pairs of each component that they touch; read once.
        compared: batches of `dedup.compared.COMPARED` with the documents in `pairs`, in any order; read once.
        settings: as the signatures were made with.

    Returns:
        A batch of `CLUSTERS`.

    Raises:
        ValueError: a document in `pairs` is not in `compared`, or twice.
    """
    documents = read_compared(compared, settings)
    order = np.argsort(documents.doc_id)
    sorted_ids = documents.doc_id[order]
    if np.any(sorted_ids[1:] == sorted_ids[:-1]):
        twice = sorted_ids[1:][sorted_ids[1:] == sorted_ids[:-1]]
        raise ValueError(f"document {_hex(twice)} is given twice: an input is listed twice")
    linked = np.concatenate([np.zeros(0, np.int64), *(_number(batch, sorted_ids, order) for batch in pairs)])
    linked = distinct(linked)
    candidate_offsets = np.searchsorted(linked, np.arange(len(order) + 1) << 32)
    candidates = (linked & 0xFFFF_FFFF).astype(np.int32)
    survivor, similarity = link_to_survivors(documents, candidate_offsets, candidates, settings)
    sizes = np.bincount(survivor, minlength=len(survivor)).astype(np.int32)[survivor]
    rows = order[sizes[order] > 1]
    columns = [ids_to_arrow(documents.doc_id[rows]), ids_to_arrow(documents.doc_id[survivor[rows]])]
    return pa.RecordBatch.from_arrays(
        [*columns, pa.array(similarity[rows]), pa.array(sizes[rows])], schema=CLUSTERS.schema
    )


def pick(batches: Iterable[pa.RecordBatch], doc_ids: np.ndarray, table: Table) -> pa.RecordBatch:
    """The rows of a table for some documents: one pass that holds a batch and the rows picked.

    Args:
        batches: of the table, which has a column `doc_id`.
        doc_ids: the documents, in any order.
        table: its columns.

    Returns:
        Their rows, in order of `doc_id`.
    """
    wanted = np.sort(doc_ids)
    picked = [batch.filter(pa.array(find_ids(wanted, ids_as_bytes(batch.column("doc_id")))[1])) for batch in batches]
    rows = pa.Table.from_batches(picked, table.schema).sort_by("doc_id").combine_chunks().to_batches()
    return rows[0] if rows else pa.RecordBatch.from_pylist([], schema=table.schema)


def duplicates(
    doc_ids: pa.Array, in_play: np.ndarray, superseded: pa.RecordBatch, clusters: pa.RecordBatch
) -> pa.RecordBatch:
    """One row per document, in order: its survivor, and whether it stays.

    Args:
        doc_ids: the `doc_id` column of a batch of documents.
        in_play: bool (n_docs,), which documents take part; the others get a null cluster.
        superseded: a batch of `corpus.schema.PAIRS`, sorted by `doc_id`: documents of this batch
            in whose place another page of the same address (`candidate`) takes part.
        clusters: a batch of `CLUSTERS`, sorted by `doc_id`, with the rows of these documents and
            of those that take their place.

    Returns:
        A batch of `corpus.schema.DUPLICATES`.
    """
    own = ids_as_bytes(doc_ids)
    at, replaced = find_ids(ids_as_bytes(superseded.column("doc_id")), own)
    stands_in = own.copy()
    stands_in[replaced] = ids_as_bytes(superseded.column("candidate"))[at[replaced]]
    at, found = find_ids(ids_as_bytes(clusters.column("doc_id")), stands_in)
    found &= in_play
    at = at[found]

    survivor = stands_in
    survivor[found] = ids_as_bytes(clusters.column("survivor"))[at]
    cluster_size = in_play.astype(np.int32)
    cluster_size[found] = clusters.column("cluster_size").to_numpy()[at]
    similarity = np.ones(len(own), np.float32)
    similarity[found] = clusters.column("similarity").to_numpy()[at]
    out = pa.array(~in_play)
    return pa.RecordBatch.from_arrays(
        [
            doc_ids,
            pc.if_else(out, pa.scalar(None, DOC_ID), ids_to_arrow(survivor)),
            pa.array(cluster_size),
            pa.array(similarity, mask=~in_play | replaced),
            pa.array(in_play & (survivor == own)),
        ],
        schema=DUPLICATES.schema,
    )


def _number(pairs: pa.RecordBatch, sorted_ids: np.ndarray, order: np.ndarray) -> np.ndarray:
    """int64 (n_pairs,), both documents of each pair as their positions, one in each half."""
    numbers = []
    for column in pairs.columns:
        ids = ids_as_bytes(column)
        at, found = find_ids(sorted_ids, ids)
        if not found.all():
            raise ValueError(
                f"document {_hex(ids[~found])} has a candidate and no shingles: they are of different runs"
            )
        numbers.append(order[at])
    numbered: np.ndarray = numbers[0] << 32 | numbers[1]
    return numbered


def _hex(doc_ids: np.ndarray) -> str:
    """The first of some ids, for a message."""
    return str(ids_to_arrow(doc_ids[:1])[0].as_py().hex())
