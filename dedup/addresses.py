"""The same address in several crawls: one key for each address, so that one page of it can stay.

What is fetched twice from one address is a page and its revision, however little their texts have
in common. Whoever wants one of them says so (`Dedup.same_address`); their keys then meet as band
keys do (`dedup.pairs`), before any text is compared.
"""

from __future__ import annotations

import hashlib

import numpy as np
import pyarrow as pa

from corpus.addresses import normal_address
from dedup.order import address_precedence
from dedup.pairs import deal, ids_as_bytes
from dedup.settings import Dedup


def split_addresses(
    documents: pa.RecordBatch, chars: np.ndarray, in_play: np.ndarray, settings: Dedup
) -> list[pa.RecordBatch]:
    """Deal out the addresses of a batch of documents.

    Args:
        documents: a batch with columns `doc_id`, `uri` and `dedup.order.ORDER_COLUMNS`.
        chars: int64 (n_docs,), length of each text as dedup compares it.
        in_play: bool (n_docs,), which documents take part.
        settings: which page of an address stays.

    Returns:
        For each of `settings.parts` a batch of `dedup.pairs.KEYS`; documents without a web address have no row.
    """
    addresses = [normal_address(uri) for uri in documents.column("uri").to_pylist()]
    rows = np.array([row for row, address in enumerate(addresses) if address and in_play[row]], np.int64)
    keys = np.array([_key(addresses[row] or "") for row in rows], np.uint64)
    doc_ids = ids_as_bytes(documents.column("doc_id"))[rows]
    return deal(keys, address_precedence(documents, chars, settings)[rows], doc_ids, settings.parts)


def _key(address: str) -> int:
    # 64 bits: among a billion addresses two unlike ones meet in one run of thirty.
    return int.from_bytes(hashlib.blake2b(address.encode(), digest_size=8).digest(), "little")
