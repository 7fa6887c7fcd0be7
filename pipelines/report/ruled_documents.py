"""The documents of a shard with what rules bound and decided, by batch: effects of rules are counted of these."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

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
    """

    sources: pa.Array
    hosts: pa.Array
    values: Mapping[str, np.ndarray]
    asked: np.ndarray
    failed: np.ndarray


def ruled_documents(shards: ShardTables, rules: Sequence[Rule]) -> Iterator[RuledDocuments]:
    """Read a shard.

    Raises:
        ShardError: a shard cannot be read, or does not match the others.
    """
    columns = columns_by_table(rules)
    tables = [
        (shards.documents, ("source", "uri", "profile", *columns.documents)),
        (shards.languages, tuple({*columns.languages, *_SHARES})),
        (shards.signals, tuple({*columns.signals, *_OF_CLASSES})),
        (shards.decisions, ("reasons",)),
    ]
    if shards.templates is not None:
        tables.append((shards.templates, columns.templates))
    names = [rule.name for rule in rules]
    for batches in zip_batches(*tables):
        documents, _, _, decisions, *_ = batches
        row, reason, permitted = reasons_of(decisions)
        failed = np.zeros((documents.num_rows, len(rules)), np.bool_)
        place = pc.index_in(reason, value_set=pa.array(names, pa.string()))
        of_rule = place.is_valid().to_numpy(zero_copy_only=False)
        failed[row.to_numpy()[of_rule], place.drop_null().to_numpy()] = True
        is_asked = np.zeros_like(failed)
        for column, applies in enumerate(asked(documents.column("profile"), rules)):
            is_asked[:, column] = applies
        yield RuledDocuments(
            label_strings(documents, "source").filter(pa.array(permitted)),
            hosts(documents.column("uri")).filter(pa.array(permitted)),
            {
                name: batch.column(name).to_numpy(zero_copy_only=False)[permitted]
                for (_, wanted), batch in zip(tables, batches, strict=True)
                for name in wanted
                if name not in ("source", "uri", "profile", "reasons")
            },
            is_asked[permitted],
            failed[permitted],
        )
