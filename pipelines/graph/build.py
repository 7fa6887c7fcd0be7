"""The graph: which stages there are, what each reads, and in what shape.

```
extract ─▶ langid ─▶ measure ─▶ decide ─┐
   │                                    ├─▶ keys ═▶ pairs ═▶ components ═▶ clusters ═▶ duplicates ─▶ alarms
   └─────▶ signatures ──────────────────┘                     (compared)                    │
                                      scrub ◀───────────────────────────────────────────────┘
                                        ├─▶ release ◀─ takedown      (release ─▶ export)
                                        ├─▶ train ──────┐
                                        └─▶ deal ═▶ shuffle ─▶ encode ─▶ tokenize        every table ─▶ report
```

Takedowns act where text leaves the house: in the release and in the token shards. What lies before them is made as if
nothing were taken down, so that one takedown changes only what held the document (`docs/decisions/0013-takedowns.md`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Any

from manyo.corpus.sources import Source
from manyo.corpus.tables.shards import filesystem, join
from manyo.dedup.settings import Alarms, Dedup
from manyo.filters import rights
from manyo.filters.benchmarks.items import digest
from manyo.filters.benchmarks.leaks import Decontaminate
from manyo.filters.pii.find import Scrub
from manyo.filters.rules.decide import Rule
from manyo.pipelines.engine.manifest import read_manifests
from manyo.pipelines.engine.shapes import (
    Plan,
    Unit,
    Units,
    Upstream,
    combine_parts,
    combine_source_parts,
    cut_tokens,
    digest_of,
    gather,
    in_order,
    map_numbered,
    map_shards,
    numbered,
    with_gathered,
)
from manyo.pipelines.engine.stage import Stage, UserError, Work
from manyo.pipelines.extraction.inputs import plan_source
from manyo.pipelines.graph import work
from manyo.pipelines.graph.config import Config, Sample
from manyo.tokenizer.encode import Tokenizer

#: The command `manyo COMMAND` runs these stages.
COMMANDS: Mapping[str, tuple[str, ...]] = {
    "extract": ("extract",),
    "langid": ("langid",),
    "filter": ("measure", "decide"),
    "dedup": (
        "takedown",
        "signatures",
        "addresses",
        "superseded",
        "source_keys",
        "source_pairs",
        "source_components",
        "source_compared",
        "source_clusters",
        "keys",
        "indexed_keys",
        "pairs",
        "components",
        "compared",
        "indexed",
        "clusters",
        "duplicates",
        "alarms",
        "index",
        "lines",
        "repeated_lines",
        "boilerplate",
    ),
    "scrub": ("decontaminate", "scrub", "release"),
    "export": ("export",),
    "train-tokenizer": ("train",),
    "tokenize": ("deal", "shuffle", "train", "encode", "tokenize"),
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
    """The rules, and what a page may state that keeps it in."""

    rules: tuple[Rule, ...]
    opted_out: tuple[str, ...]


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


@dataclass(frozen=True, slots=True)
class EncodeSettings:
    """The model, and the digest of its bytes where it is a file; None where the train stage makes it."""

    model: str | None
    eod_token: str | None
    model_digest: str | None


@dataclass(frozen=True, slots=True)
class TokenizeSettings:
    """Size and format of token shards."""

    shard_tokens: int
    format: str


@dataclass(frozen=True, slots=True)
class ReportSettings:
    """What the report says about the run, beside its tables.

    Attributes:
        config_name: file name of the configuration.
        rule_names: in the order in which they are tried.
        stage_folders: stage and folder name below the output URI; their manifests give times and sizes.
        table_folders: table and folder below the output URI.
        scrub: what is masked in the texts and addresses that it shows.
    """

    config_name: str
    rule_names: tuple[str, ...]
    stage_folders: tuple[tuple[str, str], ...]
    table_folders: tuple[tuple[str, str], ...]
    scrub: Scrub


def build_stages(config: Config) -> tuple[Stage, ...]:
    """The stages of a configuration, each after those it needs.

    Raises:
        UserError: the tokenizer's model is missing or no SentencePiece model.
    """
    extract = Stage(
        name="extract",
        version=9,
        settings=ExtractSettings(config.sources, config.extract.record_timeout_s),
        needs=(),
        tables=_parquet("documents", "refused"),
        plan=_plan_inputs(config.sources, config.sample),
        work=work.extract,
        memory_bytes=3 << 30,
    )
    langid = _map("langid", 2, config.langid, (extract,), "languages", work.identify)
    measure = _map("measure", 8, config.signals, (extract,), "signals", work.measure)
    decide_settings = DecideSettings(config.rules, config.rights.opted_out)
    decide = _map("decide", 1, decide_settings, (extract, langid, measure), "decisions", work.decide)
    takedown = Stage(
        name="takedown",
        version=1,
        settings=NoSettings(),
        needs=(extract,),
        tables=_parquet("taken_down"),
        plan=_plan_takedowns(config.run.out),
        work=work.find_takedowns,
    )
    dedup = dedup_stages(config.dedup, extract, decide, takedown, measure)
    duplicates, alarms = (stage for stage in dedup if stage.name in ("duplicates", "alarms"))
    boilerplate = tuple(stage for stage in dedup if stage.name == "boilerplate")
    to_release = (extract, decide, duplicates, *boilerplate)
    leaks = _leak_stages(config, to_release)
    scrub_settings = ScrubSettings(config.scrub, config.decontaminate.action if config.decontaminate else None)
    scrub = _map("scrub", 4, scrub_settings, (*to_release, *leaks), "scrubbed", work.scrub)
    release = _map("release", 3, NoSettings(), (scrub, takedown), "release", work.release)
    text_stages = (
        extract,
        langid,
        measure,
        decide,
        takedown,
        *dedup,
        *leaks,
        scrub,
        release,
        *_export_stages(config, release),
    )
    token_stages = _token_stages(config, scrub, takedown)
    tokenize = token_stages[-1]
    statistics = _map(
        "statistics",
        4,
        NoSettings(),
        (extract, langid, measure, decide, duplicates, *leaks, takedown, release, *boilerplate),
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
        version=3,
        settings=ReportSettings(
            config_name=PurePath(config.path).name,
            rule_names=(*rights.REASONS, *(rule.name for rule in config.rules)),
            stage_folders=tuple((stage.name, stage.folder_name) for stage in timed),
            table_folders=tuple((table, folder) for stage in timed for table, folder in stage.table_folders().items()),
            scrub=config.scrub,
        ),
        needs=(statistics, token_statistics, takedown, alarms, *boilerplate),
        tables={"html": "{shard}.html", "json": "{shard}.json"},
        plan=gather("report"),
        work=work.report,
    )
    return (*timed, statistics, token_statistics, report)


def _leak_stages(config: Config, needs: tuple[Stage, ...]) -> tuple[Stage, ...]:
    """What looks for benchmarks, where the configuration asks for it."""
    settings = config.decontaminate
    if settings is None:
        return ()
    try:
        digests = tuple(digest(benchmark) for benchmark in settings.benchmark)
    except OSError as error:
        raise UserError(f"{config.path}: [[decontaminate.benchmark]] files: {error}") from error
    return (_map("decontaminate", 2, LeakSettings(settings, digests), needs, "leaks", work.find_leaks),)


def _export_stages(config: Config, release: Stage) -> tuple[Stage, ...]:
    """The release for other tools, where the configuration asks for it."""
    if config.export is None:
        return ()
    ending = {"jsonl": ".jsonl.gz", "parquet": ".parquet"}[config.export.format]
    return (_map("export", 1, config.export, (release,), "export", work.export, ending),)


def dedup_stages(
    dedup: Dedup, extract: Stage, decide: Stage, takedown: Stage, measure: Stage | None = None
) -> tuple[Stage, ...]:
    """From documents and decisions to `duplicates`, and the alarms that stop what follows.

    Args:
        dedup: what the configuration asks for.
        extract, decide, takedown: whose tables are read.
        measure: what makes `signals`, where `survivor_signal` names one.
    """
    # Alarms decide nothing about documents: a moved limit makes no table again. Nor do other
    # crawls change what is measured of this one.
    settings = replace(dedup, alarms=Alarms(), boilerplate=None, within_sources=False, index=False, against=())
    signatures = _map("signatures", 3, settings, (extract,), "signatures", work.sign)
    of_addresses = _address_stages(settings, extract, signatures, decide) if settings.same_address else ()
    superseded = of_addresses[-1:]
    ordered = (measure,) if dedup.survivor_signal and measure else ()
    needs = (extract, signatures, decide, *ordered)
    first_round = replace(settings, within_sources=True)
    within = _round_stages(first_round, dedup, needs, superseded) if dedup.within_sources else ()
    # What was found within sources tells the second round who is left.
    over_all = _round_stages(settings, dedup, needs, (*superseded, *within[-1:]))
    rounds = (*within[-1:], over_all[-1])
    duplicates = Stage(
        name="duplicates",
        version=5,
        settings=NoSettings(),
        needs=(extract, decide, *superseded, *rounds),
        tables=_parquet("duplicates", "losses", "large_clusters"),
        plan=_numbered_with(len(superseded) + len(rounds)),
        work=work.mark_duplicates,
    )
    alarms = Stage(
        name="alarms",
        version=2,
        settings=dedup.alarms,
        needs=(duplicates, *rounds),
        tables=_parquet("host_losses", "largest_clusters"),
        plan=gather("alarms"),
        work=work.check_losses,
    )
    index = _map("index", 4, settings, (*needs, takedown), "index", work.write_index)
    return (
        signatures,
        *of_addresses,
        *within,
        *over_all,
        duplicates,
        alarms,
        *([index] if dedup.index else []),
        *(_boilerplate_stages(dedup, extract, decide, duplicates) if dedup.boilerplate else ()),
    )


def _round_stages(
    settings: Dedup, dedup: Dedup, needs: tuple[Stage, ...], left_out: tuple[Stage, ...]
) -> tuple[Stage, ...]:
    """From signatures to `clusters`: once, or once within each source and then for what is left of all.

    Args:
        settings: of these stages; `within_sources` says which of both it is.
        dedup: what the configuration asks for; its `against` decides whether indexes take part.
        needs: extract, signatures and decide, then measure where a signal decides about survivors.
        left_out: stages that say which documents take no part.
    """
    extract, signatures, _, *ordered = needs
    round_of = "source_" if settings.within_sources else ""
    keys = Stage(
        name=f"{round_of}keys",
        version=4,
        settings=settings,
        needs=(*needs, *left_out),
        tables={"keys": "keys/{shard}.arrow"},
        plan=_numbered_with(len(left_out)),
        work=work.split_keys,
    )
    against = _plan_indexes(dedup)
    indexed_keys = _index_stages("indexed_keys", dedup, settings, (signatures,), against, work.split_indexed_keys)
    pairs = Stage(
        name=f"{round_of}pairs",
        version=3,
        settings=settings,
        needs=(keys, *indexed_keys),
        tables={"pairs": "pairs/{shard}.arrow"},
        plan=combine_parts(settings.parts),
        work=work.combine_keys,
    )
    components = Stage(
        name=f"{round_of}components",
        version=2,
        settings=settings,
        needs=(keys, *indexed_keys, pairs),
        tables={"components": "components/{shard}.arrow"},
        plan=gather("components"),
        work=work.find_components_of_pairs,
        memory_bytes=8 << 30,
    )
    compared = Stage(
        name=f"{round_of}compared",
        version=3,
        settings=settings,
        needs=(extract, signatures, *ordered, pairs, components),
        tables={"compared": "compared/{shard}.arrow"},
        plan=_numbered_with(2),
        work=work.split_compared,
    )
    indexed = _index_stages(
        "indexed",
        dedup,
        settings,
        (signatures, pairs, components),
        with_gathered(with_gathered(against)),
        work.split_indexed,
    )
    tables = (f"{round_of}clusters", f"{round_of}shard_clusters")
    clusters = Stage(
        name=f"{round_of}clusters",
        version=5,
        settings=settings,
        needs=(compared, *indexed),
        tables={**_parquet(tables[0]), tables[1]: f"{tables[1]}/{{shard}}.arrow"},
        plan=combine_parts(settings.parts),
        work=work.cluster,
        memory_bytes=4 << 30,
    )
    return (keys, *indexed_keys, pairs, components, compared, *indexed, clusters)


def _numbered_with(gathered: int) -> Plan:
    """As `map_numbered`; each task also reads all shards of the last so many stages."""
    plan: Plan = map_numbered
    for _ in range(gathered):
        plan = with_gathered(plan)
    return plan


def _boilerplate_stages(dedup: Dedup, extract: Stage, decide: Stage, duplicates: Stage) -> tuple[Stage, ...]:
    """From the documents that are kept to those of their lines that many documents of their host hold."""
    settings = replace(dedup, alarms=Alarms(), within_sources=False, index=False, against=())
    unique = (extract, decide, duplicates)
    lines = Stage(
        name="lines",
        version=1,
        settings=settings,
        needs=unique,
        tables={"lines": "lines/{shard}.arrow"},
        plan=map_shards,
        work=work.split_lines,
    )
    repeated_lines = Stage(
        name="repeated_lines",
        version=1,
        settings=settings,
        needs=(lines,),
        tables={"repeated_lines": "repeated_lines/{shard}.arrow"},
        plan=combine_parts(settings.parts),
        work=work.combine_lines,
    )
    boilerplate = Stage(
        name="boilerplate",
        version=2,
        settings=settings,
        needs=(*unique, repeated_lines),
        tables=_parquet("boilerplate", "boilerplate_lines"),
        plan=with_gathered(map_numbered),
        work=work.mark_boilerplate,
    )
    return (lines, repeated_lines, boilerplate)


def _index_stages(
    name: str, dedup: Dedup, settings: Dedup, needs: tuple[Stage, ...], plan: Plan, body: Work
) -> tuple[Stage, ...]:
    """A stage that deals the indexes of earlier runs to parts, or none where there are no indexes."""
    tables = {name: f"{name}/{{shard}}.arrow"}
    stage = Stage(name, 2, replace(settings, against=dedup.against), needs, tables, plan, body)
    return (stage,) if dedup.against else ()


#: An index serves runs that agree on these: they decide what signatures, shingles and precedences are.
_INDEXED_SETTINGS = (
    "shingle_chars",
    "bands",
    "rows",
    "min_chars",
    "max_shingled_chars",
    "max_compared_shingles",
    "survivor_order",
    "source_priority",
    "survivor_signal",
    "view_profiles",
)


def _plan_indexes(dedup: Dedup) -> Plan:
    """One task for each shard of the indexes of earlier runs, numbered after the shards of this run (`signatures`)."""

    def plan(upstream: Upstream) -> list[Unit]:
        units = [unit for number, folder in enumerate(dedup.against) for unit in _index_units(number, folder, dedup)]
        return numbered(in_order(units), first=len(upstream[0].shards))

    return plan


def _index_units(number: int, folder: str, dedup: Dedup) -> list[Unit]:
    """Reading one index, after a look at the settings it was made with; its manifests say what it holds."""
    stage_folder = folder.rstrip("/").removesuffix("/index")
    fs, path = filesystem(join(stage_folder, "stage.json"))
    manifests = read_manifests(stage_folder)
    if not fs.exists(path) or not manifests:
        raise UserError(f"[dedup] against: {folder} holds no index; its run prints it: manyo path index --config FILE")
    made_with = json.loads(fs.cat_file(path))["settings"]
    for name in _INDEXED_SETTINGS:
        ours = getattr(dedup, name)
        theirs = made_with.get(name)
        if theirs != (list(ours) if isinstance(ours, tuple) else ours):
            raise UserError(f"[dedup] against: {folder} was made with dedup.{name} = {theirs}, and here it is {ours}")
    return [
        Unit(
            name=f"{number}/{shard}",
            inputs={"index": (join(stage_folder, "index", f"{shard}.parquet"),)},
            digest=digest_of(output.digest for output in manifest.outputs),
            size_bytes=manifest.bytes_written,
        )
        for shard, manifest in sorted(manifests.items())
    ]


def _address_stages(settings: Dedup, extract: Stage, signatures: Stage, decide: Stage) -> tuple[Stage, Stage]:
    """From documents to those of which another page of the same address stays."""
    addresses = Stage(
        name="addresses",
        version=3,
        settings=settings,
        needs=(extract, signatures, decide),
        tables={"addresses": "addresses/{shard}.arrow"},
        plan=map_shards,
        work=work.split_by_address,
    )
    superseded = Stage(
        name="superseded",
        version=2,
        settings=settings,
        needs=(addresses,),
        tables=_parquet("superseded"),
        plan=combine_parts(settings.parts),
        work=work.combine_addresses,
    )
    return (addresses, superseded)


def _token_stages(config: Config, scrub: Stage, takedown: Stage) -> tuple[Stage, ...]:
    """Train and shuffle, where the configuration asks for it, encode, and cut what was encoded into token shards."""
    settings = config.tokenize
    stages: list[Stage] = []
    needs: tuple[Stage, ...] = (scrub, takedown)
    if settings.shuffle is not None:
        deal = Stage(
            name="deal",
            version=2,
            settings=settings.shuffle,
            needs=(scrub, takedown),
            tables={"dealt": "dealt/{shard}.arrow"},
            plan=map_shards,
            work=work.split_release,
        )
        shuffle = Stage(
            name="shuffle",
            version=1,
            settings=settings.shuffle,
            needs=(deal,),
            tables=_parquet("shuffled"),
            plan=combine_source_parts(settings.shuffle.parts),
            work=work.combine_release,
        )
        stages += [deal, shuffle]
        needs = (shuffle,)
    plan: Plan = map_shards
    if settings.train is not None:
        train = Stage(
            name="train",
            version=2,
            settings=settings.train,
            needs=(scrub,),
            tables={"model": "{shard}.model"},
            plan=gather("tokenizer"),
            work=work.train_tokenizer,
            memory_bytes=8 << 30,
        )
        stages.append(train)
        needs, plan = (*needs, train), with_gathered(map_shards)
    encode = Stage(
        name="encode",
        version=2,
        settings=_encode_settings(config),
        needs=needs,
        tables={"encoded": "encoded/{shard}.npy", **_parquet("encoded_origins")},
        plan=plan,
        work=work.encode,
    )
    files = {
        "megatron": {"bin": "tokens/{shard}_text_document.bin", "idx": "tokens/{shard}_text_document.idx"},
        "npy": {"npy": "tokens/{shard}.npy"},
    }
    tokenize = Stage(
        name="tokenize",
        version=2,
        settings=TokenizeSettings(settings.shard_tokens, settings.format),
        needs=(encode,),
        tables={**files[settings.format], **_parquet("provenance")},
        plan=cut_tokens(settings.shard_tokens),
        work=work.tokenize,
    )
    return (*stages, encode, tokenize)


def _encode_settings(config: Config) -> EncodeSettings:
    model, eod_token = config.tokenize.model, config.tokenize.eod_token
    if model is None:
        return EncodeSettings(None, eod_token, None)
    try:
        return EncodeSettings(model, eod_token, Tokenizer.load(model, eod_token).digest)
    except (OSError, ValueError) as error:
        raise UserError(f"{config.path}: [tokenize] model: {error}") from error


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


def takedowns_uri(out: str) -> str:
    """Where a run keeps what was asked to be taken down of it, a list as in `manyo.corpus.takedowns`."""
    return join(out, "takedown.txt")


def _plan_takedowns(out: str) -> Plan:
    """One task per shard, which reads the run's takedowns as well. Their tables are small, and those of shards that a
    new takedown does not touch keep their bytes: then nothing that follows is done again.
    """

    def plan(upstream: Upstream) -> Units:
        uri = takedowns_uri(out)
        fs, path = filesystem(uri)
        lists = (uri,) if fs.exists(path) else ()
        content = fs.cat_file(path).decode("utf-8") if lists else ""
        return Units(
            lambda: (
                replace(unit, inputs={**unit.inputs, "takedowns": lists}, digest=digest_of([unit.digest, content]))
                for unit in map_shards(upstream)
            )
        )

    return plan


def _plan_inputs(sources: tuple[Source, ...], sample: Sample | None) -> Plan:
    """The extract stage reads files instead of shards."""

    def plan(_: Upstream) -> list[Unit]:
        return in_order(
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
