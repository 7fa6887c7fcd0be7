"""What a task of each stage does: read its shards, call one package, publish its shards.

Each function here is the body of one stage (see `pipelines.stages`). It holds no
idea of its own: the ideas are in `corpus`, `filters`, `dedup` and `tokenizer`.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from corpus.release import release_batch
from corpus.schema import DECISIONS, DUPLICATES, LANGUAGES, PAIRS, PROVENANCE, RELEASE, SIGNATURES
from corpus.shards import filesystem, join, publish, read_batches, read_part, write_parts, write_shard, zip_batches
from dedup.clusters import CLUSTERS, duplicates, find_clusters
from dedup.minhash import signatures
from dedup.pairs import KEYS, combine, split
from filters import language, pii, rules, signals
from pipelines import extract as extraction
from pipelines import report as reports
from pipelines import statistics
from pipelines.engine import Task
from pipelines.isolation import extract_isolated
from pipelines.manifest import Manifest, read_manifests
from tokenizer import train
from tokenizer.encode import Tokenizer
from tokenizer.pack import RELEASE_COLUMNS, TokenShardWriter, tokenize_batches

Counts = Mapping[str, int]

#: The libraries that decide what the output's bytes are.
_REPORTED_VERSIONS = ("manyo", "fastwarc", "resiliparse", "lxml", "numba", "pyarrow", "sentencepiece", "ray")


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
    batches = (signals.measure(batch) for batch in documents)
    return {"documents": write_shard(task.outputs["signals"], signals.SCHEMA, batches)}


def decide(task: Task) -> Counts:
    """Profiles, languages and signals → decisions, with every rule that a document fails."""
    counts: Counter[str] = Counter()
    source_columns = [column.name for column in rules.DOCUMENT_COLUMNS]

    def batches() -> Iterator[pa.RecordBatch]:
        for documents, languages, measured in zip_batches(
            (task.input("documents"), ["profile", *source_columns]),
            (task.input("languages"), LANGUAGES.schema.names),
            (task.input("signals"), signals.SCHEMA.names),
        ):
            for name in source_columns:
                measured = measured.append_column(name, documents.column(name))
            decisions = rules.decide(languages, measured, documents.column("profile"), task.settings.rules)
            reasons = decisions.column("reasons")
            counts["documents"] += len(reasons)
            counts["kept"] += pc.sum(pc.equal(pc.list_value_length(reasons), 0)).as_py() or 0
            for reason in pc.value_counts(pc.list_flatten(reasons).cast(pa.string())).to_pylist():
                counts[f"reason.{reason['values']}"] += reason["counts"]
            yield decisions

    write_shard(task.outputs["decisions"], DECISIONS.schema, batches())
    return counts


def sign(task: Task) -> Counts:
    """Documents → signatures."""
    documents = read_batches(task.input("documents"), ["doc_id", "text"])
    batches = (signatures(batch, task.settings) for batch in documents)
    return {"documents": write_shard(task.outputs["signatures"], SIGNATURES.schema, batches)}


def split_keys(task: Task) -> Counts:
    """Signatures of the documents that the rules keep → their band keys, dealt to parts."""
    parts: list[list[pa.RecordBatch]] = [[] for _ in range(task.settings.parts)]
    n_keys = 0
    for signed, decisions in zip_batches(
        (task.input("signatures"), SIGNATURES.schema.names), (task.input("decisions"), ["reasons"])
    ):
        for part, batch in zip(parts, split(signed, _kept(decisions), task.settings, len(parts)), strict=True):
            part.append(batch)
            n_keys += batch.num_rows
    write_parts(task.outputs["keys"], KEYS.schema, parts)
    return {"keys": n_keys}


def combine_keys(task: Task) -> Counts:
    """One part of every shard's keys → candidate pairs."""
    part = task.part or 0
    pairs = combine(read_part(uri, part) for uri in task.inputs["keys"])
    return {"pairs": write_shard(task.outputs["pairs"], PAIRS.schema, [pairs])}


def cluster(task: Task) -> Counts:
    """All pairs and the signatures of their documents → clusters. Memory as `dedup.clusters.find_clusters`."""
    clusters = find_clusters(
        (batch for uri in task.inputs["pairs"] for batch in read_batches(uri)),
        (batch for uri in task.inputs["signatures"] for batch in read_batches(uri)),
        task.settings,
    )
    return {"documents_in_clusters": write_shard(task.outputs["clusters"], CLUSTERS.schema, [clusters])}


def mark_duplicates(task: Task) -> Counts:
    """Documents, decisions and clusters → one row per document: survivor of its cluster, or duplicate of which."""
    clusters = _whole(task.input("clusters"), CLUSTERS.schema)
    counts: Counter[str] = Counter()

    def batches() -> Iterator[pa.RecordBatch]:
        for documents, decisions in zip_batches((task.input("documents"), []), (task.input("decisions"), ["reasons"])):
            kept = _kept(decisions)
            marked = duplicates(documents.column("doc_id"), kept, clusters)
            counts["documents"] += len(kept)
            counts["kept_by_rules"] += int(kept.sum())
            counts["survivors"] += pc.sum(marked.column("kept")).as_py() or 0
            yield marked

    write_shard(task.outputs["duplicates"], DUPLICATES.schema, batches())
    return counts


