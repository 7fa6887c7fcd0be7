"""Framing of WARC archives: where each record starts, over every damaged stretch, without parsing what is in it.

FastWARC frames (plain, or compressed with gzip, zstd or LZ4). An archive that breaks off, or holds bytes that are not
WARC, costs what cannot be read and no more: the place is named in a `BrokenInput`, and framing goes on at the next
record that can be found.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from fastwarc import ArchiveIterator, GzipReader, WarcHeader, WarcRecord, WarcRecordType

from manyo.corpus.records import BrokenInput, Record, Refused
from manyo.corpus.sources.packing import file_name

#: FastWARC's own reading of WARC-Type, without a look-up; a type that it does not know has a name only in the header.
_NAME_OF_TYPE = {
    int(WarcRecordType.warcinfo): "warcinfo",
    int(WarcRecordType.response): "response",
    int(WarcRecordType.resource): "resource",
    int(WarcRecordType.request): "request",
    int(WarcRecordType.metadata): "metadata",
    int(WarcRecordType.revisit): "revisit",
    int(WarcRecordType.conversion): "conversion",
    int(WarcRecordType.continuation): "continuation",
}
#: Records that hold a page.
PAGE_TYPES = ("response", "resource", "conversion")
#: Records that stand for a page which they do not hold.
REFUSED_TYPES = ("revisit", "continuation")

GZIP_MAGIC = b"\x1f\x8b\x08"
CHUNK_BYTES = 256 << 10
_READ_BYTES = 128 << 10
#: As in FastWARC.
_MAX_HEADER_BYTES = 32 << 10
#: Marks that turn out not to start a record, before the rest of a damaged archive is given up.
_MAX_ATTEMPTS = 10_000

#: A record, or the gzip member, zstd frame or LZ4 frame around it.
_RECORD_START = re.compile(rb"\x1f\x8b\x08|WARC/[01]|\x28\xb5\x2f\xfd|\x04\x22\x4d\x18")
#: A mark may lie across the border of two chunks; this is more than the longest one less a byte.
_MARK_OVERLAP_BYTES = 8
_CONTENT_LENGTH = re.compile(rb"^content-length:\s*(\d{1,18})\s*$", re.IGNORECASE | re.MULTILINE)


class Block(NamedTuple):
    """A WARC record as framed, its block not yet parsed.

    Attributes:
        record_type: WARC-Type: response, resource, conversion, revisit, request, … The other fields are
            filled for pages only, `uri` for whatever may be refused.
        uri: WARC-Target-URI.
        date: WARC-Date as written.
        content_type: Content-Type of the block.
        identified_type: WARC-Identified-Payload-Type, the crawler's own guess; empty if it made none.
        size_bytes: Content-Length of the block.
        block: the bytes; empty if the record is not a page or larger than the limit.
    """

    record_type: str
    uri: str
    date: str
    content_type: str
    identified_type: str
    size_bytes: int
    block: bytes


def frame(stream: BinaryIO, uri: str, max_record_bytes: int) -> Iterator[Record[Block] | BrokenInput]:
    """Records of one archive from its start to its end, over every damaged stretch."""
    start: int | None = 0
    n_records = 0
    while start is not None:
        broken: _Break | None = None
        for item in _frame_run(stream, start, uri, n_records, max_record_bytes):
            if isinstance(item, _Break):
                broken = item
            else:
                n_records += 1
                yield item
        if broken is None:
            return
        start = _next_record(stream, broken)
        reason = broken.refused.reason
        if start is not None:
            reason = "archive_damaged"
        elif reason == "archive_damaged" and not n_records:
            reason = "not_warc"
        yield BrokenInput(uri, broken.offset, Refused(reason, broken.refused.detail, broken.refused.uri))


class _Break(NamedTuple):
    """A place where framing cannot go on.

    Attributes:
        offset: the place.
        refused: why.
        search_from: where the search for the next record starts.
        doubtful_until: before this, what looks like a record may be quoted by a page.
    """

    offset: int
    refused: Refused
    search_from: int
    doubtful_until: int


def _frame_run(
    stream: BinaryIO, start: int, uri: str, n_before: int, max_record_bytes: int
) -> Iterator[Record[Block] | _Break]:
    """Records from an offset on, and a `_Break` last if the archive breaks off or is damaged.

    FastWARC ends quietly where a file is cut, so each block is checked against its length, and
    the last gzip member against its own end.
    """
    stream.seek(start)
    is_gzip = stream.read(3) == GZIP_MAGIC
    stream.seek(start)
    # Inside a gzip member, only the reader knows where the member starts.
    members = GzipReader(stream, _READ_BYTES) if is_gzip else None
    n_records = n_before
    offset = start
    last_whole: int | None = None
    try:
        for shown in ArchiveIterator(members or stream, parse_http=False):
            offset = shown.stream_pos if members is None else members.frame_start_position() or start
            last_whole = None
            block = _block(shown, max_record_bytes)
            last_whole = offset
            # Records that share a member are distinguished by their ordinal.
            yield Record(uri, offset, shown.record_id or f"{file_name(uri)}:{offset}:{n_records}", block)
            n_records += 1
    except _BrokenRecordError as error:
        refused = Refused("archive_truncated", str(error), _target_uri(shown))
        yield _Break(offset, refused, offset + 1, offset + max(0, shown.content_length))
        return
    except OSError as error:
        _raise_if_storage_failed(error)
        search_from = offset + 1
        if last_whole is not None:
            offset = _end_of_record(stream, last_whole, is_gzip)
            # Its length may be a lie, so that the next record starts before its end, or right there.
            search_from = last_whole + 1
        yield _Break(offset, Refused("archive_damaged", str(error)), search_from, offset)
        return
    if members is not None:
        cut = _cut_member(stream, members.frame_start_position() or start)
        if cut is not None:
            yield _Break(cut, Refused("archive_truncated", "the file ends inside a gzip member"), cut + 1, cut)


class _BrokenRecordError(Exception):
    """A record whose header or block is not all there."""


def _block(shown: WarcRecord, max_record_bytes: int) -> Block:
    """The record as read, its block in memory if it is a page within the limit.

    Raises:
        _BrokenRecordError: the file ends before the record does.
    """
    size_bytes = shown.content_length
    if not size_bytes and "Content-Length" not in shown.headers:
        raise _BrokenRecordError("a WARC header without Content-Length")
    # Each look-up costs as much as framing a record, so records that are not pages get only one.
    record_type = _NAME_OF_TYPE.get(int(shown.record_type))
    if record_type is None:
        record_type = (shown.headers.get("WARC-Type") or "unknown").strip().lower()
    is_page = record_type in PAGE_TYPES
    if is_page and size_bytes <= max_record_bytes:
        block = shown.reader.read(size_bytes) if size_bytes else b""  # with the size given, it copies once
        if len(block) < size_bytes:
            block += shown.reader.read()
        n_read = len(block)
    else:
        block = b""
        n_read = shown.reader.consume()
    if n_read < size_bytes:
        raise _BrokenRecordError(f"the record ends after {n_read} of {size_bytes} bytes")
    if not is_page:
        return Block(
            record_type, _target_uri(shown) if record_type in REFUSED_TYPES else "", "", "", "", size_bytes, b""
        )
    get = shown.headers.get
    return Block(
        record_type,
        _target_uri(shown),
        get(WarcHeader.WARC_DATE) or "",
        get(WarcHeader.CONTENT_TYPE) or "",
        get(WarcHeader.WARC_IDENTIFIED_PAYLOAD_TYPE) or "",
        size_bytes,
        block,
    )


def _target_uri(shown: WarcRecord) -> str:
    """The page's address; old wget versions wrote it in angle brackets."""
    return (shown.headers.get(WarcHeader.WARC_TARGET_URI) or "").strip("<> ")


