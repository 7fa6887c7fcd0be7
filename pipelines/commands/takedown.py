"""`manyo takedown`: remove documents from the release and the token shards of a finished run, and change nothing else.

The list is added to the takedown requests that are kept with the run (`manyo.corpus.takedown_requests`), so that every
later command leaves these documents out too. Then the stages that takedowns affect are brought up to date; of those
that write release and token shards, only the tasks whose shard held one of the documents run again. Entries that name
no document are listed with what they may have meant.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from manyo.corpus.schema import DOC_ID
from manyo.corpus.tables.shards import filesystem, join, names_in, read_batches, read_columns
from manyo.corpus.takedowns import Entry, Request, Takedowns, read_takedowns
from manyo.pipelines.commands import arguments
from manyo.pipelines.commands.json_lines import print_json
from manyo.pipelines.commands.mix import mix_arguments
from manyo.pipelines.commands.run_setup import choose_watcher, open_executor, read_config
from manyo.pipelines.commands.selected_documents import read_selection, without_addresses
from manyo.pipelines.commands.shown_documents import plain
from manyo.pipelines.commands.takedown_search import Found, Search, search_pages
from manyo.pipelines.commands.training_run import TrainingRun
from manyo.pipelines.engine.errors import EXIT_NOTICES, UserError
from manyo.pipelines.engine.lease import own
from manyo.pipelines.engine.manifest import Manifest, iter_manifests, read_manifests
from manyo.pipelines.engine.progress import Watcher
from manyo.pipelines.engine.run_stage import Executor, StageShards
from manyo.pipelines.engine.shapes import StageOutput
from manyo.pipelines.engine.stage import AnyStage
from manyo.pipelines.graph.build import build_stages
from manyo.pipelines.graph.config import Config
from manyo.pipelines.graph.dedup_stages import DUPLICATES
from manyo.pipelines.graph.takedown_stage import TAKEN_DOWN
from manyo.pipelines.graph.token_stages import PROVENANCE
from manyo.pipelines.run import finished, finished_stages, mark_out, record_takedowns, refuse_no_run, run_one
from manyo.tokenizer.mixture import Training

#: Exit status: done, but an entry of the list names no document of the run.
_EXIT_UNMATCHED = EXIT_NOTICES


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `manyo takedown`."""
    arguments.add_run(parser)
    arguments.add_execution(parser)
    parser.add_argument("list", metavar="LIST", help="a file with one URL, host, doc_id or identifier per line")
    parser.add_argument("--dry-run", action="store_true", help="show what the list names, and change nothing")
    arguments.add_listing(parser)
    parser.add_argument(
        "--reference", metavar="TEXT", help="where the requests can be read; for lines that name no reference"
    )


def run(options: argparse.Namespace) -> int:
    """Take down the documents of a list, print what has changed and which entries name nothing.

    Returns:
        0, or 3 if an entry of the list names no document of the run, or other configurations have released some too.

    Raises:
        UserError: as `take_down`.
        WorkFailed: as `take_down`.
    """
    config = read_config(options)
    selection = read_selection(options, config)
    if (options.json or selection) and not options.dry_run:
        raise UserError("takedown: --json, --source, --host and --profile show what a list names: add --dry-run")
    if options.list.lower().startswith(("http://", "https://")):
        # Reading it as a list would ask the very site that wants to be left alone.
        raise UserError(f"takedown: {options.list} is an address, not a list: write it into a file, and name the file")
    try:
        takedowns = read_takedowns(options.list)
    except (OSError, ValueError) as error:
        raise UserError(f"takedown: {error}") from error
    if not takedowns:
        raise UserError(f"takedown: {options.list} has no entry: write one URL, host, doc_id or identifier per line")
    if options.reference:
        takedowns = _with_reference(takedowns, options.reference)
    if options.dry_run:
        search = search_pages(finished_stages(config, ("extract",), "takedown")["extract"], takedowns, selection)
        steps = _steps_of_found(config, search)
        if options.json:
            return _print_as_json(search, takedowns, steps)
        _print_search(search, steps)
        print("nothing was changed")
        unmatched = [entry for entry in takedowns.entries if entry not in search.documents]
        return _print_unmatched(search, unmatched, without_addresses(config))
    with open_executor(options) as executor:
        done = take_down(config, takedowns, executor, choose_watcher(options))
    _print_changes(done)
    others = other_exits(config)
    for folder in others:
        print(f"{folder}: is of another configuration and was not changed; take down with that one too, or delete it")
    if not done.unmatched:
        return EXIT_NOTICES if others else 0
    of_unmatched = Takedowns({entry: takedowns.entries[entry] for entry in done.unmatched})
    search = search_pages(finished_stages(config, ("extract",), "takedown")["extract"], of_unmatched)
    status = _print_unmatched(search, done.unmatched, without_addresses(config))
    return max(status, EXIT_NOTICES if others else 0)


