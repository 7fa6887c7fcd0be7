"""Framing of archives: every byte of a file is a record, a blank between records, or named in a row."""

from __future__ import annotations

import gzip
import io
import struct
import zipfile
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from warcio.archiveiterator import ArchiveIterator

from manyo.corpus.records import BrokenInput, Document, InputFile, InputShard, Record, Refused, Skipped
from manyo.corpus.sources import warc
from manyo.corpus.sources.truncation import CAUSES
from tests.corpus.test_warc import HTML, PROSE, framed, http, warc_record

OPTIONS = warc.Options()
ARCHIVES = Path(__file__).parent / "archives"
EMPTY_MEMBER = gzip.compress(b"")
#: With which bgzip ends a file.
BGZIP_END = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")


def consumed(path: Path) -> int:
    """Bytes that the reader accounts for."""
    reader = warc.records(InputShard("x", (InputFile(str(path), path.stat().st_size, "1"),)), OPTIONS)
    while True:
        try:
            next(reader)
        except StopIteration as end:
            return int(end.value)


def names(found: list[Record | BrokenInput]) -> list[str]:
    return [item.key.removeprefix("<urn:uuid:").rstrip(">") for item in found if isinstance(item, Record)]


def rows(found: list[Record | BrokenInput]) -> list[str]:
    return [item.refused.reason for item in found if isinstance(item, BrokenInput)]


def arc_record(block: bytes, address: str = "http://arc.example/", media_type: str = "text/html") -> bytes:
    return f"{address} 192.0.2.1 20090102030405 {media_type} {len(block)}\n".encode() + block + b"\n"


FILEDESC = arc_record(
    b"1 0 Maker\nURL IP-address Archive-date Content-type Archive-length\n", "filedesc://a.arc", "text/plain"
)


@given(st.lists(st.sampled_from(["record", "empty", "bgzip end", "zeros", "blank member", "line ends"]), max_size=12))
@settings(max_examples=60, deadline=None)
def test_nothing_between_members_ends_a_file(tmp_path_factory: pytest.TempPathFactory, parts: list[str]) -> None:
    between = {
        "empty": EMPTY_MEMBER, "bgzip end": BGZIP_END, "zeros": b"\0" * 512, "line ends": b"\r\n\r\n",
        "blank member": gzip.compress(b"\r\n\r\n"),
    }  # fmt: skip
    n_records = parts.count("record")
    data = b"".join(
        gzip.compress(warc_record(http(HTML), name=str(parts[:i].count("record"))))
        if part == "record"
        else between[part]
        for i, part in enumerate(parts)
    )
    path = tmp_path_factory.mktemp("between") / "a.warc.gz"
    found = framed(path, data)
    assert names(found) == [str(i) for i in range(n_records)]
    assert rows(found) == (["not_warc"] if data and not n_records else [])
    assert consumed(path) == len(data)


def test_records_that_lie_across_the_blocks_of_bgzip_are_read(tmp_path: Path) -> None:
    data = b"".join(warc_record(http(HTML + bytes(range(256)) * i), name=str(i)) for i in range(9))
    blocks = [gzip.compress(data[i : i + 1000]) for i in range(0, len(data), 1000)]
    found = framed(tmp_path / "a.warc.gz", b"".join(blocks) + BGZIP_END)
    assert names(found) == [str(i) for i in range(9)]
    assert rows(found) == []


def test_frames_of_zstd_that_hold_nothing_end_nothing(tmp_path: Path) -> None:
    frames = [pa.Codec("zstd").compress(warc_record(http(HTML), name=str(i)), asbytes=True) for i in range(3)]
    skippable = b"\x50\x2a\x4d\x18" + struct.pack("<I", 5) + b"index"
    path = tmp_path / "a.warc.zst"
    found = framed(
        path, skippable + frames[0] + pa.Codec("zstd").compress(b"", asbytes=True) + frames[1] + skippable + frames[2]
    )
    assert (names(found), rows(found)) == (["0", "1", "2"], [])


