"""The stages that make the released text: benchmark leaks, masks, takedowns, export."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from manyo.corpus.release import BENCHMARK_MASK, SPANS, is_kept, release_batch
from manyo.corpus.schema import (
    LEAKS,
    RELEASE,
)
from manyo.corpus.tables import export as exports
from manyo.corpus.tables.shards import (
    publish,
    read_batches,
    write_shard,
    zip_batches,
)
from manyo.dedup import boilerplate
from manyo.filters.benchmarks.items import digest
from manyo.filters.benchmarks.leaks import Decontaminate, benchmark_index
from manyo.filters.pii import find as pii
from manyo.filters.pii.find import Scrub
from manyo.pipelines.engine.stage import NoSettings, Stage, Task, UserError, WorkFailed, map_stage
from manyo.pipelines.graph.config import Config
from manyo.pipelines.graph.reading import read_all, taken_down


@dataclass(frozen=True, slots=True)
class LeakSettings:
    """Which benchmarks are looked for, and the digests of their files."""

    decontaminate: Decontaminate
    digests: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ScrubSettings:
    """What is masked, and what is done with benchmark items; None where none is looked for."""

    pii: Scrub
    leaks: str | None


def leak_stages(config: Config, needs: tuple[Stage, ...]) -> tuple[Stage, ...]:
    """What looks for benchmarks, where the configuration asks for it."""
    settings = config.decontaminate
    if settings is None:
        return ()
    try:
        digests = tuple(digest(benchmark) for benchmark in settings.benchmark)
    except OSError as error:
        raise UserError(f"{config.path}: [[decontaminate.benchmark]] files: {error}") from error
    return (map_stage("decontaminate", 2, LeakSettings(settings, digests), needs, "leaks", find_leaks),)


def scrub_stage(config: Config, needs: tuple[Stage, ...]) -> Stage:
    """Documents that rules and dedup keep → `scrubbed`."""
    settings = ScrubSettings(config.scrub, config.decontaminate.action if config.decontaminate else None)
    return map_stage("scrub", 4, settings, needs, "scrubbed", scrub)


def release_stage(scrub: Stage, takedown: Stage) -> Stage:
    """`scrubbed` without `taken_down` → `release`."""
    return map_stage("release", 3, NoSettings(), (scrub, takedown), "release", release)


def export_stages(config: Config, release: Stage) -> tuple[Stage, ...]:
    """The release for other tools, where the configuration asks for it."""
    if config.export is None:
        return ()
    ending = {"jsonl": ".jsonl.gz", "parquet": ".parquet"}[config.export.format]
    return (map_stage("export", 1, config.export, (release,), "export", export, ending),)


def find_leaks(task: Task) -> Mapping[str, int]:
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


#: The kind of a span that is an item of a benchmark.
_BENCHMARK = "benchmark"


def scrub(task: Task) -> Mapping[str, int]:
    """Documents that rules and dedup keep → their text without boilerplate, personal information and benchmarks."""
    counts: Counter[str] = Counter()
    settings: pii.Scrub = task.settings.pii
    masks = {**settings.masks, _BENCHMARK: BENCHMARK_MASK}
    leaks = pa.Table.from_batches(read_all(task.inputs.get("leaks", ())), LEAKS.schema)

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


def _personal_information(documents: pa.RecordBatch, settings: pii.Scrub) -> Iterator[pa.RecordBatch]:
    """Spans to mask in text, title and uri."""
    profiles = documents.column("profile").to_pylist()
    for column in ("text", "title", "uri"):
        yield pii.find_by_profile(documents.column(column), profiles, settings)


def release(task: Task) -> Mapping[str, int]:
    """Scrubbed text → what is released of it: all but what was asked to be taken down."""
    counts: Counter[str] = Counter()
    taken = taken_down(task)

    def batches() -> Iterator[pa.RecordBatch]:
        for scrubbed in read_batches(task.input("scrubbed")):
            released = scrubbed.filter(pc.invert(pc.is_in(scrubbed.column("doc_id"), value_set=taken)))
            counts["documents"] += released.num_rows
            counts["taken_down"] += scrubbed.num_rows - released.num_rows
            counts["text_bytes"] += pc.sum(pc.binary_length(released.column("text"))).as_py() or 0
            yield released

    write_shard(task.outputs["release"], RELEASE.schema, batches())
    return counts


def export(task: Task) -> Mapping[str, int]:
    """Release → the same documents as datatrove keeps them."""
    released = read_batches(task.input("release"))
    if task.settings.format == "parquet":
        batches = exports.parquet_batches(released)
        return {"documents": write_shard(task.outputs["export"], exports.SCHEMA, batches)}
    with publish(task.outputs["export"]) as path:
        return {"documents": exports.write_jsonl(path, released)}
