"""What comparing documents takes, for those that have a candidate: dealt to parts, and read back as arrays."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from corpus.schema import DOC_ID, Column, Table
from dedup.order import precedence
from dedup.pairs import find_ids, has_minhash, ids_as_bytes, minhash_matrix, rows_by_part
from dedup.settings import Dedup
from dedup.shingles import shingle_sets
from dedup.view import as_compared

COMPARED = Table(
    "compared",
    "a document that has a candidate, or is one",
    "dedup",
    (
        Column("doc_id", DOC_ID, "the document"),
        Column("precedence", pa.uint64(), "place in survivor order; the smallest stays"),
        Column("exact_hash", pa.uint64(), "hash of the text as dedup compares it"),
        Column("chars", pa.int64(), "length of the text as dedup compares it", "characters"),
        Column("minhash", pa.list_(pa.uint32()), "minimum of each permutation; empty for a short document"),
        Column("shingles", pa.large_list(pa.uint32()), "hashes of the distinct shingles, ascending"),
    ),
)


@dataclass(frozen=True, slots=True)
class Compared:
    """What is known of the documents that have candidates, or are candidates; in any order.

    Attributes:
        doc_id: S16 (n_docs,).
        precedence: uint64 (n_docs,), place in survivor order.
        exact_hash: uint64 (n_docs,).
        chars: int64 (n_docs,).
        minhash: uint32 (n_docs, permutations), zeros for short documents.
        has_minhash: bool (n_docs,), false for short documents.
        shingles: uint32 (n_shingles,), the shingle sets of all documents one after another.
        shingle_offsets: int64 (n_docs + 1,), document `i` has
            `shingles[shingle_offsets[i]:shingle_offsets[i + 1]]`, none if it is short.
    """

    doc_id: np.ndarray
    precedence: np.ndarray
    exact_hash: np.ndarray
    chars: np.ndarray
    minhash: np.ndarray
    has_minhash: np.ndarray
    shingles: np.ndarray
    shingle_offsets: np.ndarray

    @property
    def survivor_order(self) -> np.ndarray:
        """int64 (n_docs,), positions of the documents in survivor order."""
        return np.lexsort((self.doc_id, self.precedence))


def deal_compared(
    documents: pa.RecordBatch, signatures: pa.RecordBatch, components: pa.RecordBatch, settings: Dedup
) -> list[pa.RecordBatch]:
    """Measure the documents of a batch that have candidates, and deal them to the parts of their components.

    Args:
        documents: a batch with columns `dedup.order.ORDER_COLUMNS`, `profile` and `text`.
        signatures: its rows of `corpus.schema.SIGNATURES`.
        components: a batch of `dedup.components.COMPONENTS`, sorted by `doc_id`, with at least the
            documents of this batch that have candidates.
        settings: as the signatures were made with.

    Returns:
        For each of `settings.parts` a batch of `COMPARED`, perhaps empty.
    """
    paired = find_ids(ids_as_bytes(components.column("doc_id")), ids_as_bytes(signatures.column("doc_id")))[1]
    rows = pa.array(paired)
    compared = measure_compared(documents.filter(rows), signatures.filter(rows), settings)
    return deal_indexed(compared, components, settings)


def deal_indexed(compared: pa.RecordBatch, components: pa.RecordBatch, settings: Dedup) -> list[pa.RecordBatch]:
    """Deal rows of `COMPARED` to the parts of their components; those without a candidate are left out.

    Args:
        compared: a batch of `COMPARED`, of this run's documents or of an earlier run's index.
        components: a batch of `dedup.components.COMPONENTS`, sorted by `doc_id`.
        settings: into how many parts.

    Returns:
        For each of `settings.parts` a batch of `COMPARED`, perhaps empty.
    """
    at, paired = find_ids(ids_as_bytes(components.column("doc_id")), ids_as_bytes(compared.column("doc_id")))
    part_of = components.column("part").to_numpy()[at[paired]]
    rows = np.flatnonzero(paired)
    return [compared.take(pa.array(rows[of_part])) for of_part in rows_by_part(part_of, settings.parts)]


def measure_compared(documents: pa.RecordBatch, signatures: pa.RecordBatch, settings: Dedup) -> pa.RecordBatch:
    """The rows of `COMPARED` of a batch of documents, given with their signatures."""
    chars = signatures.column("chars").to_numpy()
    return pa.RecordBatch.from_arrays(
        [
            signatures.column("doc_id"),
            pa.array(precedence(documents, chars, settings)),
            signatures.column("exact_hash"),
            signatures.column("chars"),
            signatures.column("minhash"),
            shingle_sets(as_compared(documents, settings), settings),
        ],
        schema=COMPARED.schema,
    )


def read_compared(batches: Iterable[pa.RecordBatch], settings: Dedup) -> Compared:
    """The documents of one part.

    Memory: about `100 + 8 * permutations` bytes for each document and 8 for each of its shingles,
    half of it only until this returns.

    Args:
        batches: all batches of `COMPARED` of the part, in any order.
        settings: as the signatures were made with.

    Raises:
        ValueError: the signatures have another number of permutations.
    """
    table = pa.Table.from_batches(batches, COMPARED.schema)
    minhashes = table.column("minhash").combine_chunks()
    long = has_minhash(minhashes)
    minhash = np.zeros((table.num_rows, settings.permutations), np.uint32)
    minhash[long] = minhash_matrix(minhashes, settings)
    shingles = table.column("shingles").combine_chunks()
    lengths = shingles.value_lengths().to_numpy()
    return Compared(
        ids_as_bytes(table.column("doc_id").combine_chunks()),
        table.column("precedence").to_numpy(),
        table.column("exact_hash").to_numpy(),
        table.column("chars").to_numpy(),
        minhash,
        long,
        shingles.flatten().to_numpy(),
        np.concatenate((np.zeros(1, np.int64), np.cumsum(lengths, dtype=np.int64))),
    )