@pytest.mark.parametrize("codec", ["zstd", "lz4"])
@given(st.integers(0, 10_000))
@settings(max_examples=30, deadline=None)
def test_a_cut_frame_is_a_row(tmp_path_factory: pytest.TempPathFactory, codec: str, place: int) -> None:
    frames = [pa.Codec(codec).compress(warc_record(http(HTML), name=str(i)), asbytes=True) for i in range(3)]
    ends = [sum(map(len, frames[: i + 1])) for i in range(3)]
    place = 1 + place % (ends[-1] - 1)
    found = framed(tmp_path_factory.mktemp("cut") / "a", b"".join(frames)[:place])
    n_whole = sum(end <= place for end in ends)
    assert names(found)[:n_whole] == [str(i) for i in range(n_whole)]
    assert len(found) > n_whole or place in ends


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("line_end", [b"\n", b"\r\r\n", b"\r\n"])
def test_header_lines_may_end_in_any_way(tmp_path: Path, packed: bool, line_end: bytes) -> None:
    parts = []
    for i in range(4):
        head, rest = warc_record(http(HTML), name=str(i)).split(b"\r\n\r\n", 1)
        odd = (head + b"\r\n\r\n").replace(b"\r\n", line_end) + rest if i % 3 else head + b"\r\n\r\n" + rest
        parts.append(gzip.compress(odd) if packed else odd)
    path = tmp_path / "a.warc"
    found = framed(path, b"".join(parts))
    assert (names(found), rows(found)) == (["0", "1", "2", "3"], [])
    assert {bytes(item.payload.block) for item in found if isinstance(item, Record)} == {http(HTML)}
    assert [item.origin_offset for item in found] == [sum(map(len, parts[:i])) for i in range(4)]


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("n_missing", [1, 30, 400])
def test_a_length_in_characters_costs_nothing(tmp_path: Path, packed: bool, n_missing: int) -> None:
    parts = []
    for i in range(3):
        record = warc_record(http(HTML), name=str(i))
        length = len(http(HTML))
        record = record.replace(f"Content-Length: {length}".encode(), f"Content-Length: {length - n_missing}".encode())
        parts.append(gzip.compress(record) if packed else record)
    found = framed(tmp_path / "a.warc", b"".join(parts) + (b"" if packed else warc_record(b"", "warcinfo", "3")))
    pages = [item.payload for item in found if isinstance(item, Record) and item.payload.record_type == "response"]
    assert [(page.block, page.truncated_by) for page in pages] == [(http(HTML), "record_length")] * 3
    assert rows(found) == []


def test_a_damaged_stretch_inside_one_member_costs_that_stretch(tmp_path: Path) -> None:
    parts = [warc_record(http(HTML), name=str(i)) for i in range(4)]
    data = gzip.compress(parts[0] + parts[1] + b"garbage\r\n" * 9 + parts[2] + parts[3])
    found = framed(tmp_path / "a.warc.gz", data)
    assert (names(found), rows(found)) == (["0", "1", "2", "3"], ["archive_damaged"])


@pytest.mark.parametrize("packed", [True, False])
def test_arc_files_are_read(tmp_path: Path, packed: bool) -> None:
    two = f"http://arc.example/2 192.0.2.1 20090102030405 text/html 200 ABC - 12345 a.arc {len(http(HTML))}\n".encode()
    parts = [
        FILEDESC,
        arc_record(http(HTML)),
        arc_record(b"20090102030405\narc.example. 1 IN A 192.0.2.1\n", "dns:arc.example", "text/dns"),
        arc_record(http(HTML), "http://arc.example/a b.html"),
        two + http(HTML) + b"\n",
    ]
    path = tmp_path / "a.arc"
    found = framed(path, b"".join(gzip.compress(part) if packed else part for part in parts))
    made = [warc.parse(item, OPTIONS) for item in found if isinstance(item, Record)]
    assert [type(item).__name__ for item in made] == ["Skipped", "Document", "Skipped", "Document", "Document"]
    pages = [item for item in made if isinstance(item, Document)]
    assert [page.uri for page in pages] == [
        "http://arc.example/",
        "http://arc.example/a b.html",
        "http://arc.example/2",
    ]
    assert pages[0].fetched_at is not None
    assert pages[0].fetched_at.isoformat() == "2009-01-02T03:04:05+00:00"
    assert rows(found) == []
    assert consumed(path) == path.stat().st_size


def wacz(compression: int, entries: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as package:
        for name, data in entries.items():
            package.writestr(name, data)
    return buffer.getvalue()


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_wacz_files_are_read(tmp_path: Path, compression: int) -> None:
    members = b"".join(gzip.compress(warc_record(http(HTML), name=str(i))) for i in range(3))
    data = wacz(
        compression,
        {"datapackage.json": b"{}", "archive/a.warc.gz": members, "archive/b.warc": warc_record(http(HTML), name="3")},
    )
    path = tmp_path / "a.wacz"
    found = framed(path, data)
    assert (names(found), rows(found)) == (["0", "1", "2", "3"], [])
    assert all(isinstance(warc.parse(item, OPTIONS), Document) for item in found if isinstance(item, Record))
    assert consumed(path) == len(data)
    if compression == zipfile.ZIP_STORED:  # a record's offset is its place in the WACZ
        assert all(data[item.origin_offset :].startswith((b"\x1f\x8b", b"WARC/1.0")) for item in found)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (wacz(zipfile.ZIP_STORED, {"datapackage.json": b"{}"}), "not_warc"),
        (wacz(zipfile.ZIP_STORED, {"archive/a.warc": warc_record(http(HTML))})[:-30], "archive_damaged"),
    ],
)
def test_a_wacz_without_archives_or_directory_is_named(tmp_path: Path, data: bytes, reason: str) -> None:
    found = framed(tmp_path / "a.wacz", data)
    assert [item.refused.reason for item in found if isinstance(item, BrokenInput)] == [reason]


