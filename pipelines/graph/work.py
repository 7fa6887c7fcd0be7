"""What a task of each stage does: read its shards, call one package, publish its shards.

Each function here is the body of one stage (see `manyo.pipelines.graph.build`). It holds no
idea of its own: the ideas are in `corpus`, `filters`, `dedup` and `tokenizer`.
"""

from __future__ import annotations

import json
import math
from array import array
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from manyo.corpus.release import BENCHMARK_MASK, SPANS, is_kept, mask, passes_rules, release_batch
from manyo.corpus.schema import (
    BOILERPLATE,
    DECISIONS,
    DOC_ID,
    DOC_ID_BYTES,
    DUPLICATES,
    LANGUAGES,
    LEAKS,
    PROVENANCE,
    RELEASE,
    SIGNATURES,
    TAKEN_DOWN,
    TEXT,
)
from manyo.corpus.tables import export as exports
from manyo.corpus.tables.shards import (
    filesystem,
    join,
    publish,
    read_batches,
    read_columns,
    read_part,
    read_parts,
    write_parts,
    write_shard,
    zip_batches,
)
from manyo.corpus.takedowns import join_takedowns, read_takedowns
from manyo.dedup import boilerplate
from manyo.dedup.candidates.components import COMPONENTS, find_components
from manyo.dedup.candidates.pairs import KEYS, PAIRS, combine, first_number, ids_as_bytes, split
from manyo.dedup.same_address import ADDRESSES, SUPERSEDED, hashes_of, split_addresses, stand_ins
from manyo.dedup.sketch.minhash import signatures
from manyo.dedup.verdict import large
from manyo.dedup.verdict.alarms import LOSSES, add_losses, losses, raised
from manyo.dedup.verdict.clusters import CLUSTERS, duplicates, find_clusters, in_order, last_word, pick, repeats
from manyo.dedup.verdict.compared import COMPARED, INDEX, deal_compared, deal_indexed, link, measure_compared
from manyo.dedup.verdict.order import ORDER_COLUMNS, precedence
from manyo.filters import language, rights
from manyo.filters.benchmarks.leaks import Decontaminate, benchmark_index
from manyo.filters.pii import find as pii
from manyo.filters.rules import decide as rules
from manyo.filters.signals import catalogue as signals
from manyo.pipelines.engine.manifest import Manifest, iter_manifests
from manyo.pipelines.engine.stage import Task, WorkFailed
from manyo.pipelines.extraction import loop as extraction
from manyo.pipelines.extraction.isolation import extract_isolated
from manyo.pipelines.report import page as reports
from manyo.pipelines.report import statistics
from manyo.tokenizer import shuffle, train
from manyo.tokenizer.encode import Tokenizer
from manyo.tokenizer.merge import train_languages
from manyo.tokenizer.pack import (
    ENCODED_SCHEMA,
    RELEASE_COLUMNS,
    MegatronWriter,
    NpyStream,
    NpyWriter,
    TokenShardWriter,
    cut_documents,
    tokenize_batches,
)

Counts = Mapping[str, int]

#: Boilerplate lines in the report.
_LINES_SHOWN = 30

#: The libraries that decide what the output's bytes are.
_REPORTED_VERSIONS = (
    "manyo",
    "fastwarc",
    "resiliparse",
    "lxml",
    "numba",
    "pyarrow",
    "sentencepiece",
    "tokenizers",
    "ray",
)


def extract(task: Task) -> Counts:
    """Files of a source → documents and refused."""
    if task.input_shard is None:
        raise ValueError(f"shard {task.shard} names no input files")
    (source,) = [source for source in task.settings.sources if source.name == task.shard.split("/")[0]]
    return extract_isolated(
        extraction.Extraction(
            source=source,
            shard=task.input_shard,
            documents_uri=task.outputs["documents"],
            refused_uri=task.outputs["refused"],
            careful=False,
            record_timeout_s=task.settings.record_timeout_s,
        )
    )


def identify(task: Task) -> Counts:
    """Documents → languages."""
    documents = read_batches(task.input("documents"), ["doc_id", "profile", "text"])
    batches = (language.identify(batch, task.settings) for batch in documents)
    return {"documents": write_shard(task.outputs["languages"], LANGUAGES.schema, batches)}


