"""The dedup stages in the order in which the pipeline runs them, in this process."""

from __future__ import annotations

import itertools

import numpy as np
import pyarrow as pa

from dedup.addresses import SUPERSEDED, split_addresses, stand_ins
from dedup.clusters import CLUSTERS, duplicates, find_clusters, in_order, pick
from dedup.compared import deal_compared, deal_indexed, link
from dedup.components import find_components
from dedup.minhash import signatures
from dedup.order import precedence
from dedup.pairs import combine, first_number, ids_as_bytes, split
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
    superseded = in_order([], SUPERSEDED)
    taking_part = in_play
    if settings.same_address:
        dealt = [split_addresses(*columns, settings) for columns in zip(batches, chars, in_play, strict=True)]
        superseded = in_order([stand_ins(row[part] for row in dealt) for part in range(settings.parts)], SUPERSEDED)
        out = set(superseded.column("doc_id").to_pylist())
        taking_part = [
            chosen & np.array([i not in out for i in batch.column("doc_id").to_pylist()], bool)
            for batch, chosen in zip(batches, in_play, strict=True)
        ]
    places = [precedence(batch, lengths, settings) for batch, lengths in zip(batches, chars, strict=True)]
    rows = [*zip(signed, places, taking_part, strict=True)]
    rows += [(old, old.column("precedence").to_numpy(), np.ones(old.num_rows, bool)) for old in index]
    # A batch is a shard here, so its first document has its shard's first number.
    keys = [split(*columns, first_number(n), settings, settings.parts) for n, columns in enumerate(rows)]
    pairs = [combine([row[part] for row in keys], len(rows)) for part in range(settings.parts)]
    components = find_components(lambda: itertools.chain(*pairs), len(rows), settings.parts)
    linked = [link(found, [part[n] for part in pairs]) for n, found in enumerate(components)]
    compared = [
        deal_compared(*columns, first_number(n), linked[n], settings)
        for n, columns in enumerate(zip(batches, signed, strict=True))
    ]
    compared += [
        deal_indexed(old, first_number(n), linked[n], settings) for n, old in enumerate(index, start=len(batches))
    ]
    found = [
        find_clusters([row[part] for row in compared], len(batches), settings)[1] for part in range(settings.parts)
    ]
    marked = []
    for n, (batch, chosen) in enumerate(zip(batches, in_play, strict=True)):
        replaced = pick([superseded], ids_as_bytes(batch.column("doc_id")), SUPERSEDED)
        others = [rows for part in found for rows in part] if settings.same_address else []
        judged = in_order([*(part[n] for part in found), *others], CLUSTERS)
        marked.append(duplicates(batch.column("doc_id"), chosen, replaced, judged))
    return marked


def by_document(batches: list[pa.RecordBatch]) -> dict[bytes, dict[str, object]]:
    """Rows of DUPLICATES by `doc_id`."""
    return {row["doc_id"]: row for batch in batches for row in batch.to_pylist()}
