"""Web crawls: one document per WARC response that may hold Japanese.

`records` frames an archive with FastWARC (plain, or compressed with gzip, zstd or LZ4) and reads
each page's block, bounded. `parse` asks the cheap questions first (HTTP status, content type, do
the bytes hold kana), and decodes and extracts only what is left. An input may also be a list of
archives, as Common Crawl publishes one for each crawl.

An archive that breaks off, or holds bytes that are no WARC, costs what cannot be read and no more:
the place is named in a `BrokenInput`, and framing goes on at the next record that can be found.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, lru_cache
from io import BytesIO
from typing import BinaryIO, NamedTuple

import brotli
from fastwarc import ArchiveIterator, GzipReader, WarcHeader, WarcRecord, WarcRecordType, ZstdReader

from manyo.corpus.records import BrokenInput, Document, InputFile, InputShard, Outcome, Record, Refused, Skipped
from manyo.corpus.sources.packing import shard_per_file
from manyo.corpus.tables.shards import filesystem
from manyo.corpus.text import tidy
from manyo.corpus.web import sniff
from manyo.corpus.web.charset import decode
from manyo.corpus.web.main_text import EXTRACTORS, extract, plain_text
from manyo.corpus.web.statements import DIRECTIVES, read_statements

REASONS = {
    "archive_truncated": "the file ends inside a record; everything before it was read",
    "archive_damaged": "bytes between or inside records that are no WARC; reading went on behind them",
    "not_warc": "the file holds no WARC record at all (ARC files are not read: convert them with warcio recompress)",
    "too_large": "the record, or its body once decompressed, is larger than max_record_bytes",
    "bad_http": "the response does not start with an HTTP status line",
    "http_status": "the server answered with another status than 200",
    "content_type": "neither HTML, XHTML nor plain text",
    "bad_encoding": "a transfer or content encoding that is unknown, or whose data cannot be decompressed",
    "revisit": "a revisit record: the page is stored elsewhere",
    "continuation": "a later segment of a record; records cut into segments are not put together",
    "empty": "a response without a body",
    "no_japanese_bytes": "the bytes hold too few kana in any encoding",
    "no_japanese_text": "once decoded, the page holds too few kana",
    "opted_out": "the page asks not to be used so, and refuse_opted_out honours it",
    "undecodable": "too large a share of the characters could not be decoded",
    "no_text": "the page holds no text",
}


@dataclass(frozen=True, slots=True)
class Options:
    """Settings of a WARC source.

    Attributes:
        extractor: how the main text is found: manyo, resiliparse or trafilatura.
        max_record_bytes: largest record, and largest body once decompressed, that is read. Common
            Crawl cuts its pages at 1 MiB (5 MiB since 2025).
        max_replacement_fraction: largest share of undecodable characters, per non-ASCII character,
            that a document may have.
        paths_prefix: what stands before the paths of a `warc.paths.gz` input; `s3://commoncrawl/` inside AWS.
        refuse_opted_out: pages that state one of these are refused: noindex, noarchive, noai, noimageai,
            tdm_reserved.
    """

    extractor: str = "manyo"
    max_record_bytes: int = 16 << 20
    max_replacement_fraction: float = 0.1
    paths_prefix: str = "https://data.commoncrawl.org/"
    refuse_opted_out: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.extractor not in EXTRACTORS:
            raise ValueError(f"extractor must be one of {', '.join(EXTRACTORS)}, got {self.extractor!r}")
        if self.max_record_bytes < 1:
            raise ValueError(f"max_record_bytes must be at least 1, got {self.max_record_bytes}")
        if not 0 <= self.max_replacement_fraction <= 1:
            raise ValueError(f"max_replacement_fraction must be within 0 and 1, got {self.max_replacement_fraction}")
        for directive in self.refuse_opted_out:
            if directive not in DIRECTIVES:
                raise ValueError(f"refuse_opted_out holds {directive!r}, which is none of {', '.join(DIRECTIVES)}")


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
        block: the bytes; empty if the record is no page or larger than the limit.
    """

    record_type: str
    uri: str
    date: str
    content_type: str
    identified_type: str
    size_bytes: int
    block: bytes


