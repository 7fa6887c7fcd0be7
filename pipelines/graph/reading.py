"""How tasks of several stages read the same tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pyarrow as pa

from manyo.corpus.tables.shards import (
    read_batches,
    read_columns,
    read_part,
)
from manyo.pipelines.engine.stage import Task


def taken_down(task: Task) -> pa.Array:
    """Ids of the shard's documents that are taken down."""
    return read_columns(task.input("taken_down"), ["doc_id"]).column("doc_id")


def of_shard(task: Task, table: str) -> list[pa.RecordBatch]:
    """What every part of a table holds for the task's shard; nothing where the run has no such table."""
    return [read_part(uri, task.part or 0) for uri in task.inputs.get(table, ())]


def read_all(uris: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """The batches of shards, one after another."""
    return (batch for uri in uris for batch in read_batches(uri))
