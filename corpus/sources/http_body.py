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
from manyo.corpus.sources.careful_framing import CHUNK_BYTES, GZIP_MAGIC, Block

_MEDIA_TYPES = ("text/html", "application/xhtml+xml", "text/plain")
#: XML that browsers show as a page if its root is `<html>`.
_XML_TYPES = ("application/xml", "text/xml")
#: Types that state nothing, for which browsers look at the bytes (MIME Sniffing, section 7.1).
_UNKNOWN_TYPES = ("", "*/*", "unknown/unknown", "application/unknown")
#: Bytes that browsers look at.
_SNIFFED_BYTES = 1445
#: White space before a page's first character is shorter, or the whole page is looked at.
BLANK_BYTES = 1024
#: The root of an XHTML page stands behind an XML declaration, comments and a document type.
_PROLOG_BYTES = 4096
_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
#: More interim responses are not before a final one.
_MAX_RESPONSES = 10

_STATUS = re.compile(rb"HTTP/\d(?:\.\d)?[ \t]+(\d{3})\b", re.IGNORECASE)
_LOCATION = re.compile(rb"\nlocation:([^\r\n]*)", re.IGNORECASE)
_FOLD = re.compile(rb"\r*\n[ \t]+")
_ODD_HEADER_END = re.compile(rb"\n\r*\n")
_MEDIA_TYPE = re.compile(r"[\w!#$%&'*+.^`|~-]+/[\w!#$%&'*+.^`|~-]+", re.ASCII)
_LIST_ITEM = re.compile(r'(?:[^",]++|"[^"]*+(?:"|\Z))++')
_CHARSET_PARAMETER = re.compile(r"charset\s*=\s*[\"']?\s*([\w:.-]+)", re.IGNORECASE | re.ASCII)
_CHUNK_SIZE = re.compile(rb"\s{0,4}([0-9a-fA-F]{1,8})[ \t]*(?:;[^\r\n]{0,256})?\r?\n")
_HTML = re.compile(
    rb"<(?:!doctype html|html|head|script|iframe|h1|div|font|table|a|style|title|b|body|br|p)[ >\t\r\n]|<!--",
    re.IGNORECASE,
)
_HTML_ROOT = re.compile(rb"<(?:[a-z]+:)?html[\s>]", re.IGNORECASE)
_BINARY = re.compile(rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]")

#: Content codings that are not undone. A name that is in neither list, such as a charset, is no coding, and browsers
#: pass over it.
_UNREAD_CODINGS = frozenset(
    ("compress", "x-compress", "sdch", "dcb", "dcz", "exi", "aes128gcm", "pack200-gzip", "bzip2", "xz")
)
_READ_CODINGS = frozenset(("gzip", "x-gzip", "deflate", "br", "zstd"))


class Body(NamedTuple):
    """A page with its transfer and content encodings undone, and what the headers say about it.

    Attributes:
        block: bytes that end with the page.
        start: where in them it starts.
        media_type: one of `_MEDIA_TYPES`.
        charset_label: `charset` parameter of the Content-Type, if any.
        head: the HTTP header, lower case; empty for a page without one.
        sent_head: the HTTP header as it was sent.
        cut: `truncated_by` where decoding has shown it.
    """

    block: bytes | bytearray
    start: int
    media_type: str
    charset_label: str | None
    head: bytes
    sent_head: bytes = b""
    cut: str | None = None

    @property
    def data(self) -> bytes:
        """The page."""
        block = self.block
        return block[self.start :] if isinstance(block, bytes) else bytes(memoryview(block)[self.start :])

    @property
    def truncated_by(self) -> str:
        """Why the body is not all of it, a key of `manyo.corpus.sources.truncation.CAUSES`; empty if it is."""
        return _cut_body(self.head, len(self.block) - self.start) if self.cut is None else self.cut


