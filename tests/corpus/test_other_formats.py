"""What a file is comes before what it is called: another format is refused by its name, and none is read as data."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from manyo.corpus.records import BrokenInput, Document, InputFile, Record
from manyo.corpus.sources.compression import decompressed
from manyo.corpus.sources.content_kind import FORMATS
from manyo.corpus.sources.other_formats import JSON, TEXTS, other_format
from manyo.corpus.sources.source_kinds import KINDS
from tests.corpus.test_warc import http, warc_record

SENTENCE = "峠の茶屋は、朝から霧につつまれていた。"
COMPRESSORS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd": lambda data: pa.Codec("zstd").compress(data, asbytes=True),
    "none": bytes,
}


def epub() -> bytes:
    with zipfile.ZipFile(buffer := io.BytesIO(), "w") as book:
        book.writestr("mimetype", "application/epub+zip")
    return buffer.getvalue()


#: What other sources read, and what each source says of it.
OTHERS = {
    "pdf": (b"%PDF-1.4\n%\xe2\xe3\n", 'is a PDF document: use kind = "pdf"'),
    "epub": (epub(), 'is an EPUB book: use kind = "files"'),
    "html": (b"<!DOCTYPE html><title>x</title>", 'is an HTML page: use kind = "files"'),
    "parquet": (b"PAR1" + bytes(80) + b"PAR1", 'is a Parquet file: use kind = "parquet"'),
    "png": (b"\x89PNG\r\n\x1a\n" + bytes(64), "is a PNG picture: no kind of source reads it"),
    "warc": (warc_record(http(b"<p>x</p>")), 'is a WARC: use kind = "warc"'),
    "minutes": (b'{"speechRecord": []}', 'is minutes of the Diet: use kind = "kokkai"'),
}


def read(kind: str, path: Path, data: bytes) -> list[Record[object] | BrokenInput]:
    path.write_bytes(data)
    source = KINDS[kind]
    (shard,) = source.plan([InputFile(str(path), len(data), "1")], source.Options())
    return list(source.records(shard, source.Options()))


@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("kind", ["text", "aozora", "tei", "egov", "kokkai", "jsonl", "parquet", "ndl", "warc"])
def test_another_format_is_refused_by_its_name_with_the_kind_that_reads_it(
    kind: str, other: str, tmp_path: Path
) -> None:
    data, expected = OTHERS[other]
    # Rows may be anything in JSON, and pages of NDL too.
    if kind == other or (other == "minutes" and kind in ("jsonl", "ndl", "kokkai")):
        return
    found = read(kind, tmp_path / {"ndl": "1234567_1.txt"}.get(kind, "a.dat"), data)
    (row,) = [item for item in found if isinstance(item, BrokenInput)]
    assert (row.refused.reason, row.origin_offset) == ("other_format", 0)
    assert expected in row.refused.detail
    assert not [item for item in found if isinstance(item, Record)]


@pytest.mark.parametrize("compression", COMPRESSORS)
def test_a_compressed_file_is_what_it_holds(compression: str, tmp_path: Path) -> None:
    compress = COMPRESSORS[compression]
    (of_text,) = read("text", tmp_path / "a.txt", compress(SENTENCE.encode()))
    assert isinstance(of_text, Record)
    assert of_text.payload == SENTENCE.encode()
    (of_rows,) = read("jsonl", tmp_path / "a.jsonl", compress(json.dumps({"text": SENTENCE}).encode() + b"\n"))
    assert isinstance(of_rows, Record)
    assert of_rows.payload == {"text": SENTENCE}
    (refused,) = read("text", tmp_path / "b.txt", compress(b"%PDF-1.4\n%\xe2\xe3\n"))
    assert isinstance(refused, BrokenInput)
    assert "is a PDF document" in refused.refused.detail


@given(st.binary(max_size=3000), st.sampled_from(sorted(COMPRESSORS)))
def test_what_was_compressed_comes_back(data: bytes, compression: str) -> None:
    plain = decompressed(io.BytesIO(COMPRESSORS[compression](data)))
    if compression != "none":
        assert plain.read() == data


@given(st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1))
def test_text_in_utf_8_is_never_taken_for_binary_data(text: str) -> None:
    assert "binary" not in other_format(text.encode(), TEXTS)


def test_a_text_that_speaks_of_a_format_is_a_text(tmp_path: Path) -> None:
    for start in (
        "RIFFは音の形式である。",
        "PDFは%PDF-1.7で始まる。",
        "GIF89aと書く。",
        "<注>は注である。",
        "BZhと打つ。",
    ):
        (record,) = read("text", tmp_path / "a.txt", (start + SENTENCE).encode())
        assert isinstance(record, Record), record
        assert isinstance(KINDS["text"].parse(record, KINDS["text"].Options()), Document)


def test_the_kinds_that_are_named_exist() -> None:
    assert {stated.kind for stated in FORMATS.values()} - {"", "ocr", "patent"} <= KINDS.keys()
    assert set(FORMATS) >= JSON | TEXTS
