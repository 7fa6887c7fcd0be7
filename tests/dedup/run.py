"""The dedup stages in the order in which the pipeline runs them, in this process."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from dedup.clusters import duplicates, find_clusters
from dedup.minhash import signatures
from dedup.pairs import combine, split
from dedup.settings import Dedup


def dedup(
    batches: list[pa.RecordBatch], settings: Dedup, parts: int = 1, in_play: list[np.ndarray] | None = None
) -> list[pa.RecordBatch]:
    """Batches of DUPLICATES, one for each batch of documents."""
    in_play = [np.ones(batch.num_rows, bool) for batch in batches] if in_play is None else in_play
    signed = [signatures(batch, settings) for batch in batches]
    dealt = [split(batch, chosen, settings, parts) for batch, chosen in zip(signed, in_play, strict=True)]
    pairs = [combine([deal[part] for deal in dealt]) for part in range(parts)]
    clusters = find_clusters(pairs, signed, settings)
    return [
        duplicates(batch.column("doc_id"), chosen, clusters) for batch, chosen in zip(batches, in_play, strict=True)
    ]


def by_document(batches: list[pa.RecordBatch]) -> dict[bytes, dict[str, object]]:
    """Rows of DUPLICATES by `doc_id`."""
    return {row["doc_id"]: row for batch in batches for row in batch.to_pylist()}
