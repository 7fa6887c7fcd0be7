"""The release as datatrove keeps documents: its readers and our sources read the same documents back."""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manyo.corpus.records import Document, InputFile, Record
from manyo.corpus.schema import RELEASE
from manyo.corpus.sources.source_kinds import KINDS
from manyo.corpus.tables.export import SCHEMA, document_rows, parquet_batches, write_jsonl
from manyo.corpus.tables.shards import write_shard
from manyo.pipelines.cli import main
from tests.conftest import FinishedRun

TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)


def release(texts: list[str]) -> pa.RecordBatch:
    rows = [
        {
            "doc_id": number.to_bytes(16, "big"),
            "source": "blog",
            "licence": "CC BY 4.0",
            "uri": f"https://a.example/{number}",
            "title": "題",
            "text": text,
            "pii": [{"kind": "email", "count": 2}],
        }
        for number, text in enumerate(texts)
    ]
    return pa.RecordBatch.from_pylist(rows, schema=RELEASE.schema)


def write(form: str, batches: list[pa.RecordBatch], folder: Path) -> Path:
    path = folder / {"jsonl": "a.jsonl.gz", "parquet": "a.parquet"}[form]
    if form == "jsonl":
        write_jsonl(path, batches)
    else:
        write_shard(str(path), SCHEMA, parquet_batches(batches))
    return path


def read_back(path: Path, kind: str) -> list[Document]:
    options = KINDS[kind].Options(id_field="id", uri_field="metadata.url", title_field="metadata.title")
    (shard,) = KINDS[kind].plan([InputFile(str(path), path.stat().st_size, "")], options)
    records = [record for record in KINDS[kind].records(shard, options) if isinstance(record, Record)]
    return [KINDS[kind].parse(record, options) for record in records]


@settings(max_examples=20, deadline=None)
@given(st.lists(TEXT, max_size=4), st.integers(0, 4))
def test_both_formats_hold_every_document_however_batches_are_cut(tmp_path_factory, texts, cut):
    batch, folder = release(texts), tmp_path_factory.mktemp("export")
    batches = [batch.slice(0, cut), batch.slice(cut)]
    lines = gzip.decompress(write("jsonl", batches, folder).read_bytes()).decode().split("\n")
    assert [json.loads(line) for line in lines[:-1]] == document_rows(batch)
    assert pq.read_table(write("parquet", batches, folder)).to_pylist() == document_rows(batch)


def test_every_field_of_every_row_is_a_string_whatever_is_missing() -> None:
    batch = release(["一つ目。", "二つ目。"])
    bare = batch.set_column(batch.schema.get_field_index("pii"), "pii", pa.array([[], None], batch.column("pii").type))
    rows = document_rows(batch) + document_rows(bare)
    for row in rows:
        assert {type(value) for value in (row["text"], row["id"], *row["metadata"].values())} == {str}
    assert [row["metadata"]["pii"] for row in rows] == [
        "email 2",
        "email 2",
        "",
        "",
    ]


def test_a_line_end_of_unicode_ends_no_line_of_json(tmp_path: Path) -> None:
    text = "一\u2028二\u2029三\x85四\v五\f六\r七"
    lines = gzip.decompress(write("jsonl", [release([text])], tmp_path).read_bytes()).decode().splitlines()
    assert [json.loads(line)["text"] for line in lines] == [text]


def test_an_empty_release_is_an_empty_file_of_either_format(tmp_path: Path):
    assert gzip.decompress(write("jsonl", [], tmp_path).read_bytes()) == b""
    assert pq.read_table(write("parquet", [], tmp_path)).schema.names == ["text", "id", "metadata"]


@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
def test_our_own_sources_read_it_back(kind: str, tmp_path: Path):
    (document,) = read_back(write(kind, [release(["本文である。"])], tmp_path), kind)
    assert (document.text, document.uri, document.title) == ("本文である。", "https://a.example/0", "題")


@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
def test_datatroves_reader_reads_it(kind: str, tmp_path: Path):
    pytest.importorskip("datatrove", reason="datatrove is an extra: pip install 'manyo[datatrove]'")
    from datatrove.pipeline.readers import JsonlReader, ParquetReader

    write(kind, [release(["一つ目。", "二つ目。"])], tmp_path)
    reader = {"jsonl": JsonlReader, "parquet": ParquetReader}[kind](str(tmp_path))
    read = [{"text": one.text, "id": one.id, "metadata": one.metadata} for one in reader.run()]
    for document in read:
        del document["metadata"]["file_path"]
    assert read == document_rows(release(["一つ目。", "二つ目。"]))


@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
def test_what_datatrove_writes_is_a_source(kind: str, tmp_path: Path):
    pytest.importorskip("datatrove", reason="datatrove is an extra: pip install 'manyo[datatrove]'")
    from datatrove.data import Document as TheirDocument
    from datatrove.pipeline.writers import JsonlWriter, ParquetWriter

    with {"jsonl": JsonlWriter, "parquet": ParquetWriter}[kind](str(tmp_path)) as writer:
        writer.write(TheirDocument(text="本文である。", id="x", metadata={"url": "https://a.example/", "title": "題"}))
    (path,) = [path for path in tmp_path.iterdir() if path.is_file()]
    (document,) = read_back(path, kind)
    assert (document.text, document.uri, document.title) == ("本文である。", "https://a.example/", "題")


def test_the_stage_exports_the_release_of_a_run(demo_run: FinishedRun, tmp_path: Path):
    config, out = tmp_path / "demo.toml", tmp_path / "out"
    config.write_text(demo_run.config.read_text(encoding="utf-8") + '\n[export]\nformat = "jsonl"\n', encoding="utf-8")
    shutil.copytree(demo_run.out, out)
    assert main(["run", "--config", str(config), "--out", str(out), "--until", "export", "--executor", "serial"]) == 0
    exported = [
        json.loads(line)
        for path in sorted(out.glob("export-*/export/**/*.jsonl.gz"))
        for line in gzip.decompress(path.read_bytes()).splitlines()
    ]
    tables = [pq.read_table(path) for path in sorted(out.glob("release-*/release/**/*.parquet"))]
    assert exported == [row for table in tables for batch in table.to_batches() for row in document_rows(batch)]


def test_without_an_export_table_the_command_says_so(demo_run: FinishedRun, capsys: pytest.CaptureFixture[str]):
    assert main(["export", "--config", str(demo_run.config), "--out", str(demo_run.out)]) == 2
    assert "there is no [export] table" in capsys.readouterr().err


def test_an_export_writes_the_view_that_is_asked_for() -> None:
    structure = {"start": [0], "stop": [2], "kind": ["heading"], "value": ["1"]}
    row = {
        "doc_id": bytes(16),
        "source": "blog",
        "licence": "",
        "uri": "u",
        "title": "題",
        "text": "序文\n雨。",
        "pii": [],
    }
    released = pa.RecordBatch.from_pylist([row | {"structure": structure}, row], schema=RELEASE.schema)
    assert [document["text"] for document in document_rows(released, "markdown")] == ["# 序文\n雨。", "序文\n雨。"]
    assert [document["text"] for document in document_rows(released)] == ["序文\n雨。"] * 2
