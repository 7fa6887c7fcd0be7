"""JSON Lines, plain or compressed, whatever the file is called: one document per line.

A line that is not a JSON object costs only that line; its row in `refused` says where it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import IO

from manyo.corpus.records import BrokenInput, InputFile, InputShard, Outcome, Record, Refused
from manyo.corpus.sources import other_formats, rows
from manyo.corpus.sources.compression import DAMAGE, decompressed, raise_if_storage_failed
from manyo.corpus.sources.content_kind import HEAD_BYTES
from manyo.corpus.sources.packing import pack_files
from manyo.corpus.sources.rows import Row
from manyo.corpus.tables.shards import filesystem

REASONS = {
    **rows.REASONS,
    **other_formats.REASONS,
    "broken_json": "the line is not a JSON object in UTF-8",
    "too_large": "the line is longer than the configured limit",
    "broken_compression": "the file cannot be decompressed any further",
}


#: How an array of objects begins: not a line of it is an object.
_ARRAY = re.compile(rb"(?:\xef\xbb\xbf)?\s*\[\s*\{")
_IS_ARRAY = "is one JSON array: write an object a line, by jq -c '.[]'"


@dataclass(frozen=True, slots=True)
class Options(rows.Fields):
    """Settings of a JSON Lines source: fields as in `rows.Fields`.

    Attributes:
        max_line_bytes: limit for one line, decompressed.
    """

    max_line_bytes: int = 64 << 20

    def __post_init__(self) -> None:
        # `super()` without arguments does not work in dataclasses with slots before Python 3.14.
        rows.Fields.__post_init__(self)
        if self.max_line_bytes < 1:
            raise ValueError(f"max_line_bytes must be at least 1, got {self.max_line_bytes}")


@dataclass(frozen=True, slots=True)
class Frame:
    """A line as it stands in the file, decompressed.

    Attributes:
        offset: of its first byte.
        number: counted from 1.
        data: without the line end; None if it is longer than the limit.
    """

    offset: int
    number: int
    data: bytes | None


def plan(files: Sequence[InputFile], options: Options) -> list[InputShard]:
    """Pack small files together up to the target size; a large file is a shard by itself."""
    return pack_files(files, options.target_shard_bytes)


def records(shard: InputShard, options: Options) -> Iterator[Record[Row] | BrokenInput]:
    """One record per line that is not blank; offsets count decompressed bytes."""
    for file in shard.files:
        seen: set[str] = set()  # two files that state one id stop the run, whichever shards they are in
        fs, path = filesystem(file.uri)
        if other := _other_format(file):
            yield other
            continue
        with fs.open(path, "rb") as raw, decompressed(raw) as stream:
            end = 0
            try:
                for frame in frames(stream, options.max_line_bytes):
                    end = frame.offset + len(frame.data or b"")
                    row = _row(frame, options)
                    if isinstance(row, Refused):
                        yield BrokenInput(file.uri, frame.offset, row)
                        continue
                    key = rows.row_key(row, options, file.name, frame.number)
                    if key in seen:
                        refused = Refused("duplicate_id", f"line {frame.number}: {key}", file.uri)
                        yield BrokenInput(file.uri, frame.offset, refused)
                        continue
                    seen.add(key)
                    yield Record(file.uri, frame.offset, key, row)
            except DAMAGE as error:
                raise_if_storage_failed(error)
                yield BrokenInput(file.uri, end, Refused("broken_compression", str(error), file.uri))


def parse(record: Record[Row], options: Options) -> Outcome:
    """The line's document."""
    return rows.row_document(record, options)


def frames(stream: IO[bytes], max_line_bytes: int) -> Iterator[Frame]:
    """Cut a stream into lines, without blank lines and the byte order mark.

    A line that is too long is skipped in pieces, so that it does not fill the memory.
    """
    offset, number = 0, 0
    while data := stream.readline(max_line_bytes + len(b"\r\n")):
        start, number = offset, number + 1
        offset += len(data)
        content = data.rstrip(b"\r\n")
        is_too_long = len(content) > max_line_bytes
        while not data.endswith(b"\n") and (data := stream.readline(1 << 20)):
            offset += len(data)
            is_too_long = is_too_long or bool(data.rstrip(b"\r\n"))
        if start == 0:
            content = content.removeprefix(b"\xef\xbb\xbf")
        if is_too_long:
            yield Frame(start, number, None)
        elif content.strip():
            yield Frame(start, number, content)


def _row(frame: Frame, options: Options) -> Row | Refused:
    where = f"line {frame.number}, byte {frame.offset}"
    if frame.data is None:
        return Refused("too_large", f"{where}: longer than {options.max_line_bytes} bytes")
    try:
        row = json.loads(frame.data)
    except RecursionError:
        return Refused("broken_json", f"{where}: nested too deeply")
    except ValueError as error:  # JSONDecodeError, UnicodeDecodeError, and integers of 4,301 digits
        return Refused("broken_json", f"{where}: {error}")
    if not isinstance(row, dict):
        return Refused("broken_json", f"{where}: {type(row).__name__} instead of an object")
    return row


def _other_format(file: InputFile) -> BrokenInput | None:
    """The row of a file without any object in its first lines that is of another format."""
    head = head_of(file.uri)
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _refused(file, "is UTF-16: write it again as UTF-8, by iconv -f UTF-16 -t UTF-8")
    # Asked first: an array that is written over several lines has lines that begin as objects do.
    if _ARRAY.match(head):
        return _refused(file, _IS_ARRAY)
    if any(line.lstrip(b"\xef\xbb\xbf \t").startswith(b"{") for line in head.split(b"\n")):
        return None
    return other_formats.refused(file.uri, 0, head, other_formats.JSON, file.name)


def _refused(file: InputFile, what: str) -> BrokenInput:
    return BrokenInput(file.uri, 0, Refused("other_format", f"{file.name} {what}", file.uri))


def head_of(uri: str) -> bytes:
    """The first bytes of a file, decompressed; empty if not even those can be."""
    fs, path = filesystem(uri)
    with fs.open(path, "rb") as raw, decompressed(raw) as stream:
        try:
            return stream.read(HEAD_BYTES)
        except DAMAGE as error:
            raise_if_storage_failed(error)
            return b""
