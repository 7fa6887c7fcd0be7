"""How tasks of several stages read the same tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pyarrow as pa

from manyo.corpus.tables.pieces import read_piece
from manyo.corpus.tables.shards import read_batches
from manyo.pipelines.engine.stage import AnyTask
from manyo.pipelines.engine.stage_table import StageTable


def parts_of(task: AnyTask, *tables: StageTable) -> Iterator[pa.RecordBatch]:
    """Yields part `task.part` of every file of dealt tables, one table after another; a run need not make them all."""
    for table in tables:
        for uri, piece in zip(task.optional_inputs_of(table), task.pieces.get(table, ()), strict=True):
            yield read_piece(uri, piece, table.schema)


def of_shard(task: AnyTask, table: StageTable) -> list[pa.RecordBatch]:
    """Returns what every part of a table holds for the task's shard; nothing if this run does not make the table."""
    return list(parts_of(task, table))


def read_all(uris: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """Yields the batches of shards, one shard after another."""
    return (batch for uri in uris for batch in read_batches(uri))