def measure(task: Task) -> Counts:
    """Documents → signals."""
    documents = read_batches(task.input("documents"), ["doc_id", "text"])
    batches = (signals.measure(batch, task.settings) for batch in documents)
    return {"documents": write_shard(task.outputs["signals"], signals.signals_schema(task.settings), batches)}


def decide(task: Task) -> Counts:
    """Rights, profiles, languages and signals → decisions, with every reason why a document is not kept."""
    counts: Counter[str] = Counter()
    columns = rules.columns_by_table(task.settings.rules)

    def batches() -> Iterator[pa.RecordBatch]:
        for documents, languages, measured in zip_batches(
            (task.input("documents"), ["profile", *rights.COLUMNS, *columns.documents]),
            (task.input("languages"), columns.languages),
            (task.input("signals"), columns.signals),
        ):
            for name in columns.documents:
                measured = measured.append_column(name, documents.column(name))
            tried = task.settings.rules
            failed = rules.failures(languages, measured, documents.column("profile"), tried)
            barred = rights.barred(documents, task.settings.opted_out)
            names = [*rights.REASONS, *(rule.name for rule in tried)]
            decisions = rules.name_reasons(documents.column("doc_id"), np.hstack([barred, failed]), names)
            reasons = decisions.column("reasons")
            counts["documents"] += len(reasons)
            counts["kept"] += int(passes_rules(decisions).sum())
            for reason in pc.value_counts(pc.list_flatten(reasons).cast(pa.string())).to_pylist():
                counts[f"reason.{reason['values']}"] += reason["counts"]
            yield decisions

    write_shard(task.outputs["decisions"], DECISIONS.schema, batches())
    return counts


def sign(task: Task) -> Counts:
    """Documents → signatures."""
    documents = read_batches(task.input("documents"), ["doc_id", "profile", "text"])
    batches = (signatures(batch, task.settings) for batch in documents)
    return {"documents": write_shard(task.outputs["signatures"], SIGNATURES.schema, batches)}


def split_by_address(task: Task) -> Counts:
    """Addresses of the documents that the rules keep → their keys, dealt to parts."""
    parts: list[list[pa.RecordBatch]] = [[] for _ in range(task.settings.parts)]
    for documents, signed, decisions in zip_batches(
        (task.input("documents"), ["uri", *ORDER_COLUMNS]),
        (task.input("signatures"), ["chars"]),
        (task.input("decisions"), ["reasons"]),
    ):
        chars = signed.column("chars").to_numpy()
        for part, batch in zip(
            parts, split_addresses(documents, chars, passes_rules(decisions), task.settings), strict=True
        ):
            part.append(batch)
    write_parts(task.outputs["addresses"], ADDRESSES.schema, parts)
    return {}


def combine_addresses(task: Task) -> Counts:
    """One part of every shard's addresses → documents in whose place another page of their address stays."""
    part = task.part or 0
    superseded = stand_ins(read_part(uri, part) for uri in task.inputs["addresses"])
    return {"superseded": write_shard(task.outputs["superseded"], SUPERSEDED.schema, _in_batches(superseded))}


def split_keys(task: Task) -> Counts:
    """Signatures of the documents that take part → their keys, dealt to parts.

    In the second of two rounds those that repeat a document of their source take no part.
    """
    parts: list[list[pa.RecordBatch]] = [[] for _ in range(task.settings.parts)]
    out = pa.concat_arrays([_superseded(task).column("doc_id"), repeats(_of_shard(task, "source_shard_clusters"))])
    first = first_number(task.part or 0)
    n_keys = 0
    for documents, signed, decisions, *measured in zip_batches(
        (task.input("documents"), list(ORDER_COLUMNS)),
        (task.input("signatures"), SIGNATURES.schema.names),
        (task.input("decisions"), ["reasons"]),
        *_survivor_signal(task),
    ):
        documents = _with_signal(documents, measured)
        is_out = pc.is_in(documents.column("doc_id"), value_set=out)
        in_play = passes_rules(decisions) & ~is_out.to_numpy(zero_copy_only=False)
        places = precedence(documents, signed.column("chars").to_numpy(), task.settings)
        apart = hashes_of(documents.column("source")) if task.settings.within_sources else None
        dealt = split(signed, places, in_play, first, task.settings, len(parts), apart)
        for part, batch in zip(parts, dealt, strict=True):
            part.append(batch)
            n_keys += batch.num_rows
        first += signed.num_rows
    write_parts(task.outputs["keys"], KEYS.schema, parts)
    return {"keys": n_keys}


