"""The labelled documents of a run, their texts, and what sets of rules decide about them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from manyo.corpus.addresses import canonical_address, hosts
from manyo.corpus.schema import DOC_ID_BYTES
from manyo.corpus.tables.shards import read_columns, read_rows
from manyo.filters.rules.decide import Rule, failures
from manyo.filters.rules.label_scores import Label, Score, score
from manyo.pipelines.commands.measured_documents import MeasuredShard, read_columns_of


@dataclass(frozen=True, slots=True)
class Scores:
    """Scores of sets of rules on the same labels.

    Attributes:
        scores: one for each set of rules.
        found: labels whose document is in the run.
        missing: keys of the others: other documents, or pages that were refused.
    """

    scores: tuple[Score, ...]
    found: tuple[Label, ...]
    missing: tuple[str, ...]


def score_rules(shards: Sequence[MeasuredShard], labels: Sequence[Label], rules: Sequence[Sequence[Rule]]) -> Scores:
    """Decide about the labelled documents by each set of rules. An address that two documents have counts for both.

    Raises:
        ShardError: a shard cannot be read.
    """
    every = tuple(dict.fromkeys(rule for some in rules for rule in some))
    found: list[Label] = []
    kept: list[list[bool]] = [[] for _ in rules]
    for shard, rows, own_labels in _found(shards, labels):
        found += own_labels
        documents, languages, signals = (batch.take(pa.array(rows)) for batch in read_columns_of(shard, every))
        failed = failures(languages, signals, documents.column("profile"), every)
        for of_rules, own in zip(rules, kept, strict=True):
            places = [every.index(rule) for rule in of_rules]
            own += np.logical_not(failed[:, places].any(axis=1)).tolist()
    of_found = {named(label.key) for label in found}
    missing = sorted({label.key for label in labels if named(label.key) not in of_found})
    return Scores(tuple(score(found, own) for own in kept), tuple(found), tuple(missing))


def labelled_texts(shards: Sequence[MeasuredShard], labels: Sequence[Label]) -> Iterator[tuple[str, str, Label]]:
    """Yield source, text and label of the labelled documents that may leave manyo.

    Raises:
        ShardError: a shard cannot be read.
    """
    for shard, rows, own_labels in _found(shards, labels):
        permitted = shard.permitted()[rows].tolist()
        texts = read_rows(shard.documents, rows.tolist(), ("source", "text"))
        for row, label, may_leave in zip(texts, own_labels, permitted, strict=True):
            if may_leave:
                yield row["source"], row["text"], label


def _found(
    shards: Sequence[MeasuredShard], labels: Sequence[Label]
) -> Iterator[tuple[MeasuredShard, np.ndarray, list[Label]]]:
    """Yield the shards that hold labelled documents, int64 (n,) their rows, and the label of each."""
    by_key = {named(label.key): label for label in labels}
    ids = pa.array([bytes.fromhex(key) for key in by_key if _is_id(key)], pa.binary(DOC_ID_BYTES))
    uris = pa.array([label.key for label in labels], pa.large_string())
    of_hosts = hosts(uris).drop_null()
    for shard in shards:
        names = read_columns(shard.documents, ["doc_id", "uri"])
        of_id = pc.is_in(names.column("doc_id"), value_set=ids).to_numpy(zero_copy_only=False)
        near = pc.or_(
            pc.is_in(names.column("uri"), value_set=uris),
            pc.is_in(hosts(names.column("uri")), value_set=of_hosts, skip_nulls=True),
        ).to_numpy(zero_copy_only=False)
        rows, own = [], []
        for row in np.flatnonzero(of_id | near).tolist():
            name = names.column("doc_id")[row].as_py().hex() if of_id[row] else named(names.column("uri")[row].as_py())
            if name in by_key:
                rows.append(row)
                own.append(by_key[name])
        if rows:
            yield shard, np.array(rows), own


def named(key: str) -> str:
    """What all spellings of a key share: of an address the canonical form, of an id its lower case."""
    return key.lower() if _is_id(key) else canonical_address(key) or key


def _is_id(key: str) -> bool:
    return len(key) == 2 * DOC_ID_BYTES and all(digit in "0123456789abcdefABCDEF" for digit in key)
