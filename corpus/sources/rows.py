"""Tables of texts: which field of a row is what, and how a row becomes a document.

JSON Lines and Parquet differ in how rows are read, not in what rows hold.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from manyo.corpus.records import Document, Record, Refused
from manyo.corpus.text import tidy

REASONS = {
    "no_text": "the row's text field is missing, null, empty, or not a string",
    "duplicate_id": "an earlier row of the file has the same id",
}

#: What an address of the web begins with; without it, neither a host nor a takedown list names the document.
SCHEME = "http:// or https:// before the address"

#: An address of the web whose scheme is left out: a host, and nothing or a path after it.
_BARE_ADDRESS = re.compile(r"(?:[\w-]+\.)+[^\W\d_]{2,}(?::\d+)?(?:/|$)")

#: A row: values by the names of its fields, as JSON or Arrow gives them.
Row: TypeAlias = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of a row, and how rows are put into shards. Empty names: the rows have no such field.

    A name that is not a field of the row may lead into one, at each dot: `metadata.url` is the field `url` of the
    object in `metadata`, where datatrove keeps all but text and id.

    Attributes:
        text_field: the text.
        id_field: a natural key, unique in the source; without one, the file's path below the input's root and
            the row's number are the key.
        uri_field: address of the document; without one, the file and row number.
        title_field: the title.
        meta_fields: further fields, copied to the document's meta.
        target_shard_bytes: small files are packed into one shard up to this size.
    """

    text_field: str = "text"
    id_field: str = ""
    uri_field: str = ""
    title_field: str = ""
    meta_fields: tuple[str, ...] = ()
    target_shard_bytes: int = 256 << 20

    def __post_init__(self) -> None:
        if not self.text_field:
            raise ValueError("text_field must name the field that holds the text")
        if self.target_shard_bytes < 1:
            raise ValueError(f"target_shard_bytes must be at least 1, got {self.target_shard_bytes}")

    @property
    def names(self) -> list[str]:
        """All fields that are read, each once."""
        single = (self.text_field, self.id_field, self.uri_field, self.title_field)
        return list(dict.fromkeys(name for name in (*single, *self.meta_fields) if name))

    @property
    def asked(self) -> list[tuple[str, str]]:
        """All fields but the text's, each as the settings state it and by its name."""
        keys = ("id_field", "uri_field", "title_field")
        single = [(f'{key} = "{name}"', name) for key in keys if (name := getattr(self, key))]
        return single + [(f'"{name}" of meta_fields', name) for name in self.meta_fields]


def row_document(record: Record[Row], fields: Fields) -> Document | Refused:
    """The document in a row.

    Args:
        record: its payload is the row.
        fields: which field is what.
    """
    row = record.payload
    uri = _string(value(row, fields.uri_field)) or f"{record.origin_file}#{record.key.rpartition('#')[2]}"
    text = value(row, fields.text_field)
    if not isinstance(text, str):
        found = f"is {type(text).__name__}" if fields.text_field in row or text is not None else "is missing"
        detail = f"field {fields.text_field!r} {found}; the row has {', '.join(map(str, row))}"
        return Refused("no_text", detail, uri, lacks=(f'text_field = "{fields.text_field}"',) if text is None else ())
    content = tidy(text)
    if not content.strip():
        return Refused("no_text", f"field {fields.text_field!r} is empty", uri)
    meta = {name: value(row, name) for name in fields.meta_fields if value(row, name) is not None}
    # Parquet holds dates and decimals, which JSON lacks.
    meta = json.loads(json.dumps(meta, default=str))
    lacks = tuple(stated for stated, name in fields.asked if value(row, name) in (None, ""))
    if fields.uri_field and _BARE_ADDRESS.match(uri):
        lacks += (f'{SCHEME} of uri_field = "{fields.uri_field}"',)
    title = tidy(_string(value(row, fields.title_field)))
    return Document(uri=uri, text=content, title=title, meta=meta, lacks=lacks)


def value(row: Row, name: str) -> object:
    """The value of a field, or of what the dots of its name lead to; None if there is no such field."""
    if name in row or "." not in name:
        return row.get(name)
    first, rest = name.split(".", 1)
    inner = row.get(first)
    return value(inner, rest) if isinstance(inner, Mapping) else None


def row_key(row: Row, fields: Fields, file_name: str, number: int) -> str:
    """The row's natural key: its id if it has one, else the file's name (`InputFile.name`) and number."""
    identity = _string(value(row, fields.id_field)) if fields.id_field else ""
    return identity or f"{file_name}#{number}"


def _string(found: object) -> str:
    return "" if found is None else str(found)
