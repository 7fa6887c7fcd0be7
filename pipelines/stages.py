"""The graph: which stages there are, what each reads, and in what shape.

```
extract ─▶ langid ─▶ measure ─▶ decide ─┐
   │                                    ├─▶ keys ═▶ pairs ─▶ clusters ─▶ duplicates ─▶ release ─▶ train ─▶ tokenize
   └─────▶ signatures ──────────────────┘                                                 every table ─▶ report
```
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from filters.rules import Rule
from pipelines import work
from pipelines.config import Config
from pipelines.engine import Stage, UserError, Work
from pipelines.extract import Source
from pipelines.inputs import plan_source
from pipelines.manifest import describe_output
from pipelines.shapes import (
    FinishedShard,
    Plan,
    Unit,
    Upstream,
    combine_parts,
    digest_of,
    gather,
    map_groups,
    map_shards,
    with_gathered,
)
from tokenizer.encode import Tokenizer

#: The command `manyo COMMAND` runs these stages.
COMMANDS: Mapping[str, tuple[str, ...]] = {
    "extract": ("extract",),
    "langid": ("langid",),
    "filter": ("measure", "decide"),
    "dedup": ("signatures", "keys", "pairs", "clusters", "duplicates"),
    "scrub": ("release",),
    "tokenize": ("train", "tokenize"),
    "report": ("statistics", "token_statistics", "report"),
}


@dataclass(frozen=True, slots=True)
class ExtractSettings:
    """What decides how records become documents."""

    sources: tuple[Source, ...]
    record_timeout_s: float


@dataclass(frozen=True, slots=True)
class NoSettings:
    """For stages that are fixed by their code."""


@dataclass(frozen=True, slots=True)
class DecideSettings:
    """The rules."""

    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class TokenizeSettings:
    """The model, and the digest of its bytes where it is a file; None where the train stage makes it."""

    model: str | None
    model_digest: str | None
    shard_bytes: int


@dataclass(frozen=True, slots=True)
class ReportSettings:
    """What the report says about the run, beside its tables.

    Attributes:
        config_name: file name of the configuration.
        rule_names: in the order in which they are tried.
        stage_folders: stage and folder name below the output URI; their manifests give times and sizes.
        table_folders: table and folder below the output URI.
    """

    config_name: str
    rule_names: tuple[str, ...]
    stage_folders: tuple[tuple[str, str], ...]
    table_folders: tuple[tuple[str, str], ...]


def build_stages(config: Config) -> tuple[Stage, ...]:
    """The stages of a configuration, each after those it needs.

    Raises:
        UserError: the tokenizer's model is missing or no SentencePiece model.
    """
    extract = Stage(
        name="extract",
        version=2,
        settings=ExtractSettings(config.sources, config.extract.record_timeout_s),
        needs=(),
        tables=_parquet("documents", "refused"),
        plan=_plan_inputs(config.sources),
        work=work.extract,
        memory_bytes=3 << 30,
    )
    langid = _map("langid", 1, config.langid, (extract,), "languages", work.identify)
    measure = _map("measure", 1, NoSettings(), (extract,), "signals", work.measure)
    decide = _map("decide", 1, DecideSettings(config.rules), (extract, langid, measure), "decisions", work.decide)
    signatures = _map("signatures", 1, config.dedup, (extract,), "signatures", work.sign)
    keys = Stage(
        name="keys",
        version=1,
        settings=config.dedup,
        needs=(signatures, decide),
        tables={"keys": "keys/{shard}.arrow"},
        plan=map_shards,
        work=work.split_keys,
    )
    pairs = Stage(
        name="pairs",
        version=1,
        settings=config.dedup,
        needs=(keys,),
        tables=_parquet("pairs"),
        plan=combine_parts(config.dedup.parts),
        work=work.combine_keys,
    )
    clusters = Stage(
        name="clusters",
        version=1,
        settings=config.dedup,
        needs=(pairs, signatures),
        tables=_parquet("clusters"),
        plan=gather("clusters"),
        work=work.cluster,
        memory_bytes=8 << 30,
    )
    duplicates = Stage(
        name="duplicates",
        version=1,
        settings=config.dedup,
        needs=(extract, decide, clusters),
        tables=_parquet("duplicates"),
        plan=with_gathered(map_shards),
        work=work.mark_duplicates,
    )
    release = _map("release", 1, config.scrub, (extract, decide, duplicates), "release", work.release)
    text_stages = (extract, langid, measure, decide, signatures, keys, pairs, clusters, duplicates, release)
    token_stages = _token_stages(config, release)
    tokenize = token_stages[-1]
    statistics = _map(
        "statistics",
        1,
        NoSettings(),
        (extract, langid, measure, decide, duplicates, release),
        "statistics",
        work.shard_statistics,
        ending=".json",
    )
    token_statistics = _map(
        "token_statistics", 1, NoSettings(), (tokenize,), "token_statistics", work.token_statistics, ending=".json"
    )
    timed = (*text_stages, *token_stages)
    report = Stage(
        name="report",
        version=1,
        settings=ReportSettings(
            config_name=PurePath(config.path).name,
            rule_names=tuple(rule.name for rule in config.rules),
            stage_folders=tuple((stage.name, stage.folder_name) for stage in timed),
            table_folders=tuple((table, folder) for stage in timed for table, folder in stage.table_folders().items()),
        ),
        needs=(statistics, token_statistics),
        tables={"html": "{shard}.html", "json": "{shard}.json"},
        plan=gather("report"),
        work=work.report,
    )
    return (*timed, statistics, token_statistics, report)


def _token_stages(config: Config, release: Stage) -> tuple[Stage, ...]:
    """Train, where the configuration asks for it, and tokenize."""
    settings = config.tokenize
    tables = {
        "bin": "tokens/{shard}_text_document.bin",
        "idx": "tokens/{shard}_text_document.idx",
        **_parquet("provenance"),
    }
    groups = map_groups(settings.shard_bytes, _released_text_bytes)
    if settings.train is not None:
        train = Stage(
            name="train",
            version=1,
            settings=settings.train,
            needs=(release,),
            tables={"model": "{shard}.model"},
            plan=gather("tokenizer"),
            work=work.train_tokenizer,
            memory_bytes=8 << 30,
        )
        tokenize = Stage(
            name="tokenize",
            version=1,
            settings=TokenizeSettings(None, None, settings.shard_bytes),
            needs=(release, train),
            tables=tables,
            plan=with_gathered(groups),
            work=work.tokenize,
        )
        return (train, tokenize)
    model = settings.model or ""
    tokenize = Stage(
        name="tokenize",
        version=1,
        settings=TokenizeSettings(model, _model_digest(config.path, model), settings.shard_bytes),
        needs=(release,),
        tables=tables,
        plan=groups,
        work=work.tokenize,
    )
    return (tokenize,)


def _map(
    name: str,
    version: int,
    settings: Any,
    needs: tuple[Stage, ...],
    table: str,
    body: Work,
    ending: str = ".parquet",
) -> Stage:
    """A stage that makes one shard of one table per shard of the stages it needs."""
    return Stage(name, version, settings, needs, {table: f"{table}/{{shard}}{ending}"}, map_shards, body)


def _parquet(*tables: str) -> dict[str, str]:
    return {table: f"{table}/{{shard}}.parquet" for table in tables}


def _plan_inputs(sources: tuple[Source, ...]) -> Plan:
    """The extract stage reads files instead of shards."""

    def plan(_: Upstream) -> list[Unit]:
        return [
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
            for shard in plan_source(source)
        ]

    return plan


def _released_text_bytes(shard: FinishedShard) -> int:
    return shard.counts["text_bytes"]


def _model_digest(config_path: str, model: str) -> str:
    try:
        Tokenizer.load(model)
    except (OSError, ValueError) as error:
        raise UserError(f"{config_path}: [tokenize] model: {error}") from error
    return describe_output("", model).digest
