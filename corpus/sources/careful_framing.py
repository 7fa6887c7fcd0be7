"""Framing of what FastWARC does not read: ARC, odd header lines, wrong lengths, damaged stretches inside gzip members.

`read_unit` reads from one place of an archive on, a gzip member or a plain record at a time, in Python. It costs
several times what FastWARC costs, so `manyo.corpus.sources.warc_framing` asks it only where FastWARC stops.

A length is believed if what follows the block is the end, a blank line or another record. Otherwise the block ends
where the next record starts, or its gzip member ends, and is marked.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Generator
from dataclasses import dataclass
from io import SEEK_END
from typing import BinaryIO, NamedTuple

from manyo.corpus.records import BrokenInput, Record, Refused
from manyo.corpus.sources.truncation import stated_cause

#: Records that hold a page.
PAGE_TYPES = ("response", "resource", "conversion")
#: Records that stand for a page which they do not hold.
REFUSED_TYPES = ("revisit", "continuation")

GZIP_MAGIC = b"\x1f\x8b\x08"
CHUNK_BYTES = 256 << 10
#: As in FastWARC.
_MAX_HEADER_BYTES = 32 << 10
#: Bytes that fill an archive up between records: line ends, and the zeros of tapes and block devices.
BLANK = b"\r\n\0"

_VERSION = re.compile(rb"(?i:WARC)/\d+\.\d+[ \t]*\r*\n")
_HEADER_END = re.compile(rb"\r*\n\r*\n")
_FOLD = re.compile(rb"\r*\n[ \t]+")
#: A plain header line and its end as the standard has it.
_IRREGULAR_LINE = re.compile(rb"(?<!\r)\n|\r\r\n|\n[ \t]")
#: The line before an ARC record: address, IP address, date, media type, (more in version 2,) length.
_ARC_LINE = re.compile(rb"([a-zA-Z][\w+.-]*:[^\r\n]{0,8000}?) (\S*) (\d{12,17}) ([^\r\n]*?) ?(\d{1,12})\r?\n")
#: A record at the start of a line: its first line, which lies across the border of two views at most by the overlap.
_RECORD = re.compile(
    rb"(?:\A|\n)((?i:WARC)/\d+\.\d+[ \t]*\r*\n|[a-z]{2,9}:[^ \r\n]{1,2000} \S{1,40} \d{14} [^\r\n]{1,200}\r?\n)"
)
_OVERLAP_BYTES = 4 << 10


class Block(NamedTuple):
    """A WARC record as framed, its block not yet parsed.

    Attributes:
        record_type: WARC-Type: response, resource, conversion, revisit, request, … The other fields are
            filled for pages only, `uri` for whatever may be refused.
        uri: WARC-Target-URI.
        date: WARC-Date as written.
        content_type: Content-Type of the block.
        identified_type: WARC-Identified-Payload-Type, the crawler's own guess; empty if it made none.
        size_bytes: length of the block.
        block: the bytes, which nobody may change; empty if the record is not a page or larger than the limit.
        truncated_by: why the block is not all of the page, a key of `manyo.corpus.sources.truncation.CAUSES`; empty
            where the archive says nothing.
    """

    record_type: str
    uri: str
    date: str
    content_type: str
    identified_type: str
    size_bytes: int
    block: bytes | bytearray
    truncated_by: str = ""


@dataclass(frozen=True, slots=True)
class Break:
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


class Header(NamedTuple):
    """The header of a record.

    Attributes:
        size_bytes: its own length.
        fields: value by lower-case name.
        length: of the block; None if the header does not say.
        is_regular: FastWARC reads it.
    """

    size_bytes: int
    fields: dict[str, str]
    length: int | None
    is_regular: bool


def read_header(head: bytes) -> Header | None:
    """The header at the start of some bytes, of a WARC or ARC record; None if there is none."""
    if _VERSION.match(head):
        return _warc_header(head)
    line = _ARC_LINE.match(head)
    return _arc_header(line) if line else None


def _warc_header(head: bytes) -> Header | None:
    end = _HEADER_END.search(head)
    if not end:
        return None
    written = head[: end.start()]
    fields: dict[str, str] = {}
    for line in _FOLD.sub(b" ", written).split(b"\n")[1:]:
        name, colon, value = line.partition(b":")
        if colon:
            # Of repeated fields the first counts, as in FastWARC.
            fields.setdefault(name.strip().lower().decode("latin-1"), value.strip().decode("utf-8", "replace"))
    if "warc-type" not in fields:
        return None
    length = fields.get("content-length", "")
    is_regular = end[0] == b"\r\n\r\n" and not _IRREGULAR_LINE.search(head, 0, end.end()) and length.isdecimal()
    return Header(end.end(), fields, int(length) if length.isdecimal() and len(length) < 19 else None, is_regular)


def _arc_header(line: re.Match[bytes]) -> Header:
    address, _, date, media_type, length = (part.decode("utf-8", "replace") for part in line.groups())
    day, time = f"{date[:4]}-{date[4:6]}-{date[6:8]}", f"{date[8:10]}:{date[10:12]}:{date[12:14] or '00'}"
    fields = {
        "warc-type": "warcinfo" if address.startswith("filedesc:") else "response",
        "warc-target-uri": address,
        "warc-date": f"{day}T{time}Z",
        "content-type": media_type.split(" ")[0],
    }
    return Header(line.end(), fields, int(length), is_regular=False)


class _Plain:
    """The bytes of a file from an offset on."""

    is_packed = False
    fault = ""

    def __init__(self, stream: BinaryIO, offset: int) -> None:
        self._stream = stream
        self.offset = offset

    def peek(self, n: int) -> bytes:
        """Up to n bytes, fewer at the end."""
        self._stream.seek(self.offset)
        return self._stream.read(n)

    def take(self, n: int) -> bytes:
        """Up to n bytes, which are then behind."""
        found = self.peek(n)
        self.offset += len(found)
        return found

    def put_back(self, data: bytes | bytearray) -> None:
        """Take bytes back that were taken last."""
        self.offset -= len(data)

    def goes_on(self) -> bool:
        """A file has no second part."""
        return False

    def starts_record(self, ahead: int) -> bool:
        """Whether a record starts so many bytes ahead, and ends where another one starts or the file ends."""
        there = _Plain(self._stream, self.offset + ahead)
        header = read_header(there.peek(_MAX_HEADER_BYTES))
        if header is None or header.length is None:
            return False
        there.offset += header.size_bytes + header.length
        head = _skip_blank(there)
        return read_header(head) is not None if head else there.offset == self._stream.seek(0, SEEK_END)

    @property
    def next_unit(self) -> int:
        """Where the next unit starts."""
        return self.offset


class _Member:
    """The bytes in one gzip member, and in those that go on with the record at its end."""

    is_packed = True

    def __init__(self, stream: BinaryIO, offset: int) -> None:
        self._stream = stream
        self._open(offset)

    def _open(self, offset: int) -> None:
        self.offset = offset
        self.next_unit = offset
        self.fault = ""
        self._ahead = bytearray()
        self._packed = b""
        self._at = offset
        self._inflater = zlib.decompressobj(zlib.MAX_WBITS | 16)
        self._is_open = True

    def peek(self, n: int) -> bytes:
        """Up to n bytes, fewer at the member's end."""
        while len(self._ahead) < n and self._is_open:
            self._fill()
        return bytes(self._ahead[:n])

    def take(self, n: int) -> bytes:
        """Up to n bytes, which are then behind."""
        found = self.peek(n)
        del self._ahead[: len(found)]
        return found

    def put_back(self, data: bytes | bytearray) -> None:
        """Take bytes back that were taken last."""
        self._ahead[:0] = data

    def starts_record(self, ahead: int) -> bool:
        """Whether a record starts so many bytes ahead."""
        return read_header(self.peek(ahead + _MAX_HEADER_BYTES)[ahead:]) is not None

    def goes_on(self) -> bool:
        """Open the next member if it continues the record that this one, now at its end, breaks off."""
        if self._is_open or self._ahead or self.fault:
            return False
        self._stream.seek(self.next_unit)
        if self._stream.read(len(GZIP_MAGIC)) != GZIP_MAGIC:
            return False
        following = _Member(self._stream, self.next_unit)
        head = following.peek(_MAX_HEADER_BYTES)
        if not head or following.fault or read_header(head):
            return False
        self._open(self.next_unit)
        return True

    def _fill(self) -> None:
        if not self._packed:
            self._stream.seek(self._at)
            self._packed = self._stream.read(CHUNK_BYTES)
            self._at += len(self._packed)
        if not self._packed:
            self._end("the file ends inside a gzip member", self._at)
            return
        try:
            self._ahead += self._inflater.decompress(self._packed, CHUNK_BYTES)
        except zlib.error as error:
            self._end(str(error), self._at)
            return
        self._packed = self._inflater.unconsumed_tail
        if self._inflater.eof:
            self._end("", self._at - len(self._inflater.unused_data))

    def _end(self, fault: str, next_unit: int) -> None:
        self.fault, self.next_unit, self._is_open = fault, next_unit, False


