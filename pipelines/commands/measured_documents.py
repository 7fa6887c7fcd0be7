"""The measured documents of a run that may be shown, and the columns that rules test."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from manyo.corpus.tables.shards import filesystem, read_columns, read_rows, zip_whole
from manyo.corpus.takedown_requests import found_lists, recorded_lists
from manyo.corpus.takedowns import join_takedowns, read_takedowns
from manyo.filters import rights
from manyo.filters.rights import Rights
from manyo.filters.rules.decide import Rule, columns_by_table, needs_templates, with_columns
from manyo.filters.signals.catalogue import SIGNALS
from manyo.pipelines.commands.selected_documents import COLUMNS, EVERYTHING, Selection, refuse_empty
from manyo.pipelines.graph import filter_stages
from manyo.pipelines.graph.build import build_stages
from manyo.pipelines.graph.config import Config
from manyo.pipelines.graph.extract_stages import DOCUMENTS
from manyo.pipelines.graph.template_stages import TEMPLATES
from manyo.pipelines.run import finished_stages, record_takedowns


@dataclass(frozen=True, slots=True)
class MeasuredShard:
    """One `documents` shard with the shards that were measured from it, row by row.

    Attributes:
        documents, languages, signals: URIs of the shards.
        rights: which statements of a page take uses away (`manyo.filters.rights`).
        takedowns: URIs of the takedown requests of the run.
        templates: URI of that shard; None if the run has none.
        decisions: URI of that shard, which does not exist before the rules have been applied; None if none ever does.
        selection: which of its documents are listed.
    """

    documents: str
    languages: str
    signals: str
    rights: Rights = field(default_factory=Rights)
    takedowns: tuple[str, ...] = ()
    templates: str | None = None
    decisions: str | None = None
    selection: Selection = EVERYTHING

    def may_display(self, rows: Sequence[int]) -> list[bool]:
        """Which rows may be shown.

        As `decisions` says, which knows the files of the sites; before there are decisions, by what source and page
        state, and not at all where sites are to be asked too.
        """
        if self.decisions is not None and _exists(self.decisions):
            return ["display" in row["uses"] for row in read_rows(self.decisions, rows, ("uses",))]
        if self.rights.robots and self.rights.display is not None:
            return [False] * len(rows)
        return [rights.may_display(row, self.rights) for row in read_rows(self.documents, rows, rights.COLUMNS)]

    def permitted(self) -> np.ndarray:
        """bool (n_docs,), true for listed documents that may leave manyo; the others are neither counted nor shown."""
        documents = read_columns(self.documents, [*dict.fromkeys((*COLUMNS, *rights.COLUMNS))])
        granted = rights.granted_uses(documents, self.rights)
        permitted: np.ndarray = np.logical_not(rights.barred(documents, granted, self.rights).any(axis=1))
        if self.takedowns:
            finder = join_takedowns(map(read_takedowns, self.takedowns)).finder()
            taken = finder.find(documents).column("doc_id")
            permitted &= ~pc.is_in(documents.column("doc_id"), value_set=taken).to_numpy(zero_copy_only=False)
        permitted &= self.selection.mask(documents)
        return permitted


def measured_shards(config: Config, command: str, selection: Selection = EVERYTHING) -> tuple[MeasuredShard, ...]:
    """The shards of a run; its rules need not have been applied yet.

    Args:
        config: configuration of the run.
        command: name of the command that asks, for the message.
        selection: which documents are listed.

    Raises:
        UserError: a stage up to `measure` is not finished, or no document is selected.
    """
    of_templates = ("templates",) if config.templates else ()
    stages = finished_stages(config, ("extract", "langid", *of_templates, "measure"), command)
    record_takedowns(config)
    takedowns = (*recorded_lists(config.run.out), *found_lists(config.run.out))
    decide = next(stage for stage in build_stages(config) if stage.name == "decide").folder(config.run.out)
    shards = tuple(
        MeasuredShard(
            stages["extract"].uri(DOCUMENTS, shard.name),
            stages["langid"].uri(filter_stages.LANGUAGES, shard.name),
            stages["measure"].uri(filter_stages.SIGNALS, shard.name),
            config.rights,
            takedowns,
            stages["templates"].uri(TEMPLATES, shard.name) if of_templates else None,
            filter_stages.DECISIONS.uri(decide, shard.name),
            selection,
        )
        for shard in stages["extract"].shards
    )
    refuse_empty(selection, (shard.documents for shard in shards), command)
    return shards


def _exists(uri: str) -> bool:
    fs, path = filesystem(uri)
    return bool(fs.exists(path))


def read_columns_of(
    shard: MeasuredShard, rules: Iterable[Rule], of_documents: Sequence[str] = (), of_signals: Sequence[str] = ()
) -> tuple[pa.RecordBatch, pa.RecordBatch, pa.RecordBatch]:
    """Read the columns that rules test, a whole shard at once.

    Args:
        shard: the shard to read.
        rules: the rules to decide.
        of_documents: further columns of `documents`; `profile` is always read.
        of_signals: further columns of `signals`.

    Returns:
        Documents, languages and signals, row by row. Columns of `documents` and `templates` that the rules test
        are added to the signals, as `manyo.filters.rules.decide.failures` expects.

    Raises:
        ShardError: a shard cannot be read.
    """
    columns = columns_by_table(rules)
    documents, languages, signals, *templates = zip_whole(
        (shard.documents, ("profile", *of_documents, *columns.documents)),
        (shard.languages, columns.languages),
        (shard.signals, (*columns.signals, *of_signals)),
        *((uri, columns.templates) for uri in (shard.templates,) if uri is not None),
    )
    signals = with_columns(signals, documents, columns.documents)
    for batch in templates:
        signals = with_columns(signals, batch, columns.templates)
    return documents, languages, signals


def without_unmeasured(rules: Sequence[Rule], config: Config) -> tuple[tuple[Rule, ...], tuple[str, ...]]:
    """The rules that a run can decide, and a line for each other rule, whose signal was not measured."""
    settings_of = {
        signal.column.name: f"[filter] {signal.setting}" for signal in SIGNALS if not signal.is_measured(config.signals)
    }
    if config.templates is None:
        settings_of |= {rule.signal: "[templates]" for rule in rules if needs_templates(rule)}
    lines = tuple(
        f"{rule.name} is left out: this run did not measure {rule.signal} ({settings_of[rule.signal]})"
        for rule in rules
        if rule.signal in settings_of
    )
    return tuple(rule for rule in rules if rule.signal not in settings_of), lines