def body_of(page: Block, max_bytes: int) -> Body | Refused | Skipped:
    """The page's body, or why it is not read."""
    block = page.block
    is_http = block.startswith(b"HTTP/") or page.content_type.strip().lower().startswith("application/http")
    if page.record_type != "response" or not is_http:
        if page.content_type.strip().lower().startswith("text/dns"):
            return Skipped("dns")
        found = _type_of(page, 0, page.content_type)
        return found if isinstance(found, Refused) else Body(block, 0, *found, b"")
    response = _final_response(block)
    if isinstance(response, int):
        return Refused("bad_http", repr(bytes(block[response : response + 80]).split(b"\n", 1)[0]), page.uri)
    status, head_start, head_end, start = response
    if status != b"200":
        return Refused("http_status", status.decode("ascii"), page.uri)
    sent_head = bytes(block[head_start:head_end])
    head = sent_head.lower() + b"\n"
    if b"\n " in head or b"\n\t" in head:
        head = _FOLD.sub(b" ", head)
    found = _type_of(page, start, _http_header(head, b"\ncontent-type:"))
    if isinstance(found, Refused):
        return found
    # Nineteen of twenty bodies are not read on from here, so that a body is made once and never copied.
    if b"-encoding:" not in head and not block.startswith(GZIP_MAGIC, start):
        return Body(block, start, *found, head, sent_head)
    return _decoded(Body(block, start, *found, head, sent_head), page.uri, max_bytes)


def file_of(page: Block, max_bytes: int) -> Body | Refused:
    """The body of a record that is no page, of any media type, or why it is not read."""
    response = _final_response(page.block)
    if page.record_type != "response" or isinstance(response, int):
        return Body(page.block, 0, "", None, b"")
    status, head_start, head_end, start = response
    if status != b"200":
        return Refused("http_status", status.decode("ascii"), page.uri)
    sent_head = bytes(page.block[head_start:head_end])
    return _decoded(Body(page.block, start, "", None, sent_head.lower() + b"\n", sent_head), page.uri, max_bytes)


class Answer(NamedTuple):
    """A server's answer of any status.

    Attributes:
        status: of the answer; 0 if the record holds none.
        location: the header `Location`, as sent; empty if there is none.
        body: with its encodings undone; empty where they cannot be.
    """

    status: int
    location: str
    body: bytes


def answer_of(page: Block, max_bytes: int) -> Answer:
    """The answer in a response record, whatever its status and media type, such as that for a robots.txt."""
    response = _final_response(page.block)
    if isinstance(response, int):
        return Answer(0, "", b"")
    status, head_start, head_end, start = response
    sent = bytes(page.block[head_start:head_end]) + b"\n"
    location = _LOCATION.search(sent)
    decoded = _decoded(Body(page.block, start, "text/plain", None, sent.lower()), page.uri, max_bytes)
    body = b"" if isinstance(decoded, Refused) else decoded.data
    return Answer(int(status), location[1].decode("latin-1").strip() if location else "", body)


def _final_response(block: bytes | bytearray) -> tuple[bytes, int, int, int] | int:
    """Status, start and end of the header, and start of the body, of the first response that is not interim (1xx).

    Returns:
        These, or where a status line is missing.
    """
    start = 0
    for _ in range(_MAX_RESPONSES):
        status = _STATUS.match(block, start)
        if not status:
            return start
        head_start = start
        head_end, start = _header_end(block, start)
        if not status[1].startswith(b"1"):
            return bytes(status[1]), head_start, head_end, start
    return start


def _decoded(body: Body, uri: str, max_bytes: int) -> Body | Refused:
    """A body with its transfer and content encodings undone."""
    # Codings are listed in the order in which they were applied, those of the transfer after those of the content.
    fields = (_http_header(body.head, name) for name in (b"\ncontent-encoding:", b"\ntransfer-encoding:"))
    codings = [coding.strip(" \t\"'") for field in fields for coding in field.split(",")]
    data = body.data
    cut = ""
    if "chunked" in codings:
        data, is_whole = _joined_chunks(data)
        cut = "" if is_whole else "chunks"
    else:
        cut = _cut_body(body.head, len(data))
    if not _READ_CODINGS.union(_UNREAD_CODINGS).intersection(codings) and data.startswith(GZIP_MAGIC):
        codings.append("gzip")
    try:
        for coding in reversed(codings):
            if coding in _UNREAD_CODINGS:
                return Refused("bad_encoding", f"content encoding {coding!r}", uri)
            if coding in _READ_CODINGS:
                data, is_whole = _decompressed(data, coding, max_bytes)
                cut = cut or ("" if is_whole else "encoding")
    except _EncodingError as error:
        return Refused(error.reason, str(error), uri)
    return body._replace(block=data, start=0, cut=cut)