def combine_keys(task: Task) -> Counts:
    """One part of every shard's keys → candidate pairs, dealt to the shards of their documents."""
    part = task.part or 0
    uris = [*task.inputs["keys"], *task.inputs.get("indexed_keys", ())]
    pairs = combine((read_part(uri, part) for uri in uris), len(uris))
    write_parts(task.outputs["pairs"], PAIRS.schema, [[batch] for batch in pairs])
    return {"pairs": sum(batch.num_rows for batch in pairs)}


def write_index(task: Task) -> Counts:
    """Documents that take part → what later runs need to compare theirs with them, without the text."""
    taken = _taken_down(task)

    def batches() -> Iterator[pa.RecordBatch]:
        for documents, signed, decisions, *measured in zip_batches(
            (task.input("documents"), [*ORDER_COLUMNS, "profile", "text"]),
            (task.input("signatures"), SIGNATURES.schema.names),
            (task.input("decisions"), ["reasons"]),
            *_survivor_signal(task),
        ):
            documents = _with_signal(documents, measured)
            in_play = pc.and_not(passes_rules(decisions), pc.is_in(documents.column("doc_id"), value_set=taken))
            yield measure_compared(documents.filter(in_play), signed.filter(in_play), task.settings)

    return {"documents": write_shard(task.outputs["index"], INDEX.schema, batches())}


def split_indexed_keys(task: Task) -> Counts:
    """A shard of an earlier run's index → its keys, dealt to parts."""
    parts: list[list[pa.RecordBatch]] = [[] for _ in range(task.settings.parts)]
    first = first_number(task.part or 0)
    for indexed in read_batches(task.input("index")):
        everyone = np.ones(indexed.num_rows, bool)
        places = indexed.column("precedence").to_numpy()
        for part, batch in zip(parts, split(indexed, places, everyone, first, task.settings, len(parts)), strict=True):
            part.append(batch)
        first += indexed.num_rows
    write_parts(task.outputs["indexed_keys"], KEYS.schema, parts)
    return {}


def split_indexed(task: Task) -> Counts:
    """A shard of an earlier run's index → its documents that have candidates, dealt to their parts."""
    parts: list[list[pa.RecordBatch]] = [[] for _ in range(task.settings.parts)]
    linked = _linked(task)
    first = first_number(task.part or 0)
    for indexed in read_batches(task.input("index")):
        for part, batch in zip(parts, deal_indexed(indexed, first, linked, task.settings), strict=True):
            part.append(batch)
        first += indexed.num_rows
    write_parts(task.outputs["indexed"], COMPARED.schema, parts)
    return {}


def find_components_of_pairs(task: Task) -> Counts:
    """All pairs → parts that can be judged apart. Memory as `manyo.dedup.candidates.components.find_components`."""
    n_shards = len(task.inputs["keys"]) + len(task.inputs.get("indexed_keys", ()))
    n_documents = 0

    def pairs() -> Iterator[pa.RecordBatch]:
        return (batch for uri in task.inputs["pairs"] for batch in read_parts(uri))

    def parts() -> Iterator[list[pa.RecordBatch]]:
        nonlocal n_documents
        for batch in find_components(pairs, n_shards, task.settings.parts):
            n_documents += batch.num_rows
            yield [batch]

    write_parts(task.outputs["components"], COMPONENTS.schema, parts())
    return {"documents_with_candidates": n_documents}


def split_compared(task: Task) -> Counts:
    """Documents that have candidates → what comparing them takes, dealt to the parts of their components."""
    parts: list[list[pa.RecordBatch]] = [[] for _ in range(task.settings.parts)]
    linked = _linked(task)
    first = first_number(task.part or 0)
    for documents, signed, *measured in zip_batches(
        (task.input("documents"), [*ORDER_COLUMNS, "profile", "text"]),
        (task.input("signatures"), SIGNATURES.schema.names),
        *_survivor_signal(task),
    ):
        documents = _with_signal(documents, measured)
        for part, batch in zip(parts, deal_compared(documents, signed, first, linked, task.settings), strict=True):
            part.append(batch)
        first += signed.num_rows
    write_parts(task.outputs["compared"], COMPARED.schema, parts)
    return {"documents_with_candidates": linked.num_rows}


def _survivor_signal(task: Task) -> list[tuple[str, list[str]]]:
    """Where the signal that decides about survivors is read from, if one does."""
    return [(uri, [task.settings.survivor_signal]) for uri in task.inputs.get("signals", ())]


