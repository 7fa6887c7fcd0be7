"""The stage that turns files of sources into documents and refused pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from manyo.corpus.sources import Source
from manyo.pipelines.engine.shapes import (
    Plan,
    Unit,
    Upstream,
    by_name,
    digest_of,
)
from manyo.pipelines.engine.stage import Stage, Task, parquet
from manyo.pipelines.extraction import loop as extraction
from manyo.pipelines.extraction.inputs import plan_source
from manyo.pipelines.extraction.isolation import extract_isolated
from manyo.pipelines.graph.config import Config, Sample


@dataclass(frozen=True, slots=True)
class ExtractSettings:
    """What decides how records become documents."""

    sources: tuple[Source, ...]
    record_timeout_s: float


def extract_stage(config: Config) -> Stage:
    """Files of the sources → `documents` and `refused`."""
    return Stage(
        name="extract",
        version=9,
        settings=ExtractSettings(config.sources, config.extract.record_timeout_s),
        needs=(),
        tables=parquet("documents", "refused"),
        plan=_plan_inputs(config.sources, config.sample),
        work=extract,
        memory_bytes=3 << 30,
    )


def _plan_inputs(sources: tuple[Source, ...], sample: Sample | None) -> Plan:
    """The extract stage reads files instead of shards."""

    def plan(_: Upstream) -> list[Unit]:
        return by_name(
            Unit(
                name=shard.name,
                inputs={},
                digest=digest_of(
                    f"{file.uri} {file.size_bytes} {file.version}" for file in (*shard.files, *shard.sidecars)
                ),
                size_bytes=shard.size_bytes,
                input_shard=shard,
            )
            for source in sources
            for shard in (sample(source, plan_source(source)) if sample else plan_source(source))
        )

    return plan


def extract(task: Task) -> Mapping[str, int]:
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
