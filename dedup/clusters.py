"""Clusters: a survivor and the documents that repeat it; and one row for every document of a shard."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from corpus.schema import DOC_ID, DUPLICATES, PAIRS, Column, Table
from dedup.pairs import distinct, has_minhash, ids_as_bytes, ids_to_arrow, minhash_matrix, sorted_ids, survivor_order
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

    Memory: 56 bytes for each row of `pairs`, and `100 + 4 * permutations` bytes for each document
    that occurs in one (377 MB measured where this gives 454). Documents without a candidate, most
    of a crawl, cost nothing.

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
    doc_ids = sorted_ids(pa.chunked_array([*table.column("doc_id").chunks, *table.column("candidate").chunks], DOC_ID))
    # One number per pair, so that sorting and dropping what several keys found is one call.
    linked = pc.index_in(table.column("doc_id"), doc_ids).to_numpy().astype(np.int64) << 32
    linked |= pc.index_in(table.column("candidate"), doc_ids).to_numpy()
    del table
    linked = distinct(linked)
    candidate_offsets = np.searchsorted(linked, np.arange(len(doc_ids) + 1) << 32)
    candidates = (linked & 0xFFFF_FFFF).astype(np.int32)
    compared = _read_compared(ids_as_bytes(doc_ids), signatures, settings)
    order = survivor_order(compared.chars, ids_as_bytes(doc_ids))
    survivor, similarity = link_to_survivors(compared, order, candidate_offsets, candidates, settings)
    sizes = np.bincount(survivor, minlength=len(survivor)).astype(np.int32)[survivor]
    rows = pa.array(sizes > 1)
    return pa.RecordBatch.from_arrays(
        [doc_ids, doc_ids.take(pa.array(survivor)), pa.array(similarity), pa.array(sizes)], schema=CLUSTERS.schema
    ).filter(rows)


def duplicates(doc_ids: pa.Array, in_play: np.ndarray, clusters: pa.RecordBatch) -> pa.RecordBatch:
    """One row per document, in order: its survivor, and whether it stays.

    Args:
        doc_ids: the `doc_id` column of a batch of documents.
        in_play: bool (n_docs,), which documents take part; the others get a null cluster.
        clusters: a batch of `CLUSTERS`, sorted by `doc_id`.

    Returns:
        A batch of `corpus.schema.DUPLICATES`.
    """
    own = ids_as_bytes(doc_ids)
    at, found = _find(ids_as_bytes(clusters.column("doc_id")), own)
    found &= in_play
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


def _read_compared(doc_ids: np.ndarray, signatures: Iterable[pa.RecordBatch], settings: Dedup) -> Compared:
    """The signatures of `doc_ids`, which are sorted, in that order."""
    n_docs = len(doc_ids)
    compared = Compared(
        np.zeros(n_docs, np.uint64),
        np.zeros(n_docs, np.int64),
        np.zeros((n_docs, settings.permutations), np.uint32),
        np.zeros(n_docs, bool),
    )
    n_read = np.zeros(n_docs, np.int64)
    for batch in signatures:
        ids = ids_as_bytes(batch.column("doc_id"))
        at, wanted = _find(doc_ids, ids)
        docs = at[wanted]
        batch = batch.filter(pa.array(wanted))
        long = has_minhash(batch.column("minhash"))
        compared.exact_hash[docs] = batch.column("exact_hash").to_numpy()
        compared.chars[docs] = batch.column("chars").to_numpy()
        compared.has_minhash[docs] = long
        compared.minhash[docs[long]] = minhash_matrix(batch.column("minhash"), settings)
        np.add.at(n_read, docs, 1)
    wrong = np.flatnonzero(n_read != 1)
    if len(wrong):
        raise ValueError(
            f"document {ids_to_arrow(doc_ids[wrong[:1]])[0].as_py().hex()} has {n_read[wrong[0]]} signatures and must "
            "have one: if none, signatures and pairs are of different runs; if several, an input is listed twice"
        )
    return compared


def _find(sorted_ids: np.ndarray, ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where each id stands among sorted ones (int64), and whether it does (bool)."""
    at = np.searchsorted(sorted_ids, ids)
    found = at < len(sorted_ids)
    found[found] = sorted_ids[at[found]] == ids[found]
    return at, found