def _with_signal(documents: pa.RecordBatch, measured: Sequence[pa.RecordBatch]) -> pa.RecordBatch:
    """A batch of documents with the last column of their batch of `signals`, if there is one."""
    for batch in measured:
        name = batch.schema.names[-1]
        documents = documents.append_column(name, batch.column(name))
    return documents


def _linked(task: Task) -> pa.RecordBatch:
    """What pairs and components know of the shard's documents."""
    return link(read_part(task.input("components"), task.part or 0), _of_shard(task, "pairs"))


def cluster(task: Task) -> Counts:
    """One part's documents → its clusters. Memory as `manyo.dedup.verdict.clusters.find_clusters`."""
    part = task.part or 0
    round_of = "source_" if task.settings.within_sources else ""
    clusters, of_shards = find_clusters(
        (read_part(uri, part) for uri in [*task.inputs["compared"], *task.inputs.get("indexed", ())]),
        len(task.inputs["compared"]),
        task.settings,
    )
    write_parts(task.outputs[f"{round_of}shard_clusters"], CLUSTERS.schema, [[batch] for batch in of_shards])
    rows = write_shard(task.outputs[f"{round_of}clusters"], CLUSTERS.schema, _in_batches(clusters))
    return {"documents_in_clusters": rows}


def mark_duplicates(task: Task) -> Counts:
    """Documents, decisions and clusters → one row per document: survivor of its cluster, or duplicate of which."""
    superseded = _superseded(task)

    def judged_in(round_of: str) -> pa.RecordBatch:
        clusters = _of_shard(task, f"{round_of}shard_clusters")
        if superseded.num_rows:
            # What takes a document's place may lie in any shard. Both may name one row, which does no harm.
            everywhere = _read_all(task.inputs.get(f"{round_of}clusters", ()))
            clusters.append(pick(everywhere, ids_as_bytes(superseded.column("stand_in")), CLUSTERS))
        return in_order(clusters, CLUSTERS)

    judged = last_word(judged_in("source_"), judged_in(""))
    counts: Counter[str] = Counter()
    lost: list[pa.Table] = []
    sampled = large.largest([])

    def batches() -> Iterator[pa.RecordBatch]:
        nonlocal sampled
        for documents, decisions in zip_batches(
            (task.input("documents"), ["source", "uri"]), (task.input("decisions"), ["reasons"])
        ):
            kept = passes_rules(decisions)
            marked = duplicates(documents.column("doc_id"), kept, superseded, judged)
            lost.append(losses(documents, marked))
            sampled = large.largest([sampled, large.sample(documents, marked)])
            counts["documents"] += len(kept)
            counts["kept_by_rules"] += int(kept.sum())
            counts["survivors"] += pc.sum(marked.column("kept")).as_py() or 0
            yield marked

    write_shard(task.outputs["duplicates"], DUPLICATES.schema, batches())
    write_shard(task.outputs["losses"], LOSSES.schema, add_losses(lost).to_batches())
    write_shard(task.outputs["large_clusters"], large.LARGE_CLUSTERS.schema, sampled.combine_chunks().to_batches())
    return counts


def check_losses(task: Task) -> Counts:
    """Losses of all shards → losses of every source and host; fails if they, or a cluster, raise an alarm.

    Memory: about 200 bytes for each host of a source in a shard.
    """
    sampled = large.largest(_read_all(task.inputs["large_clusters"]))
    write_shard(task.outputs["largest_clusters"], large.LARGE_CLUSTERS.schema, sampled.combine_chunks().to_batches())
    lost = add_losses(_read_all(task.inputs["losses"]))
    clusters = _read_all([*task.inputs.get("source_clusters", ()), *task.inputs["clusters"]])
    alarms = list(raised(lost, clusters, task.settings))
    if alarms:
        more = f" (and {len(alarms) - 1} more alarms)" if len(alarms) > 1 else ""
        raise WorkFailed(
            f"{alarms[0]}{more}; look at the largest clusters in "
            f"{task.outputs['largest_clusters']}, or raise the limit and run again"
        )
    return {"hosts": write_shard(task.outputs["host_losses"], LOSSES.schema, lost.to_batches())}


