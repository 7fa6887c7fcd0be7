"""JSON Lines: framing by offset, whatever the line ends, compression or damage."""

from __future__ import annotations

import gzip
import io
import json
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manyo.corpus.records import BrokenInput, Document, InputFile, Record, Refused
from manyo.corpus.sources import jsonl
from manyo.corpus.sources.jsonl import Options, frames

LINES = st.lists(st.binary(max_size=12).map(lambda data: data.replace(b"\n", b"").strip(b"\r\xef\xbb\xbf")), max_size=8)


def read(path: Path, options: Options) -> list[Record | BrokenInput]:
    (shard,) = jsonl.plan([InputFile(str(path), path.stat().st_size, "1")], options)
    return list(jsonl.records(shard, options))


def write(path: Path, *rows: object) -> Path:
    data = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()
    codec = {".gz": gzip.compress, ".zst": lambda plain: pa.Codec("zstd").compress(plain, asbytes=True)}
    path.write_bytes(codec.get(path.suffix, bytes)(data))
    return path


@settings(max_examples=150, deadline=None)
@given(LINES, st.sampled_from([b"\n", b"\r\n"]), st.booleans())
def test_each_frame_stands_at_its_offset(lines: list[bytes], line_end: bytes, ends_with_one: bool) -> None:
    data = line_end.join(lines) + (line_end if ends_with_one and lines else b"")
    found = list(frames(io.BytesIO(data), 1000))
    assert [frame.data for frame in found] == [line for line in lines if line.strip()]
    for frame in found:
        assert frame.data is not None
        assert data[frame.offset :].startswith(frame.data)
        assert data[: frame.offset].count(b"\n") == frame.number - 1


@settings(max_examples=150, deadline=None)
@given(LINES, st.integers(1, 12), st.sampled_from([b"\n", b"\r\n"]))
def test_a_line_beyond_the_limit_is_read_over_and_the_next_is_found(
    lines: list[bytes], limit: int, line_end: bytes
) -> None:
    data = line_end.join(lines)
    found = {frame.number: frame.data for frame in frames(io.BytesIO(data), limit)}
    for number, line in enumerate(lines, 1):
        if len(line) > limit:
            assert found[number] is None
        elif line.strip():
            assert found[number] == line


def test_a_byte_order_mark_at_the_start_does_not_belong_to_the_line() -> None:
    assert [frame.data for frame in frames(io.BytesIO(b"\xef\xbb\xbf{}\n"), 10)] == [b"{}"]


@pytest.mark.parametrize("ending", [".jsonl", ".jsonl.gz", ".jsonl.zst"])
def test_fields_are_read_from_every_compression(ending: str, tmp_path: Path) -> None:
    row = {
        "id": 7,
        "url": "https://example.org/",
        "body": "本文である。\r\n二行目。",
        "name": "題",
        "year": 1931,
        "x": 1,
    }
    options = Options(
        text_field="body", id_field="id", uri_field="url", title_field="name", meta_fields=("year", "none")
    )
    (record,) = read(write(tmp_path / f"a{ending}", row), options)
    assert isinstance(record, Record)
    assert record.key == "7"
    document = jsonl.parse(record, options)
    lacks = ('"none" of meta_fields',)
    expected = Document("https://example.org/", "本文である。\n二行目。", "題", meta={"year": 1931}, lacks=lacks)
    assert document == expected


def test_without_an_id_file_name_and_line_number_are_the_key(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", {"text": "一"}, {"text": "二"})
    assert [record.key for record in read(path, Options()) if isinstance(record, Record)] == ["a.jsonl#1", "a.jsonl#2"]
    (record, _) = read(path, Options())
    assert isinstance(record, Record)
    document = jsonl.parse(record, Options())
    assert isinstance(document, Document)
    assert document.uri == f"{path}#1"


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (b'{"text": "', "Unterminated string"),
        (b'{"text": "\xff"}', "can't decode byte"),
        (b"[1]", "list instead of an object"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"text": ' + b"9" * 5000 + b"}", "Exceeds the limit"),
    ],
)
def test_a_broken_line_is_refused_with_its_place_and_the_others_are_read(
    line: bytes, found: str, tmp_path: Path
) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"text": "a"}\n' + line + b'\n{"text": "b"}\n')
    first, broken, last = read(path, Options())
    assert isinstance(first, Record)
    assert isinstance(last, Record)
    assert isinstance(broken, BrokenInput)
    assert (broken.origin_offset, broken.refused.reason) == (14, "broken_json")
    assert broken.refused.detail.startswith("line 2, byte 14: ")
    assert found in broken.refused.detail


def test_a_line_that_is_too_long_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", {"text": "x" * 100}, {"text": "b"})
    broken, record = read(path, Options(max_line_bytes=50))
    assert isinstance(broken, BrokenInput)
    assert broken.refused.reason == "too_large"
    assert isinstance(record, Record)


@pytest.mark.parametrize("row", [{"body": "x"}, {"text": None}, {"text": 3}, {"text": " \n"}])
def test_a_row_without_text_is_refused_and_says_what_it_has(row: dict[str, object]) -> None:
    outcome = jsonl.parse(Record("a", 0, "a#1", row), Options())
    assert isinstance(outcome, Refused)
    assert outcome.reason == "no_text"
    assert "'text'" in outcome.detail


def test_an_id_that_comes_twice_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", {"id": "x", "text": "一"}, {"id": "x", "text": "二"})
    record, broken = read(path, Options(id_field="id"))
    assert isinstance(record, Record)
    assert isinstance(broken, BrokenInput)
    assert broken.refused.reason == "duplicate_id"


@pytest.mark.parametrize("ending", [".jsonl.gz", ".jsonl.zst"])
def test_a_truncated_file_gives_its_lines_and_then_says_so(ending: str, tmp_path: Path) -> None:
    path = write(tmp_path / f"a{ending}", *({"text": f"{i} " + "峠の茶屋" * i} for i in range(200)))
    path.write_bytes(path.read_bytes()[:-20])
    *_, last = read(path, Options())
    assert isinstance(last, BrokenInput)
    assert last.refused.reason == "broken_compression"
    assert last.refused.reason in jsonl.REASONS


def test_a_text_field_must_be_named() -> None:
    with pytest.raises(ValueError, match="text_field must name the field"):
        Options(text_field="")


def test_real_speeches_and_labels_are_read(real_data: Path) -> None:
    path = real_data / "web" / "labels.jsonl"
    options = Options(text_field="url", id_field="", meta_fields=("lang",))
    found = read(path, options)
    assert len(found) > 7000
    assert all(isinstance(record, Record) and isinstance(jsonl.parse(record, options), Document) for record in found)
