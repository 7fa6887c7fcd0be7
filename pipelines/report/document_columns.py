"""The columns that the statistics of a shard are counted from: one row per document, and one row per failed rule."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from manyo.corpus.addresses import hosts
from manyo.corpus.release import passes_rules, survives_dedup
from manyo.corpus.schema import LANGUAGES
from manyo.corpus.tables.shards import zip_batches
from manyo.filters.rights import REASONS as RIGHTS
from manyo.pipelines.report.counters import FUNNEL, REMOVED, SCRIPTS


@dataclass(frozen=True, slots=True)
class ShardTables:
    """URIs of one `documents` shard and of the shards of the same name that were made from it.

    Attributes:
        documents: the shard of documents.
        refused: pages of the same input that were refused.
        languages: row-aligned.
        signals: row-aligned; its columns `char_count` and `size_bytes` are read.
        decisions: row-aligned; each row has its reasons in the order of the rules.
        duplicates: row-aligned.
        taken_down: documents on the takedown list; their hosts are not named.
        release: the released documents; None if nothing was released yet.
        leaks: benchmark items in documents that the rules and dedup keep; None if the run does not look for them.
        boilerplate: row-aligned; None if the run does not look for boilerplate.
        mentions: passages that may state terms of use; None if they are not counted.
        ocr_queue: pages of documents and of refused files that need OCR; None if they are not counted.
        templates: row-aligned; None if the run does not look for templates.
    """

    documents: str
    refused: str
    languages: str
    signals: str
    decisions: str
    duplicates: str
    taken_down: str
    release: str | None
    leaks: str | None = None
    boilerplate: str | None = None
    mentions: str | None = None
    ocr_queue: str | None = None
    templates: str | None = None


_OF_DOCUMENTS = [
    *("source", "licence", "page_licence", "uri", "charset", "charset_declared", "charset_decided_by"),
    *("undecodable_fraction", "kept_japanese_fraction"),
]


def read_documents(
    shards: ShardTables, released_ids: pa.Array, taken_ids: pa.Array, contaminated_ids: pa.Array
) -> tuple[pa.Table, pa.Table]:
    """Read the small columns of a shard.

    Args:
        shards: the tables of the shard.
        released_ids, taken_ids, contaminated_ids: ids of documents that are released, taken down, or contain an item of
            a benchmark.

    Returns:
        A table with one row per document, and a table with one row per failed rule of a document.

    Raises:
        ShardError: a shard cannot be read, or does not match the others.
    """
    documents, failures = [_NO_DOCUMENTS], [_NO_FAILURES]
    scripts = [f"{script}_fraction" for script in SCRIPTS]
    in_languages = [name for name in scripts if name in LANGUAGES.schema.names]
    in_signals = [name for name in scripts if name not in in_languages]
    for document, language, signal, decision, duplicate in zip_batches(
        (shards.documents, _OF_DOCUMENTS),
        (shards.languages, ["lang", *in_languages]),
        (shards.signals, ["char_count", "size_bytes", *in_signals]),
        (shards.decisions, ["reasons"]),
        (shards.duplicates, ["cluster_size", "similarity", "kept", "within_source"]),
    ):
        source, lang = label_strings(document, "source"), label_strings(language, "lang")
        row, reason, is_permitted = reasons_of(decision)
        n_reasons = pc.list_value_length(decision.column("reasons"))
        characters = signal.column("char_count")
        shares = [(language if name in in_languages else signal).column(name) for name in scripts]
        taken = pc.is_in(document.column("doc_id"), value_set=taken_ids)
        host = pc.if_else(taken, pa.scalar(None, pa.large_string()), hosts(document.column("uri")))
        documents.append(
            pa.table(
                [
                    source,
                    host,
                    pc.coalesce(label_strings(document, "page_licence"), label_strings(document, "licence")),
                    label_strings(document, "charset"),
                    label_strings(document, "charset_declared"),
                    label_strings(document, "charset_decided_by"),
                    pc.greater(document.column("undecodable_fraction"), 0).cast(pa.int64()),
                    document.column("kept_japanese_fraction"),
                    lang,
                    characters,
                    signal.column("size_bytes"),
                    pa.array(np.ones(len(source), np.bool_)),
                    pa.array(is_permitted),
                    pc.and_(pc.equal(lang, "ja"), pa.array(is_permitted)),
                    pa.array(passes_rules(decision)),
                    pa.array(survives_dedup(duplicate)),
                    pc.is_in(document.column("doc_id"), value_set=released_ids),
                    taken,
                    pc.is_in(document.column("doc_id"), value_set=contaminated_ids),
                    duplicate.column("cluster_size"),
                    *_removals(duplicate),
                    *_script_characters(shares, characters),
                ],
                schema=_NO_DOCUMENTS.schema,
            )
        )
        is_first = np.diff(row.to_numpy(), prepend=-1) != 0
        failures.append(
            pa.table(
                [source.take(row), reason, pc.equal(n_reasons.take(row), 1), pa.array(is_first)],
                schema=_NO_FAILURES.schema,
            )
        )
    return pa.concat_tables(documents), pa.concat_tables(failures)


_NO_DOCUMENTS = pa.schema(
    [
        ("source", pa.string()),
        ("host", pa.large_string()),
        ("licence", pa.string()),
        ("charset", pa.string()),
        ("charset_declared", pa.string()),
        ("charset_decided_by", pa.string()),
        ("damaged", pa.int64()),
        ("kept_japanese", pa.float32()),
        ("lang", pa.string()),
        ("characters", pa.int64()),
        ("bytes", pa.int64()),
        *((stage, pa.bool_()) for stage in FUNNEL),
        ("taken_down", pa.bool_()),
        ("contaminated", pa.bool_()),
        ("cluster_size", pa.int32()),
        ("in_play", pa.bool_()),
        *((how, pa.int64()) for how in REMOVED),
        *((script, pa.int64()) for script in (*SCRIPTS, "other")),
    ]
).empty_table()

_NO_FAILURES = pa.schema(
    [("source", pa.string()), ("rule", pa.string()), ("alone", pa.bool_()), ("in_order", pa.bool_())]
).empty_table()


def _removals(duplicate: pa.RecordBatch) -> list[pa.Array]:
    """The column `in_play` (whether a document takes part in dedup), then 1 or 0 for each reason of `REMOVED`."""
    in_play = pc.greater(pc.fill_null(duplicate.column("cluster_size"), 0), 0)
    removed = pc.and_not(in_play, pa.array(survives_dedup(duplicate)))
    compared = pc.and_(removed, pc.is_valid(duplicate.column("similarity")))
    within_source = pc.and_(compared, pc.fill_null(duplicate.column("within_source"), False))
    how = (pc.and_not(removed, compared), within_source, pc.and_not(compared, within_source))
    return [in_play, *(which.cast(pa.int64()) for which in how)]


def _script_characters(fractions: list[pa.Array], characters: pa.Array) -> list[pa.Array]:
    """Fractions as numbers of characters, because sums of floats depend on their order; the last column is the rest."""
    length = characters.to_numpy()
    counts = [np.rint(fraction.to_numpy().astype(np.float64) * length).astype(np.int64) for fraction in fractions]
    rest = np.maximum(length - sum(counts), 0)
    return [pa.array(count) for count in (*counts, rest)]


def reasons_of(decision: pa.RecordBatch) -> tuple[pa.Array, pa.Array, np.ndarray]:
    """The row and the name of each reason, and bool (n_docs,), the documents that no reason of rights withholds."""
    reasons = decision.column("reasons")
    row = pc.list_parent_indices(reasons)
    reason = pc.list_flatten(reasons).cast(pa.string())
    is_permitted = np.ones(len(reasons), np.bool_)
    is_permitted[row.filter(pc.is_in(reason, value_set=pa.array(list(RIGHTS)))).to_numpy()] = False
    return row, reason, is_permitted


def label_strings(batch: pa.RecordBatch, name: str) -> pa.Array:
    """A label column as plain strings, because each batch has its own dictionary."""
    return batch.column(name).cast(pa.string())