def other_exits(config: Config) -> list[str]:
    """Folders of the output with text that leaves manyo and that other configurations have made."""
    fs, path = filesystem(config.run.out)
    own = {stage.folder_name for stage in build_stages(config)}
    exits = ("release", "export", "encode", "tokenize")
    names = sorted(names_in(fs, path))
    return [join(config.run.out, one) for one in names if one.rpartition("-")[0] in exits and one not in own]


def _with_reference(takedowns: Takedowns, reference: str) -> Takedowns:
    """The list with a reference, and today as the day, for entries that have none."""
    today = datetime.now(UTC).date()
    return Takedowns(
        {
            entry: request if request.reference else Request(request.day or today, " ".join(reference.split()))
            for entry, request in takedowns.entries.items()
        }
    )


def _print_changes(done: TakenDown) -> None:
    print(f"documents of this run on its takedown list: {done.documents:,}")
    for shard, documents in done.release_shards.items():
        print(f"release {shard}: {documents:,} documents removed")
    for shard, tokens in done.token_shards.items():
        print(f"tokens {shard}: {tokens:,} tokens left")
        for one in done.removed:
            if one.shard == shard:
                print(f"    removed: tokens {one.first_token:,} to {one.first_token + one.token_count - 1:,}")
                if one.steps is not None:
                    print(f"    {_read_in(one.steps)}")
    if not (done.release_shards or done.token_shards):
        print("no shard had to be changed")
    for named, released in done.copies:
        print(f"document {named.hex()} was not released, but its text is, as document {released.hex()}")


def _print_search(search: Search, steps: Mapping[Entry, Sequence[int]] | None) -> None:
    for entry, found in search.documents.items():
        print(f"{plain(str(entry))}: {found.count:,} documents")
        for uri in found.first:
            print(f"    {plain(uri)}")
        if steps is not None:
            print(f"    {_read_in(steps[entry])}")


def _read_in(steps: Sequence[int]) -> str:
    return (
        f"read in training steps: {', '.join(f'{step:,}' for step in steps)}" if steps else "read in no training step"
    )


def _steps_of_found(config: Config, search: Search) -> dict[Entry, Sequence[int]] | None:
    """The steps of the run of [mix.training] that read documents of each entry; None if no such run is known."""
    if config.mix is None or config.mix.training is None or not search.documents:
        return None
    ids = [doc_id for found in search.documents.values() for doc_id in found.ids]
    wanted = pa.array(list(dict.fromkeys(ids)), DOC_ID)
    try:
        tokens = finished_stages(config, ("tokenize",), "takedown")["tokenize"]
        places = [
            Removed(shard.name, row["doc_id"], row["first_token"], row["token_count"])
            for shard in tokens.shards
            for row in _rows_of(tokens.uri(PROVENANCE, shard.name), wanted)
        ]
        known = _steps_of_training(config, config.mix.training, tokens.folder, places)
    except UserError as error:
        _warn_of_steps(error)
        return None
    of_document: dict[bytes, set[int]] = {}
    for place, steps in zip(places, known, strict=True):
        of_document.setdefault(place.doc_id, set()).update(steps)
    return {
        entry: sorted(set().union(*(of_document.get(one, set()) for one in found.ids)))
        for entry, found in search.documents.items()
    }


def _print_as_json(search: Search, takedowns: Takedowns, steps: Mapping[Entry, Sequence[int]] | None) -> int:
    """Print what each entry names, and return the exit status."""
    for entry in takedowns.entries:
        found = search.documents.get(entry, Found())
        n_refused = search.refused.get(entry, 0)
        nearest = search.nearest.get(entry, [])
        line = {"entry": str(entry), "documents": found.count, "first": found.first, "refused": n_refused}
        of_entry = {} if steps is None else {"steps": [*steps.get(entry, ())]}
        print_json({**line, **of_entry, "nearest": nearest})
    is_unmatched = any(entry not in search.documents and entry not in search.refused for entry in takedowns.entries)
    return _EXIT_UNMATCHED if is_unmatched else 0


