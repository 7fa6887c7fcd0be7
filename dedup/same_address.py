"""One page of each web address, and one publication of each family: their keys, and which stands in for the others.

Pages fetched several times from one address are revisions of one page, however little their texts have in common. With
`Dedup.same_address` only one of them takes part in dedup; addresses are exchanged before any text is compared.
Publications of one family (the column `family` of `documents`) always go so: an application and the patent that was
granted on it repeat each other but for the claims.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pyarrow as pa

from manyo.corpus.addresses import canonical_address
from manyo.corpus.doc_ids import hash_of, ids_as_bytes, ids_to_arrow
from manyo.corpus.schema import DOC_ID, Column, Table
from manyo.dedup.numbering import deal
from manyo.dedup.settings import Dedup
from manyo.dedup.verdict.order import address_precedence

ADDRESSES = Table(
    "addresses",
    "a document with a web address or a family",
    "dedup",
    (
        Column("key", pa.uint64(), "hash of the address or family"),
        Column("precedence", pa.uint64(), "place among those of the key; the smallest stays"),
        Column("doc_id", DOC_ID, "the document"),
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
    documents: pa.RecordBatch, chars: np.ndarray, in_play: np.ndarray, settings: Dedup
) -> list[pa.RecordBatch]:
    """Deal the families of a batch of documents to parts, and with `settings.same_address` their addresses.

    Args:
        documents: a batch with columns `doc_id`, `uri`, `family` and `manyo.dedup.verdict.order.ORDER_COLUMNS`.
        chars: int64 (n_docs,), length of each text as dedup compares it.
        in_play: bool (n_docs,), which documents take part.
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
    columns = [pa.array(keys), pa.array(address_precedence(documents, chars, settings)[rows]), doc_ids]
    kept = pa.RecordBatch.from_arrays(columns, schema=ADDRESSES.schema)
    return deal(kept, keys % np.uint64(settings.parts), settings.parts)


def stand_ins(batches: Iterable[pa.RecordBatch]) -> pa.RecordBatch:
    """Choose the page that takes part for each address of one part.

    Args:
        batches: all batches of `ADDRESSES` of one part, in any order.

    Returns:
        A batch of `SUPERSEDED`, the other pages, in order of `doc_id`.
    """
    table = pa.Table.from_batches(batches, ADDRESSES.schema)
    keys, precedences = (table.column(name).to_numpy() for name in ("key", "precedence"))
    doc_ids = ids_as_bytes(table.column("doc_id").combine_chunks())
    order = np.lexsort((doc_ids, precedences, keys))
    starts = np.ones(len(order), bool)
    starts[1:] = keys[order[1:]] != keys[order[:-1]]
    stand_in = order[np.flatnonzero(starts)[np.cumsum(starts) - 1]] if len(order) else order
    gone = np.argsort(doc_ids[order[~starts]])
    columns = [ids_to_arrow(doc_ids[rows[~starts][gone]]) for rows in (order, stand_in)]
    return pa.RecordBatch.from_arrays(columns, schema=SUPERSEDED.schema)
