"""Regular gzip members: what is decompressed at once is what FastWARC streams, and nothing of a file is passed over."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Generator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manyo.corpus.records import BrokenInput, Record
from manyo.corpus.sources import warc_framing
from manyo.corpus.sources.careful_framing import Block
from manyo.corpus.sources.whole_members import read_whole_members
from tests.corpus.test_warc import HTML, framed, http, warc_record

LIMIT = 1 << 20
FIELD_NAMES = ("WARC-Type", "warc-date", "WARC-Date", "WARC-Target-URI", "Content-Type", "WARC-Truncated", "X-Own")
VALUES = st.one_of(
    st.sampled_from(["response", "Request", "revisit", "metadata", "segmented", "length", "", " a ", "a\x0c", "a: b"]),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=6),
)


def whole(data: bytes, limit: int = LIMIT) -> tuple[list[Record[Block]], int]:
    """The records of regular members, and where the run ended."""
    ends = []

    def reader() -> Generator[Record[Block], None, None]:
        ends.append((yield from read_whole_members(io.BytesIO(data), 0, "a", limit)))

    found = list(reader())
    assert ends[0][1] == len(found)
    return found, ends[0][0]


def by_fastwarc(path: Path, data: bytes) -> list[Record[Any] | BrokenInput]:
    """What framing gives where no member is decompressed at once."""

    def nothing(stream: object, start: int, *_: object) -> Generator[Record[Block], None, tuple[int, int]]:
        return start, 0
        yield

    with mock.patch.object(warc_framing, "read_whole_members", nothing):
        return framed(path, data)


def member_of(fields: list[tuple[str, str]], block: bytes, line_end: str = "\r\n") -> bytes:
    head = "".join(f"{name}: {value}{line_end}" for name, value in fields)
    length = f"Content-Length: {len(block)}{line_end}"
    return gzip.compress(f"WARC/1.1{line_end}{head}{length}{line_end}".encode() + block + b"\r\n\r\n", mtime=0)


@given(st.lists(st.tuples(st.sampled_from(FIELD_NAMES), VALUES), max_size=6), st.binary(max_size=9))
@settings(max_examples=150, deadline=None)
def test_a_header_that_is_regular_is_read_as_fastwarc_reads_it(
    tmp_path_factory: pytest.TempPathFactory, fields: list[tuple[str, str]], block: bytes
) -> None:
    data = member_of([("WARC-Type", "response"), *fields] if len(fields) % 2 else fields, block)
    path = tmp_path_factory.mktemp("header") / "a.warc.gz"
    assert framed(path, data) == by_fastwarc(path, data)


def stored(data: bytes) -> bytes:
    """A member that holds its data uncompressed: a magic number in it stands in the file."""
    return gzip.compress(data, 0, mtime=0)


PARTS = {
    "page": lambda i: gzip.compress(warc_record(http(HTML), name=str(i)), mtime=0),
    "request": lambda i: gzip.compress(warc_record(b"GET / HTTP/1.1\r\n\r\n", kind="request", name=str(i)), mtime=0),
    "two in one": lambda i: gzip.compress(warc_record(http(HTML), name=f"{i}a") + warc_record(HTML, name=f"{i}b")),
    "quotes gzip": lambda i: stored(warc_record(http(HTML + b"\x1f\x8b\x08" * (i % 6)), name=str(i))),
    "damaged": lambda i: gzip.compress(warc_record(http(HTML * 3), name=str(i)), mtime=0)[:-12] + b"\0" * 12,
    "empty": lambda _: gzip.compress(b""),
    "zeros": lambda _: b"\0" * 64,
    "trailer again": lambda i: (lambda member: member + member[-4:])(gzip.compress(warc_record(HTML, name=str(i)))),
}


@given(st.lists(st.sampled_from(sorted(PARTS)), max_size=7))
@settings(max_examples=100, deadline=None)
def test_members_of_any_kind_in_a_row_are_framed_as_without_the_short_way(
    tmp_path_factory: pytest.TempPathFactory, parts: list[str]
) -> None:
    data = b"".join(PARTS[part](i) for i, part in enumerate(parts))
    path = tmp_path_factory.mktemp("parts") / "a.warc.gz"
    assert framed(path, data) == by_fastwarc(path, data)


def test_records_whose_lines_end_in_lf_are_found_among_others(tmp_path: Path) -> None:
    """FastWARC passes over them without a word where a record follows that it reads."""
    records = [warc_record(http(HTML), name=str(i)) for i in range(12)]
    records = [record.replace(b"\r\n", b"\n") if i % 3 == 1 else record for i, record in enumerate(records)]
    members = [gzip.compress(record) + gzip.compress(b"") * (i % 4 == 2) for i, record in enumerate(records)]
    found = framed(tmp_path / "a.warc.gz", b"".join(members))
    assert [item.key for item in found if isinstance(item, Record)] == [f"<urn:uuid:{i}>" for i in range(12)]


def test_an_archive_of_regular_members_is_read_to_its_end() -> None:
    data = b"".join(PARTS[("page", "request", "quotes gzip")[i % 3]](i % 4) for i in range(60))
    found, end = whole(data)
    assert (len(found), end) == (60, len(data))


def test_members_are_read_across_the_borders_of_windows() -> None:
    blocks = [bytes(zlib.crc32(bytes([i, j % 256])) % 256 for j in range(700)) * 600 for i in range(9)]
    data = b"".join(stored(warc_record(http(block), name=str(i))) for i, block in enumerate(blocks))
    found, end = whole(data)
    assert [record.payload.block for record in found] == [http(block) for block in blocks]
    assert end == len(data) > 3 << 20


@pytest.mark.parametrize(
    "behind",
    [b"\0" * 8, b"x", b"\r\n", PARTS["page"](7)[-4:], gzip.compress(b"", mtime=0)],
    ids=["zeros", "letter", "line end", "size", "empty member"],
)
def test_bytes_behind_a_member_are_left_to_be_read(behind: bytes) -> None:
    member = PARTS["page"](1)
    found, end = whole(PARTS["page"](0) + member + behind)
    # What does not start like a member cannot be told from its end.
    assert end <= len(PARTS["page"](0)) + len(member)
    assert len(found) == (2 if behind.startswith(b"\x1f\x8b\x08") else 1)


def test_a_member_that_would_fill_the_memory_is_not_decompressed_at_once() -> None:
    data = gzip.compress(warc_record(http(b"0" * (2 * LIMIT))))
    assert whole(data) == ([], 0)
    assert len(whole(data, 4 * LIMIT)[0]) == 1
