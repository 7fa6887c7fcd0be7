"""The release as datatrove keeps documents: `text`, `id` and `metadata`, as JSON Lines or Parquet.

datatrove's readers take either as it is, and so do readers of Hugging Face's corpora; names are FineWeb's where it has
the field. The kinds `jsonl` and `parquet` read them back with `id_field = "id"` and `uri_field = "metadata.url"`.

Every field of every row has a value of one type, never null and never a list: readers of JSON Lines take the type of a
field from the first rows, where an empty list or a null says nothing, and the first row with an entry ends the load.
"""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from manyo.corpus.structure import structure_of_row, view_of

#: Columns of other tables that the metadata of a document repeat, by table.
DOCUMENT_COLUMNS = ("terms", "page_licence", "fetched_at", "origin_file", "origin_offset")
LANGUAGE_COLUMNS = ("lang", "lang_score")
DUPLICATE_COLUMNS = ("cluster_size",)

#: datatrove's or FineWeb's name, our column and the type of each field of a document besides its text.
_METADATA = (
    ("url", "uri", pa.large_string()),
    ("title", "title", pa.large_string()),
    ("source", "source", pa.string()),
    ("licence", "licence", pa.string()),
    ("terms", "terms", pa.string()),
    ("page_licence", "page_licence", pa.string()),
    ("uses", "uses", pa.string()),
    ("date", "fetched_at", pa.string()),
    ("language", "lang", pa.string()),
    ("language_score", "lang_score", pa.float64()),
    ("file_path", "origin_file", pa.string()),
    ("file_offset", "origin_offset", pa.int64()),
    ("cluster_size", "cluster_size", pa.int64()),
    ("comments", "comments", pa.large_string()),
    ("pii", "pii", pa.string()),
)

#: Line ends of Unicode that JSON leaves as they are. Escaped, they are the same text, and no reader cuts a line there.
_LINE_ENDS = {ord(character): f"\\u{ord(character):04x}" for character in "\x85\u2028\u2029"}

#: Bytes of a row group before compression. The Hub's viewer reads a group at once, and recommends about as much.
_ROW_GROUP_BYTES = 100_000_000


@dataclass(frozen=True, slots=True)
class Export:
    """How the release is written for other tools.

    Attributes:
        format: `jsonl` for gzipped JSON Lines, `parquet` for Parquet.
        view: what of a text is written (`manyo.corpus.structure`): `plain` for the text itself, `markdown` for the same
            with headings, lists, tables and code marked, `ruby` for the text with its readings.
        signals: names of signals that are written with each document, as `metadata.signals`.
    """

    format: Literal["jsonl", "parquet"] = "jsonl"
    view: Literal["plain", "markdown", "ruby"] = "plain"
    signals: tuple[str, ...] = ()


def export_schema(signals: Sequence[pa.Field] = ()) -> pa.Schema:
    """The columns of an export.

    Args:
        signals: the fields of the table `signals` that are written too.
    """
    metadata = [pa.field(name, type_) for name, _, type_ in _METADATA]
    if signals:
        metadata.append(pa.field("signals", pa.struct([(field.name, _written_type(field.type)) for field in signals])))
    return pa.schema([("text", pa.large_string()), ("id", pa.string()), ("metadata", pa.struct(metadata))])