def read_unit(
    stream: BinaryIO, offset: int, uri: str, n_given: int, max_record_bytes: int
) -> Generator[Record[Block] | BrokenInput, None, int | Break]:
    """Records from the start of a gzip member, or of a plain record, on.

    Args:
        stream: the archive.
        offset: where the member or record starts.
        uri: of the archive.
        n_given: records of the member that were given before.
        max_record_bytes: larger blocks are not read.

    Yields:
        Records, and a `BrokenInput` for each stretch inside a member that is none.

    Returns:
        Where FastWARC may go on, or where nothing can be read.
    """
    stream.seek(offset)
    is_packed = stream.read(len(GZIP_MAGIC)) == GZIP_MAGIC
    source = _Member(stream, offset) if is_packed else _Plain(stream, offset)
    n_seen = 0
    while True:
        head = _skip_blank(source)
        header = read_header(head)
        if header is None and not head and not source.fault:
            return source.next_unit
        if header is None:
            start = source.offset
            if not is_packed and start > offset and head.startswith(GZIP_MAGIC):
                return start
            if not is_packed or source.fault:
                return _break(source, start)
            n_lost = _skip_to_record(source)
            if not n_seen and not source.peek(1) and not source.fault:
                return Break(start, Refused("archive_damaged", "Invalid WARC header"), source.next_unit, start)
            if n_seen >= n_given:
                yield BrokenInput(uri, start, Refused("archive_damaged", f"{n_lost} bytes that are no record", ""))
            continue
        if not is_packed and n_seen and header.is_regular:
            return source.offset
        start = source.offset
        source.take(header.size_bytes)
        read = _read_block(source, header, max_record_bytes)
        if not read.is_whole:
            reason = "archive_truncated" if "ends inside" in source.fault or not is_packed else "archive_damaged"
            detail = f"the record ends after {read.size_bytes} of {header.length} bytes"
            end = start + (header.length or 0) if not is_packed else start
            return Break(start, Refused(reason, detail, _address(header.fields)), start + 1, end)
        if n_seen >= n_given:
            found = _block_of(header.fields, read)
            yield Record(uri, start, header.fields.get("warc-record-id", ""), found)
        n_seen += 1


