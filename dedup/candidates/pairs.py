"""Candidate pairs: each document of a key with the first of that key.

The first document of a key in survivor order (`manyo.dedup.verdict.order`) is the candidate of all others. So a key
that n documents share costs n - 1 pairs, whatever template or boilerplate it comes from.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable

import numpy as np
import pyarrow as pa

from manyo.corpus.schema import Column, Table
from manyo.dedup.candidates.keys import KEYS
from manyo.dedup.candidates.pair_kernels import pair_with_first, sort_pairs
from manyo.dedup.numbering import NUMBER, first_numbers, turns

PAIRS = Table(
    "pairs",
    "two documents that share a key: their text, or a band of their signatures",
    "dedup",
    (
        Column("number", NUMBER, "the later of the two in survivor order"),
        Column("candidate", NUMBER, "the first document, in survivor order, with the same key"),
    ),
)


#: Bits of a place among the precedences of one part, which has fewer rows; the turn is above them.
_PLACE_BITS = np.uint64(40)

#: No indexes, or indexes whose documents have no turn of their own.
NO_STARTS = np.zeros(0, np.uint64)


def find_pairs(
    batches: Iterable[pa.RecordBatch], n_shards: int, index_starts: np.ndarray = NO_STARTS
) -> list[pa.RecordBatch]:
    """Pair every document of a key with the key's first in survivor order.

    Holds one part in memory: about 70 bytes a row, and 50 more for each row whose key is shared.

    Args:
        batches: all batches of `manyo.dedup.candidates.keys.KEYS` of one part, in any order.
        n_shards: shards that the documents are of.
        index_starts: uint64 (n_indexes,), as for `manyo.dedup.numbering.turns`, which decide before survivor order.

    Returns:
        For each shard a batch of `PAIRS` with its documents' pairs, each once, in order of their numbers.

    Raises:
        ValueError: a `doc_id` occurs twice in one turn.
    """
    table = pa.Table.from_batches(batches, KEYS.schema)
    keys, precedence, id_head, number = (table.column(name).to_numpy() for name in KEYS.schema.names)
    if len(index_starts):
        places = np.unique(precedence, return_inverse=True)[1].astype(np.uint64)
        precedence = turns(number, index_starts).astype(np.uint64) << _PLACE_BITS | places
    left, right, twice = pair_with_first(np.argsort(keys), keys, precedence, id_head, number)
    if twice >= 0:
        raise ValueError(
            f"document {int(id_head[twice]):016x}… occurs twice: is a file listed under two inputs of one source, "
            "does it repeat a record's key, or is it in an index of dedup.against as well?"
        )
    left, right = sorted_pairs(left, right)
    pairs = pa.RecordBatch.from_arrays([pa.array(left), pa.array(right)], schema=PAIRS.schema)
    ends = np.searchsorted(left, first_numbers(n_shards))
    return [pairs.slice(begin, end - begin) for begin, end in itertools.pairwise(ends)]


def sorted_pairs(left: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both members of pairs (uint64), sorted by the first and then the second, each pair once."""
    return sort_pairs(np.argsort(left), left, right)
