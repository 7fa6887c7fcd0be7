"""WARC archives: every record is accounted for, whatever the archive or the page does."""

from __future__ import annotations

import gzip
import json
import zlib
from collections import Counter
from pathlib import Path

import brotli
import pyarrow as pa
import pytest
from fastwarc import ZstdWriter
from hypothesis import given, settings
from hypothesis import strategies as st

from manyo.corpus.records import BrokenInput, Document, InputFile, InputShard, Record, Refused, Skipped
from manyo.corpus.sources import warc
from samples.files.pdf_writer import level, pdf

OPTIONS = warc.Options()
PROSE = "朝から雨が降っていたので、傘をさして駅まで歩きました。昼すぎには雨もあがりました。"
HTML = f"<html><head><title>雨</title></head><body><p>{PROSE}</p><p>{PROSE}</p></body></html>".encode()
ENGLISH = b"<html><body><p>It had been raining since morning, so I walked.</p></body></html>"


def http(body: bytes, *headers: str, status: str = "HTTP/1.1 200 OK", content_type: str = "text/html") -> bytes:
    lines = [status, *([f"Content-Type: {content_type}"] if content_type else []), *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def warc_record(
    block: bytes, kind: str = "response", name: str = "1", content_type: str = "application/http", *headers: str
) -> bytes:
    lines = [
        "WARC/1.0",
        f"WARC-Type: {kind}",
        f"WARC-Record-ID: <urn:uuid:{name}>",
        f"WARC-Target-URI: http://example.org/{name}",
        "WARC-Date: 2024-05-06T07:08:09Z",
        f"Content-Type: {content_type}",
        *headers,
        f"Content-Length: {len(block)}",
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + block + b"\r\n\r\n"


def framed(path: Path, data: bytes, options: warc.Options = OPTIONS) -> list[Record | BrokenInput]:
    path.write_bytes(data)
    shard = InputShard("x", (InputFile(str(path), len(data), "1"),))
    return list(warc.records(shard, options))


def outcome(block: bytes, options: warc.Options = OPTIONS, **block_fields: str) -> Document | Refused | Skipped:
    fields = {"record_type": "response", "content_type": "application/http", "identified_type": "", **block_fields}
    payload = warc.Block(
        uri="http://example.org/", date="2024-05-06T07:08:09Z", size_bytes=len(block), block=block, **fields
    )
    return warc.parse(Record("x.warc", 0, "k", payload), options)


def reason(block: bytes, options: warc.Options = OPTIONS, **block_fields: str) -> str:
    found = outcome(block, options, **block_fields)
    return found.reason if isinstance(found, Refused) else type(found).__name__


def archive(n_records: int) -> list[bytes]:
    return [warc_record(http(HTML + b"x" * 50 * i), name=str(i)) for i in range(n_records)]


def test_pdf_records_are_read_by_option_whatever_their_header_says() -> None:
    lines = [PROSE[start : start + 21] for start in (0, 21)]
    file = pdf(*[[glyph for number, line in enumerate(lines) for glyph in level(line, 80, 100 + 18 * number)]])
    options = warc.Options(pdf=True)
    for content_type in ("application/pdf", "application/octet-stream"):
        block = http(file, "X-Robots-Tag: noai", content_type=content_type)
        assert reason(block) == "content_type"
        found = outcome(block, options)
        assert isinstance(found, Document)
        assert (found.text.replace("\n", ""), found.robots) == (PROSE[:42], ("noai",))
        assert found.fetched_at is not None
    assert reason(http(b"\x89PNG", content_type="application/pdf"), options) == "content_type"
    assert reason(http(pdf(level("It rained.", 80, 100)), content_type="application/pdf"), options) == (
        "no_japanese_text"
    )


# --- framing


@pytest.mark.parametrize("form", ["plain", "members", "one member", "zstd", "lz4"])
def test_records_carry_the_offset_at_which_they_can_be_read_again(tmp_path: Path, form: str) -> None:
    parts = archive(5)
    if form == "members":
        parts = [gzip.compress(part) for part in parts]
    data = b"".join(parts)
    offsets = [sum(map(len, parts[:i])) for i in range(5)]
    if form == "one member":
        data, offsets = gzip.compress(data), [0] * 5
    if form == "lz4":
        data, offsets = pa.Codec("lz4").compress(data, asbytes=True), []
    if form == "zstd":
        with ZstdWriter(str(tmp_path / "z")) as stream:
            stream.write(data)
        data, offsets = (tmp_path / "z").read_bytes(), []
    found = framed(tmp_path / "a.warc", data)
    assert [record.key for record in found] == [f"<urn:uuid:{i}>" for i in range(5)]
    assert not offsets or [record.origin_offset for record in found] == offsets
    assert all(isinstance(warc.parse(record, OPTIONS), Document) for record in found)


@given(st.integers(0, 10_000), st.booleans())
@settings(max_examples=60, deadline=None)
def test_a_cut_archive_keeps_what_is_before_the_cut_and_names_the_rest(
    tmp_path_factory: pytest.TempPathFactory, place: int, compressed: bool
) -> None:
    parts = [gzip.compress(part) if compressed else part for part in archive(4)]
    data = b"".join(parts)
    place %= len(data)
    ends = [sum(map(len, parts[: i + 1])) for i in range(4)]
    found = framed(tmp_path_factory.mktemp("cut") / "a.warc", data[:place])
    kept = [item for item in found if isinstance(item, Record)]
    broken = [item for item in found if isinstance(item, BrokenInput)]
    n_whole = sum(end <= place for end in ends)
    assert [record.key for record in kept][:n_whole] == [f"<urn:uuid:{i}>" for i in range(n_whole)]
    assert len(kept) <= n_whole + 1
    # A block that is all there is a record, though its line ends or its checksum are cut off.
    assert len(kept) + len(broken) >= min(n_whole + 1, 4) if place not in (0, *ends) else not broken
    if kept:
        assert {item.refused.reason for item in broken} <= {"archive_truncated", "archive_damaged"}


@pytest.mark.parametrize("compressed", [True, False])
def test_garbage_between_records_is_named_and_read_over(tmp_path: Path, compressed: bool) -> None:
    parts = [gzip.compress(part) if compressed else part for part in archive(4)]
    data = parts[0] + parts[1] + b"\x1f\x8b\x08 garbage WARC/ \r\n" * 3 + parts[2] + parts[3]
    found = framed(tmp_path / "a.warc", data)
    records = [item for item in found if isinstance(item, Record)]
    assert [record.key[-2] for record in records] == ["0", "1", "2", "3"]
    assert [(item.refused.reason, item.origin_offset) for item in found if isinstance(item, BrokenInput)] == [
        ("archive_damaged", len(parts[0] + parts[1]))
    ]


def test_a_damaged_member_costs_that_member(tmp_path: Path) -> None:
    parts = [gzip.compress(part) for part in archive(4)]
    damaged = bytearray(parts[1])
    damaged[len(damaged) // 2] ^= 0xFF
    found = framed(tmp_path / "a.warc", parts[0] + bytes(damaged) + parts[2] + parts[3])
    assert [item.origin_offset for item in found if isinstance(item, BrokenInput)] == [len(parts[0])]
    assert [item.key[-2] for item in found if isinstance(item, Record)] == ["0", "2", "3"]


def test_a_file_that_is_not_a_warc_is_named(tmp_path: Path) -> None:
    for data in (b"filedesc://a.arc 0.0.0.0 2024 text/plain 77\n" * 9, gzip.compress(b"crawl/paths\n" * 9), b"\0" * 99):
        (broken,) = framed(tmp_path / "a.arc", data)
        assert isinstance(broken, BrokenInput)
        assert (broken.refused.reason, broken.origin_offset) == ("not_warc", 0)
    assert framed(tmp_path / "empty.warc", b"") == []


def test_a_record_over_the_limit_is_refused_with_its_size_and_not_read(tmp_path: Path) -> None:
    options = warc.Options(max_record_bytes=1000)
    found = framed(tmp_path / "a.warc", warc_record(http(HTML * 9)) + warc_record(http(HTML), name="2"), options)
    assert [len(record.payload.block) > 0 for record in found] == [False, True]
    refused = warc.parse(found[0], options)
    assert isinstance(refused, Refused)
    assert (refused.reason, refused.detail) == ("too_large", f"{len(http(HTML * 9))} bytes")


@given(st.binary(max_size=3000), st.booleans(), st.booleans())
@settings(max_examples=100, deadline=None)
def test_random_bytes_never_crash_framing(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, compressed: bool, behind_a_record: bool
) -> None:
    record = warc_record(http(HTML))
    data = (record if behind_a_record else b"") + data
    found = framed(tmp_path_factory.mktemp("random") / "a.warc", gzip.compress(data) if compressed else data)
    if behind_a_record:
        assert any(isinstance(item, Record) for item in found)
    for item in found:
        if isinstance(item, Record):
            warc.parse(item, OPTIONS)


@given(st.data())
@settings(max_examples=100, deadline=None)
def test_a_flipped_byte_never_crashes_and_never_hides_a_record(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    whole = bytearray(b"".join(gzip.compress(part) for part in archive(3)))
    whole[data.draw(st.integers(0, len(whole) - 1))] ^= data.draw(st.integers(1, 255))
    found = framed(tmp_path_factory.mktemp("flip") / "a.warc", bytes(whole))
    assert len(found) >= 3
    assert sum(isinstance(item, Record) for item in found) >= 2


def test_a_list_of_paths_is_planned_as_its_archives(tmp_path: Path) -> None:
    lines = "crawl-data/a/warc/x-00000.warc.gz\ncrawl-data/a/warc/x-00001.warc.gz\ns3://other/y.warc.gz\n"
    whole, packed = tmp_path / "warc.paths", tmp_path / "warc.paths.gz"
    whole.write_text(lines)
    packed.write_bytes(gzip.compress(lines.encode()))
    for path in (whole, packed):
        shards = warc.plan([InputFile(str(path), 1, "1")], warc.Options(paths_prefix="https://crawl.example/"))
        assert [file.uri for shard in shards for file in shard.files] == [
            "https://crawl.example/crawl-data/a/warc/x-00000.warc.gz",
            "https://crawl.example/crawl-data/a/warc/x-00001.warc.gz",
            "s3://other/y.warc.gz",
        ]


@pytest.mark.parametrize("data", [b"", b"\x1f\x8b\x08broken", b"\xff\xfe"])
def test_a_broken_list_of_paths_is_named(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "warc.paths.gz"
    path.write_bytes(data)
    with pytest.raises(ValueError, match=r"warc\.paths\.gz: "):
        warc.plan([InputFile(str(path), len(data), "1")], OPTIONS)


# --- one record


def test_a_japanese_page_becomes_a_document() -> None:
    document = outcome(http(HTML, content_type="text/html; charset=UTF-8"))
    assert isinstance(document, Document)
    assert (document.title, document.text) == ("雨", f"{PROSE}\n{PROSE}")
    assert (document.charset, document.charset_declared) == ("utf-8", "utf-8")
    assert document.fetched_at is not None
    assert document.fetched_at.isoformat() == "2024-05-06T07:08:09+00:00"
    assert (document.charset_decided_by, document.undecodable_fraction, document.meta) == ("http", 0, {})


@pytest.mark.parametrize("kind", ["request", "metadata", "warcinfo", "unknown"])
def test_records_that_are_not_pages_are_skipped_by_kind(kind: str) -> None:
    assert outcome(b"", record_type=kind) == Skipped(kind)


def test_revisits_conversions_resources_and_segments_are_handled_on_purpose() -> None:
    assert reason(b"", record_type="revisit") == "revisit"
    assert reason(b"", record_type="continuation") == "continuation"
    assert outcome(b"", content_type="text/dns") == Skipped("dns")
    document = outcome(PROSE.encode() * 2, record_type="conversion", content_type="text/plain")
    assert isinstance(document, Document)
    assert document.text == PROSE * 2
    assert reason(HTML, record_type="resource", content_type="text/html") == "Document"
    assert reason(HTML, record_type="resource", content_type="image/png") == "content_type"


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        (http(HTML, status="HTTP/1.1 404 Not Found"), "http_status"),
        (http(HTML, status="HTTP/1.0 301 Moved"), "http_status"),
        (http(HTML, content_type="application/pdf"), "content_type"),
        (http(HTML, content_type=""), "Document"),
        (http(HTML, content_type="application/xhtml+xml"), "Document"),
        (http(ENGLISH), "no_japanese_bytes"),
        (http(b" \r\n"), "empty"),
        (b"nonsense", "bad_http"),
        (b"", "bad_http"),
        (http(f"<script>{PROSE}</script><img>".encode()), "no_text"),
        (http(HTML, "Content-Encoding: gzip") + b"", "Document"),
        (http(gzip.compress(HTML)[:3] + b"??", "Content-Encoding: gzip"), "bad_encoding"),
        (http(b"\xff" * 99, "Content-Encoding: br"), "bad_encoding"),
        (http(HTML, "Content-Encoding: sdch"), "bad_encoding"),
        (
            http(("한국어로 쓴 글입니다. " * 40).encode("cp949"), content_type="text/html; charset=euc-kr"),
            "no_japanese_text",
        ),
    ],
)
def test_every_refusal_has_its_reason(block: bytes, expected: str) -> None:
    assert reason(block) == expected
    assert expected in (*warc.REASONS, "Document")


def test_the_crawler_or_the_server_may_name_the_media_type() -> None:
    assert reason(http(HTML, content_type="text/weird"), identified_type="text/html") == "Document"
    assert reason(http(HTML), identified_type="application/octet-stream") == "Document"
    assert reason(http(HTML, content_type="image/gif"), identified_type="image/gif") == "content_type"


def chunked(body: bytes, size: int) -> bytes:
    parts = [body[i : i + size] for i in range(0, len(body), size)]
    return b"".join(b"%x;ext=1\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def zstd(data: bytes) -> bytes:
    return pa.Codec("zstd").compress(data, asbytes=True)


RAW_DEFLATE = zlib.compressobj(wbits=-15)
ENCODED = {
    "gzip": gzip.compress(HTML),
    "x-gzip": gzip.compress(HTML),
    "deflate": zlib.compress(HTML),
    "Deflate": RAW_DEFLATE.compress(HTML) + RAW_DEFLATE.flush(),
    "br": brotli.compress(HTML),
    "gzip, br": brotli.compress(gzip.compress(HTML)),
    "zstd": zstd(HTML),
    "identity": HTML,
}


@pytest.mark.parametrize("encoding", ENCODED)
@pytest.mark.parametrize("transfer", ["", "Transfer-Encoding: chunked"])
def test_content_and_transfer_encodings_are_undone(encoding: str, transfer: str) -> None:
    body = chunked(ENCODED[encoding], 40) if transfer else ENCODED[encoding]
    document = outcome(http(body, f"Content-Encoding: {encoding}", *([transfer] if transfer else [])))
    assert isinstance(document, Document)
    assert document.text == f"{PROSE}\n{PROSE}"


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd"])
def test_encodings_that_were_undone_before_storing_are_recognised(encoding: str) -> None:
    assert reason(http(HTML, f"Content-Encoding: {encoding}", "Transfer-Encoding: chunked")) == "Document"


@given(st.integers(1, 10_000), st.sampled_from(["gzip", "deflate", "br", "zstd", "chunked"]), st.booleans())
@settings(max_examples=100, deadline=None)
def test_a_damaged_body_gives_what_can_be_read_or_a_reason(place: int, encoding: str, cut: bool) -> None:
    long = HTML.replace(b"<p>", b"<p>" + bytes(range(48, 90)) * 40, 1)
    body = {"gzip": gzip.compress, "deflate": zlib.compress, "br": brotli.compress, "zstd": zstd}
    data = bytearray(body[encoding](long) if encoding in body else chunked(long, 99))
    place %= len(data)
    if cut:
        del data[place:]
    else:
        data[place] ^= 0x55
    header = "Transfer-Encoding: chunked" if encoding == "chunked" else f"Content-Encoding: {encoding}"
    found = outcome(http(bytes(data), header))
    assert isinstance(found, Document) or found.reason in warc.REASONS


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd"])
def test_a_bomb_is_refused_at_the_limit(encoding: str) -> None:
    compress = {"gzip": gzip.compress, "deflate": zlib.compress, "br": brotli.compress, "zstd": zstd}[encoding]
    body = compress(b"\0" * 5_000_000)
    assert reason(http(body, f"Content-Encoding: {encoding}"), warc.Options(max_record_bytes=100_000)) == "too_large"


@pytest.mark.parametrize(
    "body",
    [
        b"5\r\n" + HTML,  # shorter than it is
        b"fffffff\r\n" + HTML,  # longer than it is
        b"%x\n%s" % (len(HTML), HTML),  # no last chunk, line ends of one byte
        HTML + b"\r\n0\r\n\r\n",  # no size at all
        b"%x\r\n%szzz\r\n?" % (len(HTML), HTML),  # no size behind the first
    ],
)
def test_wrong_sizes_of_chunks_give_what_can_be_read_or_a_reason(body: bytes) -> None:
    whole = outcome(http(body, "Transfer-Encoding: chunked"))
    assert isinstance(whole, Document) != (body.startswith(b"5\r\n"))
    assert not isinstance(whole, Refused) or whole.reason == "no_japanese_bytes"


@pytest.mark.parametrize("compressed", [True, False])
@pytest.mark.parametrize("error", [-30, 30, 10**9])
def test_a_wrong_content_length_costs_no_other_record(tmp_path: Path, compressed: bool, error: int) -> None:
    block = http(HTML)
    stated, wrong = f"Content-Length: {len(block)}".encode(), f"Content-Length: {len(block) + error}".encode()
    parts = [warc_record(block, name=str(i)) for i in range(4)]
    parts[1] = parts[1].replace(stated, wrong)
    if compressed:
        parts = [gzip.compress(part) for part in parts]
    found = framed(tmp_path / "a.warc", b"".join(parts), warc.Options(max_record_bytes=1 << 20))
    read = {item.key[-2]: item.payload for item in found if isinstance(item, Record)}
    whole = {key: payload.truncated_by for key, payload in read.items() if payload.block == block}
    if error == 10**9:  # larger than the limit
        assert whole == {"0": "", "2": "", "3": ""}
        assert len(found) > len(whole)
    else:
        assert whole == {"0": "", "1": "record_length", "2": "", "3": ""}
        assert len(found) == 4


@pytest.mark.parametrize("error", [0, 30, 10**9])
def test_a_record_that_a_damaged_page_quotes_is_not_read_as_one_of_the_archive(tmp_path: Path, error: int) -> None:
    quoted = warc_record(http(b"<p>quoted</p>"), name="quoted")
    block = http(HTML + quoted + HTML)
    parts = [warc_record(block, name=str(i)) for i in range(4)]
    parts[1] = parts[1].replace(
        f"Content-Length: {len(block)}\r\n".encode(), f"Content-Length: {len(block) + error}\r\n".encode()
    )
    data = parts[0] + parts[1] + b"garbage" * (error == 0) + parts[2] + parts[3]
    found = framed(tmp_path / "a.warc", data, warc.Options(max_record_bytes=1 << 20))
    keys = [item.key.rstrip(">").rsplit(":", 1)[-1] for item in found if isinstance(item, Record)]
    assert keys == [name for name in "0123" if error < 10**9 or name != "1"]


def test_what_a_page_states_of_its_use_is_recorded_and_can_be_honoured() -> None:
    cc = "<a rel=license href=https://creativecommons.org/licenses/by/4.0/>CC</a>"
    page = HTML.replace(b"<head>", b'<head><meta name="robots" content="noai">').replace(b"</p>", f"{cc}</p>".encode())
    block = http(page, "X-Robots-Tag: noimageai", "TDM-Reservation: 1")
    document = outcome(block)
    assert isinstance(document, Document)
    assert (document.robots, document.page_licence) == (("noai", "noimageai", "tdm_reserved"), "by-4.0")
    assert outcome(block, warc.Options(refuse_opted_out=("noindex", "noarchive"))) == document
    refused = outcome(block, warc.Options(refuse_opted_out=("noai", "tdm_reserved")))
    assert refused == Refused("opted_out", "noai, tdm_reserved", "http://example.org/")


def test_a_page_with_nothing_but_a_title_has_no_text() -> None:
    page = f"<html><head><title>{PROSE}</title></head><body><div></div><script>{PROSE}</script></body></html>"
    assert reason(http(page.encode())) == "no_text"


@pytest.mark.parametrize("use", ["export", "append", "drop"])
def test_comments_of_readers_are_exported_appended_or_dropped(use: str) -> None:
    comment = "川の写真も見たいです。"
    page = f"<body><main><p>{PROSE * 9}</p></main><div class=comments><p>{comment}</p></div></body>"
    document = outcome(http(page.encode()), warc.Options(comments=use))
    assert isinstance(document, Document)
    assert (comment in document.text, document.comments) == (use == "append", comment if use == "export" else "")


def test_a_list_page_is_told_by_the_share_of_its_links() -> None:
    links = "".join(f"<li><a href='/{i}'>雨の日の散歩{i}</a></li>" for i in range(30))
    list_page = outcome(http(f"<body><h1>記事一覧です。</h1><ul>{links}</ul></body>".encode()))
    article = outcome(http(HTML))
    assert isinstance(list_page, Document)
    assert isinstance(article, Document)
    assert list_page.link_fraction > 0.9
    assert article.link_fraction == 0


def test_undecodable_pages_are_refused_beyond_a_bound() -> None:
    page = ("あ" * 20).encode() + b"\xfe\xff" * 30
    assert reason(http(page, content_type="text/html; charset=utf-8"), warc.Options(max_replacement_fraction=0.05)) in (
        "undecodable",
        "no_japanese_text",
    )


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2024-05-06T07:08:09Z", "2024-05-06T07:08:09+00:00"),
        ("2024-05-06T07:08:09.123456Z", "2024-05-06T07:08:09+00:00"),
        ("2024-05", "2024-05-01T00:00:00+00:00"),
        ("20240506070809", None),
        ("2024-15-06T07:08:09Z", None),
        ("", None),
    ],
)
def test_dates_may_be_short_and_may_be_wrong(written: str, expected: str | None) -> None:
    block = http(HTML)
    payload = warc.Block("response", "u", written, "application/http", "", len(block), block)
    document = warc.parse(Record("x", 0, "k", payload), OPTIONS)
    assert isinstance(document, Document)
    assert (document.fetched_at and document.fetched_at.isoformat()) == expected


@pytest.mark.parametrize(
    "settings_",
    [
        {"refuse_opted_out": ("noai", "nothing")},
        {"extractor": "magic"},
        {"comments": "translate"},
        {"max_record_bytes": 0},
        {"max_replacement_fraction": 1.5},
    ],
)
def test_wrong_settings_are_named(settings_: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(settings_))):
        warc.Options(**settings_)  # type: ignore[arg-type]


# --- real archives


def test_no_labelled_japanese_page_is_lost(real_data: Path) -> None:
    labels = {}
    with (real_data / "web" / "labels.jsonl").open(encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            labels[row["warc"], row["url"]] = row
    outcomes: Counter[tuple[str, str]] = Counter()
    for name in ("mixed-000", "mixed-001"):
        path = real_data / "web" / f"{name}.warc.gz"
        shard = InputShard("x", (InputFile(str(path), path.stat().st_size, "1"),))
        for record in warc.records(shard, OPTIONS):
            made = warc.parse(record, OPTIONS) if isinstance(record, Record) else record
            row = labels.get((path.name, record.payload.uri)) if isinstance(record, Record) else None
            if row is not None and not isinstance(made, Skipped) and row["kana"] >= 50:
                is_japanese = (row["gold_lang"] or row["lang"])[:2] == "ja"
                outcomes["Japanese" if is_japanese else "other", type(made).__name__] += 1
    assert outcomes["Japanese", "Document"] > 100
    assert outcomes["Japanese", "Refused"] == 0
