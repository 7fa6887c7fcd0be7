"""Alarms: dedup that removes most of a source, or makes one cluster of everything, stops the run.

In other projects near-duplicate clusters have silently swallowed three quarters of every source. Here the removed
documents are counted by source and host, and compared with what the configuration allows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from manyo.corpus.addresses import hosts
from manyo.corpus.schema import Column, Table
from manyo.dedup.settings import Alarms

LOSSES = Table(
    "losses",
    "a host of a source",
    "dedup",
    (
        Column("source", pa.string(), "name of the [[source]] in the configuration"),
        Column("host", pa.string(), "host of the address; null for documents without a web address"),
        Column("documents", pa.int64(), "documents that take part in dedup", "documents"),
        Column("removed", pa.int64(), "those of them that dedup removes", "documents"),
    ),
)

#: Rows of `LOSSES` that are held before they are added up.
_ROWS_AT_ONCE = 1 << 20


def losses(documents: pa.RecordBatch, duplicates: pa.RecordBatch) -> pa.Table:
    """Count what dedup removes of a batch of documents, by source and host.

    Args:
        documents: a batch with columns `source` and `uri`.
        duplicates: its rows of `manyo.corpus.schema.DUPLICATES`.

    Returns:
        Rows of `LOSSES`, in order of source and host.
    """
    in_play = duplicates.column("cluster").is_valid()
    of_hosts = hosts(documents.column("uri").filter(in_play)).cast(pa.string())
    kept = duplicates.column("kept").filter(in_play)
    removed = pc.invert(kept).cast(pa.int64())
    ones = pa.array(np.ones(len(kept), np.int64))
    sources = documents.column("source").cast(pa.string()).filter(in_play)
    return add_losses([pa.table([sources, of_hosts, ones, removed], schema=LOSSES.schema)])


def add_losses(tables: Iterable[pa.Table | pa.RecordBatch]) -> pa.Table:
    """Add up rows of `LOSSES` to one table with each source and host once, in order.

    Memory: twice the table that comes out, or a million rows: what was read is added up again and again.
    """
    added: pa.Table = LOSSES.schema.empty_table()
    still: list[pa.Table] = []
    for one in tables:
        still.append(pa.Table.from_batches([one]) if isinstance(one, pa.RecordBatch) else one)
        # Not before there is as much as was added up, so that all of it costs no more than twice the rows.
        if sum(table.num_rows for table in still) > max(_ROWS_AT_ONCE, added.num_rows):
            added, still = _added([added, *still]), []
    return _added([added, *still])


def _added(tables: list[pa.Table]) -> pa.Table:
    return _sum(pa.concat_tables(tables), ["source", "host"]).select(LOSSES.schema.names).cast(LOSSES.schema)


def raised(lost: pa.Table, cluster_batches: Iterable[pa.RecordBatch], alarms: Alarms) -> Iterator[str]:
    """The alarms that the losses raise, one line each: sources first, then the largest cluster, then hosts.

    Args:
        lost: rows of `LOSSES` for the whole corpus, each source and host once.
        cluster_batches: batches of `manyo.dedup.verdict.clusters.CLUSTERS`.
        alarms: the limits.
    """
    yield from _losers("source", _sum(lost, ["source"]), alarms.min_documents, alarms.max_source_loss)
    documents = pc.sum(lost.column("documents")).as_py() or 0
    largest = max((_largest(batch) for batch in cluster_batches), default=(0, b""))
    size, survivor = largest
    if size >= alarms.min_documents and size > alarms.max_cluster_share * documents:
        yield (
            f"the cluster of document {survivor.hex()} holds {size:,} of {documents:,} documents "
            f"({size / documents:.1%}), more than dedup.alarms.max_cluster_share = {alarms.max_cluster_share}"
        )
    with_host = lost.filter(pc.is_valid(lost.column("host")))
    yield from _losers("host", _sum(with_host, ["host"]), alarms.min_documents, alarms.max_host_loss)


def _losers(kind: str, lost: pa.Table, min_documents: int, max_loss: float) -> Iterator[str]:
    """Alarms of the sources or hosts that lose too much, the largest loss first."""
    share = pc.divide(lost.column("removed").cast(pa.float64()), lost.column("documents").cast(pa.float64()))
    too_much = pc.and_(pc.greater_equal(lost.column("documents"), min_documents), pc.greater(share, max_loss))
    for row in lost.filter(too_much).sort_by([("removed", "descending"), (kind, "ascending")]).to_pylist():
        yield (
            f"{kind} {row[kind]} loses {row['removed']:,} of {row['documents']:,} documents "
            f"({row['removed'] / row['documents']:.1%}), more than dedup.alarms.max_{kind}_loss = {max_loss}"
        )


def _sum(lost: pa.Table, keys: list[str]) -> pa.Table:
    summed = lost.group_by(keys).aggregate([("documents", "sum"), ("removed", "sum")])
    names = {"documents_sum": "documents", "removed_sum": "removed"}
    return summed.rename_columns([names.get(name, name) for name in summed.column_names]).sort_by(
        [(key, "ascending") for key in keys]
    )


def _largest(clusters: pa.RecordBatch) -> tuple[int, bytes]:
    """Size and survivor of the largest cluster of a batch."""
    if not clusters.num_rows:
        return 0, b""
    row = int(np.argmax(clusters.column("cluster_size").to_numpy()))
    return clusters.column("cluster_size")[row].as_py(), clusters.column("survivor")[row].as_py()
