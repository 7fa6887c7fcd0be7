"""One page of each web address, and one publication of each family: their keys, and which stands in for the others.

Pages fetched several times from one address are revisions of one page, however little their texts have in common. With
`Dedup.same_address` only one of them takes part in dedup; addresses are exchanged before any text is compared.
Publications of one family (the column `family` of `documents`) always go so: an application and the patent that was
granted on it repeat each other but for the claims.

Both are one exchange: keys go to the part of their address, and what is decided there goes to the shards of the
documents that it is about. No task reads a table of all addresses.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pyarrow as pa

from manyo.corpus.addresses import canonical_address
from manyo.corpus.doc_ids import hash_of, ids_as_bytes, ids_to_arrow
from manyo.corpus.schema import DOC_ID, Column, Table
from manyo.dedup.numbering import NUMBER, deal, shards_of
from manyo.dedup.settings import Dedup
from manyo.dedup.verdict.order import address_precedence
from manyo.dedup.verdict.stand_ins import STAND_INS

ADDRESSES = Table(
    "addresses",
    "a document with a web address or a family",
    "dedup",
    (
        Column("key", pa.uint64(), "hash of the address or family"),
        Column("precedence", pa.uint64(), "place among those of the key; the smallest stays"),
        Column("doc_id", DOC_ID, "the document"),
        Column("number", NUMBER, "number of the document"),
    ),
)

SUPERSEDED = Table(
    "superseded",
    "a document in whose place another page of its address takes part",
    "dedup",
    (
        Column("doc_id", DOC_ID, "the document"),
        Column("stand_in", DOC_ID, "the page that takes part"),
    ),
)


def deal_addresses(
    documents: pa.RecordBatch, chars: np.ndarray, in_play: np.ndarray, first: int, settings: Dedup
) -> list[pa.RecordBatch]:
    """Deal the families of a batch of documents to parts, and with `settings.same_address` their addresses.

    Args:
        documents: a batch with columns `doc_id`, `uri`, `family` and `manyo.dedup.verdict.order.ORDER_COLUMNS`.
        chars: int64 (n_docs,), length of each text as dedup compares it.
        in_play: bool (n_docs,), which documents take part.
        first: number of the batch's first document.
        settings: which page of an address stays.

    Returns:
        For each of `settings.parts` a batch of `ADDRESSES`; documents with neither have no row.
    """
    addresses = [family and f"\0{family}" for family in documents.column("family").to_pylist()]
    if settings.same_address:
        uris = documents.column("uri").to_pylist()
        addresses = [family or canonical_address(uri) for family, uri in zip(addresses, uris, strict=True)]
    rows = np.array([row for row, address in enumerate(addresses) if address and in_play[row]], np.int64)
    keys = np.array([hash_of(addresses[row] or "") for row in rows], np.uint64)
    doc_ids = documents.column("doc_id").take(pa.array(rows))
    places, numbers = address_precedence(documents, chars, settings)[rows], np.uint64(first) + rows.astype(np.uint64)
    columns = [pa.array(keys), pa.array(places), doc_ids, pa.array(numbers)]
    kept = pa.RecordBatch.from_arrays(columns, schema=ADDRESSES.schema)
    return deal(kept, keys % np.uint64(settings.parts), settings.parts)


def stand_ins(batches: Iterable[pa.RecordBatch], n_shards: int) -> tuple[list[pa.RecordBatch], list[pa.RecordBatch]]:
    """Choose the page that takes part for each address of one part.

    Args:
        batches: all batches of `ADDRESSES` of one part, in any order.
        n_shards: shards that the documents are of.

    Returns:
        For each shard a batch of `SUPERSEDED`, its pages that do not take part, in order of `doc_id`; and for each a
        batch of `manyo.dedup.verdict.stand_ins.STAND_INS`, its pages that take part in their places, each once for a
        shard of those.
    """
    table = pa.Table.from_batches(batches, ADDRESSES.schema)
    keys, precedences, numbers = (table.column(name).to_numpy() for name in ("key", "precedence", "number"))
    doc_ids = ids_as_bytes(table.column("doc_id").combine_chunks())
    order = np.lexsort((doc_ids, precedences, keys))
    starts = np.ones(len(order), bool)
    starts[1:] = keys[order[1:]] != keys[order[:-1]]
    stand_in = order[np.flatnonzero(starts)[np.cumsum(starts) - 1]] if len(order) else order
    gone, taking_part = order[~starts], stand_in[~starts]
    by_id = np.argsort(doc_ids[gone])
    gone, taking_part = gone[by_id], taking_part[by_id]
    superseded = pa.RecordBatch.from_arrays(
        [ids_to_arrow(doc_ids[gone]), ids_to_arrow(doc_ids[taking_part])], schema=SUPERSEDED.schema
    )
    shards = shards_of(numbers[gone])
    number, shard = np.unique(np.stack((numbers[taking_part], shards.astype(np.uint64))), axis=1)
    for_shards = pa.RecordBatch.from_arrays([pa.array(number), pa.array(shard)], schema=STAND_INS.schema)
    return deal(superseded, shards, n_shards), deal(for_shards, shards_of(number), n_shards)