def find_takedowns(task: Task) -> Counts:
    """Documents and the takedown list → the documents that it means."""
    takedowns = join_takedowns(map(read_takedowns, task.inputs["takedowns"]))
    documents = read_batches(task.input("documents"), ["doc_id", "uri"])
    batches = (takedowns.find(batch) for batch in documents) if takedowns else ()
    return {"documents": write_shard(task.outputs["taken_down"], TAKEN_DOWN.schema, batches)}


def split_lines(task: Task) -> Counts:
    """Documents that rules and dedup keep → their lines, counted and dealt to parts."""
    keys = [
        boilerplate.split_lines(documents, is_kept(decisions, marked), task.settings.boilerplate)
        for documents, decisions, marked in _unique(task)
    ]
    dealt = boilerplate.deal_lines(keys, task.settings.parts)
    write_parts(task.outputs["lines"], boilerplate.LINES.schema, [[batch] for batch in dealt])
    return {"lines": sum(batch.num_rows for batch in dealt)}


def combine_lines(task: Task) -> Counts:
    """One part of every shard's lines → those that repeat, dealt back to the shards that hold them."""
    shards = [read_part(uri, task.part or 0) for uri in task.inputs["lines"]]
    repeated = boilerplate.combine_lines(shards, task.settings.boilerplate)
    write_parts(task.outputs["repeated_lines"], boilerplate.LINES.schema, [[batch] for batch in repeated])
    return {}


def mark_boilerplate(task: Task) -> Counts:
    """Documents and the lines that repeat → which of each document's lines are boilerplate."""
    counts: Counter[str] = Counter()
    parts = _of_shard(task, "repeated_lines")
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


def find_leaks(task: Task) -> Counts:
    """Documents that rules and dedup keep → benchmark items in them."""
    settings: Decontaminate = task.settings.decontaminate
    try:
        index = benchmark_index(settings)
    except (OSError, ValueError) as error:
        raise WorkFailed(f"[[decontaminate.benchmark]]: {error}") from error
    counts: Counter[str] = Counter()

    def batches() -> Iterator[pa.RecordBatch]:
        for documents in _documents_to_release(task, ["text"]):
            leaks = index.find_leaks(documents)
            counts["documents"] += documents.num_rows
            counts["contaminated"] += pc.count_distinct(leaks.column("doc_id")).as_py()
            yield leaks

    counts["leaks"] = write_shard(task.outputs["leaks"], LEAKS.schema, batches())
    return counts


def scrub(task: Task) -> Counts:
    """Documents that rules and dedup keep → their text without boilerplate, personal information and benchmarks."""
    counts: Counter[str] = Counter()
    settings: pii.Scrub = task.settings.pii
    masks = {**settings.masks, _BENCHMARK: BENCHMARK_MASK}
    leaks = pa.Table.from_batches(_read_all(task.inputs.get("leaks", ())), LEAKS.schema)

    def batches() -> Iterator[pa.RecordBatch]:
        for documents in _documents_to_release(task, ["source", "licence", "profile", "uri", "title", "text"]):
            is_contaminated = pc.is_in(documents.column("doc_id"), value_set=leaks["doc_id"])
            if task.settings.leaks == "drop":
                counts["contaminated"] += is_contaminated.true_count
                documents = documents.filter(pc.invert(is_contaminated))
            text, title, uri = _personal_information(documents, settings)
            if task.settings.leaks == "mask" and is_contaminated.true_count:
                text = _with_leaks(text, documents, leaks)
            scrubbed = release_batch(documents, text, title, uri, masks, settings.mask_style == "pseudonym")
            counts["documents"] += scrubbed.num_rows
            counts["text_bytes"] += pc.sum(pc.binary_length(scrubbed.column("text"))).as_py() or 0
            yield scrubbed

    write_shard(task.outputs["scrubbed"], RELEASE.schema, batches())
    return counts


#: The kind of a span that is an item of a benchmark.
_BENCHMARK = "benchmark"


def _documents_to_release(task: Task, columns: list[str]) -> Iterator[pa.RecordBatch]:
    """Columns of the documents that rules and dedup keep, without boilerplate."""
    for documents, decisions, marked, *lines in zip_batches(
        (task.input("documents"), columns),
        (task.input("decisions"), ["reasons"]),
        (task.input("duplicates"), ["kept"]),
        *((uri, ["lines", "removed"]) for uri in task.inputs.get("boilerplate", ())),
    ):
        keep = pa.array(is_kept(decisions, marked))
        documents = documents.filter(keep)
        for boilerplate_lines in lines:
            documents = boilerplate.without_boilerplate(documents, boilerplate_lines.filter(keep))
        yield documents