def plan(files: Sequence[InputFile], options: Options) -> list[InputShard]:
    """One shard per archive, and per line of a list of paths as Common Crawl publishes them (`warc.paths.gz`).

    Listed archives are not looked at here: a crawl has 90,000, none of which ever changes, so that their size
    and version stay unknown.

    Raises:
        ValueError: a list cannot be read, or is empty.
    """
    archives: list[InputFile] = []
    for file in files:
        if file.uri.endswith(_PATH_LISTS):
            archives += _listed(file.uri, options.paths_prefix)
        else:
            archives.append(file)
    return shard_per_file(archives)


def _listed(uri: str, prefix: str) -> list[InputFile]:
    """The archives that a list of paths names, relative ones below the prefix."""
    fs, path = filesystem(uri)
    data: bytes = fs.cat_file(path)
    try:
        lines = (gzip.decompress(data) if data.startswith(_GZIP) else data).decode("utf-8").split()
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise ValueError(f"{uri}: not a list of paths: {error}") from error
    if not lines:
        raise ValueError(f"{uri}: the list of paths is empty")
    return [InputFile(line if "://" in line else prefix + line, 0, "") for line in lines]


def records(shard: InputShard, options: Options) -> Iterator[Record[Block] | BrokenInput]:
    """Frame the shard's archives, in order, without parsing what is in them.

    A damaged stretch yields a `BrokenInput` at the place where it starts, and framing goes on
    behind it.
    """
    _load_kernels()
    for file in shard.files:
        fs, path = filesystem(file.uri)
        with fs.open(path, "rb") as stream:
            yield from _frame(stream, file.uri, options.max_record_bytes)


def parse(record: Record[Block], options: Options) -> Outcome:
    """Turn one record into a document, or say why not."""
    page = record.payload
    if page.record_type not in _PAGE_TYPES:
        return (
            Refused(page.record_type, uri=page.uri) if page.record_type in _REFUSED_TYPES else Skipped(page.record_type)
        )
    if page.size_bytes > options.max_record_bytes:
        return Refused("too_large", f"{page.size_bytes} bytes", page.uri)
    body = _body(page, options.max_record_bytes)
    if isinstance(body, Refused | Skipped):
        return body
    # Headers are short and hold no kana: looking at them too costs less than copying the body out.
    marks = sniff.find_marks(body.block)
    if not sniff.may_be_japanese(body.block, marks):
        is_empty = not body.block[body.start : body.start + _BLANK_BYTES].strip() and not body.data.strip()
        return Refused("empty" if is_empty else "no_japanese_bytes", uri=page.uri)
    data = body.data
    decoded = decode(data, body.charset_label)
    # Kana that were counted as UTF-8 need not be counted again.
    are_counted = decoded.charset == "utf-8" and marks.utf_8_kana >= sniff.MIN_KANA
    if not are_counted and not sniff.holds_kana(decoded.text):
        return Refused("no_japanese_text", f"as {decoded.charset}", page.uri)
    if decoded.replacement_fraction > options.max_replacement_fraction:
        detail = f"{decoded.replacement_fraction:.0%} of the characters, as {decoded.charset}"
        return Refused("undecodable", detail, page.uri)
    is_plain = body.media_type == "text/plain"
    main = plain_text(decoded.text) if is_plain else extract(decoded.text, options.extractor, decoded.utf_8)
    text = tidy(main.text)
    if not text.strip():
        return Refused("no_text", f"{len(data)} bytes, as {decoded.charset}", page.uri)
    statements = read_statements(main.tags, main.json_ld, body.head)
    if opted_out := [directive for directive in statements.robots if directive in options.refuse_opted_out]:
        return Refused("opted_out", ", ".join(opted_out), page.uri)
    return Document(
        uri=page.uri,
        text=text,
        title=tidy(main.title),
        charset=decoded.charset,
        charset_declared=decoded.declared,
        charset_decided_by=decoded.decided_by,
        undecodable_fraction=decoded.replacement_fraction,
        robots=statements.robots,
        page_licence=statements.licence or None,
        comments=tidy(main.comments),
        link_fraction=round(main.link_fraction, 4),
        fetched_at=_date(page.date),
        meta={"published": statements.published} if statements.published else {},
    )


@cache
def _load_kernels() -> None:
    """Compile or load what is compiled before the first page: the time limit is for pages, and forks inherit it."""
    sniff.find_marks(b"")
    sniff.count_pairs(b"")
    decode(b"\x82\xa0" * 8192)
    extract("<title>x</title><h1>x</h1>")


# --- framing ---------------------------------------------------------------------------------