def starts_record(stream: BinaryIO, offset: int, is_doubtful: bool) -> bool:
    """Whether a record, or a gzip member with one, starts at an offset of an archive.

    Args:
        stream: the archive.
        offset: the place.
        is_doubtful: a page may quote the record; it then must end where another one starts or the file ends.
    """
    stream.seek(offset)
    if stream.read(len(GZIP_MAGIC)) == GZIP_MAGIC:
        return read_header(_skip_blank(_Member(stream, offset))) is not None
    plain = _Plain(stream, offset)
    return plain.starts_record(0) if is_doubtful else read_header(plain.peek(_MAX_HEADER_BYTES)) is not None


def _skip_blank(source: _Plain | _Member) -> bytes:
    """Step over blank bytes; what follows, up to the longest header."""
    while head := source.peek(_MAX_HEADER_BYTES):
        rest = head.lstrip(BLANK)
        source.take(len(head) - len(rest))
        if rest:
            return source.peek(_MAX_HEADER_BYTES)
    return b""


def _skip_to_record(source: _Plain | _Member) -> int:
    """Step to the next WARC record of a member, or to its end; the bytes that were left out."""
    n_lost = len(source.take(1))
    while ahead := source.peek(CHUNK_BYTES):
        match = _RECORD.search(ahead)
        if match and match.start(1):
            return n_lost + len(source.take(match.start(1)))
        n_lost += len(source.take(max(1, len(ahead) - _MAX_HEADER_BYTES)))
    return n_lost


def _break(source: _Plain | _Member, start: int) -> Break:
    refused = Refused("archive_damaged", source.fault or "Invalid WARC header")
    if source.fault and "ends inside" in source.fault:
        refused = Refused("archive_truncated", source.fault)
    return Break(start, refused, start + 1, start)


