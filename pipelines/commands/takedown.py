"""`manyo takedown`: take documents out of what a finished run released, and out of no more than that.

The list is kept with the run (`manyo.pipelines.graph.takedown_stage.takedowns_uri`), so that every later command leaves
the documents out as well. Then the stages that takedowns reach are brought up to date: of those that make release and
token shards, the tasks whose shard held a document.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from manyo.corpus.schema import DOC_ID
from manyo.corpus.tables.shards import read_batches, read_columns
from manyo.corpus.takedowns import read_takedowns
from manyo.pipelines.engine.manifest import Manifest, iter_manifests, read_manifests
from manyo.pipelines.engine.progress import Watcher
from manyo.pipelines.engine.shapes import StageOutput, table_uri
from manyo.pipelines.engine.stage import Executor, Stage, StagePlan, UserError
from manyo.pipelines.graph.build import build_stages
from manyo.pipelines.graph.config import Config
from manyo.pipelines.run import finished, mark_out, record_takedowns, run_one


@dataclass(frozen=True, slots=True)
class Removed:
    """A document that was taken out of a token shard.

    Attributes:
        shard: name of the token shard.
        doc_id: of the document.
        first_token: where its tokens began in the shard as it was.
        token_count: its tokens, end-of-document mark included.
    """

    shard: str
    doc_id: bytes
    first_token: int
    token_count: int


@dataclass(frozen=True, slots=True)
class TakenDown:
    """What a takedown did.

    Attributes:
        documents: documents of the run that the run's list means, released or not.
        release_shards: release shards that were written anew, and how many documents each lost.
        token_shards: token shards that were written anew, and how many tokens each has now.
        removed: documents that were taken out of token shards.
        copies: documents that the list does not name and that were released for one that it names: doc_id of the
            named document and of the released one, whose text is the same or nearly so.
    """

    documents: int
    release_shards: Mapping[str, int]
    token_shards: Mapping[str, int]
    removed: tuple[Removed, ...]
    copies: tuple[tuple[bytes, bytes], ...]


def take_down(config: Config, uri: str, executor: Executor, watcher: Watcher) -> TakenDown:
    """Add a list to a run's takedowns, and make the shards anew that hold a document of it.

    Stages that were never begun stay so. What is interrupted goes on with the same command.

    Args:
        config: of the run.
        uri: of the list (`manyo.corpus.takedowns`).
        executor: where tasks run.
        watcher: shows them.

    Raises:
        UserError: the list is missing or wrong, or the run is not finished as far as it was released.
        WorkFailed: a shard could not be made.
    """
    try:
        takedowns = read_takedowns(uri)
    except (OSError, ValueError) as error:
        raise UserError(f"takedown: {error}") from error
    out = config.run.out
    mark_out(out)
    record_takedowns(config, takedowns)
    stages = build_stages(config)
    exits = ("release", "tokenize")
    before = {stage.name: read_manifests(stage.folder(out)) for stage in stages if stage.name in exits}
    reached = [stage for stage in _reached(stages) if stage.name == "takedown" or read_manifests(stage.folder(out))]
    needed = {stage.name for one in reached for stage in (one, *_ancestors(one))}
    outputs: dict[str, StageOutput] = {}
    after: dict[str, Mapping[str, Manifest]] = {name: {} for name in exits}
    removed: list[Removed] = []
    taken: pa.Array = pa.array([], DOC_ID)
    with watcher:
        for stage in stages:
            if stage in reached:
                if stage.name == "tokenize":
                    removed += _removed(stage, out, outputs, taken)
                result = run_one(stage, outputs, out, executor, watcher)
                outputs[stage.name] = result.output
                if stage.name == "takedown":
                    taken = _taken(result.output)
                if stage.name in after:
                    after[stage.name] = read_manifests(result.output.folder)
            elif stage.name in needed:
                outputs[stage.name] = finished(stage, outputs, config, "takedown")
    changed = {name: _changed(before[name], manifests) for name, manifests in after.items()}
    return TakenDown(
        documents=len(taken),
        release_shards={
            shard: before["release"][shard].counts["documents"] - after["release"][shard].counts["documents"]
            for shard in changed["release"]
        },
        token_shards={shard: after["tokenize"][shard].counts["tokens"] for shard in changed["tokenize"]},
        removed=tuple(removed),
        copies=tuple(_copies(outputs.get("duplicates"), outputs["takedown"], taken)),
    )


def _ancestors(stage: Stage) -> Iterator[Stage]:
    for needed in stage.needs:
        yield needed
        yield from _ancestors(needed)


def _reached(stages: Sequence[Stage]) -> list[Stage]:
    """The stage that finds takedowns, and all that read what it finds."""
    return [stage for stage in stages if "takedown" in {one.name for one in (stage, *_ancestors(stage))}]


def _taken(output: StageOutput) -> pa.Array:
    ids = [read_columns(output.uri("taken_down", shard.name), ["doc_id"]).column("doc_id") for shard in output.shards]
    return pa.concat_arrays([pa.array([], DOC_ID), *ids])


def _changed(before: Mapping[str, Manifest], after: Mapping[str, Manifest]) -> list[str]:
    return [shard for shard in sorted(after) if shard in before and before[shard].outputs != after[shard].outputs]


def _removed(stage: Stage, out: str, outputs: Mapping[str, StageOutput], taken: pa.Array) -> Iterator[Removed]:
    """Documents in the token shards that are about to be made anew, while their provenance is still there."""
    plan = StagePlan(stage, [outputs[needed.name] for needed in stage.needs], out)
    made = {manifest.shard for manifest in iter_manifests(plan.folder) if not plan.finish(manifest)}
    for task in plan.pending():
        if task.shard in made:
            for batch in read_batches(table_uri(plan.folder, stage.tables["provenance"], task.shard)):
                for row in batch.filter(pc.is_in(batch.column("doc_id"), value_set=taken)).to_pylist():
                    yield Removed(task.shard, row["doc_id"], row["first_token"], row["token_count"])


def _copies(duplicates: StageOutput | None, takedown: StageOutput, taken: pa.Array) -> Iterator[tuple[bytes, bytes]]:
    """Named documents that were dropped as duplicates of one that is not named."""
    if duplicates is None:
        return
    repeats: dict[bytes, bytes] = {}
    within_sources: list[bytes] = []
    for shard in takedown.shards:
        named = read_columns(takedown.uri("taken_down", shard.name), ["doc_id"]).column("doc_id")
        for row in _rows(duplicates, shard.name, named) if named else ():
            repeats[row["doc_id"]] = row["cluster"]
            within_sources += [row["cluster"]] if row["within_source"] else []
    # Who stays for a source may repeat a document of another source in turn.
    stays = {
        row["doc_id"]: row["cluster"]
        for shard in (duplicates.shards if within_sources else ())
        for row in _rows(duplicates, shard.name, pa.array(within_sources, DOC_ID))
    }
    gone = set(taken.to_pylist())
    for doc_id, cluster in repeats.items():
        released = stays.get(cluster, cluster)
        if released not in gone:
            yield doc_id, released


def _rows(duplicates: StageOutput, shard: str, doc_ids: pa.Array) -> Iterator[dict[str, Any]]:
    """Rows of `duplicates` of some documents, where dedup compared them."""
    for batch in read_batches(duplicates.uri("duplicates", shard), ["doc_id", "cluster", "within_source"]):
        rows = batch.filter(pc.is_in(batch.column("doc_id"), value_set=doc_ids))
        yield from rows.filter(pc.is_valid(rows.column("cluster"))).to_pylist()
