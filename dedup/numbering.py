"""How the stages of dedup refer to documents: by number, and by the part that a row is dealt to.

Until documents are compared, each has a number: that of its shard in the upper 32 bits, its row in the lower ones. A
number says where the document lies, so what is found out about it is dealt back to its shard, and no task needs a table
of all ids. Numbers change with the order of shards; no decision depends on them.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pyarrow as pa

NUMBER = pa.uint64()

_ROW_BITS = np.uint64(32)
_ROW = np.uint64(0xFFFF_FFFF)


def first_number(shard: int) -> int:
    """The number of a shard's first document; the others follow."""
    return shard << int(_ROW_BITS)


def first_numbers(n_shards: int) -> np.ndarray:
    """uint64 (n_shards + 1,), the number of each shard's first document, and the number after all of them."""
    numbers: np.ndarray = np.arange(n_shards + 1, dtype=np.uint64) << _ROW_BITS
    return numbers


def shards_of(numbers: np.ndarray) -> np.ndarray:
    """int64 (n,), the shard of each number."""
    shards: np.ndarray = (numbers >> _ROW_BITS).astype(np.int64)
    return shards


def turns(numbers: np.ndarray, index_starts: np.ndarray) -> np.ndarray:
    """int64 (n,), the turn of each document: those of the first index come first, those of this run last.

    Args:
        numbers: uint64 (n,), of documents. Those of this run are lower than those of all indexes.
        index_starts: uint64 (n_indexes,), the number of the first document of each index, the oldest index first.
    """
    at = np.searchsorted(index_starts, numbers, "right")
    return np.where(at == 0, len(index_starts), at - 1)


def rows_of(numbers: np.ndarray) -> np.ndarray:
    """int64 (n,), the row of each number in its shard."""
    rows: np.ndarray = (numbers & _ROW).astype(np.int64)
    return rows


def deal(rows: pa.RecordBatch, part_of: np.ndarray, parts: int) -> list[pa.RecordBatch]:
    """The rows of each part from 0 to before `parts`, in order.

    They are slices of one batch, because a copy for each of hundreds of parts takes longer.
    """
    order = np.argsort(part_of, kind="stable")
    bounds = np.searchsorted(part_of[order], np.arange(parts + 1, dtype=part_of.dtype)).tolist()
    sorted_rows = rows.take(pa.array(order))
    return [sorted_rows.slice(start, stop - start) for start, stop in pairwise(bounds)]
