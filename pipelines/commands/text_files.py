"""Texts from files that a command is given: .txt, .jsonl and .parquet, by path, glob or folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePath
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from manyo.corpus.records import BrokenInput, Refused, Skipped
from manyo.corpus.sources.source_kinds import source_kind
from manyo.corpus.tables.shards import filesystem
from manyo.pipelines.engine.errors import UserError
from manyo.pipelines.extraction.inputs import expand

#: Suffixes of files that hold documents, and the kind of source that reads each.
_KIND_OF_SUFFIX = {
    ".parquet": "parquet",
    ".jsonl": "jsonl",
    ".jsonl.gz": "jsonl",
    ".jsonl.zst": "jsonl",
}


class FileText(NamedTuple):
    """A text of a file.

    Attributes:
        name: what its field or column `id` says, by which another file may have it too; else its place in the file.
        text: None for a row that has none.
    """

    name: str
    text: str | None


def source_of(given: str) -> str:
    """The source of a file's documents: its name up to the first dot; of a .txt file, one document, its folder."""
    path = PurePath(given)
    return path.parent.name or "." if given.endswith(".txt") else path.name.split(".")[0]


def texts_of(given: str, where: str) -> Iterator[FileText]:
    """Yield the texts of a file, glob or folder.

    Args:
        given: a .txt file, which is one text, or files of JSON Lines or Parquet.
        where: the place of the name, for messages.

    Raises:
        UserError: an input is missing, or is not JSON Lines, Parquet or plain text.
    """
    if given.endswith(".txt"):
        try:
            yield FileText(given, Path(given).read_text(encoding="utf-8"))
        except OSError as error:
            raise UserError(f"{where} {given}: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise UserError(f"{where} {given}: not UTF-8 at byte {error.start}") from error
        return
    kind = next((kind for suffix, kind in _KIND_OF_SUFFIX.items() if given.endswith(suffix)), None)
    if kind is None:
        raise UserError(
            f"{where} {given}: give a .txt file (one document) or .jsonl, .jsonl.gz, .jsonl.zst or .parquet files "
            "(globs are allowed) with the text in the field or column `text`"
        )
    found = expand(given, where)
    if found.skipped:
        raise UserError(f"{where} {given}: {found.skipped[0]}; rename, move or delete it")
    source = source_kind(kind)
    has_id = kind == "parquet" and "id" in _columns(found.files[0].uri)
    settings = source.Options(meta_fields=("id",)) if has_id else source.Options()
    for shard in source.plan(found.files, settings):
        try:
            for record in source.records(shard, settings):
                if isinstance(record, BrokenInput):
                    yield FileText("", None)
                    continue
                outcome = source.parse(record, settings)
                if isinstance(outcome, Refused | Skipped):
                    yield FileText(record.key, None)
                else:
                    yield FileText(str(record.payload.get("id") or outcome.uri), outcome.text)
        except ValueError as error:
            raise UserError(f"{where}: {error}") from error


def _columns(uri: str) -> list[str]:
    """Names of the columns of a Parquet file; none of a file that is none, of which its reader will speak."""
    fs, path = filesystem(uri)
    try:
        with fs.open(path, "rb") as stream:
            names: list[str] = pq.read_schema(stream).names
    except (pa.ArrowException, OSError):
        names = []
    return names
