"""The stages that find the lines that many documents of a host share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from manyo.corpus import schema
from manyo.corpus.release import is_kept
from manyo.corpus.tables.shards import (
    write_parts,
    write_shard,
    zip_batches,
)
from manyo.dedup import boilerplate
from manyo.dedup.parts import parts_for_lines
from manyo.dedup.settings import Alarms, Boilerplate, Dedup
from manyo.filters.rights import may
from manyo.pipelines.engine.shapes import (
    combine_parts,
    dealing,
    map_numbered,
    map_shards,
    with_gathered,
)
from manyo.pipelines.engine.stage import AnyStage, AnyTask, Stage, Task
from manyo.pipelines.engine.stage_table import StageTable
from manyo.pipelines.graph.dedup_stages import DUPLICATES
from manyo.pipelines.graph.extract_stages import DOCUMENTS
from manyo.pipelines.graph.filter_stages import DECISIONS
from manyo.pipelines.graph.reading import of_shard, parts_of

LINES = StageTable.arrow("lines", boilerplate.LINES.schema)
REPEATED_LINES = StageTable.arrow("repeated_lines", boilerplate.LINES.schema)
BOILERPLATE = StageTable.parquet("boilerplate", schema.BOILERPLATE.schema)
BOILERPLATE_LINES = StageTable.parquet("boilerplate_lines", boilerplate.BOILERPLATE_LINES.schema)


def boilerplate_stages(dedup: Dedup, extract: AnyStage, decide: AnyStage, duplicates: AnyStage) -> tuple[AnyStage, ...]:
    """From the documents that are kept to the lines that many documents of their host share.

    Returns:
        The stages in order, `boilerplate` last; empty if the configuration does not ask for it.
    """
    if dedup.boilerplate is None:
        return ()
    settings = replace(dedup, alarms=Alarms(), within_sources=False, index=False, against=())
    unique = (extract, decide, duplicates)
    lines_stage = Stage(
        name="lines",
        version=3,
        settings=settings,
        needs=unique,
        tables=(LINES,),
        shape=dealing(map_shards, lambda upstream: parts_for_lines(upstream[-1].count("survivors"), settings)),
        work=split_lines,
    )
    repeated_lines_stage = Stage(
        name="repeated_lines",
        version=2,
        settings=settings,
        needs=(lines_stage,),
        tables=(REPEATED_LINES,),
        shape=combine_parts,
        work=combine_lines,
    )
    boilerplate_stage = Stage(
        name="boilerplate",
        version=2,
        settings=settings,
        needs=(*unique, repeated_lines_stage),
        tables=(BOILERPLATE, BOILERPLATE_LINES),
        shape=with_gathered(map_numbered),
        work=mark_boilerplate,
    )
    return (lines_stage, repeated_lines_stage, boilerplate_stage)


def split_lines(task: Task[Dedup]) -> Mapping[str, int]:
    """Documents that rules and dedup keep → their lines, counted and dealt to parts."""
    keys = [
        boilerplate.key_lines(documents, is_kept(decisions, marked), _settings(task))
        for documents, decisions, marked in _unique(task)
    ]
    dealt = boilerplate.deal_lines(keys, task.n_parts)
    write_parts(task.output(LINES), LINES.schema, [[batch] for batch in dealt])
    return {"lines": sum(batch.num_rows for batch in dealt)}


def combine_lines(task: Task[Dedup]) -> Mapping[str, int]:
    """One part of every shard's lines → those that repeat, dealt back to the shards that hold them."""
    shards = list(parts_of(task, LINES))
    repeated = boilerplate.combine_lines(shards, _settings(task))
    write_parts(task.output(REPEATED_LINES), REPEATED_LINES.schema, [[batch] for batch in repeated])
    return {}


def mark_boilerplate(task: Task[Dedup]) -> Mapping[str, int]:
    """Documents and the lines that repeat → which of each document's lines are boilerplate."""
    counts: Counter[str] = Counter()
    parts = of_shard(task, REPEATED_LINES)
    repeated = pa.Table.from_batches(parts, REPEATED_LINES.schema).sort_by("key").combine_chunks().to_batches()
    totals = repeated[0] if repeated else pa.RecordBatch.from_pylist([], REPEATED_LINES.schema)
    found: list[pa.RecordBatch] = []

    def batches() -> Iterator[pa.RecordBatch]:
        for documents, decisions, unique in _unique(task):
            marked, lines = boilerplate.find_boilerplate(documents, is_kept(decisions, unique), totals, _settings(task))
            # The report quotes these lines.
            shown = documents.column("doc_id").filter(may(decisions.column("uses"), "display"))
            found.append(lines.filter(pc.is_in(lines.column("doc_id"), value_set=shown)))
            counts["documents"] += marked.num_rows
            counts["lines"] += pc.sum(pc.list_value_length(marked.column("lines"))).as_py() or 0
            yield marked

    write_shard(task.output(BOILERPLATE), BOILERPLATE.schema, batches())
    write_shard(task.output(BOILERPLATE_LINES), BOILERPLATE_LINES.schema, found)
    return counts


def _unique(task: AnyTask) -> Iterator[tuple[pa.RecordBatch, ...]]:
    """Yields the columns of a shard that lines are found by, its decisions and its duplicates."""
    return zip_batches(
        (task.input(DOCUMENTS), boilerplate.LINE_COLUMNS),
        (task.input(DECISIONS), ["reasons", "uses"]),
        (task.input(DUPLICATES), ["kept"]),
    )


def _settings(task: Task[Dedup]) -> Boilerplate:
    """Returns the settings that these stages exist for."""
    if task.settings.boilerplate is None:
        raise ValueError(f"{task.stage}: there is no [dedup.boilerplate]")
    return task.settings.boilerplate