def _frame(stream: BinaryIO, uri: str, max_record_bytes: int) -> Iterator[Record[Block] | BrokenInput]:
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
        search_from: from where on the next record is looked for.
        doubtful_until: what looks like a record before this may be one that a page quotes.
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
    is_gzip = stream.read(3) == _GZIP
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
            # Records that share a member are told apart by their ordinal.
            yield Record(uri, offset, shown.record_id or f"{uri.rsplit('/', 1)[-1]}:{offset}:{n_records}", block)
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
    # Each look-up costs as much as framing a record does, so what is no page gets one only.
    record_type = _NAME_OF_TYPE.get(int(shown.record_type))
    if record_type is None:
        record_type = (shown.headers.get("WARC-Type") or "unknown").strip().lower()
    is_page = record_type in _PAGE_TYPES
    if is_page and size_bytes <= max_record_bytes:
        block = shown.reader.read(size_bytes) if size_bytes else b""  # told its size, it copies once
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
            record_type, _target_uri(shown) if record_type in _REFUSED_TYPES else "", "", "", "", size_bytes, b""
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
    """Where the record (or gzip member) at an offset ends; the offset itself if that cannot be told."""
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
    behind = stream.read(4)
    return offset + len(behind) - len(behind.lstrip(b"\r\n"))


def _cut_member(stream: BinaryIO, offset: int) -> int | None:
    """Offset of the first gzip member, from one at `offset` on, that the file's end cuts; None if none is."""
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
    while chunk := stream.read(_CHUNK_BYTES):
        try:
            pending = chunk
            while pending and not inflater.eof:
                # Bounded output, dropped at once: a member may inflate a thousandfold.
                inflater.decompress(pending, _CHUNK_BYTES)
                pending = inflater.unconsumed_tail
        except zlib.error:
            return size_bytes + len(chunk), False
        size_bytes += len(chunk) - len(inflater.unused_data)
        if inflater.eof:
            return size_bytes, True
    return size_bytes, False


def _next_record(stream: BinaryIO, broken: _Break) -> int | None:
    """Offset of the first record behind a break that FastWARC can frame; None if there is none."""
    attempts = 0
    offset = broken.search_from
    stream.seek(offset)
    while chunk := stream.read(_CHUNK_BYTES):
        for match in _RECORD_START.finditer(chunk):
            attempts += 1
            if attempts > _MAX_ATTEMPTS:
                return None
            place = offset + match.start()
            is_doubtful = place < broken.doubtful_until and match[0].startswith(b"WARC")
            if _starts_record(stream, place) and not (is_doubtful and _is_quoted(stream, place)):
                return place
        if len(chunk) < _CHUNK_BYTES:
            return None
        # A mark may lie across the border of two chunks.
        offset += len(chunk) - 8
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
    """Damaged data must not be told from a broken disk or network by luck: FastWARC's own errors have no errno."""
    if error.errno is not None:
        raise error


# --- one page --------------------------------------------------------------------------------


class _Body(NamedTuple):
    """What a page consists of, transfer and content encodings undone, and what the headers say of it.

    Attributes:
        block: bytes that end with the page.
        start: where in them it starts.
        media_type: one of `_MEDIA_TYPES`.
        content_type: as the server, or the record of a page without HTTP, states it.
        head: the HTTP header, lower case; empty if there is none.
    """

    block: bytes
    start: int
    media_type: str
    content_type: str
    head: bytes

    @property
    def data(self) -> bytes:
        """The page."""
        return self.block[self.start :]

    @property
    def charset_label(self) -> str | None:
        """`charset` parameter of the Content-Type, if any."""
        label = _CHARSET_PARAMETER.search(self.content_type)
        return label[1] if label else None


