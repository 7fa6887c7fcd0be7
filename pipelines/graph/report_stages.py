"""The stages that count every table and write the report."""

from __future__ import annotations

import json
import math
from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from pathlib import PurePath
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from manyo.corpus.release import mask
from manyo.corpus.schema import (
    DOC_ID,
    TEXT,
)
from manyo.corpus.tables.shards import (
    DamagedShard,
    filesystem,
    join,
    publish,
)
from manyo.dedup import boilerplate
from manyo.filters.pii.scrub_settings import Scrub
from manyo.filters.rules.decide import Rule, load_rules, shipped_rules, without_texts
from manyo.filters.signals.catalogue import SIGNALS as ALL_SIGNALS
from manyo.filters.signals.measure import measured_categories
from manyo.pipelines.engine.checkout import commit
from manyo.pipelines.engine.manifest import Manifest, iter_manifests
from manyo.pipelines.engine.sealed_json import NotSealed, open_json, seal_json
from manyo.pipelines.engine.shapes import (
    gather,
)
from manyo.pipelines.engine.stage import AnyStage, NoSettings, Stage, Task
from manyo.pipelines.engine.stage_table import StageTable
from manyo.pipelines.graph.boilerplate_stages import BOILERPLATE, BOILERPLATE_LINES
from manyo.pipelines.graph.config import Config
from manyo.pipelines.graph.dedup_stages import DUPLICATES, LARGEST_CLUSTERS
from manyo.pipelines.graph.extract_stages import DOCUMENTS, OCR_QUEUE, REFUSED
from manyo.pipelines.graph.filter_stages import DECISIONS, LANGUAGES, MENTIONS, SIGNALS
from manyo.pipelines.graph.reading import read_all, side_by_side
from manyo.pipelines.graph.reasons import UNRELEASED, drops, refusals
from manyo.pipelines.graph.release_stages import LEAKS, RELEASE
from manyo.pipelines.graph.takedown_stage import TAKEN_DOWN
from manyo.pipelines.graph.template_stages import TEMPLATES
from manyo.pipelines.graph.token_stages import PROVENANCE
from manyo.pipelines.report import statistics
from manyo.pipelines.report.assembling import RunFacts, Samples, StageTiming, assemble
from manyo.pipelines.report.counters import merge
from manyo.pipelines.report.document_columns import ShardTables
from manyo.pipelines.report.rendering import render_report
from manyo.pipelines.report.signal_histograms import rule_rows


@dataclass(frozen=True, slots=True)
class ReportSettings:
    """What the report says about the run, in addition to its tables.

    Attributes:
        config_name: file name of the configuration.
        configuration: its text, without credentials.
        sources: name, kind, profile, licence, terms and uses of each source.
        rules: rules of the run.
        drops: reasons for which documents are dropped, in the order in which they are tried, and what each means.
        stage_folders: stage and folder name below the output URI; their manifests give times and sizes.
        table_folders: table and folder below the output URI.
        scrub: what is masked in the texts and addresses that it shows.
    """

    config_name: str
    configuration: str
    sources: tuple[tuple[str, str, str, str, str, tuple[str, ...]], ...]
    rules: tuple[Rule, ...]
    drops: tuple[tuple[str, str], ...]
    stage_folders: tuple[tuple[str, str], ...]
    table_folders: tuple[tuple[str, str], ...]
    scrub: Scrub


@dataclass(frozen=True, slots=True)
class StatisticsSettings:
    """What documents are counted by, in addition to the columns of their tables.

    Attributes:
        rules: rules of the run, whose signals are counted by class.
        presets: other sets of rules that ship with manyo, with those of their rules whose signals the run measures.
        categories: signals that the run measures and that name a category.
    """

    rules: tuple[Rule, ...]
    presets: tuple[tuple[str, tuple[Rule, ...]], ...] = ()
    categories: tuple[str, ...] = ()


#: Boilerplate lines in the report.
_LINES_SHOWN = 30


#: The libraries that decide about the output's bytes.
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


STATISTICS = StageTable("statistics", "statistics/{shard}.json")
TOKEN_STATISTICS = StageTable("token_statistics", "token_statistics/{shard}.json")
REPORT_HTML = StageTable("html", "{shard}.html", is_released=True)
REPORT_JSON = StageTable("json", "{shard}.json", is_released=True)