class _Read(NamedTuple):
    """A block as read: empty if it is larger than the limit.

    Attributes:
        block: its bytes.
        size_bytes: its length, also where the bytes are left out.
        is_whole: all of it is there.
        is_as_stated: it has the length that its header states.
    """

    block: bytes
    size_bytes: int
    is_whole: bool = True
    is_as_stated: bool = True


def _read_block(source: _Plain | _Member, header: Header, max_record_bytes: int) -> _Read:
    """The block behind a header."""
    length = header.length
    if length is not None and length > max_record_bytes:
        n_read = _pass_over(source, length)
        return _Read(b"", n_read, n_read == length)
    block = bytearray()
    while length is not None and len(block) < length:
        part = source.take(length - len(block))
        block += part
        if not part and not source.goes_on():
            break
    if len(block) == length and _may_end(source.peek(_MAX_HEADER_BYTES)):
        return _Read(bytes(block), length)
    if source.fault:
        return _Read(b"", len(block), is_whole=False)
    return _corrected(source, block, length, max_record_bytes)


def _corrected(source: _Plain | _Member, block: bytearray, length: int | None, max_record_bytes: int) -> _Read:
    """A block whose length is missing or wrong, up to the next record, or the end of its member."""
    taken = bytes(block)
    source.put_back(block)
    for match in _RECORD.finditer(taken + source.peek(len(taken) + _OVERLAP_BYTES)[len(taken) :]):
        at = match.start(1)
        if 0 < at <= len(taken) and source.starts_record(at):
            inside = _stripped(source.take(at))
            return _Read(inside, len(inside), is_as_stated=False)
    source.take(len(taken))
    if length is not None and len(taken) < length and not source.is_packed:
        return _Read(b"", len(taken), is_whole=False)
    rest = _to_next_record(source, max_record_bytes) if len(taken) == length or length is None else b""
    if not source.is_packed and not source.peek(1):
        # No record follows: what is behind the block belongs to nothing that is known.
        source.put_back(rest)
        return _Read(taken, len(taken), is_whole=length is not None)
    inside = _stripped(taken + rest)
    return _Read(inside, len(inside), is_whole=not source.fault, is_as_stated=False)


def _pass_over(source: _Plain | _Member, length: int) -> int:
    n_read = 0
    while n_read < length:
        part = source.take(min(CHUNK_BYTES, length - n_read))
        n_read += len(part)
        if not part and not source.goes_on():
            break
    return n_read


def _may_end(ahead: bytes) -> bool:
    """Whether a record may end before some bytes."""
    return not ahead or ahead[0] in BLANK or read_header(ahead) is not None


def _to_next_record(source: _Plain | _Member, max_bytes: int) -> bytes:
    """Bytes up to the next WARC record at the start of a line, or the end."""
    found = bytearray()
    while (ahead := source.peek(CHUNK_BYTES)) and len(found) <= max_bytes:
        match = _RECORD.search(ahead)
        if match and (match.start(1) or not found):
            return bytes(found + source.take(match.start(1)))
        is_last = len(ahead) < CHUNK_BYTES
        found += source.take(len(ahead) if is_last else len(ahead) - _OVERLAP_BYTES)
    return bytes(found)


def _stripped(block: bytearray | bytes) -> bytes:
    """A block without the two line ends behind it, whatever they consist of."""
    for _ in range(2):
        block = block[:-1].rstrip(b"\r") if block.endswith(b"\n") else block
    return bytes(block)


def _block_of(fields: dict[str, str], read: _Read) -> Block:
    record_type = fields["warc-type"].lower()
    content_type = fields.get("content-type", "")
    is_page = record_type in PAGE_TYPES
    if not is_page:
        uri = _address(fields) if record_type in REFUSED_TYPES else ""
        return Block(record_type, uri, "", "", "", read.size_bytes, b"")
    if record_type == "response" and read.block.startswith(b"HTTP/"):
        content_type = "application/http"
    stated = stated_cause(fields.get("warc-truncated"), fields.get("warc-segment-number"))
    return Block(
        record_type,
        _address(fields),
        fields.get("warc-date", ""),
        content_type,
        fields.get("warc-identified-payload-type", ""),
        read.size_bytes,
        read.block,
        stated if read.is_as_stated else "record_length",
    )


def _address(fields: dict[str, str]) -> str:
    return fields.get("warc-target-uri", "").strip("<> ")
