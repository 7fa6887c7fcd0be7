"""Clusters: a survivor and the documents that repeat it; and one row for every document of a shard."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from corpus.schema import DOC_ID, DUPLICATES, PAIRS, Column, Table
from dedup.pairs import has_minhash, ids_as_bytes, ids_to_arrow, minhash_matrix, survivor_order
from dedup.settings import Dedup
from dedup.verify import Compared, link_to_survivors

CLUSTERS = Table(
    "clusters",
    "a document in a cluster of two or more, in order of doc_id",
    "dedup",
    (
        Column("doc_id", DOC_ID, "the document"),
        Column("survivor", DOC_ID, "the document that stays; doc_id itself for the survivor"),
        Column("similarity", pa.float32(), "estimated Jaccard similarity to the survivor", "fraction"),
        Column("cluster_size", pa.int32(), "documents in the cluster", "documents"),
    ),
)


def find_clusters(
    pairs: Iterable[pa.RecordBatch], signatures: Iterable[pa.RecordBatch], settings: Dedup
) -> pa.RecordBatch:
    """Gather all candidate pairs and decide who repeats whom (`dedup.verify.link_to_survivors`).

    Memory: 60 bytes for each row of `pairs`, and `80 + 4 * permutations` bytes for each document
    that occurs in one. Documents without a candidate, most of a crawl, cost nothing.

    Args:
        pairs: batches of `corpus.schema.PAIRS`, in any order; read once.
        signatures: batches of `corpus.schema.SIGNATURES` with, at least, every document in `pairs`; read once.
        settings: as the signatures were made with.

    Returns:
        A batch of `CLUSTERS`.

    Raises:
        ValueError: a document in `pairs` has no signature, or several.
    """
    table = pa.Table.from_batches(pairs, PAIRS.schema)
    doc_ids = pa.chunked_array([*table.column("doc_id").chunks, *table.column("candidate").chunks], DOC_ID).unique()
    compared = _read_compared(doc_ids, signatures, settings)
    order = survivor_order(compared.chars, ids_as_bytes(doc_ids))
    rank = np.empty(len(order), np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    docs = rank[pc.index_in(table.column("doc_id"), doc_ids).to_numpy()]
    candidates = rank[pc.index_in(table.column("candidate"), doc_ids).to_numpy()]
    del table
    # One number per pair, so that sorting and dropping what several keys found is one call.
    linked = np.unique(docs.astype(np.int64) << 32 | candidates)
    candidate_offsets = np.searchsorted(linked >> 32, np.arange(len(order) + 1))
    in_order = Compared(
        compared.exact_hash[order], compared.chars[order], compared.minhash[order], compared.has_minhash[order]
    )
    survivor, similarity = link_to_survivors(
        in_order, candidate_offsets, (linked & 0xFFFF_FFFF).astype(np.int32), settings
    )
    return _clusters_batch(ids_as_bytes(doc_ids)[order], survivor, similarity)


def duplicates(doc_ids: pa.Array, in_play: np.ndarray, clusters: pa.RecordBatch) -> pa.RecordBatch:
    """One row per document, in order: its survivor, and whether it stays.

    Args:
        doc_ids: the `doc_id` column of a batch of documents.
        in_play: bool (n_docs,), which documents take part; the others get a null cluster.
        clusters: a batch of `CLUSTERS`, sorted by `doc_id`.

    Returns:
        A batch of `corpus.schema.DUPLICATES`.
    """
    known = ids_as_bytes(clusters.column("doc_id"))
    own = ids_as_bytes(doc_ids)
    at = np.searchsorted(known, own)
    found = in_play & (at < len(known))
    found[found] = known[at[found]] == own[found]
    at = at[found]

    survivor = own.copy()
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
            pa.array(similarity, mask=~in_play),
            pa.array(in_play & (survivor == own)),
        ],
        schema=DUPLICATES.schema,
    )


def _read_compared(doc_ids: pa.Array, signatures: Iterable[pa.RecordBatch], settings: Dedup) -> Compared:
    """The signatures of `doc_ids`, in that order."""
    n_docs = len(doc_ids)
    compared = Compared(
        np.zeros(n_docs, np.uint64),
        np.zeros(n_docs, np.int64),
        np.zeros((n_docs, settings.permutations), np.uint32),
        np.zeros(n_docs, bool),
    )
    n_read = np.zeros(n_docs, np.int64)
    sorted_by_id = np.argsort(ids_as_bytes(doc_ids))
    sorted_ids = ids_as_bytes(doc_ids)[sorted_by_id]
    for batch in signatures:
        ids = ids_as_bytes(batch.column("doc_id"))
        at = np.searchsorted(sorted_ids, ids)
        wanted = at < n_docs
        wanted[wanted] = sorted_ids[at[wanted]] == ids[wanted]
        docs = sorted_by_id[at[wanted]]
        batch = batch.filter(pa.array(wanted))
        compared.exact_hash[docs] = batch.column("exact_hash").to_numpy()
        compared.chars[docs] = batch.column("chars").to_numpy()
        compared.has_minhash[docs] = has_minhash(batch.column("minhash"))
        compared.minhash[docs[has_minhash(batch.column("minhash"))]] = minhash_matrix(batch.column("minhash"), settings)
        np.add.at(n_read, docs, 1)
    wrong = np.flatnonzero(n_read != 1)
    if len(wrong):
        raise ValueError(
            f"document {doc_ids[wrong[0]].as_py().hex()} has {n_read[wrong[0]]} signatures and must have one: "
            "if none, signatures and pairs are of different runs; if several, an input is listed twice"
        )
    return compared


def _clusters_batch(doc_ids: np.ndarray, survivor: np.ndarray, similarity: np.ndarray) -> pa.RecordBatch:
    sizes = np.bincount(survivor, minlength=len(survivor)).astype(np.int32)[survivor]
    rows = np.flatnonzero(sizes > 1)
    rows = rows[np.argsort(doc_ids[rows])]
    return pa.RecordBatch.from_arrays(
        [
            ids_to_arrow(doc_ids[rows]),
            ids_to_arrow(doc_ids[survivor[rows]]),
            pa.array(similarity[rows]),
            pa.array(sizes[rows]),
        ],
        schema=CLUSTERS.schema,
    )
