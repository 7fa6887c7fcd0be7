"""How the stages of dedup refer to documents: by id, by number, and by the part that a row is dealt to.

Until documents are compared, each has a number: that of its shard in the upper 32 bits, its row in the lower ones. A
number says where the document lies, so what is found out about it is dealt back to its shard, and no task needs a table
of all ids. Numbers change with the order of shards; no decision depends on them.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from manyo.corpus.schema import DOC_ID, DOC_ID_BYTES

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


def rows_of(numbers: np.ndarray) -> np.ndarray:
    """int64 (n,), the row of each number in its shard."""
    rows: np.ndarray = (numbers & _ROW).astype(np.int64)
    return rows


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
    """The `doc_id` column of ids as `ids_as_bytes` returns them."""
    return pa.Array.from_buffers(DOC_ID, len(doc_ids), [None, pa.py_buffer(np.ascontiguousarray(doc_ids))])


def find_ids(sorted_ids: np.ndarray, ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The position of each id among sorted ones (int64), and whether it is there (bool); else the position is void."""
    at = np.searchsorted(sorted_ids, ids)
    found = at < len(sorted_ids)
    found[found] = sorted_ids[at[found]] == ids[found]
    return at, found


def rows_by_part(part_of: np.ndarray, parts: int) -> list[np.ndarray]:
    """The positions of each part's rows, ascending, from the part of each row."""
    order = np.argsort(part_of, kind="stable")
    return np.split(order, np.searchsorted(part_of[order], np.arange(1, parts, dtype=part_of.dtype)))