def _body(page: Block, max_bytes: int) -> _Body | Refused | Skipped:
    """The page's body, or why it has none that we read."""
    if page.record_type != "response" or not page.content_type.lower().startswith("application/http"):
        if page.content_type.lower().startswith("text/dns"):
            return Skipped("dns")
        return _accepted(page, 0, page.content_type, b"")
    block = page.block
    status = _STATUS.match(block)
    if not status:
        return Refused("bad_http", repr(block[:80].split(b"\n", 1)[0]), page.uri)
    if status[1] != b"200":
        return Refused("http_status", status[1].decode("ascii"), page.uri)
    head_end, start = _header_end(block)
    head = block[:head_end].lower() + b"\n"
    accepted = _accepted(page, start, _http_header(head, b"\ncontent-type:"), head)
    if isinstance(accepted, Refused):
        return accepted
    if b"-encoding:" not in head:
        return accepted
    encodings = _http_header(head, b"\ncontent-encoding:")
    is_chunked = "chunked" in _http_header(head, b"\ntransfer-encoding:")
    if not encodings and not is_chunked:
        return accepted
    body = _joined_chunks(accepted.data) if is_chunked else accepted.data
    try:
        # Encodings are listed in the order in which they were applied.
        for encoding in reversed(encodings.split(",")):
            body = _decompressed(body, encoding.strip(), max_bytes)
    except _EncodingError as error:
        return Refused(error.reason, str(error), page.uri)
    return accepted._replace(block=body, start=0)


def _accepted(page: Block, start: int, content_type: str, head: bytes) -> _Body | Refused:
    """The body if its media type is one that holds text.

    Servers mislabel pages, and so do crawlers that guess from bytes, so one of the two is enough.
    """
    stated = _media_type(content_type)
    for media_type in (_media_type(page.identified_type), stated):
        if media_type in _MEDIA_TYPES:
            return _Body(page.block, start, media_type, content_type, head)
    if not stated and not page.identified_type and page.block[start : start + _BLANK_BYTES].lstrip()[:1] == b"<":
        return _Body(page.block, start, "text/html", content_type, head)
    return Refused("content_type", page.identified_type or stated or "none", page.uri)


@lru_cache(maxsize=1000)
def _media_type(content_type: str) -> str:
    """A Content-Type without its parameters; few are written in a crawl."""
    return content_type.split(";", 1)[0].strip().lower()


def _header_end(block: bytes) -> tuple[int, int]:
    """Where the HTTP header ends and where the body starts; lines may end in `\\n` alone.

    Searches for fixed bytes: an expression with an optional `\\r` takes longer than all that follows.
    """
    end = block.find(b"\n\r\n")
    short = block.find(b"\n\n", 0, end + 1 if end >= 0 else len(block))
    if short >= 0:
        return short, short + 2
    return (end, end + 3) if end >= 0 else (len(block), len(block))


def _http_header(head: bytes, name: bytes) -> str:
    """Value of a header field, lower case; of repeated ones the first, as browsers do for Content-Type.

    Args:
        head: the header, lower case.
        name: of the field, with the line end before it and the colon behind it.
    """
    start = head.find(name)
    if start < 0:
        return ""
    start += len(name)
    return head[start : head.find(b"\n", start)].decode("latin-1").strip()


def _joined_chunks(body: bytes) -> bytes:
    """A chunked body put together: as far as its chunks are whole, and as it is if it has none.

    Crawlers often store the joined body and leave the header in place.
    """
    parts: list[bytes] = []
    position = 0
    while match := _CHUNK_SIZE.match(body, position):
        size_bytes = int(match[1], 16)
        if size_bytes == 0:
            return b"".join(parts)
        parts.append(body[match.end() : match.end() + size_bytes])
        position = match.end() + size_bytes
        if body.startswith(b"\r\n", position):
            position += 2
    return b"".join(parts) if parts else body