#: The records of each archive, beside those that warcio reads: it stops at an empty member (e1), knows no skippable
#: frame (e5 to e7 are zstd), takes lengths for true (w5, w6), and refuses records without blank lines (w3), several in
#: one member (w7) and padding (w8).
MORE_THAN_WARCIO = {
    "empty-gzip-member.warc.gz": 3,
    "e1-empty-member.warc.gz": 3,
    "e5-empty-zstd-frame.warc.zst": 2,
    "e6-skippable-frame.warc.zst": 2,
    "e7-archiveteam-dictionary.warc.zst": 5,
    "w3-no-record-separator.warc": 3,
    "w5-length-in-characters.warc.gz": 5,
    "w6-crlf-mangled.warc": 2,
    "w7-one-member.warc.gz": 4,
    "w8-padding.warc.gz": 3,
    "w9-common-crawl-2009.arc.gz": 2,
}


def by_warcio(path: Path) -> int:
    with path.open("rb") as stream:
        return sum(1 for _ in ArchiveIterator(stream, arc2warc=True))


@pytest.mark.parametrize("path", sorted(ARCHIVES.iterdir()), ids=lambda path: path.name)
def test_odd_archives_have_the_records_that_warcio_finds_and_more(path: Path) -> None:
    shard = InputShard("x", (InputFile(str(path), path.stat().st_size, "1"),))
    records = [item for item in warc.records(shard, OPTIONS) if isinstance(item, Record)]
    expected = MORE_THAN_WARCIO[path.name] if path.name in MORE_THAN_WARCIO else by_warcio(path)
    assert len(records) == expected
    assert consumed(path) == path.stat().st_size
    for record in records:
        made = warc.parse(record, OPTIONS)
        assert isinstance(made, Document | Skipped) or made.reason == "continuation"


def test_every_record_of_other_projects_archives_is_accounted_for(real_data: Path) -> None:
    outcomes: Counter[str] = Counter()
    for path in sorted((real_data / "web" / "odd").rglob("*")):
        if path.is_file() and ".paths" not in path.name:
            shard = InputShard("x", (InputFile(str(path), path.stat().st_size, "1"),))
            for item in warc.records(shard, OPTIONS):
                made = item.refused if isinstance(item, BrokenInput) else warc.parse(item, OPTIONS)
                outcomes[type(made).__name__] += 1
                assert not isinstance(made, Refused) or made.reason in warc.REASONS
            assert consumed(path) == path.stat().st_size, path
    assert outcomes.total() > 1000


# --- marks on documents that are not whole


LONG = HTML.replace(b"</body>", PROSE.encode() * 40 + b"</body>")
CHUNKED = b"%x\r\n%s\r\n0\r\n\r\n" % (len(LONG), LONG)
CUTS = [
    (http(HTML), ("WARC-Truncated: length",), "length"),
    (http(HTML), ("WARC-Truncated: disconnect",), "disconnect"),
    (http(HTML), ("WARC-Truncated: reached the end",), "unspecified"),
    (http(HTML), ("WARC-Segment-Number: 1",), "segment"),
    (http(HTML, f"Content-Length: {len(HTML) + 1}"), (), "body_length"),
    (http(HTML, f"Content-Length: {len(HTML)}"), (), None),
    (http(HTML, f"Content-Length: {len(HTML) - 1}"), (), None),  # the body was stored decompressed
    (http(CHUNKED, "Transfer-Encoding: chunked"), (), None),
    (http(CHUNKED[:-5], "Transfer-Encoding: chunked"), (), "chunks"),
    (http(CHUNKED[:400], "Transfer-Encoding: chunked"), (), "chunks"),
    (http(gzip.compress(LONG), "Content-Encoding: gzip"), (), None),
    (http(gzip.compress(LONG)[:-12], "Content-Encoding: gzip"), (), "encoding"),
    (http(gzip.compress(LONG) + b"more", "Content-Encoding: gzip"), (), "encoding"),
]


@pytest.mark.parametrize(("block", "headers", "cause"), CUTS)
def test_a_page_that_is_not_whole_says_why(
    tmp_path: Path, block: bytes, headers: tuple[str, ...], cause: str | None
) -> None:
    (record,) = framed(tmp_path / "a.warc", warc_record(block, "response", "1", "application/http", *headers))
    assert isinstance(record, Record)
    document = warc.parse(record, OPTIONS)
    assert isinstance(document, Document)
    assert document.truncated_by == cause
    assert cause is None or cause in CAUSES
    assert PROSE in document.text


def test_a_body_of_several_gzip_members_is_read_whole(tmp_path: Path) -> None:
    half = len(LONG) // 2
    body = gzip.compress(LONG[:half]) + gzip.compress(LONG[half:])
    (record,) = framed(tmp_path / "a.warc", warc_record(http(body, "Content-Encoding: gzip")))
    assert isinstance(record, Record)
    document = warc.parse(record, OPTIONS)
    assert isinstance(document, Document)
    assert (document.text.count(PROSE), document.truncated_by) == (42, None)
