"""Keys: documents that share one are candidates for the same text.

A document has one key for its exact text and one for each band of its signature. All rows of one key meet in one part.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from manyo.corpus.doc_ids import id_heads
from manyo.corpus.schema import Column, Table
from manyo.dedup.candidates.key_kernels import key_bands
from manyo.dedup.numbering import NUMBER, deal
from manyo.dedup.settings import Dedup

KEYS = Table(
    "keys",
    "a key of a document; documents that share one are candidates",
    "dedup",
    (
        Column("key", pa.uint64(), "hash of a band and its number, or of the exact text"),
        Column("precedence", pa.uint64(), "place in survivor order; the smallest stays"),
        Column("id_head", pa.uint64(), "first half of doc_id, which decides between equal precedences"),
        Column("number", NUMBER, "number of the document"),
    ),
)

#: Splits the space of exact keys from that of band keys: π's fraction, as good as any number.
_EXACT = np.uint64(0x243F6A8885A308D3)


def deal_keys(
    signatures: pa.RecordBatch,
    precedence: np.ndarray,
    in_play: np.ndarray,
    first: int,
    settings: Dedup,
    parts: int,
    apart: np.ndarray | None = None,
) -> list[pa.RecordBatch]:
    """Deal the keys of a batch of documents to parts.

    Args:
        signatures: a batch of `manyo.corpus.schema.SIGNATURES`.
        precedence: uint64 (n_docs,), place of each document in survivor order.
        in_play: bool (n_docs,), which documents take part.
        first: number of the batch's first document.
        settings: bands and rows, as the signatures were made with.
        parts: how many parts the keys are dealt to.
        apart: uint64 (n_docs,), hashes; documents with different ones share no key. If not given, all documents may.

    Returns:
        For each part a batch of `KEYS`, perhaps empty. A key's part depends on the key alone.
    """
    chosen = signatures.filter(pa.array(in_play))
    bands = band_keys(minhash_matrix(chosen.column("minhash"), settings), settings)
    with_bands = np.flatnonzero(has_minhash(chosen.column("minhash")))
    exact = chosen.column("exact_hash").to_numpy() ^ _EXACT
    keys = np.concatenate((exact, bands.reshape(-1)))
    docs = np.concatenate((np.arange(len(exact)), np.repeat(with_bands, settings.bands)))
    if apart is not None:
        keys ^= apart[in_play][docs]
    numbers = np.uint64(first) + np.flatnonzero(in_play).astype(np.uint64)
    columns = (keys, precedence[in_play][docs], id_heads(chosen.column("doc_id"))[docs], numbers[docs])
    rows = pa.RecordBatch.from_arrays([pa.array(column) for column in columns], schema=KEYS.schema)
    return deal(rows, keys % np.uint64(parts), parts)


def band_keys(minhash: np.ndarray, settings: Dedup) -> np.ndarray:
    """uint64 (n_docs, bands), keys of the bands of uint32 (n_docs, permutations) signatures."""
    return key_bands(minhash, settings.bands, settings.rows)


def has_minhash(column: pa.Array) -> np.ndarray:
    """bool (n_docs,), which rows of a `minhash` column hold a signature."""
    lengths: np.ndarray = column.value_lengths().to_numpy()
    return lengths > 0


def minhash_matrix(column: pa.Array, settings: Dedup) -> np.ndarray:
    """uint32 (n_long, permutations), the rows of a `minhash` column that hold a signature.

    Raises:
        ValueError: the signatures have another number of permutations.
    """
    lengths = column.value_lengths().to_numpy()
    if np.any((lengths != 0) & (lengths != settings.permutations)):
        raise ValueError(
            f"signatures have {lengths.max()} permutations, but dedup.bands * dedup.rows is {settings.permutations}: "
            "make the signatures again with these settings"
        )
    values: np.ndarray = column.flatten().to_numpy()
    return values.reshape(-1, settings.permutations)
