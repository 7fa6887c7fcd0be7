"""The readers that people use take both forms of the export, with a first row of which little is known."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from tests.corpus.test_export import document_rows, release, write

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
    path = str(write(form, [batch], tmp_path, signals=True))
    read = datasets.load_dataset(
        FORMS[form], data_files=path, split="train", streaming=streaming, cache_dir=str(tmp_path / "cache")
    )
    assert list(read) == document_rows(batch, signals=True)


@pytest.mark.parametrize("form", FORMS)
def test_duckdb_reads_it(form: str, batch: pa.RecordBatch, tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb")
    path = write(form, [batch], tmp_path, signals=True)
    rows = duckdb.sql(f"select text, id, metadata from '{path}'").fetchall()
    assert [dict(zip(("text", "id", "metadata"), row, strict=True)) for row in rows] == document_rows(
        batch, signals=True
    )


@pytest.mark.parametrize("form", FORMS)
def test_polars_reads_it(form: str, batch: pa.RecordBatch, tmp_path: Path) -> None:
    polars = pytest.importorskip("polars")
    path = write(form, [batch], tmp_path, signals=True)
    read = {"jsonl": polars.read_ndjson, "parquet": polars.read_parquet}[form](path)
    assert read.to_dicts() == document_rows(batch, signals=True)


@pytest.mark.parametrize("form", FORMS)
def test_pandas_reads_it(form: str, batch: pa.RecordBatch, tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    path = write(form, [batch], tmp_path, signals=True)
    # Without precise_float it reads .7 as .7000000000000001.
    read = (
        pandas.read_parquet(path)
        if form == "parquet"
        else pandas.read_json(path, lines=True, dtype=False, precise_float=True)
    )
    assert read["metadata"].tolist() == [row["metadata"] for row in document_rows(batch, signals=True)]
    assert read["text"].tolist() == TEXTS


@pytest.mark.parametrize("form", FORMS)
def test_nemo_curator_reads_a_folder_of_it(form: str, batch: pa.RecordBatch, tmp_path: Path) -> None:
    pytest.importorskip("nemo_curator")
    from nemo_curator.stages.text.io.reader import JsonlReader, ParquetReader
    from nemo_curator.tasks import EmptyTask

    path = str(write(form, [batch], tmp_path, signals=True))
    # Of a folder it takes .jsonl and .json alone; compressed files have to be named, or their ending.
    reader = {"jsonl": JsonlReader, "parquet": ParquetReader}[form](str(tmp_path), file_extensions=[".gz", ".parquet"])
    partition, read = reader.decompose()
    (group,) = partition.process(EmptyTask())
    assert group.data == [path]
    rows = read.process(group).to_pyarrow().to_pylist()
    # Its JSON reader is pandas', which reads .7 as .7000000000000001.
    read_floats = [row["metadata"].pop("signals")["quality_score"] for row in rows]
    wanted = document_rows(batch, signals=True)
    assert read_floats == pytest.approx([row["metadata"].pop("signals")["quality_score"] for row in wanted])
    assert rows == wanted


@pytest.mark.parametrize("streaming", [False, True])
@pytest.mark.parametrize("form", FORMS)
def test_a_shard_whose_documents_are_all_taken_down_does_not_end_the_load_of_the_others(
    form: str, streaming: bool, batch: pa.RecordBatch, tmp_path: Path
) -> None:
    datasets = pytest.importorskip("datasets")
    for number, batches in enumerate(([], [batch], [])):
        (tmp_path / str(number)).mkdir()
        path = write(form, batches, tmp_path / str(number), signals=True)
    read = datasets.load_dataset(
        FORMS[form],
        data_files=f"{tmp_path}/*/{path.name}",
        split="train",
        streaming=streaming,
        cache_dir=str(tmp_path / "cache"),
    )
    assert list(read) == document_rows(batch, signals=True)
