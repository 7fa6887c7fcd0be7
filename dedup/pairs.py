"""Candidate pairs: documents brought together by a common key.

A document has one key for its exact text and one for each band of its signature. All rows of one
key meet in one part; there the first document in survivor order (`dedup.order`) is the candidate of
all others. So a key that n documents share costs n - 1 pairs, whatever template or boilerplate it
comes from.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from corpus.schema import DOC_ID, DOC_ID_BYTES, PAIRS, Column, Table
from dedup.kernels import _band_keys
from dedup.settings import Dedup

KEYS = Table(
    "keys",
    "a key of a document; documents that share one are candidates",
    "dedup",
    (
        Column("key", pa.uint64(), "hash of a band and its number, of the exact text, or of the address"),
        Column("precedence", pa.uint64(), "place in survivor order; the smallest stays"),
        Column("doc_id", DOC_ID, "the document"),
    ),
)

#: Splits the space of exact keys from that of band keys: π's fraction, as good as any number.
_EXACT = np.uint64(0x243F6A8885A308D3)


def split(
    signatures: pa.RecordBatch, precedence: np.ndarray, in_play: np.ndarray, settings: Dedup, parts: int
) -> list[pa.RecordBatch]:
    """Deal out the keys of a batch of documents.

    Args:
        signatures: a batch of `corpus.schema.SIGNATURES`.
        precedence: uint64 (n_docs,), place of each document in survivor order.
        in_play: bool (n_docs,), which documents take part.
        settings: bands and rows, as the signatures were made with.
        parts: how many parts the keys are dealt to.

    Returns:
        For each part a batch of `KEYS`, perhaps empty. A key's part depends on the key alone.
    """
    chosen = signatures.filter(pa.array(in_play))
    bands = band_keys(minhash_matrix(chosen.column("minhash"), settings), settings)
    with_bands = np.flatnonzero(has_minhash(chosen.column("minhash")))
    exact = chosen.column("exact_hash").to_numpy() ^ _EXACT
    keys = np.concatenate((exact, bands.reshape(-1)))
    docs = np.concatenate((np.arange(len(exact)), np.repeat(with_bands, settings.bands)))
    doc_ids = ids_as_bytes(chosen.column("doc_id"))
    return deal(keys, precedence[in_play][docs], doc_ids[docs], parts)


def deal(keys: np.ndarray, precedence: np.ndarray, doc_ids: np.ndarray, parts: int) -> list[pa.RecordBatch]:
    """For each part a batch of `KEYS` with its rows of three columns; the key alone decides the part."""
    part_of = keys % np.uint64(parts)
    return [
        pa.RecordBatch.from_arrays(
            [pa.array(keys[rows]), pa.array(precedence[rows]), ids_to_arrow(doc_ids[rows])], schema=KEYS.schema
        )
        for rows in rows_by_part(part_of, parts)
    ]


def combine(batches: Iterable[pa.RecordBatch]) -> pa.RecordBatch:
    """Pair every document of a key with the key's first in survivor order.

    Holds one part in memory: about 70 bytes a row, and 80 more for each row whose key is shared.

    Args:
        batches: all batches of one part, in any order.

    Returns:
        A batch of `corpus.schema.PAIRS`, each pair once, in survivor order.

    Raises:
        ValueError: a `doc_id` occurs twice.
    """
    table = pa.Table.from_batches(batches, KEYS.schema)
    keys = table.column("key").to_numpy()
    by_key = np.argsort(keys)
    starts = _run_starts(keys[by_key])
    # A run ends where the next one starts. Most keys are one document's own and go at once.
    shared = by_key[~(starts & np.roll(starts, -1))]
    keys = keys[shared]
    doc_ids, place = _number(table.select(["precedence", "doc_id"]).take(pa.array(shared)))

    starts = _run_starts(keys)
    run = np.cumsum(starts) - 1
    start_rows = np.flatnonzero(starts)
    first = np.minimum.reduceat(place, start_rows)[run]
    is_first = place == first
    twice = np.flatnonzero(np.add.reduceat(is_first, start_rows, dtype=np.int64) > 1)
    if len(twice):
        raise ValueError(
            f"document {doc_ids[first[start_rows[twice[0]]]].as_py().hex()} occurs twice: is a file listed under two "
            "inputs of one source, does it repeat a record's key, or is it in an index of dedup.against as well?"
        )
    pairs = distinct(place[~is_first] << 32 | first[~is_first])
    return pa.RecordBatch.from_arrays(
        [doc_ids.take(pa.array(pairs >> 32)), doc_ids.take(pa.array(pairs & 0xFFFF_FFFF))], schema=PAIRS.schema
    )


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


def ids_to_arrow(doc_ids: np.ndarray) -> pa.Array:
    """The `doc_id` column that `ids_as_bytes` shows."""
    return pa.Array.from_buffers(DOC_ID, len(doc_ids), [None, pa.py_buffer(np.ascontiguousarray(doc_ids))])


def sorted_ids(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    """The distinct ids of a `doc_id` column in ascending order."""
    return ids_to_arrow(np.sort(ids_as_bytes(column.unique())))


def distinct(numbers: np.ndarray) -> np.ndarray:
    """The numbers in ascending order, each once; sorting is several times faster than np.unique's hash table."""
    ordered = np.sort(numbers)
    once: np.ndarray = ordered[_run_starts(ordered)]
    return once


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


def _number(table: pa.Table) -> tuple[pa.Array, np.ndarray]:
    """The distinct ids of a table in survivor order, and int64 (n,), the place of each row's id among them."""
    ids = table.column("doc_id").combine_chunks()
    numbered = sorted_ids(ids)
    number = pc.index_in(ids, numbered).to_numpy().astype(np.int64)
    precedence = np.zeros(len(numbered), np.uint64)
    precedence[number] = table.column("precedence").to_numpy()
    order = np.argsort(precedence, kind="stable")
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    return numbered.take(pa.array(order)), place[number]


def _run_starts(column: np.ndarray) -> np.ndarray:
    """bool (n,), where a sorted column differs from the row before."""
    starts = np.ones(len(column), bool)
    starts[1:] = column[1:] != column[:-1]
    return starts
