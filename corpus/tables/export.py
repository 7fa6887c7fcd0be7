"""The release as datatrove keeps documents: `text`, `id` and `metadata`, as JSON Lines or Parquet.

datatrove's readers take either as it is, and so do readers of Hugging Face's corpora. The
kinds `jsonl` and `parquet` read them back with `id_field = "id"` and `uri_field = "metadata.url"`.

Every field of every row is a string, never null and never a list: readers of JSON Lines take the type of a field from
the first rows, an empty list there is null to them, and the first row with an entry ends the load.
"""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pyarrow as pa

from manyo.corpus.structure import structure_of_row, view_of

#: datatrove's name, our column and the type of each field of a document besides its text.
_METADATA = (
    ("url", "uri", pa.large_string()),
    ("title", "title", pa.large_string()),
    ("source", "source", pa.string()),
    ("licence", "licence", pa.string()),
    ("uses", "uses", pa.string()),
    ("comments", "comments", pa.large_string()),
    ("pii", "pii", pa.string()),
)

#: Line ends of Unicode that JSON leaves as they are. Escaped, they are the same text, and no reader cuts a line there.
_LINE_ENDS = {ord(character): f"\\u{ord(character):04x}" for character in "\x85\u2028\u2029"}

SCHEMA = pa.schema(
    [
        ("text", pa.large_string()),
        ("id", pa.string()),
        ("metadata", pa.struct([(name, type_) for name, _, type_ in _METADATA])),
    ]
)


@dataclass(frozen=True, slots=True)
class Export:
    """How the release is written for other tools.

    Attributes:
        format: `jsonl` for gzipped JSON Lines, `parquet` for Parquet.
        view: what of a text is written (`manyo.corpus.structure`): `plain` for the text itself, `markdown` for the same
            with headings, lists, tables and code marked, `ruby` for the text with its readings.
    """

    format: Literal["jsonl", "parquet"] = "jsonl"
    view: Literal["plain", "markdown", "ruby"] = "plain"


def document_rows(release: pa.RecordBatch, view: str = "plain") -> list[dict[str, object]]:
    """The documents of a batch of `manyo.corpus.schema.RELEASE` as datatrove's; `id` is the doc_id in hexadecimal
    digits."""
    return [
        {
            "text": view_of(view, row["text"], structure_of_row(row["structure"])),
            "id": row["doc_id"].hex(),
            "metadata": {name: _as_string(row[column]) for name, column, _ in _METADATA},
        }
        for row in release.to_pylist()
    ]


def _as_string(value: object) -> str:
    """A column's value: `train, search` for uses, `email 2, phone 1` for masked spans, empty for what is not there."""
    if isinstance(value, list):
        return ", ".join(f"{one['kind']} {one['count']}" if isinstance(one, dict) else str(one) for one in value)
    return "" if value is None else str(value)


def write_jsonl(path: Path, release: Iterable[pa.RecordBatch], view: str = "plain") -> int:
    """Write gzipped JSON Lines, the same bytes for the same documents; returns the number of documents."""
    n_documents = 0
    with (
        path.open("wb") as file,
        gzip.GzipFile(filename="", fileobj=file, mode="wb", mtime=0) as packed,
        io.TextIOWrapper(packed, encoding="utf-8", newline="\n") as lines,
    ):
        for batch in release:
            for row in document_rows(batch, view):
                lines.write(json.dumps(row, ensure_ascii=False).translate(_LINE_ENDS) + "\n")
            n_documents += batch.num_rows
    return n_documents


def parquet_batches(release: Iterable[pa.RecordBatch], view: str = "plain") -> Iterable[pa.RecordBatch]:
    """The documents as batches of `SCHEMA`."""
    return (pa.RecordBatch.from_pylist(document_rows(batch, view), schema=SCHEMA) for batch in release)