def _with_leaks(spans: pa.RecordBatch, documents: pa.RecordBatch, leaks: pa.Table) -> pa.RecordBatch:
    """Spans of a batch of documents, and those of the benchmark items in them."""
    rows = pc.index_in(leaks["doc_id"], value_set=documents.column("doc_id"))
    here = leaks.append_column("row", rows.cast(pa.int64())).filter(pc.is_valid(rows))
    labels = {"kind": _BENCHMARK, "score": 1.0, "rule": "leak"}
    columns = [
        here[name] if name in here.column_names else pa.array([labels[name]] * len(here), SPANS.field(name).type)
        for name in SPANS.names
    ]
    together = pa.concat_tables([pa.Table.from_batches([spans]), pa.table(columns, schema=SPANS)])
    return together.combine_chunks().to_batches()[0]


def release(task: Task) -> Counts:
    """Scrubbed text → what is released of it: all but what was asked to be taken down."""
    counts: Counter[str] = Counter()
    taken = _taken_down(task)

    def batches() -> Iterator[pa.RecordBatch]:
        for scrubbed in read_batches(task.input("scrubbed")):
            released = scrubbed.filter(pc.invert(pc.is_in(scrubbed.column("doc_id"), value_set=taken)))
            counts["documents"] += released.num_rows
            counts["taken_down"] += scrubbed.num_rows - released.num_rows
            counts["text_bytes"] += pc.sum(pc.binary_length(released.column("text"))).as_py() or 0
            yield released

    write_shard(task.outputs["release"], RELEASE.schema, batches())
    return counts


def _taken_down(task: Task) -> pa.Array:
    """Ids of the shard's documents that are taken down."""
    return read_columns(task.input("taken_down"), ["doc_id"]).column("doc_id")


def _personal_information(documents: pa.RecordBatch, settings: pii.Scrub) -> Iterator[pa.RecordBatch]:
    """Spans to mask in text, title and uri."""
    profiles = documents.column("profile").to_pylist()
    for column in ("text", "title", "uri"):
        yield pii.find_by_profile(documents.column(column), profiles, settings)


def export(task: Task) -> Counts:
    """Release → the same documents as datatrove keeps them."""
    released = read_batches(task.input("release"))
    if task.settings.format == "parquet":
        batches = exports.parquet_batches(released)
        return {"documents": write_shard(task.outputs["export"], exports.SCHEMA, batches)}
    with publish(task.outputs["export"]) as path:
        return {"documents": exports.write_jsonl(path, released)}


def train_tokenizer(task: Task) -> Counts:
    """Scrubbed text → a SentencePiece model, trained on a sample, as if nothing were taken down: else every takedown
    would make a new vocabulary, and every token shard anew.

    Memory: as `train.sample_limits` and `train.train` say.
    """
    settings: train.TrainTokenizer = task.settings

    def batches() -> Iterator[pa.RecordBatch]:
        for uri in task.inputs["scrubbed"]:
            yield from read_batches(uri, ["doc_id", "source", "text"])

    limits = train.sample_limits(batches(), settings)

    def texts(sources: Collection[str]) -> Iterator[str]:
        own = {source: limits[source] for source in sources if source in limits}
        for batch in batches():
            sampled = pa.array(train.in_sample(batch, own, settings))
            yield from batch.column("text").filter(sampled).to_pylist()

    with publish(task.outputs["model"]) as path:
        try:
            if settings.language:
                train_languages(texts, settings, path)
            else:
                train.train(texts(limits), settings, path)
        except ValueError as error:
            raise WorkFailed(f"[tokenize.train]: {error}") from error
    return {}


def split_release(task: Task) -> Counts:
    """Scrubbed text → its documents, dealt to the parts of a shuffle; taken down ones go along, marked."""
    return {"documents": shuffle.split(task.outputs["dealt"], _marked(task), task.settings)}


def combine_release(task: Task) -> Counts:
    """One part of every shard of a source → its documents in shuffled order."""
    shuffled = shuffle.combine(task.inputs["dealt"], task.part or 0, task.settings)
    return {"documents": write_shard(task.outputs["shuffled"], shuffle.SHUFFLED_SCHEMA, shuffled)}


