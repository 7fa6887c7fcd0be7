"""Framing of WARC archives: where each record starts, over every damaged stretch, without parsing what is in it.

Gzip members with one regular record each are read at once (`manyo.corpus.sources.whole_members`). FastWARC frames all
else (plain, or compressed with gzip, zstd or LZ4). Where it stops, `manyo.corpus.sources.careful_framing` reads. An
archive that breaks off, or holds bytes that are not WARC or ARC, costs what cannot be read and no more: the place is
named in a `BrokenInput`, and framing goes on at the next record that can be found. The end of the data is the end of
the file: an empty gzip member, with which bgzip ends a file, or padding ends nothing.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Generator
from io import SEEK_CUR, SEEK_END
from typing import BinaryIO, NamedTuple

from fastwarc import ArchiveIterator, GzipReader, WarcHeader, WarcRecord, WarcRecordType

from manyo.corpus.records import BrokenInput, Record, Refused
from manyo.corpus.sources.careful_framing import (
    BLANK,
    CHUNK_BYTES,
    GZIP_MAGIC,
    PAGE_TYPES,
    REFUSED_TYPES,
    Block,
    Break,
    read_unit,
    starts_record,
)
from manyo.corpus.sources.compression import raise_if_storage_failed
from manyo.corpus.sources.truncation import stated_cause
from manyo.corpus.sources.whole_members import read_whole_members

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
_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
_LZ4_MAGIC = b"\x04\x22\x4d\x18"
#: Frames of zstd and LZ4 that hold no data of the stream: 184D2A50 to 184D2A5F.
_SKIPPABLE = re.compile(rb"[\x50-\x5f]\x2a\x4d\x18", re.DOTALL)
_READ_BYTES = 128 << 10
#: As in FastWARC.
_MAX_HEADER_BYTES = 32 << 10
#: Marks that turn out not to start a record, before the rest of a damaged archive is given up.
_MAX_ATTEMPTS = 10_000

#: A record of WARC or ARC, or the gzip member, zstd frame or LZ4 frame around it.
_RECORD_START = re.compile(
    rb"\x1f\x8b\x08|(?i:WARC)/\d|\x28\xb5\x2f\xfd|\x04\x22\x4d\x18|(?<=\n)[a-z]{2,9}:[^ \r\n]{1,2000} \S{1,40} \d{14} "
)
#: A mark may lie across the border of two chunks; this is more than the longest one less a byte.
_MARK_OVERLAP_BYTES = 2080
_CONTENT_LENGTH = re.compile(rb"^content-length:\s*(\d{1,18})\s*$", re.IGNORECASE | re.MULTILINE)


def frame(stream: BinaryIO, uri: str, max_record_bytes: int) -> Generator[Record[Block] | BrokenInput, None, int]:
    """Records of one archive from its start to its end, over every damaged stretch.

    A record's key is the id that it states; empty if it states none.

    Returns:
        The bytes that were read as records, as blanks between them, or as what a `BrokenInput` names: the file's size.
    """
    size_bytes = stream.seek(0, SEEK_END)
    n_records = n_broken = 0
    place = _Place(_behind_blanks(stream, 0))
    while place.offset < size_bytes:
        offset, n_whole = yield from read_whole_members(stream, place.offset, uri, max_record_bytes)
        n_records += n_whole
        if offset >= size_bytes:
            break
        place, n_run = yield from _fast_run(stream, offset, uri, max_record_bytes)
        n_records += n_run
        if place.offset >= size_bytes:
            break
        left = yield from _slow_run(stream, place, uri, max_record_bytes)
        n_records += left.n_records
        if left.broken is None:
            place = _Place(left.offset)
            continue
        following = _next_record(stream, left.broken)
        reason = left.broken.refused.reason
        if following is not None:
            reason = "archive_damaged"
        elif reason == "archive_damaged" and not n_records:
            reason = "not_warc"
        n_broken += 1
        yield BrokenInput(uri, left.broken.offset, Refused(reason, left.broken.refused.detail, left.broken.refused.uri))
        place = _Place(size_bytes if following is None else following)
    if size_bytes and not n_records and not n_broken:
        yield BrokenInput(uri, 0, Refused("not_warc", f"no record in {size_bytes} bytes"))
    return size_bytes


class _Place(NamedTuple):
    """Where FastWARC stopped.

    Attributes:
        offset: start of the gzip member or plain record whose end is in doubt, or of what follows the last one.
        n_given: records of that member that were given.
        refused: what stopped it; None if it took the place for the end.
    """

    offset: int
    n_given: int = 0
    refused: Refused | None = None


def _fast_run(
    stream: BinaryIO, start: int, uri: str, max_record_bytes: int
) -> Generator[Record[Block], None, tuple[_Place, int]]:
    """Records from an offset on, as long as FastWARC frames them; where it stopped, and the records given.

    FastWARC ends quietly where a file is cut and at an empty gzip member, and does not look behind a block, so each
    block is checked against its length, and a record is given when the next one is framed.
    """
    stream.seek(start)
    magic = stream.read(4)
    is_gzip = magic.startswith(GZIP_MAGIC)
    is_plain = magic.startswith(b"WARC")
    stream.seek(start)
    # Inside a gzip member, only the reader knows where the member starts.
    members = GzipReader(stream, _READ_BYTES) if is_gzip else None
    n_given = n_in_unit = 0
    unit = start
    pending: Record[Block] | None = None
    try:
        for shown in ArchiveIterator(members or stream, parse_http=False):
            if pending is not None:
                yield pending
                n_given += 1
                n_in_unit += 1
                pending = None
            offset = shown.stream_pos if members is None else members.frame_start_position() or start
            if members and not n_given and offset != start:
                return _Place(start), 0  # it passes over a header whose lines end in LF, and says nothing
            if offset != unit:
                unit, n_in_unit = offset, 0
            block = _block(shown, max_record_bytes)
            pending = Record(uri, offset, shown.record_id or "", block)
    except _BrokenRecordError as error:
        return _Place(unit, n_in_unit, Refused("archive_truncated", str(error), _target_uri(shown))), n_given
    except OSError as error:
        raise_if_storage_failed(error)
        if pending is not None and not members and not is_plain:
            yield pending  # frames of zstd and LZ4 are read by FastWARC alone
            n_given += 1
        return _Place(unit, n_in_unit, Refused("archive_damaged", str(error))), n_given
    if pending is None:
        return _Place(unit, n_in_unit), n_given
    # A record may go on in later members, as in a file of bgzip.
    if not members and not is_plain:
        yield pending
        end, is_whole = _end_of_frames(stream, start)
        refused = None if is_whole else Refused("archive_truncated", "the file ends inside a compressed frame")
        return _Place(_behind_blanks(stream, end), 0, refused), n_given + 1
    last = max(unit, members.frame_start_position() or 0) if members else unit
    behind = _end_of_unit(stream, last)
    if behind is None:
        return _Place(unit, n_in_unit), n_given
    yield pending
    return _Place(_behind_blanks(stream, behind)), n_given + 1


class _Left(NamedTuple):
    """What a slow run leaves: where framing goes on, or why it cannot, and how many records it gave."""

    offset: int
    broken: Break | None
    n_records: int


def _slow_run(
    stream: BinaryIO, place: _Place, uri: str, max_record_bytes: int
) -> Generator[Record[Block] | BrokenInput, None, _Left]:
    """Records at a place where FastWARC stopped, read with care."""
    stream.seek(place.offset)
    magic = stream.read(4)
    if _SKIPPABLE.match(magic):
        end = _end_of_frame(stream, place.offset)
        if end is not None:
            return _Left(end, None, 0)
    if magic in (_ZSTD_MAGIC, _LZ4_MAGIC):
        refused = place.refused or Refused("archive_truncated", "the file ends inside a compressed frame")
        return _Left(place.offset, Break(place.offset, refused, place.offset + 1, place.offset), 0)
    n_records = 0
    reader = read_unit(stream, place.offset, uri, place.n_given, max_record_bytes)
    while True:
        try:
            item = next(reader)
        except StopIteration as end_of_unit:
            left: int | Break = end_of_unit.value
            if isinstance(left, Break):
                return _Left(left.offset, left, n_records)
            return _Left(_behind_blanks(stream, left), None, n_records)
        n_records += isinstance(item, Record)
        yield item


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
        stated_cause(get(WarcHeader.WARC_TRUNCATED), get(WarcHeader.WARC_SEGMENT_NUMBER)),
    )


def _target_uri(shown: WarcRecord) -> str:
    """The page's address; old wget versions wrote it in angle brackets."""
    return (shown.headers.get(WarcHeader.WARC_TARGET_URI) or "").strip("<> ")


