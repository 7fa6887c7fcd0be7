"""Candidate pairs: documents brought together by a common key.

A document has one key for its exact text and one for each band of its signature. All rows of one
key meet in one part; there the first document in survivor order (`manyo.dedup.verdict.order`) is the candidate of
all others. So a key that n documents share costs n - 1 pairs, whatever template or boilerplate it
comes from.

From here to the comparison a document goes by its number: that of its shard in the upper 32 bits,
its row in the lower. A number says where the document lies, so what is found out about it is dealt
back to its shard, and nobody looks ids up in a table of the whole corpus. Numbers change with the
order of shards; nothing is decided by them.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable

import numpy as np
import pyarrow as pa

from manyo.corpus.schema import DOC_ID, DOC_ID_BYTES, Column, Table
from manyo.dedup.dedup_kernels import _band_keys, _distinct_pairs, _pair_up
from manyo.dedup.settings import Dedup

NUMBER = pa.uint64()

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

PAIRS = Table(
    "pairs",
    "two documents that share a key: their text, or a band of their signatures",
    "dedup",
    (
        Column("number", NUMBER, "the later of the two in survivor order"),
        Column("candidate", NUMBER, "the first document, in survivor order, with the same key"),
    ),
)

#: Splits the space of exact keys from that of band keys: π's fraction, as good as any number.
_EXACT = np.uint64(0x243F6A8885A308D3)


def first_number(shard: int) -> int:
    """The number of a shard's first document; its others follow."""
    return shard << 32


def split(
    signatures: pa.RecordBatch,
    precedence: np.ndarray,
    in_play: np.ndarray,
    first: int,
    settings: Dedup,
    parts: int,
    apart: np.ndarray | None = None,
) -> list[pa.RecordBatch]:
    """Deal out the keys of a batch of documents.

    Args:
        signatures: a batch of `manyo.corpus.schema.SIGNATURES`.
        precedence: uint64 (n_docs,), place of each document in survivor order.
        in_play: bool (n_docs,), which documents take part.
        first: number of the batch's first document.
        settings: bands and rows, as the signatures were made with.
        parts: how many parts the keys are dealt to.
        apart: uint64 (n_docs,), hashes; documents with unlike ones share no key. Not given, all may.

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
    return [
        pa.RecordBatch.from_arrays([pa.array(column[rows]) for column in columns], schema=KEYS.schema)
        for rows in rows_by_part(keys % np.uint64(parts), parts)
    ]


def combine(batches: Iterable[pa.RecordBatch], n_shards: int) -> list[pa.RecordBatch]:
    """Pair every document of a key with the key's first in survivor order.

    Holds one part in memory: about 70 bytes a row, and 50 more for each row whose key is shared.

    Args:
        batches: all batches of one part, in any order.
        n_shards: shards that the documents are of.

    Returns:
        For each shard a batch of `PAIRS` with its documents' pairs, each once, in order of their numbers.

    Raises:
        ValueError: a `doc_id` occurs twice.
    """
    table = pa.Table.from_batches(batches, KEYS.schema)
    columns = [table.column(name).to_numpy() for name in KEYS.schema.names]
    left, right, twice = _pair_up(np.argsort(columns[0]), *columns)
    if twice >= 0:
        raise ValueError(
            f"document {int(columns[2][twice]):016x}… occurs twice: is a file listed under two inputs of one source, "
            "does it repeat a record's key, or is it in an index of dedup.against as well?"
        )
    left, right = _distinct_pairs(np.argsort(left), left, right)
    pairs = pa.RecordBatch.from_arrays([pa.array(left), pa.array(right)], schema=PAIRS.schema)
    ends = np.searchsorted(left, np.arange(n_shards + 1, dtype=np.uint64) << np.uint64(32))
    return [pairs.slice(begin, end - begin) for begin, end in itertools.pairwise(ends)]


def band_keys(minhash: np.ndarray, settings: Dedup) -> np.ndarray:
    """uint64 (n_docs, bands), keys of the bands of uint32 (n_docs, permutations) signatures."""
    keys: np.ndarray = _band_keys(minhash, settings.bands, settings.rows)
    return keys


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
            f"signatures have {lengths.max()} permutations and dedup.bands * dedup.rows is {settings.permutations}: "
            "make the signatures again with these settings"
        )
    values: np.ndarray = column.flatten().to_numpy()
    return values.reshape(-1, settings.permutations)


def ids_as_bytes(column: pa.Array) -> np.ndarray:
    """A `doc_id` column as numpy bytes, which compare and sort like the ids; no copy."""
    data = column.buffers()[1]
    if data is None or len(column) == 0:
        return np.zeros(0, f"S{DOC_ID_BYTES}")
    return np.frombuffer(data, f"S{DOC_ID_BYTES}")[column.offset : column.offset + len(column)]


def id_heads(column: pa.Array) -> np.ndarray:
    """uint64 (n,), the first eight bytes of each id, as numbers that sort like them."""
    heads: np.ndarray = np.ascontiguousarray(ids_as_bytes(column)).view(">u8")[::2].astype(np.uint64)
    return heads


def ids_to_arrow(doc_ids: np.ndarray) -> pa.Array:
    """The `doc_id` column that `ids_as_bytes` shows."""
    return pa.Array.from_buffers(DOC_ID, len(doc_ids), [None, pa.py_buffer(np.ascontiguousarray(doc_ids))])


def find_ids(sorted_ids: np.ndarray, ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where each id stands among sorted ones (int64), and whether it does (bool)."""
    at = np.searchsorted(sorted_ids, ids)
    found = at < len(sorted_ids)
    found[found] = sorted_ids[at[found]] == ids[found]
    return at, found


def rows_by_part(part_of: np.ndarray, parts: int) -> list[np.ndarray]:
    """The positions of each part's rows, in order."""
    order = np.argsort(part_of, kind="stable")
    return np.split(order, np.searchsorted(part_of[order], np.arange(1, parts, dtype=part_of.dtype)))
