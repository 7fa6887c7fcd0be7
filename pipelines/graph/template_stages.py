"""The stages that find templates: wordings that many documents share, each with something else put in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

import numpy as np
import pyarrow as pa

from manyo.corpus import schema
from manyo.corpus.tables.shards import read_batches, write_parts, write_shard
from manyo.dedup.numbering import deal
from manyo.filters.templates import counting
from manyo.filters.templates.counting import Templates
from manyo.pipelines.engine.shapes import combine_parts, map_numbered, with_gathered
from manyo.pipelines.engine.stage import AnyStage, Stage, Task
from manyo.pipelines.engine.stage_table import StageTable
from manyo.pipelines.graph.extract_stages import DOCUMENTS
from manyo.pipelines.graph.reading import of_shard, parts_of

WORDINGS = StageTable.arrow("wordings", counting.WORDINGS.schema)
COUNTED_TEMPLATES = StageTable.arrow("counted_templates", counting.COUNTED_TEMPLATES.schema)
TEMPLATES = StageTable.parquet("templates", schema.TEMPLATES.schema)


def template_stages(settings: Templates | None, extract: AnyStage) -> tuple[AnyStage, ...]:
    """`documents` → `templates`, how much of each document is in templates.

    Returns:
        The stages in order, `templates` last; empty if the configuration does not ask for it.
    """
    if settings is None:
        return ()
    wordings = Stage("wordings", 2, settings, (extract,), (WORDINGS,), split_wordings)
    counted = Stage(
        "counted_templates", 1, settings, (wordings,), (COUNTED_TEMPLATES,), count_templates,
        shape=combine_parts,
    )  # fmt: skip
    templates = Stage(
        "templates", 1, settings, (extract, counted), (TEMPLATES,), measure_templates,
        shape=with_gathered(map_numbered),
    )  # fmt: skip
    return wordings, counted, templates


def split_wordings(task: Task[Templates]) -> Mapping[str, int]:
    """Documents → their wordings and what they put in, dealt to parts by wording."""
    parts = task.settings.parts
    dealt: list[list[pa.RecordBatch]] = [[] for _ in range(parts)]
    n_wordings = 0
    for documents in read_batches(task.input(DOCUMENTS), list(counting.WORDING_COLUMNS)):
        wordings = counting.find_wordings(documents, task.settings)
        n_wordings += wordings.num_rows
        part_of = wordings.column("key").to_numpy() % np.uint64(parts)
        for part, batch in zip(dealt, deal(wordings, part_of, parts), strict=True):
            part.append(batch)
    write_parts(task.output(WORDINGS), counting.WORDINGS.schema, dealt)
    return {"wordings": n_wordings}


def count_templates(task: Task[Templates]) -> Mapping[str, int]:
    """One part of every shard's wordings → those that are templates, dealt back to the shards that hold them."""
    shards = list(parts_of(task, WORDINGS))
    counted = counting.count_templates(shards, task.settings)
    write_parts(task.output(COUNTED_TEMPLATES), counting.COUNTED_TEMPLATES.schema, ([batch] for batch in counted))
    return {}


def measure_templates(task: Task[Templates]) -> Mapping[str, int]:
    """Documents and the templates that they hold → how much of each document is in templates."""
    counts: Counter[str] = Counter()
    counted = counting.join_counted(of_shard(task, COUNTED_TEMPLATES))

    def batches() -> Iterator[pa.RecordBatch]:
        for documents in read_batches(task.input(DOCUMENTS), ["doc_id", *counting.WORDING_COLUMNS]):
            measured = counting.measure_templates(documents, counted, task.settings)
            counts["documents"] += measured.num_rows
            counts["with_templates"] += int(np.count_nonzero(measured.column("template_documents")))
            yield measured

    write_shard(task.output(TEMPLATES), schema.TEMPLATES.schema, batches())
    return counts