def _cut_body(head: bytes, n_bytes: int) -> str:
    """The cause of truncation, if a header with a Content-Length states a longer body."""
    start = head.find(b"\ncontent-length:")
    if start < 0:
        return ""
    start += len(b"\ncontent-length:")
    stated = head[start : head.find(b"\n", start)].split(b",", 1)[0].strip()
    return "body_length" if stated.isdigit() and len(stated) < 19 and int(stated) > n_bytes else ""


def _type_of(page: Block, start: int, content_type: str) -> tuple[str, str | None] | Refused:
    """Media type and charset of a body whose media type is one that holds text.

    Servers mislabel pages, and so do crawlers that guess from bytes, so one of the two is enough. Where neither states
    a type, the bytes are looked at as browsers do.
    """
    stated, label = _media_type(content_type)
    identified, _ = _media_type(page.identified_type)
    for media_type in (identified, stated):
        if media_type in _MEDIA_TYPES:
            return media_type, label
    for media_type in (identified, stated):
        if media_type in _XML_TYPES and _HTML_ROOT.search(page.block, start, start + _PROLOG_BYTES):
            return "application/xhtml+xml", label
    if stated in _UNKNOWN_TYPES and identified in _UNKNOWN_TYPES:
        sniffed = _sniffed(page.block, start)
        if sniffed:
            return sniffed, label
    return Refused("content_type", identified or stated or "none", page.uri)


def _sniffed(block: bytes | bytearray, start: int) -> str:
    """The media type of a body whose header states none; empty if it is not text (MIME Sniffing, section 7.1)."""
    head = bytes(block[start : start + BLANK_BYTES + _SNIFFED_BYTES])
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if _HTML.match(text):
        return "text/html"
    if text.startswith(b"<?xml"):
        return "application/xhtml+xml" if _HTML_ROOT.search(block, start, start + _PROLOG_BYTES) else ""
    if text.startswith(GZIP_MAGIC):
        return "text/html"
    is_text = head.startswith((b"\xff\xfe", b"\xfe\xff")) or not _BINARY.search(head[:_SNIFFED_BYTES])
    return "text/plain" if is_text and not text.startswith((b"%PDF-", b"%!PS")) else ""


@lru_cache(maxsize=1000)
def _media_type(content_type: str) -> tuple[str, str | None]:
    """Media type and charset of a Content-Type; few are written in a crawl.

    Of several values, joined by commas, the last valid one counts, with the charset of an earlier one of the same type
    (Fetch, "extract a MIME type").
    """
    found, label = "", None
    for value in _LIST_ITEM.findall(content_type) if "," in content_type else [content_type]:
        essence, _, parameters = value.strip().partition(";")
        essence = essence.strip().lower()
        if not _MEDIA_TYPE.fullmatch(essence) or (essence == "*/*" and found):
            continue
        match = _CHARSET_PARAMETER.search(parameters)
        if essence != found or match:
            label = match[1] if match else None
        found = essence
    if not found:
        match = _CHARSET_PARAMETER.search(content_type)
        label = match[1] if match else None
    return found, label


def _header_end(block: bytes | bytearray, start: int) -> tuple[int, int]:
    """Where the HTTP header that starts at a byte ends, and where its body starts; lines may end in `\\n` alone.

    Searches for fixed bytes: an expression with an optional `\\r` takes longer than all that follows.
    """
    if block.startswith(b"\r\r\n", max(start, block.find(b"\n", start) - 2)):
        odd = _ODD_HEADER_END.search(block, start)
        return (odd.start(), odd.end()) if odd else (len(block), len(block))
    end = block.find(b"\n\r\n", start)
    short = block.find(b"\n\n", start, end + 1 if end >= 0 else len(block))
    if short >= 0:
        return short, short + 2
    return (end, end + 3) if end >= 0 else (len(block), len(block))


