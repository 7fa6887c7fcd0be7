"""The dedup stages in the order in which the pipeline runs them, in this process."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from corpus.schema import PAIRS
from dedup.addresses import split_addresses
from dedup.clusters import CLUSTERS, duplicates, find_clusters, pick
from dedup.compared import deal_compared, deal_indexed
from dedup.components import find_components
from dedup.minhash import signatures
from dedup.order import precedence
from dedup.pairs import combine, ids_as_bytes, split
from dedup.settings import Dedup


def dedup(
    batches: list[pa.RecordBatch],
    settings: Dedup,
    in_play: list[np.ndarray] | None = None,
    index: list[pa.RecordBatch] | None = None,
) -> list[pa.RecordBatch]:
    """Batches of DUPLICATES, one for each batch of documents; `index` is that of earlier ones (COMPARED)."""
    index = index or []
    in_play = [np.ones(batch.num_rows, bool) for batch in batches] if in_play is None else in_play
    signed = [signatures(batch, settings) for batch in batches]
    chars = [batch.column("chars").to_numpy() for batch in signed]
    superseded = PAIRS.schema.empty_table()
    taking_part = in_play
    if settings.same_address:
        dealt = [split_addresses(*columns, settings) for columns in zip(batches, chars, in_play, strict=True)]
        superseded = pa.Table.from_batches(combine_all(dealt, settings), PAIRS.schema).sort_by("doc_id")
        out = set(superseded.column("doc_id").to_pylist())
        taking_part = [
            chosen & np.array([i not in out for i in batch.column("doc_id").to_pylist()], bool)
            for batch, chosen in zip(batches, in_play, strict=True)
        ]
    places = [precedence(batch, lengths, settings) for batch, lengths in zip(batches, chars, strict=True)]
    rows = [*zip(signed, places, taking_part, strict=True)]
    rows += [(old, old.column("precedence").to_numpy(), np.ones(old.num_rows, bool)) for old in index]
    pairs = combine_all([split(*columns, settings, settings.parts) for columns in rows], settings)
    components, linked = find_components(lambda: pairs, settings.parts)
    compared = [deal_compared(batch, rows, components, settings) for batch, rows in zip(batches, signed, strict=True)]
    compared += [deal_indexed(old, components, settings) for old in index]
    clusters = [
        find_clusters([linked[part]], [deal[part] for deal in compared], settings) for part in range(settings.parts)
    ]
    marked = []
    for batch, chosen in zip(batches, in_play, strict=True):
        ids = ids_as_bytes(batch.column("doc_id"))
        replaced = pick(superseded.to_batches(), ids, PAIRS)
        judged = np.concatenate((ids, ids_as_bytes(replaced.column("candidate"))))
        marked.append(duplicates(batch.column("doc_id"), chosen, replaced, pick(clusters, judged, CLUSTERS)))
    return marked


def combine_all(dealt: list[list[pa.RecordBatch]], settings: Dedup) -> list[pa.RecordBatch]:
    """The second half of an exchange, part after part."""
    return [combine([deal[part] for deal in dealt]) for part in range(settings.parts)]


def by_document(batches: list[pa.RecordBatch]) -> dict[bytes, dict[str, object]]:
    """Rows of DUPLICATES by `doc_id`."""
    return {row["doc_id"]: row for batch in batches for row in batch.to_pylist()}
