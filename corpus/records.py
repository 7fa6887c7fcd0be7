"""What passes between a source and the extract stage: a record in, a document or a refusal out.

`manyo.corpus.sources.SourceKind` says which functions a source has. The stage calls `parse` behind its isolation
boundary, so a record that crashes its parser costs that record and no other.

Records and outcomes are named tuples, which take half as long to make as frozen dataclasses.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, NamedTuple, TypeVar

from manyo.corpus.structure import NO_STRUCTURE, Structure

#: What a source's `records` give to its `parse`.
Payload = TypeVar("Payload", covariant=True)


@dataclass(frozen=True, slots=True)
class InputFile:
    """An input file as the planner saw it.

    Attributes:
        uri: path or URI as the configuration's glob gave it.
        size_bytes: its size.
        version: modification time or entity tag; changes when the file does.
        changed_at: identity and time of change of a local file, which say that it was replaced even where its
            modification time was put back. It does not belong to the file's bytes, so it is in no digest.
        name: its path below the root of its input, `vol1/01.txt`; what is made of ids. It does not say where the
            data lie, and differs between the files of a source. Its last part, if not given.
    """

    uri: str
    size_bytes: int
    version: str
    changed_at: str = ""
    name: str = ""

    def __post_init__(self) -> None:
        if not self.name:
            object.__setattr__(self, "name", self.uri.rsplit("/", 1)[-1])


@dataclass(frozen=True, slots=True)
class InputShard:
    """Files that one task reads, and the name of its output shards.

    Attributes:
        name: name of the shard.
        files: in the order in which they are read.
        sidecars: other files that decide the output, such as a table of titles.
        sampled_fraction: fraction of the records that are parsed, chosen by a digest of their places; 1 except in a
            forecast.
        budget_share: part of the source's budget of requests that the task may use, since others run at the same
            time.
    """

    name: str
    files: tuple[InputFile, ...]
    sidecars: tuple[InputFile, ...] = ()
    sampled_fraction: float = 1.0
    budget_share: float = 1.0

    @property
    def size_bytes(self) -> int:
        """Bytes to read."""
        return sum(file.size_bytes for file in self.files)


class Record(NamedTuple, Generic[Payload]):
    """One record of an input file, framed and not yet parsed.

    Attributes:
        origin_file: URI of the input file.
        origin_offset: byte at which the record (its gzip member, line, or archive entry) starts,
            or its ordinal in containers that have no byte offsets.
        key: what distinguishes the record from all others of the source, wherever the data lie and however they are
            dealt to shards; the document id is derived from it. A key that the record itself states, else the
            `InputFile.name` of its file and its place in it.
        payload: what the source's `parse` needs.
        entry: path of its entry in an archive; empty for a file by itself.
    """

    origin_file: str
    origin_offset: int
    key: str
    payload: Payload
    entry: str = ""

    @property
    def address(self) -> str:
        """The record's file, with the entry's path behind an archive's: the `uri` of texts that state none."""
        return f"{self.origin_file}/{self.entry}" if self.entry else self.origin_file


class OcrPage(NamedTuple):
    """A page of a record that must be recognised.

    Attributes:
        number: from 1.
        why: a key of `manyo.corpus.print.text_layer.WHYS`.
    """

    number: int
    why: str


def is_sampled(origin_file: str, origin_offset: int, fraction: float) -> bool:
    """Whether the record at a place belongs to a sample; a larger sample has every record of a smaller one."""
    place = f"{origin_file}:{origin_offset}".encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(place, digest_size=8).digest()) < fraction * 2**64


@dataclass(slots=True)
class Document:
    """A record that became text. Columns as in `manyo.corpus.schema.DOCUMENTS`."""

    uri: str
    text: str
    title: str = ""
    charset: str = "utf-8"
    charset_declared: str | None = None
    charset_decided_by: str | None = None
    undecodable_fraction: float = 0.0
    truncated_by: str | None = None
    robots: tuple[str, ...] = ()
    statements: tuple[str, ...] = ()
    page_licence: str | None = None
    comments: str = ""
    link_fraction: float = 0.0
    kept_japanese_fraction: float = 1.0
    fetched_at: datetime | None = None
    pages: list[tuple[str, int]] = field(default_factory=list)
    structure: Structure = NO_STRUCTURE
    meta: Mapping[str, object] = field(default_factory=dict)
    ocr_pages: tuple[OcrPage, ...] = ()
    terms: str | None = None  # None: as the source's
    grade: str | None = None
    subject: str | None = None
    family: str | None = None
    lacks: tuple[str, ...] = ()  # what the settings name and this record does not have, as in id_field = "doc"


class Refused(NamedTuple):
    """A page that did not become a document.

    Attributes:
        reason: a key of the source's `REASONS`.
        detail: what was found, in one line.
        uri: address of the page; empty if unknown.
        ocr_pages: its pages that must be recognised.
        lacks: as of `Document`.
    """

    reason: str
    detail: str = ""
    uri: str = ""
    ocr_pages: tuple[OcrPage, ...] = ()
    lacks: tuple[str, ...] = ()


class Skipped(NamedTuple):
    """A record that is not a page, such as a WARC request: it is counted by kind and gets no row."""

    kind: str


Outcome = Document | Refused | Skipped


class UnfitOptions(ValueError):
    """The options of a source do not fit one of its files; the message names both."""


@dataclass(frozen=True, slots=True)
class BrokenInput:
    """A place where a file cannot be framed: it becomes a refused row."""

    origin_file: str
    origin_offset: int
    refused: Refused
