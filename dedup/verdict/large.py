"""A sample of the largest clusters, in which a person sees whether each really is one text."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from manyo.corpus.schema import DOC_ID, LABEL, TEXT, Column, Table

LARGE_CLUSTERS = Table(
    "large_clusters",
    "a document of one of the largest clusters: its survivor, or one of the first that repeat it",
    "dedup",
    (
        Column("cluster", DOC_ID, "doc_id of the survivor"),
        Column("cluster_size", pa.int32(), "documents in the cluster", "documents"),
        Column("doc_id", DOC_ID, "the document"),
        Column("source", LABEL, "name of the [[source]] in the configuration"),
        Column("uri", TEXT, "address of the page, or identifier of the work"),
        Column("similarity", pa.float32(), "to the survivor", "fraction"),
        Column("kept", pa.bool_(), "is the survivor"),
    ),
)

#: Clusters in the sample, and documents of each: as much as a person reads in a few minutes.
_MAX_CLUSTERS, _MAX_DOCUMENTS = 20, 6


def sample(documents: pa.RecordBatch, duplicates: pa.RecordBatch) -> pa.Table:
    """The rows of `LARGE_CLUSTERS` that a batch contributes.

    Args:
        documents: a batch with columns `doc_id`, `source` and `uri`.
        duplicates: its rows of `manyo.corpus.schema.DUPLICATES`.
    """
    sizes = duplicates.column("cluster_size")
    # Only the largest clusters of a batch can be among the largest of all; `largest` breaks ties.
    least = np.sort(np.unique(sizes.to_numpy()))[-_MAX_CLUSTERS:]
    rows = pc.and_(pc.greater(sizes, 1), pc.greater_equal(sizes, int(least[0]) if len(least) else 0))
    columns = {name: duplicates.column(name) for name in ("cluster", "cluster_size", "doc_id", "similarity", "kept")}
    columns |= {name: documents.column(name) for name in ("source", "uri")}
    whole = pa.RecordBatch.from_arrays(
        [columns[name] for name in LARGE_CLUSTERS.schema.names], schema=LARGE_CLUSTERS.schema
    )
    return largest([whole.filter(rows)])


def largest(tables: Iterable[pa.Table | pa.RecordBatch]) -> pa.Table:
    """The largest clusters of several samples: of each the survivor, then the first documents by `doc_id`.

    A row has the size of its cluster in the whole corpus, so the largest clusters of all are among the largest of every
    sample that has them.
    """
    rows = pa.concat_tables(
        [
            LARGE_CLUSTERS.schema.empty_table(),
            *(pa.Table.from_batches([one]) if isinstance(one, pa.RecordBatch) else one for one in tables),
        ]
    ).unify_dictionaries()
    rows = rows.sort_by(
        [("cluster_size", "descending"), ("cluster", "ascending"), ("kept", "descending"), ("doc_id", "ascending")]
    )
    clusters = rows.column("cluster").to_pylist()
    chosen = []
    seen: dict[bytes, int] = {}
    for row, cluster in enumerate(clusters):
        if cluster not in seen and len(seen) == _MAX_CLUSTERS:
            break
        seen[cluster] = seen.get(cluster, 0) + 1
        if seen[cluster] <= _MAX_DOCUMENTS:
            chosen.append(row)
    return rows.take(pa.array(chosen, pa.int64()))
