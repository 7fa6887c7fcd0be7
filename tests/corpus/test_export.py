"""The release as datatrove keeps documents: its readers and our sources read the same documents back."""

from __future__ import annotations

import gzip
import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manyo.corpus.records import Document, InputFile, Record
from manyo.corpus.schema import DOCUMENTS, DUPLICATES, LANGUAGES, RELEASE
from manyo.corpus.sources.source_kinds import KINDS
from manyo.corpus.tables.export import (
    DOCUMENT_COLUMNS,
    DUPLICATE_COLUMNS,
    LANGUAGE_COLUMNS,
    export_batch,
    export_schema,
    write_jsonl,
    write_parquet,
)
from manyo.pipelines.cli import main
from manyo.pipelines.graph.config import load_config
from manyo.pipelines.run import table_folder
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


#: What the other tables say of a document: where nothing is known, and where everything is.
BARE = {"terms": "", "origin_file": "a.txt", "origin_offset": 0, "lang": "ja", "lang_score": 1.0, "cluster_size": 1}
KNOWN = {
    "terms": "出典を明記",
    "page_licence": "by-sa-4.0",
    "fetched_at": datetime(2026, 11, 30, 7, 32, tzinfo=UTC),
    "origin_file": "crawl/a.warc.gz",
    "origin_offset": 1 << 40,
    "lang": "ja",
    "lang_score": 0.9,
    "cluster_size": 3,
    "quality_score": 0.7,
    "char_count": 12,
}

SIGNALS = [pa.field("quality_score", pa.float32()), pa.field("char_count", pa.int64())]
_ABOUT = pa.schema(
    [
        *map(DOCUMENTS.schema.field, DOCUMENT_COLUMNS),
        *map(LANGUAGES.schema.field, LANGUAGE_COLUMNS),
        *map(DUPLICATES.schema.field, DUPLICATE_COLUMNS),
        *SIGNALS,
    ]
)


def exported(batch: pa.RecordBatch, view: str = "plain", signals: bool = False) -> pa.RecordBatch:
    """A batch of the release as it is exported; little is known of its documents, but of the last one."""
    bare = BARE | {"quality_score": 0.0, "char_count": 0}
    known = [KNOWN if row == batch.num_rows - 1 else bare for row in range(batch.num_rows)]
    about = pa.RecordBatch.from_pylist(known, schema=_ABOUT)
    return export_batch(batch, about, export_schema(SIGNALS if signals else ()), view)


def document_rows(batch: pa.RecordBatch, view: str = "plain", signals: bool = False) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = exported(batch, view, signals).to_pylist()
    return rows


def write(form: str, batches: list[pa.RecordBatch], folder: Path, signals: bool = False) -> Path:
    path = folder / {"jsonl": "a.jsonl.gz", "parquet": "a.parquet"}[form]
    documents = [exported(batch, signals=signals) for batch in batches]
    if form == "jsonl":
        write_jsonl(path, documents)
    else:
        write_parquet(path, export_schema(SIGNALS if signals else ()), documents)
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
    expected = [row for one in batches for row in document_rows(one, signals=True)]
    lines = gzip.decompress(write("jsonl", batches, folder, True).read_bytes()).decode().split("\n")
    assert [json.loads(line) for line in lines[:-1]] == expected
    assert pq.read_table(write("parquet", batches, folder, True)).to_pylist() == expected


def test_every_field_of_every_row_has_its_type_whatever_is_missing() -> None:
    batch = release(["一つ目。", "二つ目。"])
    bare = batch.set_column(batch.schema.get_field_index("pii"), "pii", pa.array([[], None], batch.column("pii").type))
    rows = document_rows(batch, signals=True) + document_rows(bare, signals=True)
    for row in rows:
        numbers = {name: type(value) for name, value in row["metadata"].items() if type(value) is not str}
        assert numbers == {"language_score": float, "file_offset": int, "cluster_size": int, "signals": dict}
        assert [type(value) for value in row["metadata"]["signals"].values()] == [float, int]
    assert [row["metadata"]["pii"] for row in rows] == ["email 2", "email 2", "", ""]