def report_stages(
    config: Config,
    timed: Sequence[AnyStage],
    counted: tuple[AnyStage, ...],
    tokenize: tuple[AnyStage, ...],
    shown: tuple[AnyStage, ...],
) -> tuple[AnyStage, ...]:
    """Counters of every shard, and the report.

    Args:
        config: of the run.
        timed: stages whose times and tables the report names, in the order of the run.
        counted: stages whose tables are counted by shard of `documents`.
        tokenize: makes token shards; none if the run has none.
        shown: stages of which the report shows rows.
    """
    presets = tuple((name, without_texts(rules)) for name, rules in _presets(config))
    settings = StatisticsSettings(without_texts(config.rules), presets, measured_categories(config.signals))
    statistics_stage = Stage("statistics", 8, settings, counted, (STATISTICS,), shard_statistics)
    token_stages: tuple[AnyStage, ...] = ()
    if tokenize:
        counted_tokens = Stage("token_statistics", 1, NoSettings(), tokenize, (TOKEN_STATISTICS,), token_statistics)
        token_stages = (counted_tokens,)
    report_stage = Stage(
        name="report",
        version=9,
        settings=ReportSettings(
            config_name=PurePath(config.path).name,
            configuration=config.text,
            sources=tuple(
                (one.name, one.kind, one.profile, one.licence, one.terms, one.uses) for one in config.sources
            ),
            rules=config.rules,
            drops=tuple(drops(config.rules).items()),
            stage_folders=tuple((stage.name, stage.folder_name) for stage in timed),
            table_folders=tuple((table, folder) for stage in timed for table, folder in stage.table_folders().items()),
            scrub=config.scrub,
        ),
        needs=(statistics_stage, *token_stages, *shown),
        tables=(REPORT_HTML, REPORT_JSON),
        shape=gather("report"),
        work=report,
    )
    return statistics_stage, *token_stages, report_stage


def _presets(config: Config) -> tuple[tuple[str, tuple[Rule, ...]], ...]:
    unmeasured = {signal.column.name for signal in ALL_SIGNALS if not signal.is_measured(config.signals)}
    measured = (
        (name, tuple(rule for rule in rules if rule.signal not in unmeasured)) for name, rules in _shipped_rules()
    )
    return tuple((name, rules) for name, rules in measured if rules and rules != config.rules)


@cache
def _shipped_rules() -> tuple[tuple[str, tuple[Rule, ...]], ...]:
    return tuple((name, load_rules(name)) for name in shipped_rules())


def shard_statistics(task: Task[StatisticsSettings]) -> Mapping[str, int]:
    """Every table of one shard → additive counters for the report."""
    tables = ShardTables(
        documents=task.input(DOCUMENTS),
        refused=task.input(REFUSED),
        languages=task.input(LANGUAGES),
        signals=task.input(SIGNALS),
        decisions=task.input(DECISIONS),
        duplicates=task.input(DUPLICATES),
        taken_down=task.input(TAKEN_DOWN),
        release=task.input(RELEASE),
        leaks=task.input(LEAKS) if LEAKS in task.inputs else None,
        boilerplate=task.input(BOILERPLATE) if BOILERPLATE in task.inputs else None,
        mentions=task.input(MENTIONS),
        ocr_queue=task.input(OCR_QUEUE),
        templates=task.input(TEMPLATES) if TEMPLATES in task.inputs else None,
    )
    settings = task.settings
    counted = statistics.shard_statistics(tables, settings.rules, settings.presets, settings.categories)
    _write_sealed(task.output(STATISTICS), counted)
    return {}


def token_statistics(task: Task[NoSettings]) -> Mapping[str, int]:
    """One token shard → additive counters for the report."""
    _write_sealed(task.output(TOKEN_STATISTICS), statistics.token_statistics(task.input(PROVENANCE)))
    return {}


