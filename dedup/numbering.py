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
    sorted_rows = take_rows(rows, pa.array(order))
    return [sorted_rows.slice(start, stop - start) for start, stop in pairwise(bounds)]


def take_rows(batch: pa.RecordBatch, rows: pa.Array) -> pa.RecordBatch:
    """`batch.take(rows)`; lists of numbers are copied list by list, where Arrow takes number by number.

    Args:
        batch: any.
        rows: int64, without nulls.
    """
    return pa.RecordBatch.from_arrays([_take(column, rows) for column in batch.columns], schema=batch.schema)


def _take(column: pa.Array, rows: pa.Array) -> pa.Array:
    kind = column.type
    is_list = pa.types.is_list(kind) or pa.types.is_large_list(kind)
    if not is_list or not pa.types.is_integer(kind.value_type) or column.null_count or column.values.null_count:
        return column.take(rows)
    # As strings of bytes, which Arrow copies whole.
    number_bytes = kind.value_type.bit_width // 8
    values = pa.py_buffer(_numbers(column.values, kind.value_type))
    starts = pa.py_buffer(column.offsets.to_numpy().astype(np.int64) * number_bytes)
    taken = pa.LargeBinaryArray.from_buffers(pa.large_binary(), len(column), [None, starts, values]).take(rows)
    _, ends, content = taken.buffers()
    offsets = np.frombuffer(ends, np.int64, len(taken) + 1) // number_bytes
    numbers = pa.Array.from_buffers(kind.value_type, int(offsets[-1]), [None, content])
    offset_type = np.int64 if pa.types.is_large_list(kind) else np.int32
    made: pa.Array = type(column).from_arrays(pa.array(offsets.astype(offset_type)), numbers, type=kind)
    return made


def _numbers(values: pa.Array, kind: pa.DataType) -> np.ndarray:
    numbers: np.ndarray = values.to_numpy() if len(values) else np.zeros(0, kind.to_pandas_dtype())
    return numbers
