"""The dedup stages in the order in which the pipeline runs them, in this process."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from manyo.corpus.doc_ids import hashes_of
from manyo.dedup.candidates.components import find_components
from manyo.dedup.candidates.keys import deal_keys
from manyo.dedup.candidates.pairs import NO_STARTS, find_pairs
from manyo.dedup.numbering import first_number
from manyo.dedup.same_address import SUPERSEDED, deal_addresses, stand_ins
from manyo.dedup.settings import Dedup
from manyo.dedup.sketch.minhash import signatures
from manyo.dedup.verdict.clusters import (
    CLUSTERS,
    deal_clusters,
    duplicates,
    find_clusters,
    in_order,
    last_word,
    repeats,
)
from manyo.dedup.verdict.compared import deal_compared, deal_indexed, link
from manyo.dedup.verdict.order import precedence


def dedup(
    batches: list[pa.RecordBatch],
    settings: Dedup,
    in_play: list[np.ndarray] | None = None,
    index: list[pa.RecordBatch] | None = None,
) -> list[pa.RecordBatch]:
    """Batches of DUPLICATES, one for each batch of documents; `index` is a batch of INDEX for each earlier run."""
    index = index or []
    settings = settings if settings.parts else replace(settings, parts=8)
    in_play = [np.ones(batch.num_rows, bool) for batch in batches] if in_play is None else in_play
    signed = [signatures(batch, settings) for batch in batches]
    chars = [batch.column("chars").to_numpy() for batch in signed]
    superseded = in_order([], SUPERSEDED)
    taking_part = in_play
    if settings.same_address or any(batch.column("family").null_count < batch.num_rows for batch in batches):
        dealt = [
            deal_addresses(*columns, first_number(n), settings)
            for n, columns in enumerate(zip(batches, chars, in_play, strict=True))
        ]
        of_parts = [stand_ins((row[part] for row in dealt), len(batches))[0] for part in range(settings.parts)]
        superseded = in_order(itertools.chain(*of_parts), SUPERSEDED)
        out = set(superseded.column("doc_id").to_pylist())
        taking_part = [
            chosen & np.array([i not in out for i in batch.column("doc_id").to_pylist()], bool)
            for batch, chosen in zip(batches, in_play, strict=True)
        ]
    places = [precedence(batch, lengths, settings) for batch, lengths in zip(batches, chars, strict=True)]
    found = {True: [in_order([], CLUSTERS) for _ in batches], False: []}
    for within in (True, False) if settings.within_sources else (False,):
        gone = {i for clusters in found[True] for i in repeats([clusters]).to_pylist()}
        rows = [
            (signature, place, chosen & ~np.isin(signature.column("doc_id").to_pylist(), list(gone)))
            for signature, place, chosen in zip(signed, places, taking_part, strict=True)
        ]
        found[within] = clusters_of(batches, rows, replace(settings, within_sources=within), index)
    marked = []
    for n, (batch, chosen) in enumerate(zip(batches, in_play, strict=True)):
        replaced = superseded.filter(pc.is_in(superseded.column("doc_id"), batch.column("doc_id")))
        shown = slice(None) if settings.same_address else slice(n, n + 1)
        judged = last_word(*(in_order(found[within][shown], CLUSTERS) for within in (True, False)))
        marked.append(duplicates(batch.column("doc_id"), chosen, replaced, judged))
    return marked


def clusters_of(
    batches: list[pa.RecordBatch],
    rows: list[tuple[pa.RecordBatch, np.ndarray, np.ndarray]],
    settings: Dedup,
    index: list[pa.RecordBatch],
) -> list[pa.RecordBatch]:
    """One round: batches of CLUSTERS, one for each batch; rows are signatures, precedences, and who takes part."""
    signed = [signature for signature, _, _ in rows]
    old = [(batch, batch.column("precedence").to_numpy(), np.ones(batch.num_rows, bool)) for batch in index]
    apart = [hashes_of(batch.column("source")) if settings.within_sources else None for batch in (*batches, *index)]
    # A batch is a shard here, so its first document has its shard's first number.
    keys = [
        deal_keys(*columns, first_number(n), settings, settings.parts, apart[n])
        for n, columns in enumerate([*rows, *old])
    ]
    starts = NO_STARTS
    if settings.index_stays:
        starts = np.array([first_number(len(batches) + n) for n in range(len(index))], np.uint64)
    pairs = [find_pairs([row[part] for row in keys], len(keys), starts) for part in range(settings.parts)]
    components = find_components(lambda: itertools.chain(*pairs), len(keys), settings.parts)
    linked = [link(found, [part[n] for part in pairs]) for n, found in enumerate(components)]
    compared = [
        deal_compared(*columns, first_number(n), linked[n], settings)
        for n, columns in enumerate(zip(batches, signed, strict=True))
    ]
    compared += [
        deal_indexed(batch, first_number(n), linked[n], settings) for n, batch in enumerate(index, start=len(batches))
    ]
    of_parts = [
        deal_clusters(*find_clusters([row[part] for row in compared], len(batches), settings, starts), len(batches))
        for part in range(settings.parts)
    ]
    return [in_order([part[n] for part in of_parts], CLUSTERS) for n in range(len(batches))]


def by_document(batches: list[pa.RecordBatch]) -> dict[bytes, dict[str, object]]:
    """Rows of DUPLICATES by `doc_id`."""
    return {row["doc_id"]: row for batch in batches for row in batch.to_pylist()}
