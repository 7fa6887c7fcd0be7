"""The stage that finds the documents that the run's takedown requests name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from manyo.corpus import schema
from manyo.corpus.tables.shards import read_batches, read_columns, write_shard
from manyo.corpus.takedown_requests import found_lists, recorded_lists, remember_found
from manyo.corpus.takedowns import Request, join_takedowns, read_takedowns
from manyo.pipelines.engine.errors import UserError
from manyo.pipelines.engine.shapes import (
    Shape,
    StageOutput,
    Units,
    Upstream,
    digest_of,
    map_shards,
)
from manyo.pipelines.engine.stage import AnyStage, AnyTask, NoSettings, Stage, Task
from manyo.pipelines.engine.stage_table import StageTable
from manyo.pipelines.graph.extract_stages import DOCUMENTS

TAKEN_DOWN = StageTable.parquet("taken_down", schema.TAKEN_DOWN.schema)

#: Lists that the run keeps next to the folders of its stages (`manyo.corpus.takedown_requests`).
TAKEDOWN_LISTS = StageTable("takedowns", "takedowns/{shard}.txt")


def takedown_stage(out: str, extract: AnyStage) -> AnyStage:
    """`documents` → `taken_down`."""
    return Stage(
        name="takedown",
        version=2,
        settings=NoSettings(),
        needs=(extract,),
        tables=(TAKEN_DOWN,),
        shape=_map_with_takedowns(out, extract.folder_name),
        work=find_takedowns,
    )


def _map_with_takedowns(out: str, extracted: str) -> Shape:
    """One task per shard, which reads the run's takedown requests, and what other configurations found by address.

    Every new takedown runs all these small tasks again. Tables of shards that it does not touch keep their bytes, so
    that no later stage makes those shards again.
    """

    def shape(upstream: Upstream) -> Units:
        # What this stage found itself has addresses, by which it finds it again.
        lists = (*recorded_lists(out), *found_lists(out, but=extracted))
        try:
            content = "\n".join(join_takedowns(map(read_takedowns, lists)).lines())
        except ValueError as error:
            raise UserError(
                f"a takedown list that the run keeps was changed by hand: {error}; what was found by address is "
                "written again by a run of the configuration whose folder its name has"
            ) from error
        return Units(
            lambda: (
                replace(unit, inputs={**unit.inputs, TAKEDOWN_LISTS: lists}, digest=digest_of([unit.digest, content]))
                for unit in map_shards(upstream)
            )
        )

    return shape


def find_takedowns(task: Task[NoSettings]) -> Mapping[str, int]:
    """Documents and the takedown requests → the documents that they name."""
    takedowns = join_takedowns(map(read_takedowns, task.inputs_of(TAKEDOWN_LISTS)))
    documents = read_batches(task.input(DOCUMENTS), ["doc_id", "uri"])
    finder = takedowns.finder()
    batches = (finder.find(batch) for batch in documents) if takedowns else ()
    return {"documents": write_shard(task.output(TAKEN_DOWN), TAKEN_DOWN.schema, batches)}


def remember_taken_down(out: str, extract: AnyStage, output: StageOutput) -> None:
    """Keep what the finished stage found by address, for configurations that do not know the addresses.

    Raises:
        OSError: it cannot be written.
    """
    remember_found(out, extract.folder_name, _by_address(output))


def _by_address(output: StageOutput) -> Iterator[tuple[bytes, Request]]:
    """Yield what the requests name otherwise than by doc_id."""
    for shard in output.shards:
        if not shard.counts["documents"]:
            continue
        taken = read_columns(output.uri(TAKEN_DOWN, shard.name), ["doc_id", "listed_as", "requested", "reference"])
        by_id = pc.is_in(taken["listed_as"].cast(pa.string()), value_set=pa.array(["doc_id", "found"]))
        for row in taken.filter(pc.invert(by_id)).to_pylist():
            yield row["doc_id"], Request(row["requested"], row["reference"])


def taken_down_ids(task: AnyTask) -> pa.Array:
    """Returns the ids of the shard's documents that are taken down, for the stages that leave them out."""
    return read_columns(task.input(TAKEN_DOWN), ["doc_id"]).column("doc_id")
