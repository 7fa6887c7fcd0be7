"""Parquet: the columns that are asked for, row by row, and one clear line when one is missing."""

from __future__ import annotations

import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manyo.corpus.records import BrokenInput, Document, InputFile, Record, Refused, UnfitOptions
from manyo.corpus.sources import parquet
from manyo.corpus.sources.parquet import Options


def write(path: Path, columns: dict[str, object], row_group_size: int = 3) -> Path:
    pq.write_table(pa.table(columns), path, row_group_size=row_group_size)
    return path


def read(path: Path, options: Options) -> list[Record | BrokenInput]:
    (shard,) = parquet.plan([InputFile(str(path), path.stat().st_size, "1")], options)
    return list(parquet.records(shard, options))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.text(max_size=5), max_size=300), st.integers(1, 50))
def test_every_row_is_read_once_however_groups_are_cut(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str], row_group_size: int
) -> None:
    texts = [text.encode("utf-8", "replace").decode() for text in texts]
    path = write(tmp_path_factory.mktemp("p") / "a.parquet", {"text": pa.array(texts, pa.string())}, row_group_size)
    found = read(path, Options())
    assert [record.payload["text"] for record in found if isinstance(record, Record)] == texts
    assert [record.origin_offset for record in found] == list(range(len(texts)))


@pytest.mark.parametrize("type_", [pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string())])
def test_fields_become_the_document(type_: pa.DataType, tmp_path: Path) -> None:
    columns = {
        "body": pa.array(["本文である。"], pa.string()).cast(type_),
        "key": [42],
        "day": [datetime.date(1931, 4, 1)],
        "unused": [b"\0"],
    }
    options = Options(text_field="body", id_field="key", meta_fields=("day",))
    (record,) = read(write(tmp_path / "a.parquet", columns), options)
    assert isinstance(record, Record)
    assert record.key == "42"
    assert "unused" not in record.payload
    document = parquet.parse(record, options)
    assert isinstance(document, Document)
    assert (document.text, document.meta) == ("本文である。", {"day": "1931-04-01"})


def test_a_null_text_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.parquet", {"text": pa.array([None, "い"], pa.string())})
    outcomes = [parquet.parse(record, Options()) for record in read(path, Options()) if isinstance(record, Record)]
    assert [type(outcome) for outcome in outcomes] == [Refused, Document]


def test_an_unknown_column_is_one_error_that_lists_the_columns(tmp_path: Path) -> None:
    path = write(tmp_path / "a.parquet", {"body": ["い"], "url": ["x"]})
    with pytest.raises(UnfitOptions, match=r"a\.parquet: no column text, title; it has body, url$"):
        read(path, Options(title_field="title"))


def test_a_column_without_text_is_one_error(tmp_path: Path) -> None:
    path = write(tmp_path / "a.parquet", {"text": [1]})
    with pytest.raises(ValueError, match="column text holds int64, not text"):
        read(path, Options())


def test_an_id_that_comes_twice_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.parquet", {"text": ["い", "ろ"], "id": ["x", "x"]})
    record, broken = read(path, Options(id_field="id"))
    assert isinstance(record, Record)
    assert isinstance(broken, BrokenInput)
    assert (broken.origin_offset, broken.refused.reason) == (1, "duplicate_id")


def test_damage_costs_its_row_groups_and_no_others(tmp_path: Path) -> None:
    path = write(tmp_path / "a.parquet", {"text": [f"{i} 峠の茶屋" for i in range(2000)]}, 100)
    data = path.read_bytes()
    for damaged in (data[:-1], b"no parquet"):
        path.write_bytes(damaged)
        (broken,) = read(path, Options())
        assert isinstance(broken, BrokenInput)
        assert broken.refused.reason == "broken_parquet"
    path.write_bytes(data[:4] + bytes(len(data) // 4) + data[4 + len(data) // 4 :])
    found = read(path, Options())
    broken_rows = [item.origin_offset for item in found if isinstance(item, BrokenInput)]
    read_rows = [item.origin_offset for item in found if isinstance(item, Record)]
    assert broken_rows == list(range(0, 100 * len(broken_rows), 100))
    assert read_rows == list(range(100 * len(broken_rows), 2000))
    assert 0 < len(broken_rows) < 20
