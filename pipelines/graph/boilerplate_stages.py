"""The stages that find lines which many documents of one host share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from manyo.corpus.release import is_kept
from manyo.corpus.schema import (
    BOILERPLATE,
)
from manyo.corpus.tables.shards import (
    read_part,
    write_parts,
    write_shard,
    zip_batches,
)
from manyo.dedup import boilerplate
from manyo.dedup.settings import Alarms, Dedup
from manyo.pipelines.engine.shapes import (
    combine_parts,
    map_numbered,
    map_shards,
    with_gathered,
)
from manyo.pipelines.engine.stage import Stage, Task, parquet
from manyo.pipelines.graph.reading import of_shard


def boilerplate_stages(dedup: Dedup, extract: Stage, decide: Stage, duplicates: Stage) -> tuple[Stage, ...]:
    """From the documents that are kept to those of their lines that many documents of their host hold."""
    settings = replace(dedup, alarms=Alarms(), within_sources=False, index=False, against=())
    unique = (extract, decide, duplicates)
    lines_stage = Stage(
        name="lines",
        version=1,
        settings=settings,
        needs=unique,
        tables={"lines": "lines/{shard}.arrow"},
        plan=map_shards,
        work=split_lines,
    )
    repeated = Stage(
        name="repeated_lines",
        version=1,
        settings=settings,
        needs=(lines_stage,),
        tables={"repeated_lines": "repeated_lines/{shard}.arrow"},
        plan=combine_parts(settings.parts),
        work=combine_lines,
    )
    marked = Stage(
        name="boilerplate",
        version=2,
        settings=settings,
        needs=(*unique, repeated),
        tables=parquet("boilerplate", "boilerplate_lines"),
        plan=with_gathered(map_numbered),
        work=mark_boilerplate,
    )
    return (lines_stage, repeated, marked)


def split_lines(task: Task) -> Mapping[str, int]:
    """Documents that rules and dedup keep → their lines, counted and dealt to parts."""
    keys = [
        boilerplate.key_lines(documents, is_kept(decisions, marked), task.settings.boilerplate)
        for documents, decisions, marked in _unique(task)
    ]
    dealt = boilerplate.deal_lines(keys, task.settings.parts)
    write_parts(task.outputs["lines"], boilerplate.LINES.schema, [[batch] for batch in dealt])
    return {"lines": sum(batch.num_rows for batch in dealt)}


def combine_lines(task: Task) -> Mapping[str, int]:
    """One part of every shard's lines → those that repeat, dealt back to the shards that hold them."""
    shards = [read_part(uri, task.part or 0) for uri in task.inputs["lines"]]
    repeated = boilerplate.combine_lines(shards, task.settings.boilerplate)
    write_parts(task.outputs["repeated_lines"], boilerplate.LINES.schema, [[batch] for batch in repeated])
    return {}


def mark_boilerplate(task: Task) -> Mapping[str, int]:
    """Documents and the lines that repeat → which of each document's lines are boilerplate."""
    counts: Counter[str] = Counter()
    parts = of_shard(task, "repeated_lines")
    repeated = pa.Table.from_batches(parts, boilerplate.LINES.schema).sort_by("key").combine_chunks().to_batches()
    totals = repeated[0] if repeated else pa.RecordBatch.from_pylist([], boilerplate.LINES.schema)
    found: list[pa.RecordBatch] = []

    def batches() -> Iterator[pa.RecordBatch]:
        for documents, decisions, unique in _unique(task):
            marked, lines = boilerplate.find_boilerplate(
                documents, is_kept(decisions, unique), totals, task.settings.boilerplate
            )
            found.append(lines)
            counts["documents"] += marked.num_rows
            counts["lines"] += pc.sum(pc.list_value_length(marked.column("lines"))).as_py() or 0
            yield marked

    write_shard(task.outputs["boilerplate"], BOILERPLATE.schema, batches())
    write_shard(task.outputs["boilerplate_lines"], boilerplate.BOILERPLATE_LINES.schema, found)
    return counts


def _unique(task: Task) -> Iterator[tuple[pa.RecordBatch, ...]]:
    """Documents with what lines are found by, decisions and duplicates of a shard."""
    return zip_batches(
        (task.input("documents"), boilerplate.LINE_COLUMNS),
        (task.input("decisions"), ["reasons"]),
        (task.input("duplicates"), ["kept"]),
    )