def _end_of_record(stream: BinaryIO, offset: int, is_gzip: bool) -> int:
    """Where the record (or gzip member) at an offset ends; the offset itself if that is unknown."""
    stream.seek(offset)
    if is_gzip:
        size_bytes, is_whole = _member_size(stream)
        return offset + size_bytes if is_whole else offset
    head = stream.read(_MAX_HEADER_BYTES)
    end = head.find(b"\r\n\r\n")
    length = _CONTENT_LENGTH.search(head[: end + 2])
    if end < 0 or length is None:
        return offset
    offset += end + 4 + int(length[1])
    stream.seek(offset)
    blank = stream.read(4)
    return offset + len(blank) - len(blank.lstrip(b"\r\n"))


def _cut_member(stream: BinaryIO, offset: int) -> int | None:
    """Offset of the first gzip member, from one at `offset` on, that the file's end cuts; None if no member is cut."""
    while True:
        stream.seek(offset)
        size_bytes, is_whole = _member_size(stream)
        if not size_bytes:
            return None
        if not is_whole:
            return offset
        offset += size_bytes


def _member_size(stream: BinaryIO) -> tuple[int, bool]:
    """Compressed bytes of the gzip member at the stream's position, and whether it reaches its end."""
    inflater = zlib.decompressobj(zlib.MAX_WBITS | 16)
    size_bytes = 0
    while chunk := stream.read(CHUNK_BYTES):
        try:
            pending = chunk
            while pending and not inflater.eof:
                # Bounded output, dropped at once: a member may inflate a thousandfold.
                inflater.decompress(pending, CHUNK_BYTES)
                pending = inflater.unconsumed_tail
        except zlib.error:
            return size_bytes + len(chunk), False
        size_bytes += len(chunk) - len(inflater.unused_data)
        if inflater.eof:
            return size_bytes, True
    return size_bytes, False


def _next_record(stream: BinaryIO, broken: _Break) -> int | None:
    """Offset of the first record after a break that FastWARC can frame; None if no further record is found."""
    attempts = 0
    offset = broken.search_from
    stream.seek(offset)
    while chunk := stream.read(CHUNK_BYTES):
        for match in _RECORD_START.finditer(chunk):
            attempts += 1
            if attempts > _MAX_ATTEMPTS:
                return None
            place = offset + match.start()
            is_doubtful = place < broken.doubtful_until and match[0].startswith(b"WARC")
            if _starts_record(stream, place) and not (is_doubtful and _is_quoted(stream, place)):
                return place
        if len(chunk) < CHUNK_BYTES:
            return None
        offset += len(chunk) - _MARK_OVERLAP_BYTES
        stream.seek(offset)
    return None


def _starts_record(stream: BinaryIO, offset: int) -> bool:
    stream.seek(offset)
    try:
        for shown in ArchiveIterator(stream, parse_http=False):
            return "Content-Length" in shown.headers and "WARC-Type" in shown.headers
    except OSError as error:
        _raise_if_storage_failed(error)
        return False
    return False


def _is_quoted(stream: BinaryIO, offset: int) -> bool:
    """Whether the record at an offset ends where neither another one starts nor the file ends."""
    stream.seek(_end_of_record(stream, offset, is_gzip=False))
    return stream.read(5) not in (b"WARC/", b"")


def _raise_if_storage_failed(error: OSError) -> None:
    """Raise an error of the disk or network again; FastWARC's own errors, for damaged data, have no errno."""
    if error.errno is not None:
        raise error
