"""The stage that turns files of sources into documents and refused pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from manyo.corpus import schema
from manyo.corpus.own_parts import packages_of
from manyo.corpus.records import UnfitOptions
from manyo.corpus.sources.source_kinds import Source
from manyo.pipelines.engine.errors import UserError
from manyo.pipelines.engine.shapes import (
    Shape,
    Unit,
    Upstream,
    by_name,
    digest_of,
)
from manyo.pipelines.engine.stage import AnyStage, Stage, Task
from manyo.pipelines.engine.stage_table import StageTable
from manyo.pipelines.extraction import loop as extraction
from manyo.pipelines.extraction.inputs import pack_source
from manyo.pipelines.extraction.isolation import extract_isolated
from manyo.pipelines.graph.config import Config, Sample


@dataclass(frozen=True, slots=True)
class ExtractSettings:
    """What decides how records become documents."""

    sources: tuple[Source, ...]
    record_timeout_s: float
    packages: tuple[str, ...] = field(default=(), metadata={"decides": "if given"})


DOCUMENTS = StageTable.parquet("documents", schema.DOCUMENTS.schema)
REFUSED = StageTable.parquet("refused", schema.REFUSED.schema)
OCR_QUEUE = StageTable.parquet("ocr_queue", schema.OCR_QUEUE.schema)


def extract_stage(config: Config) -> AnyStage:
    """Files of the sources → `documents`, `refused` and `ocr_queue`."""
    return Stage(
        name="extract",
        version=18,
        settings=ExtractSettings(config.sources, config.extract.record_timeout_s, _packages(config.sources)),
        needs=(),
        tables=(DOCUMENTS, REFUSED, OCR_QUEUE),
        shape=files_of(config.sources, config.sample, config.run.out),
        work=extract,
        memory_bytes=3 << 30,
    )


def _packages(sources: tuple[Source, ...]) -> tuple[str, ...]:
    """Other packages whose sources and extractors are used, with their versions."""
    extractors = (str(getattr(source.options, "extractor", "")) for source in sources)
    return (
        *packages_of("manyo.sources", (source.kind for source in sources)),
        *packages_of("manyo.main_text", extractors),
    )


def files_of(sources: tuple[Source, ...], sample: Sample | None, out: str) -> Shape:
    """The shape of one task per shard of input files of some sources, none of which is below the output."""

    def shape(_: Upstream) -> list[Unit]:
        return by_name(
            Unit(
                name=shard.name,
                inputs={},
                digest=digest_of(
                    f"{role}{file.uri} {file.size_bytes} {file.version} {file.name}"
                    for role, files in (("", shard.files), ("beside ", shard.sidecars))
                    for file in files
                ),
                size_bytes=shard.size_bytes,
                input_shard=shard,
            )
            for source in sources
            for shard in (sample(source, pack_source(source, out)) if sample else pack_source(source, out))
        )

    return shape


def extract(task: Task[ExtractSettings]) -> Mapping[str, int]:
    """Files of a source → documents and refused.

    Raises:
        UserError: the options of the source do not fit a file.
    """
    if task.input_shard is None:
        raise ValueError(f"{task.shard}: this task has no input files")
    (source,) = [source for source in task.settings.sources if source.name == task.shard.split("/")[0]]
    try:
        return extract_isolated(
            extraction.Extraction(
                source=source,
                shard=replace(task.input_shard, budget_share=1 / task.n_at_once),
                documents_uri=task.output(DOCUMENTS),
                refused_uri=task.output(REFUSED),
                ocr_queue_uri=task.output(OCR_QUEUE),
                careful=False,
                record_timeout_s=task.settings.record_timeout_s,
                owner=task.owner,
                credentials=task.credentials,
            )
        )
    except UnfitOptions as error:
        raise UserError(f"[[source]] {source.name}: {error}") from error