class _EncodingError(Exception):
    """A content encoding that cannot be undone."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


def _decompressed(body: bytes, encoding: str, max_bytes: int) -> bytes:
    """A body with one content encoding undone; what can be read of a damaged one.

    Raises:
        _EncodingError: nothing can be read, or the result is larger than `max_bytes`.
    """
    match encoding:
        case "" | "identity" | "none" | "utf-8" | "utf8" | "text/html":
            return body
        case "gzip" | "x-gzip":
            # A body without the magic number was stored decompressed, header left as it was.
            return _inflated(body, zlib.MAX_WBITS | 16, max_bytes) if body.startswith(_GZIP[:2]) else body
        case "deflate":
            if not body or body.lstrip()[:1] == b"<":
                return body
            has_header = body[0] & 0x0F == 8 and int.from_bytes(body[:2], "big") % 31 == 0
            return _inflated(body, zlib.MAX_WBITS if has_header else -zlib.MAX_WBITS, max_bytes)
        case "br":
            return _brotli_decompressed(body, max_bytes)
        case "zstd":
            return _zstd_decompressed(body, max_bytes) if body.startswith(_ZSTD) else body
    raise _EncodingError("bad_encoding", f"content encoding {encoding!r}")


def _inflated(body: bytes, window_bits: int, max_bytes: int) -> bytes:
    inflater = zlib.decompressobj(window_bits)
    parts: list[bytes] = []
    size_bytes = 0
    for start in range(0, len(body), _CHUNK_BYTES):
        try:
            part = inflater.decompress(body[start : start + _CHUNK_BYTES], max_bytes + 1 - size_bytes)
        except zlib.error as error:
            if not size_bytes:
                raise _EncodingError("bad_encoding", str(error)) from error
            break
        parts.append(part)
        size_bytes += len(part)
        if size_bytes > max_bytes:
            raise _EncodingError("too_large", f"over {max_bytes} bytes once decompressed")
        if inflater.eof:
            break
    return b"".join(parts)


def _brotli_decompressed(body: bytes, max_bytes: int) -> bytes:
    decompressor = brotli.Decompressor()
    parts: list[bytes] = []
    size_bytes = 0
    pending = body
    try:
        while not decompressor.is_finished():
            part = decompressor.process(pending, output_buffer_limit=_CHUNK_BYTES)
            pending = b""
            parts.append(part)
            size_bytes += len(part)
            if size_bytes > max_bytes:
                raise _EncodingError("too_large", f"over {max_bytes} bytes once decompressed")
            if not part and decompressor.can_accept_more_data():
                break
    except brotli.error as error:
        if body.lstrip()[:1] == b"<":  # stored decompressed, header left as it was
            return body
        if not size_bytes:
            raise _EncodingError("bad_encoding", f"brotli: {error}") from error
    return b"".join(parts)


def _zstd_decompressed(body: bytes, max_bytes: int) -> bytes:
    reader = ZstdReader(BytesIO(body))
    parts: list[bytes] = []
    size_bytes = 0
    try:
        while part := reader.read(_CHUNK_BYTES):
            parts.append(part)
            size_bytes += len(part)
            if size_bytes > max_bytes:
                raise _EncodingError("too_large", f"over {max_bytes} bytes once decompressed")
    except OSError as error:
        if not size_bytes:
            raise _EncodingError("bad_encoding", f"zstd: {error}") from error
    return b"".join(parts)


def _date(written: str) -> datetime | None:
    """A WARC-Date, which WARC 1.1 lets end after any of its parts; None if it is none."""
    match = _DATE.match(written.strip())
    if not match:
        return None
    year, month, day, hour, minute, second = (int(part) if part else None for part in match.groups())
    try:
        return datetime(year or 1, month or 1, day or 1, hour or 0, minute or 0, min(second or 0, 59), tzinfo=UTC)
    except ValueError:
        return None


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
_PAGE_TYPES = ("response", "resource", "conversion")
_REFUSED_TYPES = ("revisit", "continuation")
_MEDIA_TYPES = ("text/html", "application/xhtml+xml", "text/plain")

_PATH_LISTS = (".paths", ".paths.gz")
_GZIP = b"\x1f\x8b\x08"
_ZSTD = b"\x28\xb5\x2f\xfd"
_CHUNK_BYTES = 256 << 10
_READ_BYTES = 128 << 10
#: White space before a page's first character is shorter, or the page is looked at as a whole.
_BLANK_BYTES = 1024
#: As in FastWARC.
_MAX_HEADER_BYTES = 32 << 10
#: Marks that turn out to be no record, before the rest of a damaged archive is given up.
_MAX_ATTEMPTS = 10_000

_RECORD_START = re.compile(rb"\x1f\x8b\x08|WARC/[01]|\x28\xb5\x2f\xfd|\x04\x22\x4d\x18")
_CONTENT_LENGTH = re.compile(rb"^content-length:\s*(\d{1,18})\s*$", re.IGNORECASE | re.MULTILINE)
_STATUS = re.compile(rb"HTTP/\d(?:\.\d)?[ \t]+(\d{3})\b")
_CHARSET_PARAMETER = re.compile(r"charset\s*=\s*[\"']?\s*([\w:.-]+)", re.IGNORECASE | re.ASCII)
_CHUNK_SIZE = re.compile(rb"\s{0,4}([0-9a-fA-F]{1,8})[ \t]*(?:;[^\r\n]{0,256})?\r?\n")
_DATE = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.\d+)?)?Z?)?)?)?\Z")