def _http_header(head: bytes, name: bytes) -> str:
    """Value of a header field, lower case; those of a repeated one joined by commas.

    Args:
        head: the header, lower case, unfolded.
        name: of the field, with the line end before it and the colon after it.
    """
    start = head.find(name)
    if start < 0:
        return ""
    end = head.find(b"\n", start + len(name))
    value = head[start + len(name) : end].decode("latin-1").strip()
    if head.find(name, end) < 0:
        return value
    rest = _http_header(head[end:], name)
    return f"{value}, {rest}" if rest else value


def _joined_chunks(body: bytes) -> tuple[bytes, bool]:
    """A chunked body joined, as far as its chunks are whole, and whether all of it is there.

    Crawlers often store the joined body and leave the header in place: a body without chunks stays as it is.
    """
    parts: list[bytes] = []
    position = 0
    is_whole = True
    while match := _CHUNK_SIZE.match(body, position):
        size_bytes = int(match[1], 16)
        if size_bytes == 0:
            return b"".join(parts), is_whole
        parts.append(body[match.end() : match.end() + size_bytes])
        is_whole = is_whole and len(parts[-1]) == size_bytes
        position = match.end() + size_bytes
        if body.startswith(b"\r\n", position):
            position += 2
    return (b"".join(parts), False) if parts else (body, True)


class _EncodingError(Exception):
    """A content encoding that cannot be undone."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


def _decompressed(body: bytes, coding: str, max_bytes: int) -> tuple[bytes, bool]:
    """A body with one content coding undone, and whether all of it could be read; of a damaged one, what can be read.

    Raises:
        _EncodingError: nothing can be read, or the result is larger than `max_bytes`.
    """
    if coding == "deflate":
        if not body or body.lstrip()[:1] == b"<":
            return body, True
        has_header = body[0] & 0x0F == 8 and int.from_bytes(body[:2], "big") % 31 == 0
        return _inflated(body, zlib.MAX_WBITS if has_header else -zlib.MAX_WBITS, max_bytes)
    if coding == "br":
        return _brotli_decompressed(body, max_bytes)
    # A body without the magic number was stored decompressed, header left as it was.
    if coding == "zstd":
        return _zstd_decompressed(body, max_bytes) if body.startswith(_ZSTD_MAGIC) else (body, True)
    return _inflated(body, zlib.MAX_WBITS | 16, max_bytes) if body.startswith(GZIP_MAGIC[:2]) else (body, True)


def _inflated(body: bytes, window_bits: int, max_bytes: int) -> tuple[bytes, bool]:
    """All members of a gzip body, or a deflated one; zeros and line ends behind the last one mean nothing."""
    parts: list[bytes] = []
    size_bytes = 0
    rest = body
    while rest:
        inflater = zlib.decompressobj(window_bits)
        for start in range(0, len(rest), CHUNK_BYTES):
            try:
                part = inflater.decompress(rest[start : start + CHUNK_BYTES], max_bytes + 1 - size_bytes)
            except zlib.error as error:
                if not size_bytes:
                    raise _EncodingError("bad_encoding", str(error)) from error
                return b"".join(parts), False
            parts.append(part)
            size_bytes += len(part)
            if size_bytes > max_bytes:
                raise _EncodingError("too_large", f"over {max_bytes} bytes once decompressed")
            if inflater.eof:
                rest = inflater.unused_data + rest[start + CHUNK_BYTES :]
                break
        else:
            return b"".join(parts), False
        if not rest.startswith(GZIP_MAGIC[:2]) or window_bits <= zlib.MAX_WBITS:
            return b"".join(parts), not rest.strip(b"\0\r\n")
    return b"".join(parts), True


def _brotli_decompressed(body: bytes, max_bytes: int) -> tuple[bytes, bool]:
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
                return b"".join(parts), False
    except brotli.error as error:
        if body.lstrip()[:1] == b"<":  # stored decompressed, header left as it was
            return body, True
        if not size_bytes:
            raise _EncodingError("bad_encoding", f"brotli: {error}") from error
        return b"".join(parts), False
    return b"".join(parts), True


def _zstd_decompressed(body: bytes, max_bytes: int) -> tuple[bytes, bool]:
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
        return b"".join(parts), False
    return b"".join(parts), True
