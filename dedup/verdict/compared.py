"""What documents that have a candidate are compared by: measured, dealt to parts, and read back as arrays."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from manyo.corpus.doc_ids import ids_as_bytes
from manyo.corpus.jit import Bools, Int64s, Uint32s, Uint64s
from manyo.corpus.schema import DOC_ID, Column, Table
from manyo.dedup.candidates.components import COMPONENTS
from manyo.dedup.candidates.keys import has_minhash, minhash_matrix
from manyo.dedup.candidates.pairs import PAIRS, sorted_pairs
from manyo.dedup.numbering import NUMBER, deal, take_rows, turns
from manyo.dedup.settings import Dedup
from manyo.dedup.sketch.shingles import shingle_sets
from manyo.dedup.sketch.view import as_compared
from manyo.dedup.verdict.order import precedence

INDEX = Table(
    "index",
    "a document that takes part",
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

COMPARED = Table(
    "compared",
    "a document that has a candidate, or is one",
    "dedup",
    (
        *INDEX.columns,
        Column("number", NUMBER, "number of the document"),
        Column("candidates", pa.large_list(NUMBER), "numbers of its candidates, ascending"),
    ),
)

LINKED = Table(
    "linked",
    "a document that has a candidate, or is one, in order of its number",
    "dedup",
    (
        *COMPONENTS.columns,
        Column("candidates", pa.large_list(NUMBER), "numbers of its candidates, ascending"),
    ),
)


@dataclass(frozen=True, slots=True)
class Compared:
    """The documents of one part, in any order; each has candidates or is one.

    Attributes:
        doc_id: S16 (n_docs,).
        number: uint64 (n_docs,).
        precedence: uint64 (n_docs,), place in survivor order.
        exact_hash: uint64 (n_docs,).
        chars: int64 (n_docs,).
        minhash: uint32 (n_docs, permutations), zeros for short documents.
        has_minhash: bool (n_docs,), false for short documents.
        shingles: uint32 (n_shingles,), the shingle sets of all documents one after another.
        shingle_offsets: int64 (n_docs + 1,), document `i` has
            `shingles[shingle_offsets[i]:shingle_offsets[i + 1]]`, none if it is short.
        candidates: uint64 (n_pairs,), the numbers of the candidates of all documents one after another.
        candidate_offsets: int64 (n_docs + 1,), as `shingle_offsets`.
    """

    doc_id: np.ndarray
    number: Uint64s
    precedence: Uint64s
    exact_hash: Uint64s
    chars: Int64s
    minhash: Uint32s
    has_minhash: Bools
    shingles: Uint32s
    shingle_offsets: Int64s
    candidates: Uint64s
    candidate_offsets: Int64s

    def survivor_order(self, index_starts: np.ndarray) -> Int64s:
        """int64 (n_docs,), positions of the documents in survivor order.

        Args:
            index_starts: uint64 (n_indexes,), as for `manyo.dedup.numbering.turns`, which decide first.
        """
        return np.lexsort((self.doc_id, self.precedence, turns(self.number, index_starts)))


def link(components: pa.RecordBatch, pairs: Iterable[pa.RecordBatch]) -> pa.RecordBatch:
    """The documents of a shard that are in pairs, each with its candidates, as one batch of `LINKED`.

    Args:
        components: the shard's batch of `manyo.dedup.candidates.components.COMPONENTS`.
        pairs: the shard's batches of `manyo.dedup.candidates.pairs.PAIRS`, from every part.
    """
    table = pa.Table.from_batches(pairs, PAIRS.schema)
    left, right = (table.column(name).to_numpy() for name in PAIRS.schema.names)
    left, right = sorted_pairs(left, right)
    begins = np.searchsorted(left, components.column("number").to_numpy())
    candidates = pa.LargeListArray.from_arrays(pa.array(np.append(begins, len(left))), pa.array(right))
    return pa.RecordBatch.from_arrays([*components.columns, candidates], schema=LINKED.schema)


def deal_compared(
    documents: pa.RecordBatch, signatures: pa.RecordBatch, first: int, linked: pa.RecordBatch, settings: Dedup
) -> list[pa.RecordBatch]:
    """Measure the documents of a batch that have candidates, and deal them to the parts of their components.

    Args:
        documents: a batch with columns `manyo.dedup.verdict.order.ORDER_COLUMNS`, `profile` and `text`.
        signatures: its rows of `manyo.corpus.schema.SIGNATURES`.
        first: number of the batch's first document.
        linked: the batch of `LINKED` of the documents' shard.
        settings: as the signatures were made with.

    Returns:
        For each of `settings.parts` a batch of `COMPARED`, perhaps empty.
    """
    rows, of_batch = _rows_of(linked, first, documents.num_rows)
    measured = measure_compared(take_rows(documents, rows), take_rows(signatures, rows), settings)
    return _deal(measured, of_batch, settings)


def deal_indexed(indexed: pa.RecordBatch, first: int, linked: pa.RecordBatch, settings: Dedup) -> list[pa.RecordBatch]:
    """Deal a batch of `INDEX`, of an earlier run, as `deal_compared` deals documents."""
    rows, of_batch = _rows_of(linked, first, indexed.num_rows)
    return _deal(take_rows(indexed, rows), of_batch, settings)


def _rows_of(linked: pa.RecordBatch, first: int, n_rows: int) -> tuple[pa.Array, pa.RecordBatch]:
    """Rows of a batch that are in `linked` (int64), and their slice of `linked`."""
    numbers = linked.column("number").to_numpy()
    begin, end = np.searchsorted(numbers, np.array([first, first + n_rows], np.uint64))
    return pa.array((numbers[begin:end] - np.uint64(first)).astype(np.int64)), linked.slice(begin, end - begin)


def _deal(measured: pa.RecordBatch, linked: pa.RecordBatch, settings: Dedup) -> list[pa.RecordBatch]:
    columns = [*measured.columns, linked.column("number"), linked.column("candidates")]
    compared = pa.RecordBatch.from_arrays(columns, schema=COMPARED.schema)
    return deal(compared, linked.column("part").to_numpy(), settings.parts)


def measure_compared(documents: pa.RecordBatch, signatures: pa.RecordBatch, settings: Dedup) -> pa.RecordBatch:
    """The rows of `INDEX` of a batch of documents.

    Args:
        documents: a batch with columns `manyo.dedup.verdict.order.ORDER_COLUMNS`, `profile` and `text`.
        signatures: its rows of `manyo.corpus.schema.SIGNATURES`.
        settings: as the signatures were made with.
    """
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
        schema=INDEX.schema,
    )


def read_compared(batches: Iterable[pa.RecordBatch], settings: Dedup) -> Compared:
    """Read the documents of one part into arrays.

    Memory: about `120 + 8 * permutations` bytes for each document and 8 for each of its shingles, half of it only until
    this returns.

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
    return Compared(
        ids_as_bytes(table.column("doc_id").combine_chunks()),
        table.column("number").to_numpy(),
        table.column("precedence").to_numpy(),
        table.column("exact_hash").to_numpy(),
        table.column("chars").to_numpy(),
        minhash,
        long,
        *_flat(table.column("shingles")),
        *_flat(table.column("candidates")),
    )


def _flat(column: pa.ChunkedArray) -> tuple[np.ndarray, np.ndarray]:
    """The values of a column of lists one after another, and int64 (n + 1,), where each list begins."""
    lists = column.combine_chunks()
    lengths = lists.value_lengths().to_numpy()
    return lists.flatten().to_numpy(), np.concatenate((np.zeros(1, np.int64), np.cumsum(lengths, dtype=np.int64)))
