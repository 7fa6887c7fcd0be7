"""How tasks of several stages read the same tables."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar

import pyarrow as pa

from manyo.corpus.tables.pieces import Piece, read_piece
from manyo.corpus.tables.shards import filesystem, is_local, read_batches, read_columns
from manyo.pipelines.engine.stage import AnyTask
from manyo.pipelines.engine.stage_table import StageTable

Item = TypeVar("Item")
Result = TypeVar("Result")

#: Reads from an object store at the same time: at 50 ms each, 320 a second for a task.
_READERS = 16


def parts_of(task: AnyTask, *tables: StageTable) -> Iterator[pa.RecordBatch]:
    """Yields part `task.part` of every file of dealt tables, one table after another; a run need not make them all."""
    for table in tables:
        places = list(zip(task.optional_inputs_of(table), task.pieces.get(table, ()), strict=True))

        def read(place: tuple[str, Piece], schema: pa.Schema = table.schema) -> pa.RecordBatch:
            return read_piece(*place, schema)

        yield from side_by_side(read, places) if places and _is_remote(places[0][0]) else map(read, places)


def of_shard(task: AnyTask, table: StageTable) -> list[pa.RecordBatch]:
    """Returns what every part of a table holds for the task's shard; nothing if this run does not make the table."""
    return list(parts_of(task, table))


def read_all(uris: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """Yields the batches of shards, one shard after another."""
    return (batch for uri in uris for batch in read_batches(uri))


def columns_of(uris: Sequence[str], names: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """Yields columns of shards, a batch for each shard, in order."""
    return side_by_side(lambda uri: read_columns(uri, names), uris)


def side_by_side(read: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    """Yields what is read of each item, in order, and reads the next 16 meanwhile: it hides an object store's latency.

    Memory: 17 results.
    """
    with ThreadPoolExecutor(_READERS) as readers:
        reading: deque[Future[Result]] = deque()
        try:
            for item in items:
                reading.append(readers.submit(copy_context().run, read, item))
                if len(reading) > _READERS:
                    yield reading.popleft().result()
            while reading:
                yield reading.popleft().result()
        finally:
            for future in reading:
                future.cancel()


def _is_remote(uri: str) -> bool:
    return not is_local(filesystem(uri)[0])