def export_batch(
    release: pa.RecordBatch, about: pa.RecordBatch, schema: pa.Schema, view: str = "plain"
) -> pa.RecordBatch:
    """The documents of a batch of the release as rows of an export; `id` is the doc_id in hexadecimal digits.

    Args:
        release: a batch of `manyo.corpus.schema.RELEASE`.
        about: what other tables say of the same documents, row by row: `DOCUMENT_COLUMNS`, `LANGUAGE_COLUMNS`,
            `DUPLICATE_COLUMNS` and the signals of the schema.
        schema: `export_schema`.
        view: as for `Export`.
    """
    rows = release.to_pylist()
    texts = release.column("text")
    if view != "plain":
        texts = pa.array([view_of(view, row["text"], structure_of_row(row["structure"])) for row in rows])
    ids = [row["doc_id"].hex() for row in rows]
    of_release = set(release.schema.names)
    fields = []
    for _, column, type_ in _METADATA:
        if column in ("uses", "pii"):
            fields.append(pa.array([_listed(row[column]) for row in rows], type_))
        else:
            fields.append(_values((release if column in of_release else about).column(column), type_))
    struct = schema.field("metadata").type
    if len(fields) < struct.num_fields:
        chosen = struct.field("signals").type
        numbers = [_values(about.column(field.name), field.type) for field in chosen]
        fields.append(pa.StructArray.from_arrays(numbers, fields=list(chosen)))
    columns = [texts.cast(pa.large_string()), pa.array(ids), pa.StructArray.from_arrays(fields, fields=list(struct))]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _listed(value: list[dict[str, object] | str] | None) -> str:
    """`train, search` for uses, `email 2, phone 1` for masked spans."""
    return ", ".join(f"{one['kind']} {one['count']}" if isinstance(one, dict) else one for one in value or ())


def _written_type(type_: pa.DataType) -> pa.DataType:
    """A number, or a string for a signal that names a category."""
    if pa.types.is_dictionary(type_):
        return pa.string()
    return pa.float64() if pa.types.is_floating(type_) else pa.int64()


def _values(column: pa.Array, type_: pa.DataType) -> pa.Array:
    """A column as values of a type: empty or 0 where there is none, times as `2026-11-30T07:32:00Z`."""
    if pa.types.is_timestamp(column.type):
        column = pc.strftime(column, "%Y-%m-%dT%H:%M:%SZ")
    elif pa.types.is_floating(column.type):
        # By way of its digits: 0.9 of 32 bits is 0.9 of 64, not 0.8999999761581421.
        column = column.cast(pa.string())
    nothing = 0 if type_ in (pa.int64(), pa.float64()) else ""
    return pc.fill_null(column.cast(type_), pa.scalar(nothing, type_))


def write_jsonl(path: Path, documents: Iterable[pa.RecordBatch]) -> int:
    """Write gzipped JSON Lines, the same bytes for the same documents; returns the number of documents.

    Args:
        path: of a local file.
        documents: batches of one `export_schema`.
    """
    n_documents = 0
    with (
        path.open("wb") as file,
        gzip.GzipFile(filename="", fileobj=file, mode="wb", mtime=0) as packed,
        io.TextIOWrapper(packed, encoding="utf-8", newline="\n") as lines,
    ):
        for batch in documents:
            for row in batch.to_pylist():
                lines.write(json.dumps(row, ensure_ascii=False, allow_nan=False).translate(_LINE_ENDS) + "\n")
            n_documents += batch.num_rows
    return n_documents


def write_parquet(path: Path, schema: pa.Schema, documents: Iterable[pa.RecordBatch]) -> int:
    """Write Parquet as the Hub recommends: row groups of 100 MB, an index of pages, and pages that end where content
    says, so that a later version shares those that have not changed. Returns the number of documents.

    Args:
        path: of a local file.
        schema: `export_schema`.
        documents: batches of it. A file without documents has no row group.
    """
    n_documents = 0
    with pq.ParquetWriter(
        path, schema, compression="zstd", write_page_index=True, use_content_defined_chunking=True
    ) as writer:
        for group in _row_groups(documents, schema):
            writer.write_table(group, row_group_size=group.num_rows)
            n_documents += group.num_rows
    return n_documents


def _row_groups(documents: Iterable[pa.RecordBatch], schema: pa.Schema) -> Iterator[pa.Table]:
    waiting: list[pa.RecordBatch] = []
    for batch in documents:
        if waiting and sum(one.nbytes for one in waiting) + batch.nbytes > _ROW_GROUP_BYTES:
            yield pa.Table.from_batches(waiting, schema)
            waiting = []
        waiting += [batch] if batch.num_rows else []
    if waiting:
        yield pa.Table.from_batches(waiting, schema)