def _end_of_unit(stream: BinaryIO, offset: int) -> int | None:
    """Where the gzip member or plain record at an offset ends; None if it is cut."""
    stream.seek(offset)
    magic = stream.read(4)
    stream.seek(offset)
    if magic.startswith(GZIP_MAGIC):
        size_bytes, is_whole = _member_size(stream)
        return offset + size_bytes if is_whole else None
    head = stream.read(_MAX_HEADER_BYTES)
    end = head.find(b"\r\n\r\n")
    length = _CONTENT_LENGTH.search(head[: end + 2])
    if end < 0 or length is None:
        return None
    end = offset + end + 4 + int(length[1])
    return end if end <= stream.seek(0, SEEK_END) else None


def _behind_blanks(stream: BinaryIO, offset: int) -> int:
    """The first byte from an offset on that is neither part of a line end nor zero; the file's end if there is none."""
    stream.seek(offset)
    while chunk := stream.read(_READ_BYTES):
        rest = chunk.lstrip(BLANK)
        offset += len(chunk) - len(rest)
        if rest:
            break
    return offset


def _end_of_frames(stream: BinaryIO, offset: int) -> tuple[int, bool]:
    """Where the zstd or LZ4 frames from an offset on end, and whether the one that would be next is not cut."""
    while True:
        end = _end_of_frame(stream, offset)
        if end is None or end == offset:
            return offset, end is not None
        offset = end


