"""Packs the samples: web pages into WARCs of Common Crawl's form, scans into packages.

    python -m samples.pack FOLDER

The pages lie in `samples/web/pages` as readable UTF-8. The table `samples/web/pages.toml` states for each response
which bytes a server would have sent: encoding, headers, damage. Record ids, dates and compression depend on the table
alone, so packing twice gives the same bytes. A WARC that exists already is left untouched, so a second run of the
pipeline finds its inputs unchanged.
"""

from __future__ import annotations

import argparse
import gzip
import os
import re
import tomllib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from samples.files.pack_files import pack as pack_files
from samples.ndl.pack_ndl import pack as pack_ndl

WEB = Path(__file__).parent / "web"

#: Python's names for the table's encodings where the two differ; `encode` adds the mark of UTF-16.
_CODECS = {"utf-16le": "utf-16-le", "utf-16be": "utf-16-be"}
_BYTE_ORDER_MARKS = {"utf-16le": b"\xff\xfe", "utf-16be": b"\xfe\xff"}

#: A byte that no UTF-8 text holds.
STRAY_BYTE = b"\xff"

#: A prime, so that chunks end inside characters.
_CHUNK_BYTES = 1021


@dataclass(frozen=True, slots=True)
class Response:
    """One row of `pages.toml`: a response as it was sent, and what is expected of it.

    Attributes:
        file: name in `samples/web/pages`.
        url: address it was fetched from.
        warc: crawl and number of the WARC that holds it, such as "2026-05-00000".
        date: when it was fetched, UTC.
        encoding: what the bytes really are; "binary" for other data.
        language: ISO 639-1 code; "und" for other data.
        expect: "document", or "refused" where extraction should make no document of it.
        note: why the page is here.
        content_type: HTTP header as sent; None for no header.
        status: HTTP status line after the protocol.
        payload_type: media type that the crawler detected.
        content_encoding: "gzip" or None.
        transfer_encoding: "chunked" or None.
        headers: further HTTP headers.
        cut_at_bytes: length at which the body was cut off; None for a whole page.
        stray_byte_at: where an invalid byte was inserted; None for none.
        oddities: names of its intended faults.
        duplicate_of: file whose text it repeats; None for an original.
        duplicate_kind: "exact" or "near"; None for an original.
    """

    file: str
    url: str
    warc: str
    date: datetime
    encoding: str
    language: str
    expect: str
    note: str
    content_type: str | None = None
    status: str = "200 OK"
    payload_type: str = "text/html"
    content_encoding: str | None = None
    transfer_encoding: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    cut_at_bytes: int | None = None
    stray_byte_at: int | None = None
    oddities: tuple[str, ...] = ()
    duplicate_of: str | None = None
    duplicate_kind: str | None = None

    @property
    def path(self) -> Path:
        """File of the page's text."""
        return WEB / "pages" / self.file

    def record_id(self, kind: str) -> str:
        """Return the WARC-Record-ID of its request, response or metadata record."""
        return _record_id(f"{self.url} {_warc_date(self.date)} {kind}")


def read_table() -> list[Response]:
    """Return all rows of `pages.toml`, in order."""
    with (WEB / "pages.toml").open("rb") as file:
        rows = tomllib.load(file)["page"]
    return [Response(**{**row, "oddities": tuple(row.get("oddities", ()))}) for row in rows]


def encode(text: str, encoding: str) -> bytes:
    """Text in one of the table's encodings, UTF-16 with its byte order mark.

    Raises:
        UnicodeEncodeError: the encoding lacks a character.
    """
    if encoding == "cp51932":
        return _encode_cp51932(text)
    return _BYTE_ORDER_MARKS.get(encoding, b"") + text.encode(_CODECS.get(encoding, encoding))


def _encode_cp51932(text: str) -> bytes:
    """EUC-JP as Windows writes it, with NEC's rows (①, ㈱, 髙), which Python's euc_jp lacks.

    CP51932 has the characters of cp932 in another arrangement, so each goes through cp932:
    Shift_JIS packs two rows of 94 cells into one lead byte, EUC gives each row its own.
    Leads above 0xEF (user-defined, IBM's extensions) lie beyond the 94 rows of EUC.
    """
    out = bytearray()
    for position, character in enumerate(text):
        shifted = character.encode("cp932")
        if len(shifted) == 1:
            out += shifted if shifted[0] < 0x80 else b"\x8e" + shifted  # half-width katakana
            continue
        lead, trail = shifted
        if lead > 0xEF:
            raise UnicodeEncodeError("cp51932", text, position, position + 1, "beyond the 94 rows of EUC")
        row = 2 * (lead - (0x81 if lead < 0xA0 else 0xC1)) + (trail >= 0x9F)
        cell = trail - 0x9F if trail >= 0x9F else trail - 0x40 - (trail > 0x7F)  # 0x7F is never a trail byte
        out += bytes((0xA1 + row, 0xA1 + cell))
    return bytes(out)


def page_bytes(response: Response) -> bytes:
    """Return the page as the server held it: encoded, then damaged if the table says so."""
    if response.encoding == "binary":
        return response.path.read_bytes()
    text = response.path.read_text(encoding="utf-8")
    if "hex_entities" in response.oddities:
        text = re.sub(r"[^\x00-\x7f]", lambda match: f"&#x{ord(match[0]):X};", text)
    if "decimal_entities" in response.oddities:
        text = re.sub(r"[^\x00-\x7f]", lambda match: f"&#{ord(match[0])};", text)
    page = encode(text, response.encoding)
    if response.stray_byte_at is not None:
        page = page[: response.stray_byte_at] + STRAY_BYTE + page[response.stray_byte_at :]
    return page[: response.cut_at_bytes]


