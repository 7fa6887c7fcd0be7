"""How tasks of several stages read the same tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pyarrow as pa

from manyo.corpus.tables.shards import (
    read_batches,
    read_part,
)
from manyo.pipelines.engine.stage import AnyTask
from manyo.pipelines.engine.stage_table import StageTable


def of_shard(task: AnyTask, table: StageTable) -> list[pa.RecordBatch]:
    """Returns what every part of a table holds for the task's shard; nothing if this run does not make the table."""
    return [read_part(uri, task.part) for uri in task.optional_inputs_of(table)]


def read_all(uris: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """Yields the batches of shards, one shard after another."""
    return (batch for uri in uris for batch in read_batches(uri))