def _print_unmatched(search: Search, unmatched: Sequence[Entry], nameless: str) -> int:
    """Print the entries that name no document, and return the exit status; `nameless` follows those of the web."""
    for entry in unmatched:
        if refused := search.refused.get(entry):
            print(f"{plain(str(entry))}: no document, but {refused:,} refused pages, which were never released")
            continue
        print(f"{plain(str(entry))}: names no page of this run{nameless if entry.host else ''}")
        for candidate in search.nearest.get(entry, ()):
            print(f"    nearest: {plain(candidate)}")
    return _EXIT_UNMATCHED if any(entry not in search.refused for entry in unmatched) else 0


@dataclass(frozen=True, slots=True)
class Removed:
    """A document that was removed from a token shard.

    Attributes:
        shard: name of the token shard.
        doc_id: id of the document.
        first_token: position of its first token in the shard before the removal.
        token_count: number of its tokens, including the end-of-document mark.
        steps: steps of the run of [mix.training] that read it; None if no such run is configured and mixed.
    """

    shard: str
    doc_id: bytes
    first_token: int
    token_count: int
    steps: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class TakenDown:
    """The changes that a takedown made.

    Attributes:
        documents: number of documents of the run that its takedown list matches, released or not.
        release_shards: name of each release shard that was written again, and the number of documents it lost.
        token_shards: name of each token shard that was written again, and the number of tokens it has now.
        removed: documents that were removed from token shards.
        copies: pairs of ids: a document that the list names, and the released document that replaced it in dedup, which
            the list does not name and whose text is the same or nearly the same.
        unmatched: entries of the list that name no document of the run.
    """

    documents: int
    release_shards: Mapping[str, int]
    token_shards: Mapping[str, int]
    removed: tuple[Removed, ...]
    copies: tuple[tuple[bytes, bytes], ...]
    unmatched: tuple[Entry, ...]


def take_down(config: Config, takedowns: Takedowns, executor: Executor, watcher: Watcher) -> TakenDown:
    """Add a list to the takedowns of a run, and write the shards again that hold a document of it.

    Stages that never began do not begin. After an interruption the same command continues.

    Args:
        config: configuration of the run.
        takedowns: the list.
        executor: runs the tasks.
        watcher: shows their progress.

    Returns:
        What has changed.

    Raises:
        UserError: a stage that release or token shards need is not finished.
        WorkFailed: a shard could not be written.
    """
    out = config.run.out
    refuse_no_run(config, "takedown")
    mark_out(out)
    record_takedowns(config, takedowns)
    with own(out, "takedown", "the requests are recorded; a run applies them before it ends, else try again"):
        return _bring_up_to_date(config, takedowns, executor, watcher)


def _bring_up_to_date(config: Config, takedowns: Takedowns, executor: Executor, watcher: Watcher) -> TakenDown:
    """Write again what holds a document of the run's takedown list."""
    out = config.run.out
    stages = build_stages(config)
    exits = ("release", "tokenize")
    before: dict[str, Mapping[str, Manifest]] = {name: {} for name in exits}
    before |= {stage.name: read_manifests(stage.folder(out)) for stage in stages if stage.name in exits}
    reached = [stage for stage in _reached(stages) if stage.name == "takedown" or read_manifests(stage.folder(out))]
    needed = {stage.name for one in reached for stage in (one, *_ancestors(one))}
    outputs: dict[str, StageOutput] = {}
    after: dict[str, Mapping[str, Manifest]] = {name: {} for name in exits}
    removed: list[Removed] = []
    taken: pa.Array = pa.array([], DOC_ID)
    matched: set[bytes] = set()
    with watcher:
        for stage in stages:
            if stage in reached:
                if stage.name == "tokenize":
                    removed += _with_steps(config, stage, list(_removed(stage, out, outputs, taken)))
                result = run_one(stage, outputs, out, executor, watcher)
                outputs[stage.name] = result.output
                if stage.name == "takedown":
                    taken, matched = _taken(result.output)
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
        unmatched=tuple(entry for entry in takedowns.entries if entry.digest not in matched),
    )


def _ancestors(stage: AnyStage) -> Iterator[AnyStage]:
    for needed in stage.needs:
        yield needed
        yield from _ancestors(needed)


def _reached(stages: Sequence[AnyStage]) -> list[AnyStage]:
    """The stage that finds the documents to take down, and all stages that read its result."""
    return [stage for stage in stages if "takedown" in {one.name for one in (stage, *_ancestors(stage))}]


