"""The stages that measure documents and decide which are kept: language, signals, rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from manyo.corpus import schema
from manyo.corpus.release import passes_rules
from manyo.corpus.tables.shards import (
    publish,
    read_batches,
    write_batches,
    write_shard,
    zip_batches,
)
from manyo.corpus.web.licences import mentions
from manyo.filters import language, rights
from manyo.filters.language import LanguageSettings
from manyo.filters.model_files import ModelChanged, check_unchanged, files_digest
from manyo.filters.rights import Rights
from manyo.filters.rules import decide as rules
from manyo.filters.rules.decide import Rule
from manyo.filters.signals import measure as signals
from manyo.filters.signals.models import model_paths
from manyo.filters.signals.signal_settings import SignalSettings
from manyo.pipelines.engine.errors import UserError, WorkFailed
from manyo.pipelines.engine.shapes import map_numbered, map_shards, with_gathered
from manyo.pipelines.engine.stage import AnyStage, Stage, Task
from manyo.pipelines.engine.stage_table import StageTable
from manyo.pipelines.graph.config import Config
from manyo.pipelines.graph.extract_stages import DOCUMENTS
from manyo.pipelines.graph.robots_stages import site_verdicts
from manyo.pipelines.graph.template_stages import TEMPLATES


@dataclass(frozen=True, slots=True)
class LangidSettings:
    """How languages are identified, and the digest of the model's bytes; "" for the model that ships with a library."""

    language: LanguageSettings
    model_digest: str


@dataclass(frozen=True, slots=True)
class DecideSettings:
    """The rules, and which statements of pages take uses away (`manyo.filters.rights`)."""

    rules: tuple[Rule, ...]
    rights: Rights


LANGUAGES = StageTable.parquet("languages", schema.LANGUAGES.schema)
MENTIONS = StageTable.parquet("mentions", schema.MENTIONS.schema)
#: Its columns are those that the settings name (`manyo.filters.signals.measure.signals_schema`).
SIGNALS = StageTable.parquet("signals")
DECISIONS = StageTable.parquet("decisions", schema.DECISIONS.schema)


def filter_stages(
    config: Config, extract: AnyStage, templates: tuple[AnyStage, ...], robots: tuple[AnyStage, ...]
) -> tuple[AnyStage, AnyStage, AnyStage]:
    """`documents` → `languages`, `signals` and `decisions`, by `templates` and sites' files if asked for."""
    decide_settings = DecideSettings(rules.without_texts(config.rules), replace(config.rights, takedown=None))
    langid_stage = Stage("langid", 4, _langid_settings(config), (extract,), (LANGUAGES,), identify)
    measure_stage = Stage("measure", 16, config.signals, (extract,), (SIGNALS, MENTIONS), measure)
    needs = (extract, langid_stage, measure_stage, *templates, *robots)
    shape = with_gathered(map_numbered) if robots else map_shards
    decide_stage = Stage("decide", 2, decide_settings, needs, (DECISIONS,), decide, shape=shape)
    return langid_stage, measure_stage, decide_stage


def _langid_settings(config: Config) -> LangidSettings:
    model = config.langid.model
    try:
        return LangidSettings(config.langid, files_digest([model] if model else []))
    except OSError as error:
        raise UserError(f"{config.path}: [langid] model: {error}") from error


def identify(task: Task[LangidSettings]) -> Mapping[str, int]:
    """Documents → languages."""
    settings = task.settings.language
    documents = read_batches(task.input(DOCUMENTS), ["doc_id", "profile", "text"])
    batches = (language.identify(batch, settings) for batch in documents)
    models = [settings.model] if settings.model else []
    return _write_scored(task.output(LANGUAGES), LANGUAGES.schema, batches, models, task.settings.model_digest)


def _write_scored(
    uri: str, schema: pa.Schema, batches: Iterator[pa.RecordBatch], models: list[str], digest: str
) -> Mapping[str, int]:
    """Write a table whose values come from models; it appears only if these are the models that the run began with."""
    try:
        check_unchanged(models, digest)
        with publish(uri) as path:
            with write_batches(path, schema) as append:
                n_documents = append(batches)
            check_unchanged(models, digest)
    except ModelChanged as error:
        raise WorkFailed(str(error)) from error
    return {"documents": n_documents}


def measure(task: Task[SignalSettings]) -> Mapping[str, int]:
    """Documents → signals, and the passages that may state terms of use."""
    mentioned: list[pa.RecordBatch] = []

    def batches() -> Iterator[pa.RecordBatch]:
        for documents in read_batches(task.input(DOCUMENTS), signals.columns_to_measure(task.settings)):
            mentioned.append(mentions(documents))
            yield signals.measure(documents, task.settings)

    schema = signals.signals_schema(task.settings)
    models = model_paths(task.settings.models)
    counts = _write_scored(task.output(SIGNALS), schema, batches(), models, task.settings.models_digest)
    return {**counts, "mentions": write_shard(task.output(MENTIONS), MENTIONS.schema, mentioned)}


def decide(task: Task[DecideSettings]) -> Mapping[str, int]:
    """Rights, profiles, languages and signals → decisions, with every reason why a document is not kept."""
    counts: Counter[str] = Counter()
    columns = rules.columns_by_table(task.settings.rules)
    of_sites = site_verdicts(task)

    def batches() -> Iterator[pa.RecordBatch]:
        first = 0
        for documents, languages, measured, *templates in zip_batches(
            (task.input(DOCUMENTS), ["profile", *rights.COLUMNS, *columns.documents]),
            (task.input(LANGUAGES), columns.languages),
            (task.input(SIGNALS), columns.signals),
            *((uri, columns.templates) for uri in task.optional_inputs_of(TEMPLATES)),
        ):
            measured = rules.with_columns(measured, documents, columns.documents)
            for batch in templates:
                measured = rules.with_columns(measured, batch, columns.templates)
            tried = task.settings.rules
            failed = rules.failures(languages, measured, documents.column("profile"), tried)
            here = {row - first: of_sites[row] for row in range(first, first + len(documents)) if row in of_sites}
            first += len(documents)
            granted = rights.granted_uses(documents, task.settings.rights, here)
            barred = rights.barred(documents, granted, task.settings.rights)
            names = [*rights.REASONS, *(rule.name for rule in tried)]
            decisions = rules.name_reasons(documents.column("doc_id"), np.hstack([barred, failed]), names)
            decisions = decisions.append_column("uses", rights.uses_column(granted))
            reasons = decisions.column("reasons")
            counts["documents"] += len(reasons)
            counts["kept"] += int(passes_rules(decisions).sum())
            for reason in pc.value_counts(pc.list_flatten(reasons).cast(pa.string())).to_pylist():
                counts[f"reason.{reason['values']}"] += reason["counts"]
            yield decisions

    write_shard(task.output(DECISIONS), DECISIONS.schema, batches())
    return counts