def test_what_other_tables_say_of_a_document_is_exported_with_it() -> None:
    bare, known = (row["metadata"] for row in document_rows(release(["一つ目。", "二つ目。"]), signals=True))
    assert (bare["date"], bare["page_licence"], bare["language_score"]) == ("", "", 1.0)
    assert {name: known[name] for name in ("date", "terms", "page_licence", "language", "language_score")} == {
        "date": "2026-11-30T07:32:00Z",
        "terms": "出典を明記",
        "page_licence": "by-sa-4.0",
        "language": "ja",
        "language_score": 0.9,
    }
    assert (known["file_path"], known["file_offset"], known["cluster_size"]) == ("crawl/a.warc.gz", 1 << 40, 3)
    assert known["signals"] == {"quality_score": 0.7, "char_count": 12}


def test_small_batches_share_a_row_group_and_pages_have_an_index(tmp_path: Path) -> None:
    written = pq.ParquetFile(write("parquet", [release(["本文である。"])] * 50, tmp_path)).metadata
    assert (written.num_row_groups, written.num_rows) == (1, 50)
    assert written.row_group(0).column(0).has_offset_index
    large = [release(["あ" * 11_000_000])] * 5
    groups = pq.ParquetFile(write("parquet", large, tmp_path)).metadata
    assert [groups.row_group(n).num_rows for n in range(groups.num_row_groups)] == [3, 2]


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
    assert read == document_rows(release(["一つ目。", "二つ目。"]))


@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
def test_what_datatrove_writes_of_an_export_is_the_export(kind: str, tmp_path: Path) -> None:
    pytest.importorskip("datatrove", reason="datatrove is an extra: pip install 'manyo[datatrove]'")
    from datatrove.pipeline.readers import JsonlReader, ParquetReader
    from datatrove.pipeline.writers import JsonlWriter, ParquetWriter

    read_by, written_by = {"jsonl": (JsonlReader, JsonlWriter), "parquet": (ParquetReader, ParquetWriter)}[kind]
    batch = release(["一つ目。", "二\u2028つ目。"])
    write(kind, [batch], tmp_path, signals=True)
    with written_by(str(tmp_path / "out")) as writer:
        for document in read_by(str(tmp_path), recursive=False).run():
            writer.write(document)
    again = [{"text": one.text, "id": one.id, "metadata": one.metadata} for one in read_by(str(tmp_path / "out")).run()]
    assert again == document_rows(batch, signals=True)


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


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_the_stage_exports_the_release_of_a_run_with_what_its_tables_say(
    demo_run: FinishedRun, tmp_path: Path, form: str
) -> None:
    config, out = tmp_path / "demo.toml", tmp_path / "out"
    table = f'\n[export]\nformat = "{form}"\nsignals = ["quality_score", "char_count"]\n'
    config.write_text(demo_run.config.read_text(encoding="utf-8") + table, encoding="utf-8")
    shutil.copytree(demo_run.out, out)
    assert main(["run", "--config", str(config), "--out", str(out), "--until", "export", "--executor", "serial"]) == 0

    def rows(table: str) -> list[dict[str, Any]]:
        paths = sorted(Path(table_folder(load_config(str(config), str(out)), table)).rglob("*.parquet"))
        return [row for path in paths for row in pq.read_table(path, partitioning=None).to_pylist()]

    def by_id(table: str) -> dict[str, dict[str, Any]]:
        return {row["doc_id"].hex(): row for row in rows(table)}

    lines = [line for path in out.glob("export-*/**/*.gz") for line in gzip.decompress(path.read_bytes()).splitlines()]
    written = [json.loads(line) for line in lines] if form == "jsonl" else rows("export")
    released, documents, languages = by_id("release"), by_id("documents"), by_id("languages")
    signals, duplicates = by_id("signals"), by_id("duplicates")
    assert {row["id"]: row["text"] for row in written} == {i: row["text"] for i, row in released.items()}
    for row in written:
        i, said = row["id"], row["metadata"]
        assert (said["file_path"], said["file_offset"]) == (documents[i]["origin_file"], documents[i]["origin_offset"])
        assert (said["language"], said["cluster_size"]) == (languages[i]["lang"], duplicates[i]["cluster_size"])
        assert said["signals"]["char_count"] == signals[i]["char_count"]
        assert np.float32(said["signals"]["quality_score"]) == np.float32(signals[i]["quality_score"])


def test_an_unknown_signal_is_an_error_that_lists_the_known_ones(
    demo_run: FinishedRun, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "demo.toml"
    table = '\n[export]\nsignals = ["beauty"]\n'
    config.write_text(demo_run.config.read_text(encoding="utf-8") + table, encoding="utf-8")
    assert main(["export", "--config", str(config), "--out", str(demo_run.out)]) == 2
    assert "[export]: signals: 'beauty' is not one of" in capsys.readouterr().err


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