def _sent_bytes(response: Response) -> bytes:
    """Return the page as sent over the wire, compressed and chunked if the table says so."""
    body = page_bytes(response)
    if response.content_encoding == "gzip":
        body = gzip.compress(body, mtime=0)
    if response.transfer_encoding == "chunked":
        chunks = [body[start : start + _CHUNK_BYTES] for start in range(0, len(body), _CHUNK_BYTES)]
        body = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in [*chunks, b""])
    return body


def _response_headers(response: Response, size_bytes: int) -> list[tuple[str, str]]:
    """Return the HTTP headers of the response, in the order in which a server would send them."""
    headers = [("Date", response.date.strftime("%a, %d %b %Y %H:%M:%S GMT")), ("Server", "Apache")]
    if response.content_type is not None:
        headers.append(("Content-Type", response.content_type))
    if response.content_encoding is not None:
        headers.append(("Content-Encoding", response.content_encoding))
    if response.transfer_encoding is not None:
        headers.append(("Transfer-Encoding", response.transfer_encoding))
    else:
        headers.append(("Content-Length", str(size_bytes)))
    return [*headers, *response.headers.items()]


def _warc_date(date: datetime) -> str:
    return date.strftime("%Y-%m-%dT%H:%M:%SZ")


def _record_id(name: str) -> str:
    return f"<urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, name)}>"


def _warc(name: str, responses: list[Response]) -> bytes:
    """Return a whole WARC: warcinfo, then request, response and metadata of each page, each a gzip member."""
    out = BytesIO()
    writer = WARCWriter(out, gzip=True)
    crawl = name.rpartition("-")[0]
    warcinfo_id = _record_id(f"{name} warcinfo")

    def add(kind: str, url: str, block: bytes, headers: dict[str, str], http: StatusAndHeaders | None = None) -> None:
        record = writer.create_warc_record(
            url, kind, BytesIO(block), len(block), warc_headers_dict={"WARC-Type": kind, **headers}, http_headers=http
        )
        writer.write_record(record)

    add(
        "warcinfo",
        "",
        f"isPartOf: MANYO-SAMPLE-{crawl}\r\n"
        "description: pages written by hand to test a text pipeline; every person, place and firm is invented\r\n"
        "format: WARC File Format 1.0\r\n".encode(),
        {
            "WARC-Date": _warc_date(responses[0].date),
            "WARC-Record-ID": warcinfo_id,
            "WARC-Filename": f"{name}.warc.gz",
        },
    )
    for response in responses:
        body = _sent_bytes(response)
        parts = urlsplit(response.url)
        common = {"WARC-Date": _warc_date(response.date), "WARC-Warcinfo-ID": warcinfo_id}
        request_id, response_id = response.record_id("request"), response.record_id("response")
        truncated = {} if response.cut_at_bytes is None else {"WARC-Truncated": "length"}
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        add(
            "request",
            response.url,
            b"",
            {**common, "WARC-Record-ID": request_id},
            StatusAndHeaders(
                f"GET {target} HTTP/1.1",
                [("User-Agent", "manyo-samples"), ("Accept-Encoding", "gzip"), ("Host", parts.netloc)],
                is_http_request=True,
            ),
        )
        add(
            "response",
            response.url,
            body,
            {
                **common,
                "WARC-Record-ID": response_id,
                "WARC-IP-Address": "192.0.2.1",  # reserved for documentation
                "WARC-Concurrent-To": request_id,
                "WARC-Identified-Payload-Type": response.payload_type,
                **truncated,
            },
            StatusAndHeaders(response.status, _response_headers(response, len(body)), protocol="HTTP/1.1"),
        )
        add(
            "metadata",
            response.url,
            b"fetchTimeMs: 120\r\n",
            {**common, "WARC-Record-ID": response.record_id("metadata"), "WARC-Concurrent-To": response_id},
        )
    return out.getvalue()


def _write_if_changed(path: Path, content: bytes) -> None:
    """Write `content` to `path` by rename, unless the file already has it."""
    if path.exists() and path.read_bytes() == content:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    unfinished.write_bytes(content)
    unfinished.replace(path)


def _by_warc(responses: list[Response]) -> Iterator[tuple[str, list[Response]]]:
    for warc in sorted({response.warc for response in responses}):
        yield f"sample-{warc}", [response for response in responses if response.warc == warc]


def pack(folder: Path) -> list[Path]:
    """Write the WARCs of the sample pages to `folder/web` and return their paths.

    A file that already has the right bytes is not written again.
    """
    paths = []
    for name, responses in _by_warc(read_table()):
        path = folder / "web" / f"{name}.warc.gz"
        _write_if_changed(path, _warc(name, responses))
        paths.append(path)
    return paths


def main() -> None:
    """Pack every kind of sample that is delivered in a container."""
    parser = argparse.ArgumentParser(description="Pack the sample pages into WARCs and packages.")
    parser.add_argument("folder", type=Path, help="where to write them: FOLDER/web, FOLDER/ndl, FOLDER/files")
    folder = parser.parse_args().folder
    for path in [*pack(folder), *pack_ndl(folder / "ndl"), *pack_files(folder / "files")]:
        print(path)


if __name__ == "__main__":
    main()