def _end_of_frame(stream: BinaryIO, offset: int) -> int | None:
    """Where the zstd or LZ4 frame at an offset ends; the offset itself if there is none, None if it is cut."""
    size_bytes = stream.seek(0, SEEK_END)
    stream.seek(offset)
    magic = stream.read(4)
    if _SKIPPABLE.match(magic):
        stream.seek(int.from_bytes(stream.read(4), "little"), SEEK_CUR)
    elif magic == _ZSTD_MAGIC:
        _pass_zstd_frame(stream)
    elif magic == _LZ4_MAGIC:
        _pass_lz4_frame(stream)
    else:
        return offset
    return stream.tell() if stream.tell() <= size_bytes else None


def _pass_zstd_frame(stream: BinaryIO) -> None:
    """Go to the end of the zstd frame behind whose magic number the stream is (RFC 8878, section 3.1.1)."""
    descriptor = int.from_bytes(stream.read(1), "little")
    is_single = descriptor >> 5 & 1
    size_field = (1 if is_single else 0, 2, 4, 8)[descriptor >> 6]
    stream.seek((1 - is_single) + (0, 1, 2, 4)[descriptor & 3] + size_field, SEEK_CUR)
    is_last = False
    while not is_last:
        header = stream.read(3)
        if len(header) < 3:
            stream.seek(_BEHIND_EVERYTHING)
            return
        block = int.from_bytes(header, "little")
        is_last = bool(block & 1)
        stream.seek(1 if block >> 1 & 3 == 1 else block >> 3, SEEK_CUR)
    stream.seek(4 * (descriptor >> 2 & 1), SEEK_CUR)


def _pass_lz4_frame(stream: BinaryIO) -> None:
    """Go to the end of the LZ4 frame behind whose magic number the stream is (LZ4 frame format 1.6)."""
    flags = int.from_bytes(stream.read(1), "little")
    stream.seek(1 + 8 * (flags >> 3 & 1) + 4 * (flags & 1) + 1, SEEK_CUR)
    while True:
        header = stream.read(4)
        if len(header) < 4:
            stream.seek(_BEHIND_EVERYTHING)
            return
        block_bytes = int.from_bytes(header, "little") & 0x7FFFFFFF
        if not block_bytes:
            break
        stream.seek(block_bytes + 4 * (flags >> 4 & 1), SEEK_CUR)
    stream.seek(4 * (flags >> 2 & 1), SEEK_CUR)


#: A place that no file reaches, for frames that are cut.
_BEHIND_EVERYTHING = 1 << 60


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


def _next_record(stream: BinaryIO, broken: Break) -> int | None:
    """Offset of the first record after a break; None if no further record is found."""
    attempts = 0
    offset = broken.search_from
    stream.seek(offset)
    while chunk := stream.read(CHUNK_BYTES):
        for match in _RECORD_START.finditer(chunk):
            attempts += 1
            if attempts > _MAX_ATTEMPTS:
                return None
            place = offset + match.start()
            is_doubtful = place < broken.doubtful_until
            if match[0] in (_ZSTD_MAGIC, _LZ4_MAGIC):
                if _starts_frame(stream, place):
                    return place
            elif starts_record(stream, place, is_doubtful):
                return place
        if len(chunk) < CHUNK_BYTES:
            return None
        offset += len(chunk) - _MARK_OVERLAP_BYTES
        stream.seek(offset)
    return None


def _starts_frame(stream: BinaryIO, offset: int) -> bool:
    """Whether a compressed frame with a WARC record starts at an offset."""
    stream.seek(offset)
    try:
        for shown in ArchiveIterator(stream, parse_http=False):
            return "Content-Length" in shown.headers and "WARC-Type" in shown.headers
    except OSError as error:
        raise_if_storage_failed(error)
    return False