def _taken(output: StageOutput) -> tuple[pa.Array, set[bytes]]:
    """The ids of all documents that are taken down, and the digests of the entries that name one."""
    ids, entries = [pa.array([], DOC_ID)], set[bytes]()
    for shard in output.shards:
        taken = read_columns(output.uri(TAKEN_DOWN, shard.name), ["doc_id", "entries"])
        ids.append(taken.column("doc_id"))
        entries.update(pc.unique(pc.list_flatten(taken.column("entries"))).to_pylist())
    return pa.concat_arrays(ids), entries


def _changed(before: Mapping[str, Manifest], after: Mapping[str, Manifest]) -> list[str]:
    return [shard for shard in sorted(after) if shard in before and before[shard].outputs != after[shard].outputs]


def _removed(stage: AnyStage, out: str, outputs: Mapping[str, StageOutput], taken: pa.Array) -> Iterator[Removed]:
    """Yield the documents to be removed from token shards, before these shards and their provenance are replaced."""
    plan = StageShards(stage, [outputs[needed.name] for needed in stage.needs], out)
    made = {manifest.shard for manifest in iter_manifests(plan.folder) if not plan.finish(manifest)}
    for task in plan.pending():
        if task.shard in made:
            for row in _rows_of(PROVENANCE.uri(plan.folder, task.shard), taken):
                yield Removed(task.shard, row["doc_id"], row["first_token"], row["token_count"])


def _rows_of(provenance: str, doc_ids: pa.Array) -> Iterator[dict[str, Any]]:
    """Yield the rows of documents in the sidecar of a token shard."""
    for batch in read_batches(provenance, ["doc_id", "first_token", "token_count"]):
        yield from batch.filter(pc.is_in(batch.column("doc_id"), value_set=doc_ids)).to_pylist()


def _with_steps(config: Config, tokenize: AnyStage, removed: Sequence[Removed]) -> Sequence[Removed]:
    """The removed documents with the training steps that read them: the indexes that tell are about to be replaced."""
    if not removed or config.mix is None or config.mix.training is None:
        return removed
    try:
        steps = _steps_of_training(config, config.mix.training, tokenize.folder(config.run.out), removed)
    except UserError as error:
        _warn_of_steps(error)
        return removed
    return [replace(one, steps=tuple(own)) for one, own in zip(removed, steps, strict=True)]


def _steps_of_training(
    config: Config, training: Training, folder: str, places: Sequence[Removed]
) -> Sequence[Sequence[int]]:
    """The steps of a training run that read each of some documents of the token shards in a folder."""
    planned = TrainingRun.plan(training, mix_arguments(config))
    return planned.steps_of([(PROVENANCE.uri(folder, one.shard), one.first_token) for one in places])


def _warn_of_steps(error: UserError) -> None:
    print(f"manyo: warning: the training steps of the documents are not known: {error}", file=sys.stderr)


def _copies(duplicates: StageOutput | None, takedown: StageOutput, taken: pa.Array) -> Iterator[tuple[bytes, bytes]]:
    """Yield pairs of a listed document that was dropped as a duplicate, and the released document that replaced it."""
    if duplicates is None:
        return
    repeats: dict[bytes, bytes] = {}
    within_sources: list[bytes] = []
    for shard in takedown.shards:
        named = read_columns(takedown.uri(TAKEN_DOWN, shard.name), ["doc_id"]).column("doc_id")
        for row in _rows(duplicates, shard.name, named) if named else ():
            repeats[row["doc_id"]] = row["cluster"]
            within_sources += [row["cluster"]] if row["within_source"] else []
    # The survivor within a source may itself repeat a document of another source.
    survivor_of = {
        row["doc_id"]: row["cluster"]
        for shard in (duplicates.shards if within_sources else ())
        for row in _rows(duplicates, shard.name, pa.array(within_sources, DOC_ID))
    }
    gone = set(taken.to_pylist())
    for doc_id, cluster in repeats.items():
        released = survivor_of.get(cluster, cluster)
        if released not in gone:
            yield doc_id, released


def _rows(duplicates: StageOutput, shard: str, doc_ids: pa.Array) -> Iterator[dict[str, Any]]:
    """Yield the rows of `duplicates` for the given documents that took part in dedup."""
    for batch in read_batches(duplicates.uri(DUPLICATES, shard), ["doc_id", "cluster", "within_source"]):
        rows = batch.filter(pc.is_in(batch.column("doc_id"), value_set=doc_ids))
        yield from rows.filter(pc.is_valid(rows.column("cluster"))).to_pylist()