def encode(task: Task) -> Counts:
    """Scrubbed text, shuffled or not → token ids and where they came from."""
    tokenizer = Tokenizer.load(task.settings.model or task.input("model"), task.settings.eod_token)
    batches = read_batches(task.input("shuffled")) if "shuffled" in task.inputs else _marked(task)
    places = 0

    def origins() -> Iterator[pa.RecordBatch]:
        nonlocal places
        for encoded in tokenize_batches(batches, tokenizer, shard):
            places += pc.sum(encoded.column("token_count")).as_py() or 0
            yield encoded

    with publish(task.outputs["encoded"]) as path:
        with NpyWriter(path, tokenizer.dtype) as shard:
            write_shard(task.outputs["encoded_origins"], ENCODED_SCHEMA, origins())
        counts = shard.counts
    return {"documents": counts.documents, "tokens": counts.tokens, "token_places": places}


def _marked(task: Task) -> Iterator[pa.RecordBatch]:
    """Scrubbed text as `manyo.tokenizer.pack.TEXT_SCHEMA`."""
    taken = _taken_down(task)
    for batch in read_batches(task.input("scrubbed"), list(RELEASE_COLUMNS)):
        yield batch.append_column("taken_down", pc.is_in(batch.column("doc_id"), value_set=taken))


def tokenize(task: Task) -> Counts:
    """Token ids of a source → one token shard of the configured size, and its provenance."""
    encoded = list(zip(task.inputs["encoded"], task.inputs["encoded_origins"], strict=True))
    with NpyStream.open(encoded[0][0]) as ids:
        dtype = ids.dtype
    with ExitStack() as files:
        if "npy" in task.outputs:
            writer: TokenShardWriter = NpyWriter(files.enter_context(publish(task.outputs["npy"])), dtype)
        else:
            bin_path, idx_path = (files.enter_context(publish(task.outputs[table])) for table in ("bin", "idx"))
            writer = MegatronWriter(bin_path, idx_path, dtype)
        with writer as shard:
            provenance = cut_documents(encoded, task.part or 0, task.settings.shard_tokens, shard)
            write_shard(task.outputs["provenance"], PROVENANCE.schema, provenance)
    return {"documents": shard.counts.documents, "tokens": shard.counts.tokens}


def shard_statistics(task: Task) -> Counts:
    """Every table of one shard → additive counters for the report."""
    tables = statistics.ShardTables(
        leaks=next(iter(task.inputs.get("leaks", ())), None),
        **{
            table: task.input(table)
            for table in (
                "documents",
                "refused",
                "languages",
                "signals",
                "decisions",
                "duplicates",
                "taken_down",
                "release",
            )
        },
        boilerplate=task.input("boilerplate") if "boilerplate" in task.inputs else None,
    )
    _write_json(task.outputs["statistics"], statistics.shard_statistics(tables))
    return {}


def token_statistics(task: Task) -> Counts:
    """One token shard → additive counters for the report."""
    _write_json(task.outputs["token_statistics"], statistics.token_statistics(task.input("provenance")))
    return {}


def report(task: Task) -> Counts:
    """Counters of all shards, and the manifests of all stages → report.html and report.json."""
    counted = [*task.inputs["statistics"], *task.inputs["token_statistics"]]
    merged = statistics.merge(_read_json(uri) for uri in counted)
    out = task.stage_folder.rsplit("/", 1)[0]
    extracted: Counter[str] = Counter()
    timings = []
    started = math.inf
    for stage, folder in task.settings.stage_folders:
        timing, began = _timing(
            stage, iter_manifests(join(out, folder)), extracted if stage == "extract" else Counter()
        )
        timings.append(timing)
        started = min(started, began)
    facts = reports.RunFacts(
        config=task.settings.config_name,
        out=out,
        started=datetime.fromtimestamp(started, UTC).strftime("%Y-%m-%d %H:%M UTC"),
        versions={name: version(name) for name in _REPORTED_VERSIONS},
        outputs={table: join(out, folder) for table, folder in task.settings.table_folders},
        rules=list(task.settings.rule_names),
        pages=extracted["records"] - extracted["skipped"],
    )
    assembled = reports.assemble(merged, timings, facts, _samples(task))
    _write_json(task.outputs["json"], assembled)
    with publish(task.outputs["html"]) as path:
        path.write_text(reports.render(assembled), encoding="utf-8")
    return {}


