"""The stage that finds the documents on the run's takedown list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pyarrow as pa

from manyo.corpus import schema
from manyo.corpus.tables.shards import (
    filesystem,
    read_batches,
    read_columns,
    read_text,
    write_shard,
)
from manyo.corpus.takedowns import join_takedowns, read_takedowns
from manyo.pipelines.engine.shapes import (
    Shape,
    Units,
    Upstream,
    digest_of,
    map_shards,
)
from manyo.pipelines.engine.stage import AnyStage, AnyTask, NoSettings, Stage, Task
from manyo.pipelines.engine.stage_table import StageTable
from manyo.pipelines.graph.extract_stages import DOCUMENTS

TAKEN_DOWN = StageTable.parquet("taken_down", schema.TAKEN_DOWN.schema)

#: The run's takedown list: a file that the run keeps next to the folders of its stages.
TAKEDOWN_LIST = StageTable("takedowns", "takedown.txt")


def takedown_stage(out: str, extract: AnyStage) -> AnyStage:
    """`documents` → `taken_down`."""
    return Stage(
        name="takedown",
        version=1,
        settings=NoSettings(),
        needs=(extract,),
        tables=(TAKEN_DOWN,),
        shape=_map_with_takedowns(out),
        work=find_takedowns,
    )


def takedowns_uri(out: str) -> str:
    """Returns the URI at which a run keeps its takedown list, in the form of `manyo.corpus.takedowns`."""
    return TAKEDOWN_LIST.uri(out, "")


def _map_with_takedowns(out: str) -> Shape:
    """One task per shard, which reads the run's takedown list as well.

    Every new takedown runs all these small tasks again. Tables of shards that it does not touch keep their bytes, so
    that no later stage makes those shards again.
    """

    def shape(upstream: Upstream) -> Units:
        uri = takedowns_uri(out)
        fs, path = filesystem(uri)
        lists = (uri,) if fs.exists(path) else ()
        content = read_text(uri) if lists else ""
        return Units(
            lambda: (
                replace(unit, inputs={**unit.inputs, TAKEDOWN_LIST: lists}, digest=digest_of([unit.digest, content]))
                for unit in map_shards(upstream)
            )
        )

    return shape


def find_takedowns(task: Task[NoSettings]) -> Mapping[str, int]:
    """Documents and the takedown list → the documents on the list."""
    takedowns = join_takedowns(map(read_takedowns, task.inputs_of(TAKEDOWN_LIST)))
    documents = read_batches(task.input(DOCUMENTS), ["doc_id", "uri"])
    batches = (takedowns.find(batch) for batch in documents) if takedowns else ()
    return {"documents": write_shard(task.output(TAKEN_DOWN), TAKEN_DOWN.schema, batches)}


def taken_down_ids(task: AnyTask) -> pa.Array:
    """Returns the ids of the shard's documents that are taken down, for the stages that leave them out."""
    return read_columns(task.input(TAKEN_DOWN), ["doc_id"]).column("doc_id")
