"""The body of a page in a WARC record: HTTP header taken off, transfer and content encodings undone, within a limit."""

from __future__ import annotations

import re
import zlib
from functools import lru_cache
from io import BytesIO
from typing import NamedTuple

import brotli
from fastwarc import ZstdReader

from manyo.corpus.records import Refused, Skipped
from manyo.corpus.sources.warc_framing import CHUNK_BYTES, GZIP_MAGIC, Block

_MEDIA_TYPES = ("text/html", "application/xhtml+xml", "text/plain")
#: White space before a page's first character is shorter, or the whole page is looked at.
BLANK_BYTES = 1024
_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"

_STATUS = re.compile(rb"HTTP/\d(?:\.\d)?[ \t]+(\d{3})\b")
_CHARSET_PARAMETER = re.compile(r"charset\s*=\s*[\"']?\s*([\w:.-]+)", re.IGNORECASE | re.ASCII)
_CHUNK_SIZE = re.compile(rb"\s{0,4}([0-9a-fA-F]{1,8})[ \t]*(?:;[^\r\n]{0,256})?\r?\n")


class Body(NamedTuple):
    """A page with its transfer and content encodings undone, and what the headers say about it.

    Attributes:
        block: bytes that end with the page.
        start: where in them it starts.
        media_type: one of `_MEDIA_TYPES`.
        content_type: as the server, or the record of a page without HTTP, states it.
        head: the HTTP header, lower case; empty for a page without one.
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


def body_of(page: Block, max_bytes: int) -> Body | Refused | Skipped:
    """The page's body, or why it is not read."""
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


def _accepted(page: Block, start: int, content_type: str, head: bytes) -> Body | Refused:
    """The body if its media type is one that holds text.

    Servers mislabel pages, and so do crawlers that guess from bytes, so one of the two is enough.
    """
    stated = _media_type(content_type)
    for media_type in (_media_type(page.identified_type), stated):
        if media_type in _MEDIA_TYPES:
            return Body(page.block, start, media_type, content_type, head)
    if not stated and not page.identified_type and page.block[start : start + BLANK_BYTES].lstrip()[:1] == b"<":
        return Body(page.block, start, "text/html", content_type, head)
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
        name: of the field, with the line end before it and the colon after it.
    """
    start = head.find(name)
    if start < 0:
        return ""
    start += len(name)
    return head[start : head.find(b"\n", start)].decode("latin-1").strip()


def _joined_chunks(body: bytes) -> bytes:
    """A chunked body joined, as far as its chunks are whole; a body without chunks as it is.

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
    """A body with one content encoding undone; of a damaged one, what can be read.

    Raises:
        _EncodingError: nothing can be read, or the result is larger than `max_bytes`.
    """
    match encoding:
        case "" | "identity" | "none" | "utf-8" | "utf8" | "text/html":
            return body
        case "gzip" | "x-gzip":
            # A body without the magic number was stored decompressed, header left as it was.
            return _inflated(body, zlib.MAX_WBITS | 16, max_bytes) if body.startswith(GZIP_MAGIC[:2]) else body
        case "deflate":
            if not body or body.lstrip()[:1] == b"<":
                return body
            has_header = body[0] & 0x0F == 8 and int.from_bytes(body[:2], "big") % 31 == 0
            return _inflated(body, zlib.MAX_WBITS if has_header else -zlib.MAX_WBITS, max_bytes)
        case "br":
            return _brotli_decompressed(body, max_bytes)
        case "zstd":
            return _zstd_decompressed(body, max_bytes) if body.startswith(_ZSTD_MAGIC) else body
    raise _EncodingError("bad_encoding", f"content encoding {encoding!r}")


def _inflated(body: bytes, window_bits: int, max_bytes: int) -> bytes:
    inflater = zlib.decompressobj(window_bits)
    parts: list[bytes] = []
    size_bytes = 0
    for start in range(0, len(body), CHUNK_BYTES):
        try:
            part = inflater.decompress(body[start : start + CHUNK_BYTES], max_bytes + 1 - size_bytes)
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
            part = decompressor.process(pending, output_buffer_limit=CHUNK_BYTES)
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
        while part := reader.read(CHUNK_BYTES):
            parts.append(part)
            size_bytes += len(part)
            if size_bytes > max_bytes:
                raise _EncodingError("too_large", f"over {max_bytes} bytes once decompressed")
    except OSError as error:
        if not size_bytes:
            raise _EncodingError("bad_encoding", f"zstd: {error}") from error
    return b"".join(parts)
