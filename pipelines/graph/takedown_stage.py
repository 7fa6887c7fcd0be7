"""The stage that finds which documents the run's takedown list means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from manyo.corpus.schema import (
    TAKEN_DOWN,
)
from manyo.corpus.tables.shards import (
    filesystem,
    join,
    read_batches,
    write_shard,
)
from manyo.corpus.takedowns import join_takedowns, read_takedowns
from manyo.pipelines.engine.shapes import (
    Plan,
    Units,
    Upstream,
    digest_of,
    map_shards,
)
from manyo.pipelines.engine.stage import NoSettings, Stage, Task, parquet


def takedown_stage(out: str, extract: Stage) -> Stage:
    """`documents` → `taken_down`."""
    return Stage(
        name="takedown",
        version=1,
        settings=NoSettings(),
        needs=(extract,),
        tables=parquet("taken_down"),
        plan=_plan_takedowns(out),
        work=find_takedowns,
    )


def takedowns_uri(out: str) -> str:
    """Where a run keeps what was asked to be taken down of it, a list as in `manyo.corpus.takedowns`."""
    return join(out, "takedown.txt")


def _plan_takedowns(out: str) -> Plan:
    """One task per shard, which reads the run's takedowns as well. Their tables are small, and those of shards that a
    new takedown does not touch keep their bytes: then nothing that follows is done again.
    """

    def plan(upstream: Upstream) -> Units:
        uri = takedowns_uri(out)
        fs, path = filesystem(uri)
        lists = (uri,) if fs.exists(path) else ()
        content = fs.cat_file(path).decode("utf-8") if lists else ""
        return Units(
            lambda: (
                replace(unit, inputs={**unit.inputs, "takedowns": lists}, digest=digest_of([unit.digest, content]))
                for unit in map_shards(upstream)
            )
        )

    return plan


def find_takedowns(task: Task) -> Mapping[str, int]:
    """Documents and the takedown list → the documents that it means."""
    takedowns = join_takedowns(map(read_takedowns, task.inputs["takedowns"]))
    documents = read_batches(task.input("documents"), ["doc_id", "uri"])
    batches = (takedowns.find(batch) for batch in documents) if takedowns else ()
    return {"documents": write_shard(task.outputs["taken_down"], TAKEN_DOWN.schema, batches)}