def report(task: Task[ReportSettings]) -> Mapping[str, int]:
    """Counters of all shards, and the manifests of all stages → report.html and report.json."""
    counted = [*task.inputs_of(STATISTICS), *task.optional_inputs_of(TOKEN_STATISTICS)]
    merged = merge(side_by_side(_read_sealed, counted))
    out = task.stage_folder.rsplit("/", 1)[0]
    counts: dict[str, Counter[str]] = {"extract": Counter(), "clusters": Counter()}
    timings = []
    started = math.inf
    for stage, folder in task.settings.stage_folders:
        timing, began = _timing(stage, iter_manifests(join(out, folder)), counts.get(stage, Counter()))
        timings.append(timing)
        started = min(started, began)
    kinds = {kind for _, kind, *_ in task.settings.sources}
    facts = RunFacts(
        config=task.settings.config_name,
        out=out,
        started=datetime.fromtimestamp(started, UTC).strftime("%Y-%m-%d %H:%M UTC"),
        versions={name: version(name) for name in _REPORTED_VERSIONS},
        outputs={table: join(out, folder) for table, folder in task.settings.table_folders},
        rules=[reason for reason, _ in task.settings.drops if reason not in UNRELEASED],
        bounds=rule_rows(task.settings.rules),
        sources={
            name: {"kind": kind, "profile": profile, "licence": licence, "terms": terms, "uses": list(uses)}
            for name, kind, profile, licence, terms, uses in task.settings.sources
        },
        configuration=task.settings.configuration,
        commit=commit(),
        pages=counts["extract"]["records"] - counts["extract"]["skipped"],
        earlier_runs={name: counts["clusters"][name] for name in ("already_released", "released_again")}
        if any(stage == "indexed" for stage, _ in task.settings.stage_folders)
        else None,
        refusals=refusals(kinds),
        refusals_ja=refusals(kinds, is_japanese=True),
        drops=dict(task.settings.drops),
    )
    assembled = assemble(merged, timings, facts, _samples(task))
    _write_json(task.output(REPORT_JSON), assembled)
    with publish(task.output(REPORT_HTML)) as path:
        path.write_text(render_report(assembled), encoding="utf-8")
    return {}


def _samples(task: Task[ReportSettings]) -> Samples:
    """Returns documents of the largest clusters and the most frequent boilerplate lines, masked as the release is.

    Documents that are taken down are left out.
    """
    from manyo.filters.pii.find import find_by_profile  # a start needs none of its rules

    taken_down = (batch.column("doc_id") for batch in read_all(task.inputs_of(TAKEN_DOWN)))
    taken = pa.chunked_array(taken_down, DOC_ID)
    clusters = [
        row
        for batch in read_all(task.inputs_of(LARGEST_CLUSTERS))
        for row in batch.filter(pc.invert(pc.is_in(batch.column("doc_id"), value_set=taken))).to_pylist()
    ]
    of_hosts = task.optional_inputs_of(BOILERPLATE_LINES)
    lines = boilerplate.most_frequent(read_all(of_hosts), _LINES_SHOWN, taken) if of_hosts else None
    for rows, name in ((clusters, "uri"), (lines or [], "line")):
        texts = pa.array([row[name] for row in rows], TEXT)
        found = find_by_profile(texts, ["web"] * len(rows), task.settings.scrub)
        spans: dict[int, list[tuple[int, int, str]]] = {}
        for span in found.to_pylist():
            spans.setdefault(span["row"], []).append((span["start"], span["stop"], span["kind"]))
        for at, row in enumerate(rows):
            row[name] = mask(row[name], spans.get(at, ()), task.settings.scrub.masks)
    return Samples(clusters=clusters, boilerplate=lines)


def _timing(stage: str, manifests: Iterable[Manifest], counts: Counter[str]) -> tuple[StageTiming, float]:
    """Returns the costs of a stage, and when it began, in seconds since 1970; adds its counts to `counts`.

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
    timing = StageTiming(
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


def _read_sealed(uri: str) -> Any:
    fs, path = filesystem(uri)
    try:
        return open_json(fs.cat_file(path))["counters"]
    except (NotSealed, FileNotFoundError) as error:
        raise DamagedShard(uri, str(error)) from error


def _write_sealed(uri: str, counters: Any) -> None:
    with publish(uri) as path:
        path.write_text(seal_json({"counters": counters}), encoding="utf-8")


def _write_json(uri: str, value: Any) -> None:
    with publish(uri) as path:
        path.write_text(json.dumps(value, ensure_ascii=False, sort_keys=True), encoding="utf-8")