def _samples(task: Task) -> reports.Samples:
    """Documents of the largest clusters and the most frequent boilerplate lines, masked as the release is; none of a
    document that is taken down."""
    taken_down = (batch.column("doc_id") for batch in _read_all(task.inputs["taken_down"]))
    taken = pa.chunked_array(taken_down, DOC_ID)
    clusters = [
        row
        for batch in _read_all(task.inputs["largest_clusters"])
        for row in batch.filter(pc.invert(pc.is_in(batch.column("doc_id"), value_set=taken))).to_pylist()
    ]
    of_hosts = task.inputs.get("boilerplate_lines")
    lines = boilerplate.most_frequent(_read_all(of_hosts), _LINES_SHOWN, taken) if of_hosts else None
    for rows, name in ((clusters, "uri"), (lines or [], "line")):
        texts = pa.array([row[name] for row in rows], TEXT)
        found = pii.find_by_profile(texts, ["web"] * len(rows), task.settings.scrub)
        spans: dict[int, list[tuple[int, int, str]]] = {}
        for span in found.to_pylist():
            spans.setdefault(span["row"], []).append((span["start"], span["stop"], span["kind"]))
        for at, row in enumerate(rows):
            row[name] = mask(row[name], spans.get(at, ()), task.settings.scrub.masks)
    return reports.Samples(clusters=clusters, boilerplate=lines)


def _timing(stage: str, manifests: Iterable[Manifest], counts: Counter[str]) -> tuple[reports.StageTiming, float]:
    """What a stage took, and when it began, in seconds since 1970; its counts are added up on the way.

    Memory: 16 bytes a shard.
    """
    seconds, ends = array("d"), array("d")
    sums: Counter[str] = Counter()
    cpu_seconds, began, peak, slowest = 0.0, math.inf, 0, (0.0, "")
    for manifest in manifests:
        counts.update(manifest.counts)
        seconds.append(manifest.seconds)
        ends.append(manifest.finished_at)
        began = min(began, manifest.finished_at - manifest.seconds)
        peak = max(peak, manifest.peak_memory_bytes)
        slowest = max(slowest, (manifest.seconds, manifest.shard))
        cpu_seconds += manifest.cpu_seconds
        sums["read"] += manifest.bytes_read
        sums["written"] += manifest.bytes_written
        sums["records"] += manifest.counts.get("records", manifest.counts.get("documents", 0))
    ended = np.sort(ends)
    timing = reports.StageTiming(
        stage=stage,
        shards=len(seconds),
        seconds=sum(seconds),
        wall_seconds=float(ended[-1]) - began if len(ended) else 0.0,
        bytes_read=sums["read"],
        bytes_written=sums["written"],
        peak_memory_bytes=peak,
        records=sums["records"],
        cpu_seconds=cpu_seconds,
        median_seconds=float(np.median(seconds)) if seconds else 0.0,
        slowest_seconds=slowest[0],
        slowest_shard=slowest[1],
        tail_seconds=float(ended[-1] - ended[math.ceil(0.9 * len(ended)) - 1]) if len(ended) else 0.0,
    )
    return timing, began


def _superseded(task: Task) -> pa.RecordBatch:
    """The shard's documents in whose place another page of their address stays; none where that is off."""
    return pick(_read_all(task.inputs.get("superseded", ())), _ids(task.input("documents")), SUPERSEDED)


def _of_shard(task: Task, table: str) -> list[pa.RecordBatch]:
    """What every part of a table holds for the task's shard; nothing where the run has no such table."""
    return [read_part(uri, task.part or 0) for uri in task.inputs.get(table, ())]


def _ids(uri: str) -> np.ndarray:
    """S16 (n_docs,), ids of a shard's documents."""
    return np.concatenate(
        [np.zeros(0, f"S{DOC_ID_BYTES}"), *(ids_as_bytes(batch.column(0)) for batch in read_batches(uri, ["doc_id"]))]
    )


def _read_all(uris: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """The batches of shards, one after another."""
    return (batch for uri in uris for batch in read_batches(uri))


def _in_batches(whole: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """Slices of a batch of fixed-width rows, so that whoever reads the shard holds a few megabytes."""
    return (whole.slice(start, 1 << 18) for start in range(0, whole.num_rows, 1 << 18))


def _read_json(uri: str) -> Any:
    fs, path = filesystem(uri)
    return json.loads(fs.cat_file(path))


def _write_json(uri: str, value: Any) -> None:
    with publish(uri) as path:
        path.write_text(json.dumps(value, ensure_ascii=False, sort_keys=True), encoding="utf-8")
