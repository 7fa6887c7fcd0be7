"""HTTP responses are read as Fetch and MIME Sniffing say, which is what browsers do."""

from __future__ import annotations

import gzip

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manyo.corpus.records import Document, Refused
from manyo.corpus.sources.careful_framing import Block
from manyo.corpus.sources.http_body import Body, body_of
from tests.corpus.test_warc import HTML, PROSE, http, outcome, reason


def body(block: bytes, content_type: str = "application/http") -> Body | Refused:
    found = body_of(Block("response", "http://example.org/", "", content_type, "", len(block), block), 1 << 20)
    assert isinstance(found, Body | Refused)
    return found


def raw(headers: bytes, data: bytes = HTML) -> bytes:
    return b"HTTP/1.1 200 OK\r\n" + headers + b"\r\n\r\n" + data


@pytest.mark.parametrize(
    "interim",
    [
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nContent-Type: image/png\r\n\r\n",
        b"HTTP/1.1 100 Continue\n\nHTTP/1.1 102 Processing\n\n",
    ],
)
def test_interim_responses_are_passed_over(interim: bytes) -> None:
    document = outcome(interim + http(HTML))
    assert isinstance(document, Document)
    assert PROSE in document.text
    assert reason(interim + http(HTML, status="HTTP/1.1 404 Not Found")) == "http_status"
    assert reason(interim) == "bad_http"


def test_a_response_without_a_block_type_is_http_if_it_starts_so() -> None:
    assert isinstance(body(http(HTML), content_type=""), Body)
    assert isinstance(body(http(HTML), content_type=" application/http; msgtype=response"), Body)


@pytest.mark.parametrize(
    ("headers", "media_type", "label"),
    [
        (b"Content-Type: text/html;\r\n charset=shift_jis", "text/html", "shift_jis"),
        (b'Content-Type:\r\n\ttext/html; charset="euc-jp"', "text/html", "euc-jp"),
        # Fetch, "extract a MIME type": the last valid value counts, with an earlier charset of the same type
        (b"Content-Type: text/plain;charset=gbk, text/html", "text/html", None),
        (b"Content-Type: text/html;charset=gbk;a=b, text/html;x=y", "text/html", "gbk"),
        (b"Content-Type: text/html;charset=gbk\r\nContent-Type: x/x\r\nContent-Type: text/html;x=y", "text/html", None),
        (b"Content-Type: text/html\r\nContent-Type: cannot-parse", "text/html", None),
        (b"Content-Type: text/html\r\nContent-Type: */*", "text/html", None),
        (
            b'Content-Type: text/html\r\nContent-Type: text/html;" \\"\r\nContent-Type: */*;charset=gbk',
            "text/html",
            None,
        ),
    ],
)
def test_folded_and_repeated_headers(headers: bytes, media_type: str, label: str | None) -> None:
    found = body(raw(headers))
    assert isinstance(found, Body)
    assert (found.media_type, found.charset_label) == (media_type, label)


@pytest.mark.parametrize("coding", ["Shift_JIS", "8bit", "utf-8", "binary", "none", "x, y", "text/html", "7bit"])
def test_a_content_encoding_that_is_none_is_passed_over(coding: str) -> None:
    assert reason(http(HTML, f"Content-Encoding: {coding}")) == "Document"
    assert reason(http(gzip.compress(HTML), f"Content-Encoding: {coding}, gzip")) == "Document"


def test_repeated_content_encodings_are_undone_in_turn() -> None:
    twice = gzip.compress(gzip.compress(HTML))
    assert reason(http(twice, "Content-Encoding: gzip", "Content-Encoding: gzip")) == "Document"
    assert reason(http(twice, "Content-Encoding: gzip", "Transfer-Encoding: gzip")) == "Document"
    assert reason(http(gzip.compress(HTML))) == "Document"  # compressed without a word
    assert reason(http(HTML, "Content-Encoding: compress")) == "bad_encoding"


XHTML = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE html>\n<html xmlns="http://www.w3.org/1999/xhtml">' + HTML[6:]
)
FEED = b'<?xml version="1.0"?><rss version="2.0"><channel><title>' + PROSE.encode() * 3 + b"</title></channel></rss>"


@pytest.mark.parametrize(
    ("content_type", "data", "expected"),
    [
        ("application/xml", XHTML, "Document"),
        ("text/xml; charset=utf-8", XHTML, "Document"),
        ("application/xml", FEED, "content_type"),
        ("", HTML, "Document"),
        ("", b"\xef\xbb\xbf \n" + HTML, "Document"),
        ("", b"<p class=x>" + PROSE.encode(), "Document"),
        ("", PROSE.encode() * 3, "Document"),
        ("", XHTML, "Document"),
        ("", FEED, "content_type"),
        ("", b"%PDF-1.7 " + PROSE.encode() * 3, "content_type"),
        ("", b"\x00\x01\x02" + PROSE.encode() * 3, "content_type"),
        ("*/*", HTML, "Document"),
        ("unknown/unknown", HTML, "Document"),
        ("application/unknown", HTML, "Document"),
        ("html", HTML, "Document"),
        ("application/octet-stream", HTML, "content_type"),
        ("text/plain", PROSE.encode() * 3, "Document"),
    ],
)
def test_media_types_are_sniffed_where_none_is_stated(content_type: str, data: bytes, expected: str) -> None:
    assert reason(http(data, content_type=content_type)) == expected


def test_header_lines_that_a_conversion_broke_end_the_header() -> None:
    broken = http(HTML).replace(b"\r\n", b"\r\r\n", 3)
    found = body(broken)
    assert isinstance(found, Body)
    assert found.data == HTML


@given(st.binary(max_size=300), st.sampled_from([b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 100 C\r\n\r\n", b"http/1.0 200\n"]))
@settings(max_examples=300, deadline=None)
def test_no_header_raises(rest: bytes, start: bytes) -> None:
    body(start + rest)