def release(task: Task) -> Counts:
    """Documents that rules and dedup keep → release, with personal information masked."""
    counts: Counter[str] = Counter()

    def batches() -> Iterator[pa.RecordBatch]:
        columns = ["source", "licence", "profile", "uri", "title", "text"]
        for documents, decisions, marked in zip_batches(
            (task.input("documents"), columns),
            (task.input("decisions"), ["reasons"]),
            (task.input("duplicates"), ["kept"]),
        ):
            keep = _kept(decisions) & marked.column("kept").to_numpy(zero_copy_only=False)
            documents = documents.filter(pa.array(keep))
            text, title, uri = _personal_information(documents, task.settings)
            released = release_batch(documents, text, title, uri, task.settings.masks)
            counts["documents"] += released.num_rows
            counts["text_bytes"] += pc.sum(pc.binary_length(released.column("text"))).as_py() or 0
            yield released

    write_shard(task.outputs["release"], RELEASE.schema, batches())
    return counts


def _personal_information(documents: pa.RecordBatch, settings: pii.Scrub) -> Iterator[pa.RecordBatch]:
    """Spans to mask in text, title and uri."""
    profiles = documents.column("profile").to_pylist()
    for column in ("text", "title", "uri"):
        yield pii.find_by_profile(documents.column(column), profiles, settings)


def train_tokenizer(task: Task) -> Counts:
    """Release → a SentencePiece model, trained on a sample. Memory as `train.sample_limits` and `train.train` say."""
    settings: train.TrainTokenizer = task.settings

    def batches() -> Iterator[pa.RecordBatch]:
        for uri in task.inputs["release"]:
            yield from read_batches(uri, ["doc_id", "source", "text"])

    limits = train.sample_limits(batches(), settings)
    sampled = (batch.filter(pa.array(train.in_sample(batch, limits, settings))) for batch in batches())
    texts = (text for batch in sampled for text in batch.column("text").to_pylist())
    with publish(task.outputs["model"]) as path:
        train.train(texts, settings, path)
    return {}


def tokenize(task: Task) -> Counts:
    """Release shards → one token shard and its provenance."""
    tokenizer = Tokenizer.load(task.settings.model or task.input("model"))
    release_batches = (batch for uri in task.inputs["release"] for batch in read_batches(uri, list(RELEASE_COLUMNS)))
    with publish(task.outputs["bin"]) as bin_path, publish(task.outputs["idx"]) as idx_path:
        with TokenShardWriter(bin_path, idx_path, tokenizer.dtype) as shard:
            provenance = tokenize_batches(release_batches, tokenizer, shard)
            write_shard(task.outputs["provenance"], PROVENANCE.schema, provenance)
        counts = shard.counts
    return {"documents": counts.documents, "tokens": counts.tokens}


def shard_statistics(task: Task) -> Counts:
    """Every table of one shard → additive counters for the report."""
    tables = statistics.ShardTables(
        **{
            table: task.input(table)
            for table in ("documents", "refused", "languages", "signals", "decisions", "duplicates", "release")
        }
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
    manifests = {stage: read_manifests(join(out, folder)) for stage, folder in task.settings.stage_folders}
    extracted: Counter[str] = Counter()
    for manifest in manifests["extract"].values():
        extracted.update(manifest.counts)
    facts = reports.RunFacts(
        config=task.settings.config_name,
        out=out,
        started=_started([manifest for stage in manifests.values() for manifest in stage.values()]),
        versions={name: version(name) for name in _REPORTED_VERSIONS},
        outputs={table: join(out, folder) for table, folder in task.settings.table_folders},
        rules=list(task.settings.rule_names),
        pages=extracted["records"] - extracted["skipped"],
    )
    timings = [_timing(stage, list(finished.values())) for stage, finished in manifests.items()]
    assembled = reports.assemble(merged, timings, facts)
    _write_json(task.outputs["json"], assembled)
    with publish(task.outputs["html"]) as path:
        path.write_text(reports.render(assembled), encoding="utf-8")
    return {}


def _timing(stage: str, manifests: Sequence[Manifest]) -> reports.StageTiming:
    started = min((manifest.finished_at - manifest.seconds for manifest in manifests), default=0.0)
    return reports.StageTiming(
        stage=stage,
        shards=len(manifests),
        seconds=sum(manifest.seconds for manifest in manifests),
        wall_seconds=max((manifest.finished_at for manifest in manifests), default=0.0) - started,
        bytes_read=sum(manifest.bytes_read for manifest in manifests),
        bytes_written=sum(manifest.bytes_written for manifest in manifests),
        peak_memory_bytes=max((manifest.peak_memory_bytes for manifest in manifests), default=0),
        records=sum(manifest.counts.get("records", manifest.counts.get("documents", 0)) for manifest in manifests),
    )


def _started(manifests: Sequence[Manifest]) -> str:
    earliest = min((manifest.finished_at - manifest.seconds for manifest in manifests), default=0.0)
    return datetime.fromtimestamp(earliest, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _kept(decisions: pa.RecordBatch) -> np.ndarray:
    """bool (n_docs,): documents that fail no rule."""
    kept: np.ndarray = pc.equal(pc.list_value_length(decisions.column("reasons")), 0).to_numpy(zero_copy_only=False)
    return kept


def _whole(uri: str, schema: pa.Schema) -> pa.RecordBatch:
    """A shard as one batch."""
    batches = pa.Table.from_batches(read_batches(uri), schema).combine_chunks().to_batches()
    return batches[0] if batches else pa.RecordBatch.from_pylist([], schema=schema)


def _read_json(uri: str) -> Any:
    fs, path = filesystem(uri)
    return json.loads(fs.cat_file(path))


def _write_json(uri: str, value: Any) -> None:
    with publish(uri) as path:
        path.write_text(json.dumps(value, ensure_ascii=False, sort_keys=True), encoding="utf-8")
