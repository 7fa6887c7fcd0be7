"""The stages that make the released text: benchmark leaks, masks, takedowns, export."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from manyo.corpus import schema
from manyo.corpus.own_parts import packages_of
from manyo.corpus.release import BENCHMARK_MASK, SPANS, in_view, is_kept, release_batch
from manyo.corpus.schema import DOC_ID
from manyo.corpus.tables import export as exports
from manyo.corpus.tables.export import Export
from manyo.corpus.tables.shards import (
    DamagedShard,
    publish,
    read_batches,
    write_shard,
    zip_batches,
)
from manyo.dedup import boilerplate
from manyo.filters import rights
from manyo.filters.benchmarks.items import digest
from manyo.filters.benchmarks.leaks import Decontaminate, benchmark_index
from manyo.filters.pii.scrub_settings import Scrub
from manyo.filters.signals import catalogue
from manyo.pipelines.engine.errors import UserError, WorkFailed
from manyo.pipelines.engine.shapes import map_some
from manyo.pipelines.engine.stage import AnyStage, AnyTask, NoSettings, Stage, Task
from manyo.pipelines.engine.stage_table import StageTable
from manyo.pipelines.graph.boilerplate_stages import BOILERPLATE
from manyo.pipelines.graph.config import Config
from manyo.pipelines.graph.dedup_stages import DUPLICATES
from manyo.pipelines.graph.extract_stages import DOCUMENTS
from manyo.pipelines.graph.filter_stages import DECISIONS, LANGUAGES, SIGNALS
from manyo.pipelines.graph.reading import read_all
from manyo.pipelines.graph.takedown_stage import taken_down_ids


@dataclass(frozen=True, slots=True)
class LeakSettings:
    """Which benchmarks are searched for, and the digests of their files."""

    decontaminate: Decontaminate
    digests: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ScrubSettings:
    """What is masked, by kinds of which other packages, and what is done with benchmark items.

    `leaks` is mask, drop, report, or None for no search.
    """

    pii: Scrub
    leaks: str | None
    packages: tuple[str, ...] = field(default=(), metadata={"decides": "if given"})


LEAKS = StageTable.parquet("leaks", schema.LEAKS.schema)
#: The release as if nothing were taken down; for the stages after it only.
SCRUBBED = StageTable.parquet("scrubbed", schema.RELEASE.schema)
RELEASE = StageTable.parquet("release", schema.RELEASE.schema, is_released=True)
EXPORT_PARQUET = StageTable("export", "export/{shard}.parquet", is_released=True)
EXPORT_JSONL = StageTable("export", "export/{shard}.jsonl.gz", is_released=True)


def leak_stages(config: Config, needs: tuple[AnyStage, ...]) -> tuple[AnyStage, ...]:
    """The search for benchmark items; empty if the configuration has no [decontaminate].

    Raises:
        UserError: a benchmark cannot be read.
    """
    settings = config.decontaminate
    if settings is None:
        return ()
    try:
        digests = tuple(digest(benchmark) for benchmark in settings.benchmark)
    except OSError as error:
        raise UserError(f"{config.path}: [[decontaminate.benchmark]] files: {error}") from error
    return (Stage("decontaminate", 3, LeakSettings(settings, digests), needs, (LEAKS,), find_leaks),)


def scrub_stage(config: Config, needs: tuple[AnyStage, ...]) -> AnyStage:
    """Documents that rules and dedup keep → `scrubbed`."""
    packages = packages_of("manyo.pii", (kind for kinds in config.scrub.kinds.values() for kind in kinds))
    settings = ScrubSettings(config.scrub, config.decontaminate.action if config.decontaminate else None, packages)
    return Stage("scrub", 12, settings, needs, (SCRUBBED,), scrub)


def release_stage(scrub: AnyStage, takedown: AnyStage) -> AnyStage:
    """`scrubbed` without `taken_down` → `release`."""
    return Stage("release", 5, NoSettings(), (scrub, takedown), (RELEASE,), release)


@dataclass(frozen=True, slots=True)
class Measured:
    """The stages that tell of documents what their export repeats."""

    extract: AnyStage
    langid: AnyStage
    measure: AnyStage
    duplicates: AnyStage


def export_stages(config: Config, release: AnyStage, measured: Measured) -> tuple[AnyStage, ...]:
    """The release for other tools; empty if the configuration has no [export].

    A shard that released nothing is no file: readers take types from the first file, or stop at an empty one. Takedowns
    do not change which files there are.

    Raises:
        UserError: a view of a view is asked for.
    """
    if config.export is None:
        return ()
    if "plain" not in (config.scrub.view, config.export.view):
        raise UserError(f"{config.path}: [export] view: the release is in the view of [scrub]; leave one of them out")
    table = {"jsonl": EXPORT_JSONL, "parquet": EXPORT_PARQUET}[config.export.format]
    of_signals = (measured.measure,) if config.export.signals else ()
    needs = (release, measured.extract, measured.langid, measured.duplicates, *of_signals)
    shape = map_some(lambda shard: shard.counts["documents"] + shard.counts["taken_down"] > 0)
    return (Stage("export", 4, config.export, needs, (table,), export, shape),)


def find_leaks(task: Task[LeakSettings]) -> Mapping[str, int]:
    """Documents that rules and dedup keep → benchmark items in them."""
    settings = task.settings.decontaminate
    try:
        index = benchmark_index(settings, task.settings.digests)
    except (OSError, ValueError) as error:
        raise WorkFailed(f"[[decontaminate.benchmark]]: {error}") from error
    counts: Counter[str] = Counter()

    def batches() -> Iterator[pa.RecordBatch]:
        for documents in _documents_to_release(task, ["text", "comments"]):
            leaks = [index.find_leaks(documents, part) for part in ("text", "comments")]
            counts["documents"] += documents.num_rows
            counts["contaminated"] += len(set().union(*(found.column("doc_id").to_pylist() for found in leaks)))
            yield from leaks

    counts["leaks"] = write_shard(task.output(LEAKS), LEAKS.schema, batches())
    return counts


#: The kind of spans that are benchmark items.
_BENCHMARK = "benchmark"


def scrub(task: Task[ScrubSettings]) -> Mapping[str, int]:
    """Documents that rules and dedup keep → their text without boilerplate, personal information and benchmarks."""
    counts: Counter[str] = Counter()
    settings = task.settings.pii
    leaks = pa.Table.from_batches(read_all(task.optional_inputs_of(LEAKS)), LEAKS.schema)

    def batches() -> Iterator[pa.RecordBatch]:
        for documents in _documents_to_release(
            task, ["source", "licence", "profile", "uri", "title", "text", "comments", "structure"]
        ):
            if task.settings.leaks == "drop":
                is_contaminated = pc.is_in(documents.column("doc_id"), value_set=leaks["doc_id"])
                counts["contaminated"] += is_contaminated.true_count
                documents = documents.filter(pc.invert(is_contaminated))
            scrubbed = masked(documents, leaks if task.settings.leaks == "mask" else leaks.slice(0, 0), settings)
            counts["documents"] += scrubbed.num_rows
            counts["text_bytes"] += pc.sum(pc.binary_length(scrubbed.column("text"))).as_py() or 0
            yield scrubbed

    write_shard(task.output(SCRUBBED), SCRUBBED.schema, batches())
    return counts


def masked(documents: pa.RecordBatch, leaks: pa.Table, settings: Scrub) -> pa.RecordBatch:
    """Release rows of documents without boilerplate: personal information and benchmark items masked, in the view.

    Args:
        documents: as `manyo.corpus.release.release_batch`, with `profile`.
        leaks: rows of `manyo.corpus.schema.LEAKS` to mask, of these documents and others.
        settings: what is masked, and the view of the texts.
    """
    text, title, uri, comments = _personal_information(documents, settings)
    if len(leaks):
        text = _with_leaks(text, documents, leaks.filter(pc.equal(leaks["part"], "text")))
        comments = _with_leaks(comments, documents, leaks.filter(pc.equal(leaks["part"], "comments")))
    masks = {**settings.masks, _BENCHMARK: BENCHMARK_MASK}
    is_numbered = settings.mask_style == "pseudonym"
    return in_view(release_batch(documents, text, title, uri, comments, masks, is_numbered), settings.view)


def _documents_to_release(task: AnyTask, columns: list[str]) -> Iterator[pa.RecordBatch]:
    """Columns of the documents that rules and dedup keep, without boilerplate."""
    for documents, decisions, marked, *lines in zip_batches(
        (task.input(DOCUMENTS), columns),
        (task.input(DECISIONS), ["reasons", "uses"]),
        (task.input(DUPLICATES), ["kept"]),
        *((uri, ["lines", "removed"]) for uri in task.optional_inputs_of(BOILERPLATE)),
    ):
        keep = pa.array(is_kept(decisions, marked))
        documents = documents.append_column("uses", decisions.column("uses")).filter(keep)
        for boilerplate_lines in lines:
            documents = boilerplate.without_boilerplate(documents, boilerplate_lines.filter(keep))
        yield documents


def _with_leaks(spans: pa.RecordBatch, documents: pa.RecordBatch, leaks: pa.Table) -> pa.RecordBatch:
    """Spans of a batch of documents, and those of the benchmark items in them."""
    rows = pc.index_in(leaks["doc_id"], value_set=documents.column("doc_id"))
    here = leaks.append_column("row", rows.cast(pa.int64())).filter(pc.is_valid(rows))
    if not len(here):
        return spans
    labels = {"kind": _BENCHMARK, "score": 1.0, "rule": "leak"}
    columns = [
        here[name] if name in here.column_names else pa.array([labels[name]] * len(here), SPANS.field(name).type)
        for name in SPANS.names
    ]
    together = pa.concat_tables([pa.Table.from_batches([spans]), pa.table(columns, schema=SPANS)])
    return together.combine_chunks().to_batches()[0]


def _personal_information(documents: pa.RecordBatch, settings: Scrub) -> Iterator[pa.RecordBatch]:
    """Spans to mask in text, title, uri and comments."""
    from manyo.filters.pii.find import find_by_profile  # a start needs none of its rules

    profiles = documents.column("profile").to_pylist()
    for column in ("text", "title", "uri", "comments"):
        yield find_by_profile(documents.column(column), profiles, settings)


def release(task: Task[NoSettings]) -> Mapping[str, int]:
    """Scrubbed text → the release: all documents that may be redistributed and are not taken down."""
    counts: Counter[str] = Counter()
    taken = taken_down_ids(task)

    def batches() -> Iterator[pa.RecordBatch]:
        for scrubbed in read_batches(task.input(SCRUBBED)):
            permitted = scrubbed.filter(rights.may(scrubbed.column("uses"), "redistribute"))
            released = permitted.filter(pc.invert(pc.is_in(permitted.column("doc_id"), value_set=taken)))
            counts["documents"] += released.num_rows
            counts["taken_down"] += permitted.num_rows - released.num_rows
            counts["not_redistributed"] += scrubbed.num_rows - permitted.num_rows
            counts["text_bytes"] += pc.sum(pc.binary_length(released.column("text"))).as_py() or 0
            yield released

    write_shard(task.output(RELEASE), RELEASE.schema, batches())
    return counts


def export(task: Task[Export]) -> Mapping[str, int]:
    """Release, and what other tables say of its documents → the same documents in the form of datatrove."""
    fields = {signal.column.name: pa.field(signal.column.name, signal.column.type) for signal in catalogue.SIGNALS}
    schema = exports.export_schema([fields[name] for name in task.settings.signals])
    documents = (
        exports.export_batch(released, about, schema, task.settings.view) for released, about in _with_facts(task)
    )
    if task.settings.format == "parquet":
        with publish(task.output(EXPORT_PARQUET)) as path:
            return {"documents": exports.write_parquet(path, schema, documents)}
    with publish(task.output(EXPORT_JSONL)) as path:
        return {"documents": exports.write_jsonl(path, documents)}


def _with_facts(task: Task[Export]) -> Iterator[tuple[pa.RecordBatch, pa.RecordBatch]]:
    """Batches of the release, each with the columns of other tables for its documents.

    Memory: the ids of a shard.

    Raises:
        DamagedShard: the release has documents that are not those of the other tables, or in another order.
    """
    uri = task.input(RELEASE)
    ids = pa.chunked_array([batch.column("doc_id") for batch in read_batches(uri, ["doc_id"])], DOC_ID)
    release = read_batches(uri)
    for tables in zip_batches(
        (task.input(DOCUMENTS), exports.DOCUMENT_COLUMNS),
        (task.input(LANGUAGES), exports.LANGUAGE_COLUMNS),
        (task.input(DUPLICATES), exports.DUPLICATE_COLUMNS),
        *((of_signals, task.settings.signals) for of_signals in task.optional_inputs_of(SIGNALS)),
    ):
        is_released = pc.is_in(tables[0].column("doc_id"), value_set=ids)
        if is_released.true_count:
            released = next(release, None)
            if released is None or not released.column("doc_id").equals(tables[0].column("doc_id").filter(is_released)):
                raise DamagedShard(uri, "its documents are not those of the tables that it was made from")
            columns = {name: table.column(name) for table in tables for name in table.schema.names}
            yield released, pa.RecordBatch.from_pydict(columns).filter(is_released)
    if next(release, None) is not None:
        raise DamagedShard(uri, "it has documents that are not in the tables that it was made from")
