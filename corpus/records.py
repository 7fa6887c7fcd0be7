"""What passes between a source and the extract stage: a record in, a document or a refusal out.

Every source module offers the same three functions (see `manyo.corpus.sources`):

- `plan` groups input files into shards,
- `records` frames a shard's files into records, cheaply and without parsing them,
- `parse` turns one record into a `Document`, a `Refused` or a `Skipped`.

A record and what became of it are named tuples, which are made in half the time of frozen dataclasses.

The stage calls `parse` behind its isolation boundary, so a record that crashes
its parser costs that record and no other.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from manyo.corpus.schema import DOC_ID_BYTES


@dataclass(frozen=True, slots=True)
class InputFile:
    """An input as the planner saw it.

    Attributes:
        uri: path or URI as the configuration's glob gave it.
        size_bytes: its size.
        version: modification time or entity tag; changes when the file does.
    """

    uri: str
    size_bytes: int
    version: str


@dataclass(frozen=True, slots=True)
class InputShard:
    """Files that one task reads, and the name that its output shards get.

    Attributes:
        name: name of the shard.
        files: in the order in which they are read.
        sidecars: what else decides its output, such as a table of titles.
        sampled_fraction: of its records that are parsed, chosen by a digest of their keys; 1 except in a forecast.
    """

    name: str
    files: tuple[InputFile, ...]
    sidecars: tuple[InputFile, ...] = ()
    sampled_fraction: float = 1.0

    @property
    def size_bytes(self) -> int:
        """Bytes to read."""
        return sum(file.size_bytes for file in self.files)


class Record(NamedTuple):
    """One record of an input file, framed and not yet parsed.

    Attributes:
        origin_file: URI of the input file.
        origin_offset: byte at which the record (its gzip member, line, or archive entry) starts,
            or its ordinal in containers that have no byte offsets.
        key: natural key within the source; the document id is derived from it.
        payload: whatever the source's `parse` needs.
    """

    origin_file: str
    origin_offset: int
    key: str
    payload: Any


@dataclass(slots=True)
class Document:
    """A record that became text. Columns as in `manyo.corpus.schema.DOCUMENTS`."""

    uri: str
    text: str
    title: str = ""
    charset: str = "utf-8"
    charset_declared: str | None = None
    robots: tuple[str, ...] = ()
    page_licence: str | None = None
    comments: str = ""
    link_fraction: float = 0.0
    fetched_at: datetime | None = None
    pages: list[tuple[str, int]] = field(default_factory=list)
    meta: dict[str, Any] = field(default_factory=dict)


class Refused(NamedTuple):
    """A page that became no document.

    Attributes:
        reason: one of the source's documented reasons, snake_case.
        detail: what was found, in one line.
        uri: address of the page; empty if unknown.
    """

    reason: str
    detail: str = ""
    uri: str = ""


class Skipped(NamedTuple):
    """A record that is no page at all (a WARC request, say): counted by kind, no row."""

    kind: str


Outcome = Document | Refused | Skipped


@dataclass(frozen=True, slots=True)
class BrokenInput:
    """What `records` yields where a file cannot be framed any further: it becomes a refused row."""

    origin_file: str
    origin_offset: int
    refused: Refused


def document_id(source: str, key: str) -> bytes:
    """Stable 16-byte id of a document: BLAKE2b of the source's name and the record's natural key."""
    return hashlib.blake2b(f"{source}\0{key}".encode("utf-8", "surrogatepass"), digest_size=DOC_ID_BYTES).digest()
