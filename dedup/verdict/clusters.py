"""Clusters: a survivor and the documents that repeat it; and one row for every document of a shard."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from manyo.corpus.doc_ids import find_ids, ids_as_bytes, ids_to_arrow
from manyo.corpus.schema import DOC_ID, DUPLICATES, Column, Table
from manyo.dedup.candidates.pairs import NO_STARTS
from manyo.dedup.numbering import deal, shards_of, turns
from manyo.dedup.settings import Dedup
from manyo.dedup.verdict.compared import read_compared
from manyo.dedup.verdict.similarity import link_to_survivors

CLUSTERS = Table(
    "clusters",
    "a document in a cluster of two or more, in order of doc_id",
    "dedup",
    (
        Column("doc_id", DOC_ID, "the document"),
        Column("survivor", DOC_ID, "the document that stays; doc_id itself for the survivor"),
        Column("similarity", pa.float32(), "Jaccard similarity of the shingles to those of the survivor", "fraction"),
        Column("containment", pa.float32(), "share of its shingles that the survivor has", "fraction"),
        Column("cluster_size", pa.int32(), "documents in the cluster", "documents"),
        Column("within_source", pa.bool_(), "all of them are of one source, and were compared with no other"),
        Column("is_released", pa.bool_(), "its survivor is of the index of an earlier run, which released it"),
        Column("has_released", pa.bool_(), "a document of its cluster is of such an index"),
    ),
)


def find_clusters(
    compared: Iterable[pa.RecordBatch], n_shards: int, settings: Dedup, index_starts: np.ndarray = NO_STARTS
) -> tuple[pa.RecordBatch, np.ndarray]:
    """Decide which documents of one part repeat which (`manyo.dedup.verdict.similarity.link_to_survivors`).

    Memory: as `manyo.dedup.verdict.compared.read_compared`, and 40 bytes for each candidate of each document.

    Args:
        compared: batches of `manyo.dedup.verdict.compared.COMPARED`, with all documents of each component that they
            touch, in any order; read once.
        n_shards: shards of this run. Those of an index have higher numbers.
        settings: as the signatures were made with.
        index_starts: uint64 (n_indexes,), as for `manyo.dedup.numbering.turns`, which decide before survivor order.

    Returns:
        A batch of `CLUSTERS`, and uint64 (n_rows,), the number of the document of each row.

    Raises:
        ValueError: a candidate is not among the documents, or a document occurs twice in one turn.
    """
    documents = read_compared(compared, settings)
    survivor_order = documents.survivor_order(index_starts)
    in_order = documents.doc_id[survivor_order]
    # Documents with one id may be neighbours in different turns: an earlier run released it.
    turn = turns(documents.number[survivor_order], index_starts)
    is_again = (in_order[1:] == in_order[:-1]) & (turn[1:] == turn[:-1])
    if np.any(is_again):
        raise ValueError(f"document {_hex(in_order[1:][is_again])} is given twice: an input is listed twice")
    by_number = np.argsort(documents.number)
    at = np.searchsorted(documents.number, documents.candidates, sorter=by_number)
    candidates = by_number[np.minimum(at, len(by_number) - 1)] if len(by_number) else by_number
    if np.any(documents.number[candidates] != documents.candidates):
        raise ValueError("a document has a candidate that is not among those compared: they are of different runs")
    survivor, similarity, containment = link_to_survivors(
        documents, survivor_order, documents.candidate_offsets, candidates.astype(np.int32), settings
    )
    is_indexed = shards_of(documents.number) >= n_shards
    has_indexed = np.zeros(len(survivor), bool)
    has_indexed[survivor[is_indexed]] = True
    sizes = np.bincount(survivor, minlength=len(survivor)).astype(np.int32)[survivor]
    rows = np.argsort(documents.doc_id)
    rows = rows[sizes[rows] > 1]
    columns = [ids_to_arrow(documents.doc_id[rows]), ids_to_arrow(documents.doc_id[survivor[rows]])]
    clusters = pa.RecordBatch.from_arrays(
        [
            *columns,
            pa.array(similarity[rows]),
            pa.array(containment[rows]),
            pa.array(sizes[rows]),
            pa.array(np.full(len(rows), settings.within_sources)),
            pa.array(is_indexed[survivor[rows]]),
            pa.array(has_indexed[survivor[rows]]),
        ],
        schema=CLUSTERS.schema,
    )
    return clusters, documents.number[rows]


def deal_clusters(clusters: pa.RecordBatch, numbers: np.ndarray, n_shards: int) -> list[pa.RecordBatch]:
    """For each shard of this run the rows of its documents; arguments as `find_clusters` has and returns them."""
    # What belongs to the shards of an index has higher numbers, and goes nowhere.
    return deal(clusters, shards_of(numbers), n_shards)


def repeats(clusters: Iterable[pa.RecordBatch]) -> pa.Array:
    """Ids of the documents that repeat another one, from batches of `CLUSTERS`."""
    table = pa.Table.from_batches(clusters, CLUSTERS.schema)
    repeated = pc.not_equal(table.column("doc_id"), table.column("survivor"))
    return table.column("doc_id").filter(repeated).combine_chunks()


def last_word(within_sources: pa.RecordBatch, over_all: pa.RecordBatch) -> pa.RecordBatch:
    """The rows of two rounds as one batch of `CLUSTERS`; of a document that is in both, that of the second round."""
    again = pc.is_in(within_sources.column("doc_id"), value_set=over_all.column("doc_id"))
    return in_order([within_sources.filter(pc.invert(again)), over_all], CLUSTERS)


def in_order(batches: Iterable[pa.RecordBatch], table: Table) -> pa.RecordBatch:
    """All rows of some batches of a table as one batch, in order of `doc_id`."""
    rows = pa.Table.from_batches(batches, table.schema).sort_by("doc_id").combine_chunks().to_batches()
    return rows[0] if rows else pa.RecordBatch.from_pylist([], schema=table.schema)


def duplicates(
    doc_ids: pa.Array, in_play: np.ndarray, superseded: pa.RecordBatch, clusters: pa.RecordBatch
) -> pa.RecordBatch:
    """The survivor of every document of a batch, and whether the document itself stays.

    Args:
        doc_ids: the `doc_id` column of a batch of documents.
        in_play: bool (n_docs,), which documents take part; the others get a null cluster.
        superseded: a batch of `manyo.dedup.same_address.SUPERSEDED`, sorted by `doc_id`: documents of this batch
            in whose place another page of the same address takes part.
        clusters: a batch of `CLUSTERS`, sorted by `doc_id`, with the rows of these documents and of those that take
            their place.

    Returns:
        A batch of `manyo.corpus.schema.DUPLICATES`, row for row.
    """
    own = ids_as_bytes(doc_ids)
    at, replaced = find_ids(ids_as_bytes(superseded.column("doc_id")), own)
    stands_in = own.copy()
    stands_in[replaced] = ids_as_bytes(superseded.column("stand_in"))[at[replaced]]
    at, found = find_ids(ids_as_bytes(clusters.column("doc_id")), stands_in)
    found &= in_play
    at = at[found]

    survivor = stands_in
    survivor[found] = ids_as_bytes(clusters.column("survivor"))[at]
    cluster_size = in_play.astype(np.int32)
    cluster_size[found] = clusters.column("cluster_size").to_numpy()[at]
    alike = {name: np.ones(len(own), np.float32) for name in ("similarity", "containment")}
    for name, values in alike.items():
        values[found] = clusters.column(name).to_numpy()[at]
    within_source, is_released = np.zeros(len(own), bool), np.zeros(len(own), bool)
    within_source[found] = clusters.column("within_source").to_numpy(zero_copy_only=False)[at]
    is_released[found] = clusters.column("is_released").to_numpy(zero_copy_only=False)[at]
    out = pa.array(~in_play)
    return pa.RecordBatch.from_arrays(
        [
            doc_ids,
            pc.if_else(out, pa.scalar(None, DOC_ID), ids_to_arrow(survivor)),
            pa.array(cluster_size),
            *(pa.array(values, mask=~in_play | replaced) for values in alike.values()),
            # An earlier run may have released a document of the same id.
            pa.array(in_play & (survivor == own) & ~is_released),
            pa.array(within_source),
        ],
        schema=DUPLICATES.schema,
    )


def _hex(doc_ids: np.ndarray) -> str:
    """The first of some ids, in hexadecimal."""
    return str(ids_to_arrow(doc_ids[:1])[0].as_py().hex())
