"""The documents of a shard with what rules bound and decided, by batch: effects of rules are counted of these."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from manyo.corpus.addresses import hosts
from manyo.corpus.tables.shards import zip_batches
from manyo.filters.rules.decide import Rule, asked, columns_by_table
from manyo.pipelines.report.document_columns import ShardTables, label_strings, reasons_of

#: Columns of `signals` and `languages` that tell documents apart by length, orthography and register.
_OF_CLASSES = ("char_count", "hiragana_fraction", "statement_count", "polite_ending_fraction")
_SHARES = ("katakana_fraction", "han_fraction")


@dataclass(frozen=True, slots=True)
class RuledDocuments:
    """The documents of a batch that may be released, which are those that rules are asked about.

    Attributes:
        sources: (n_docs,), names.
        hosts: (n_docs,), null where a document has none.
        values: column → (n_docs,), of every column that a rule bounds, and of those that tell documents apart.
        asked: bool (n_docs, n_rules), whether the rule is one of the document's profile.
        failed: bool (n_docs, n_rules), whether the document fails it.
        presets: name → (asked, failed), bool (n_docs,) each: whether any rule of that set is one of the document's
            profile, and whether the document fails any.
        categories: signal → (n_docs,), strings: what measured signals call the documents.
    """

    sources: pa.Array
    hosts: pa.Array
    values: Mapping[str, np.ndarray]
    asked: np.ndarray
    failed: np.ndarray
    presets: Mapping[str, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)
    categories: Mapping[str, pa.Array] = field(default_factory=dict)


#: Names of sets of rules, with their rules.
RuleSets: TypeAlias = Sequence[tuple[str, Sequence[Rule]]]


def ruled_documents(
    shards: ShardTables, rules: Sequence[Rule], presets: RuleSets = (), categories: Sequence[str] = ()
) -> Iterator[RuledDocuments]:
    """Read a shard.

    Args:
        shards: tables of the shard.
        rules: of the run.
        presets: other rules, whose columns were measured.
        categories: columns of `signals` that hold names.

    Raises:
        ShardError: a shard cannot be read, or does not match the others.
    """
    columns = columns_by_table((*rules, *(rule for _, others in presets for rule in others)))
    tables = [
        (shards.documents, ("source", "uri", "profile", *columns.documents)),
        (shards.languages, tuple({*columns.languages, *_SHARES})),
        (shards.signals, tuple({*columns.signals, *_OF_CLASSES, *categories})),
        (shards.decisions, ("reasons",)),
    ]
    if shards.templates is not None:
        tables.append((shards.templates, columns.templates))
    names = [rule.name for rule in rules]
    for batches in zip_batches(*tables):
        documents, _, signals, decisions, *_ = batches
        row, reason, permitted = reasons_of(decisions)
        failed = np.zeros((documents.num_rows, len(rules)), np.bool_)
        place = pc.index_in(reason, value_set=pa.array(names, pa.string()))
        of_rule = place.is_valid().to_numpy(zero_copy_only=False)
        failed[row.to_numpy()[of_rule], place.drop_null().to_numpy()] = True
        profiles = documents.column("profile")
        is_asked = _asked(profiles, rules)
        values = {
            name: batch.column(name).to_numpy(zero_copy_only=False)[permitted]
            for (_, wanted), batch in zip(tables, batches, strict=True)
            for name in wanted
            if name not in ("source", "uri", "profile", "reasons", *categories)
        }
        chosen = pa.array(permitted)
        yield RuledDocuments(
            label_strings(documents, "source").filter(chosen),
            hosts(documents.column("uri")).filter(chosen),
            values,
            is_asked[permitted],
            failed[permitted],
            {name: _outcome(profiles.filter(chosen), others, values) for name, others in presets},
            {name: label_strings(signals, name).filter(chosen) for name in categories},
        )


def _asked(profiles: pa.Array, rules: Sequence[Rule]) -> np.ndarray:
    """bool (n_docs, n_rules), whether each rule is one of the document's profile."""
    is_asked = np.zeros((len(profiles), len(rules)), np.bool_)
    for column, applies in enumerate(asked(profiles, rules)):
        is_asked[:, column] = applies
    return is_asked


def _outcome(
    profiles: pa.Array, rules: Sequence[Rule], values: Mapping[str, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Whether any of the rules is asked about each document, and whether it fails any of those."""
    is_asked = _asked(profiles, rules)
    has_rules: np.ndarray = np.logical_or.reduce(is_asked, axis=1)
    failed = np.zeros(len(profiles), np.bool_)
    for column, rule in enumerate(rules):
        failed |= is_asked[:, column] & rule.fails(values[rule.signal])
    return has_rules, failed
