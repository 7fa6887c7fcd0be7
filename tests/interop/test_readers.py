"""The readers that people use take both forms of the export, with a first row that has nothing masked."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from manyo.corpus.tables.export import document_rows
from tests.corpus.test_export import release, write

FORMS = {"jsonl": "json", "parquet": "parquet"}
TEXTS = ["一つ目。", "二\u2028つ目。", "三つ目。"]


@pytest.fixture
def batch() -> pa.RecordBatch:
    made = release(TEXTS)
    pii = pa.array([[], [], [{"kind": "email", "count": 2}]], made.column("pii").type)
    return made.set_column(made.schema.get_field_index("pii"), "pii", pii)


@pytest.mark.parametrize("streaming", [False, True])
@pytest.mark.parametrize("form", FORMS)
def test_datasets_reads_it(form: str, streaming: bool, batch: pa.RecordBatch, tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    path = str(write(form, [batch], tmp_path))
    read = datasets.load_dataset(
        FORMS[form], data_files=path, split="train", streaming=streaming, cache_dir=str(tmp_path / "cache")
    )
    assert list(read) == document_rows(batch)


@pytest.mark.parametrize("form", FORMS)
def test_duckdb_reads_it(form: str, batch: pa.RecordBatch, tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb")
    path = write(form, [batch], tmp_path)
    rows = duckdb.sql(f"select text, id, metadata from '{path}'").fetchall()
    assert [dict(zip(("text", "id", "metadata"), row, strict=True)) for row in rows] == document_rows(batch)


@pytest.mark.parametrize("form", FORMS)
def test_polars_reads_it(form: str, batch: pa.RecordBatch, tmp_path: Path) -> None:
    polars = pytest.importorskip("polars")
    path = write(form, [batch], tmp_path)
    read = {"jsonl": polars.read_ndjson, "parquet": polars.read_parquet}[form](path)
    assert read.to_dicts() == document_rows(batch)


@pytest.mark.parametrize("form", FORMS)
def test_pandas_reads_it(form: str, batch: pa.RecordBatch, tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    path = write(form, [batch], tmp_path)
    read = pandas.read_parquet(path) if form == "parquet" else pandas.read_json(path, lines=True, dtype=False)
    assert read["metadata"].tolist() == [row["metadata"] for row in document_rows(batch)]
    assert read["text"].tolist() == TEXTS
