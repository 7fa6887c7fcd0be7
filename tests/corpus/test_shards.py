"""Shards: what is written is read again, whole or not at all, and aligned shards are checked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from manyo.corpus import schema
from manyo.corpus.tables import shards
from manyo.corpus.tables.pieces import Piece, piece_at, read_piece, written_pieces
from manyo.corpus.tables.publishing import remove_partials
from manyo.corpus.tables.shards import (
    BatchWriter,
    ShardError,
    is_glob,
    join,
    publish,
    read_batches,
    read_columns,
    read_parts,
    read_rows,
    read_text,
    row_count,
    write_parts,
    write_shard,
    zip_batches,
    zip_whole,
)

SCHEMA = pa.schema([("doc_id", pa.binary(16)), ("n", pa.int64()), ("name", pa.large_string())])


def batch(*numbers: int) -> pa.RecordBatch:
    rows = [{"doc_id": bytes([n]) * 16, "n": n, "name": f"名{n}"} for n in numbers]
    return pa.RecordBatch.from_pylist(rows, schema=SCHEMA)


@pytest.fixture
def shard(tmp_path: Path) -> str:
    """A shard of the rows 0 to 5 in batches of 3, 2 and 1."""
    uri = f"{tmp_path}/a.parquet"
    assert write_shard(uri, SCHEMA, [batch(0, 1, 2), batch(), batch(3, 4), batch(5)]) == 6
    return uri


def test_batches_are_read_as_they_were_cut_and_empty_ones_are_left_out(shard: str) -> None:
    assert [one["n"].to_pylist() for one in read_batches(shard)] == [[0, 1, 2], [3, 4], [5]]
    assert row_count(shard) == 6


def test_only_the_columns_that_are_asked_for_are_read(shard: str) -> None:
    assert [one.schema.names for one in read_batches(shard, ["n"])] == [["n"]] * 3
    assert read_columns(shard, ["name", "n"]).to_pydict() == {"name": [f"名{n}" for n in range(6)], "n": [*range(6)]}


def some_value(kind: pa.DataType, number: int) -> Any:
    """A value of a type, another for each number; lists have up to two elements."""
    if pa.types.is_struct(kind):
        return {kind.field(i).name: some_value(kind.field(i).type, number) for i in range(kind.num_fields)}
    if pa.types.is_list(kind):
        return [some_value(kind.value_type, number + i) for i in range(number % 3)]
    if pa.types.is_dictionary(kind) or pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return f"名{number}"
    if pa.types.is_boolean(kind):
        return number % 2 == 0
    return bytes([number]) * kind.byte_width if pa.types.is_fixed_size_binary(kind) else number


@pytest.mark.parametrize(
    "table", [one for one in vars(schema).values() if isinstance(one, schema.Table)], ids=lambda one: one.name
)
def test_every_table_in_several_batches_is_read_as_one(table: schema.Table, tmp_path: Path) -> None:
    rows = [{field.name: some_value(field.type, number) for field in table.schema} for number in range(6)]
    batches = [
        pa.RecordBatch.from_arrays(
            [
                pa.array([row[field.name] for row in part], "string").dictionary_encode().cast(field.type)
                if pa.types.is_dictionary(field.type)
                else pa.array([row[field.name] for row in part], field.type)
                for field in table.schema
            ],
            schema=table.schema,
        )
        for part in (rows[:1], rows[1:4], rows[4:])
    ]
    uri = f"{tmp_path}/a.parquet"
    assert write_shard(uri, table.schema, batches) == 6
    names = table.schema.names
    assert read_columns(uri, names).to_pylist() == [row for batch in batches for row in batch.to_pylist()]
    assert read_columns(uri, names[::-1]).schema.names == names[::-1]


def test_an_empty_shard_has_its_columns_and_no_rows(tmp_path: Path) -> None:
    uri = f"{tmp_path}/empty.parquet"
    assert write_shard(uri, SCHEMA, [batch()]) == 0
    assert list(read_batches(uri)) == []
    assert read_columns(uri, ["n"]).schema.names == ["n"]
    assert row_count(uri) == 0


def test_rows_come_in_the_order_in_which_they_are_asked_for_and_as_often(shard: str) -> None:
    assert [row["n"] for row in read_rows(shard, [5, 2, 3, 2, 0], ["n"])] == [5, 2, 3, 2, 0]


def test_single_rows_are_read_from_their_row_groups_alone(shard: str, monkeypatch: pytest.MonkeyPatch) -> None:
    groups: list[int] = []
    read = pq.ParquetFile.read_row_group

    def counted(file: pq.ParquetFile, group: int, **options: object) -> pa.Table:
        groups.append(group)
        return read(file, group, **options)

    monkeypatch.setattr(pq.ParquetFile, "read_row_group", counted)
    read_rows(shard, [3, 4, 0], ["n"])
    assert groups == [0, 1]


@pytest.mark.parametrize(
    "read", [lambda uri: list(read_batches(uri, ["n", "x"])), lambda uri: read_columns(uri, ["x"])]
)
def test_a_column_that_a_shard_lacks_is_named(shard: str, read) -> None:
    with pytest.raises(ShardError, match=r"a\.parquet: no column x; it has \['doc_id', 'n', 'name'\]"):
        read(shard)


@pytest.mark.parametrize(
    "read",
    [
        lambda uri: list(read_batches(uri)),
        row_count,
        lambda uri: read_columns(uri, ["n"]),
        lambda uri: read_rows(uri, [0], ["n"]),
    ],
)
def test_a_damaged_shard_is_named_with_what_to_do(shard: str, read) -> None:
    Path(shard).write_bytes(Path(shard).read_bytes()[:-3])
    with pytest.raises(ShardError, match=r"a\.parquet: cannot be read \(.*\); delete it and run again"):
        read(shard)


# --- shards that are read together ---------------------------------------------------------------------


@pytest.fixture
def other(tmp_path: Path) -> str:
    """A shard with the rows and batches of `shard`."""
    uri = f"{tmp_path}/b.parquet"
    write_shard(uri, SCHEMA, [batch(0, 1, 2), batch(3, 4), batch(5)])
    return uri


def test_aligned_shards_are_read_together(shard: str, other: str) -> None:
    pairs = list(zip_batches((shard, ["n"]), (other, ["name"])))
    assert [(a["n"].to_pylist(), b["name"].to_pylist()) for a, b in pairs] == [
        ([0, 1, 2], ["名0", "名1", "名2"]),
        ([3, 4], ["名3", "名4"]),
        ([5], ["名5"]),
    ]
    whole = zip_whole((shard, ["n"]), (other, ["doc_id", "name"]))
    assert [one.num_rows for one in whole] == [6, 6]


@pytest.mark.parametrize("rows", [[(0, 1, 2), (3, 4), (6,)], [(0, 2, 1), (3, 4), (5,)]])
def test_shards_whose_ids_differ_are_refused(shard: str, tmp_path: Path, rows: list[tuple[int, ...]]) -> None:
    uri = f"{tmp_path}/b.parquet"
    write_shard(uri, SCHEMA, [batch(*numbers) for numbers in rows])
    with pytest.raises(ShardError, match=r"b\.parquet: its rows are not those of .*a\.parquet"):
        list(zip_batches((shard, ["n"]), (uri, ["n"])))
    with pytest.raises(ShardError, match=r"b\.parquet: its rows are not those of .*a\.parquet"):
        zip_whole((shard, ["n"]), (uri, ["n"]))


def test_shards_with_different_numbers_of_batches_are_refused(shard: str, tmp_path: Path) -> None:
    uri = f"{tmp_path}/b.parquet"
    write_shard(uri, SCHEMA, [batch(0, 1, 2), batch(3, 4)])
    with pytest.raises(ShardError, match="different numbers of batches"):
        list(zip_batches((shard, ["n"]), (uri, ["n"])))


# --- parts -------------------------------------------------------------------------------------------


def test_each_part_is_read_by_its_number_and_all_of_them_in_order(tmp_path: Path) -> None:
    uri = f"{tmp_path}/split.arrow"
    write_parts(uri, SCHEMA, [[batch(1), batch(2)], [], [batch(3)]])
    pieces = [piece_at(written, part) for written in [written_pieces(uri)] for part in range(3)]
    assert [read_piece(uri, piece, SCHEMA)["n"].to_pylist() for piece in pieces] == [[1, 2], [], [3]]
    assert [part["n"].to_pylist() for part in read_parts(uri)] == [[1, 2], [], [3]]


@pytest.mark.parametrize(
    "read", [lambda uri: read_piece(uri, Piece(8, 100, 0), SCHEMA), lambda uri: list(read_parts(uri))]
)
def test_a_damaged_file_of_parts_is_named_with_what_to_do(tmp_path: Path, read) -> None:
    uri = f"{tmp_path}/split.arrow"
    Path(uri).write_bytes(b"ARROW1")
    with pytest.raises(ShardError, match=r"split\.arrow: cannot be read"):
        read(uri)


# --- writing -----------------------------------------------------------------------------------------


def test_a_file_appears_when_the_block_succeeds_and_not_before(tmp_path: Path) -> None:
    with publish(f"{tmp_path}/a") as path:
        path.write_text("x")
        assert not (tmp_path / "a").exists()
    assert (tmp_path / "a").read_text() == "x"


def test_nothing_appears_and_nothing_is_left_when_the_block_raises(tmp_path: Path) -> None:
    def fail() -> None:
        with publish(f"{tmp_path}/a") as path:
            path.write_text("new")
            raise RuntimeError

    (tmp_path / "a").write_text("old")
    with pytest.raises(RuntimeError):
        fail()
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["a"]
    assert (tmp_path / "a").read_text() == "old"


def test_what_killed_workers_left_is_removed_at_any_depth_and_nothing_else(tmp_path: Path) -> None:
    for name in (".partial/x", "a/b/.partial/y", "a/z", "a/b/w"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    remove_partials(str(tmp_path))
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == ["w", "z"]
    assert not list(tmp_path.rglob(".partial"))


def test_a_batch_is_closed_by_the_row_or_the_text_that_fills_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shards, "BATCH_MAX_ROWS", 3)
    monkeypatch.setattr(shards, "BATCH_MAX_TEXT_BYTES", 10)
    writer = BatchWriter(pa.schema([("n", pa.int64())]))
    sizes = [0, 0, 0, 10, 9, 1, 2]
    closed = [[one.num_rows for one in writer.add({"n": n}, size)] for n, size in enumerate(sizes)]
    assert closed == [[], [], [3], [1], [], [2], []]
    assert [one["n"].to_pylist() for one in writer.flush()] == [[6]]
    assert writer.flush() == []


def test_numbers_in_lists_are_written_without_a_dictionary_and_all_else_with_one(tmp_path: Path) -> None:
    schema = pa.schema(
        [
            ("minhash", pa.list_(pa.uint32())),
            ("n", pa.int64()),
            ("names", pa.list_(pa.string())),
            ("pages", pa.list_(pa.struct([("start", pa.int64())]))),
        ]
    )
    row = {"minhash": [1], "n": 1, "names": ["a"], "pages": [{"start": 1}]}
    uri = f"{tmp_path}/a.parquet"
    write_shard(uri, schema, [pa.RecordBatch.from_pylist([row], schema=schema)])
    group = pq.read_metadata(uri).row_group(0)
    columns = [group.column(i) for i in range(group.num_columns)]
    with_dictionary = {one.path_in_schema for one in columns if one.has_dictionary_page}
    assert with_dictionary == {"n", "names.list.element", "pages.list.element.start"}


def test_a_folder_joins_names_with_or_without_its_slash() -> None:
    assert join("s3://a/", "b", "c") == join("s3://a", "b", "c") == "s3://a/b/c"


def test_text_is_read_without_its_byte_order_mark(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes("\ufeff名\r\n".encode())
    assert read_text(f"{tmp_path}/a.txt") == "名\r\n"


def test_a_file_that_is_not_utf_8_is_named_with_the_place(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"ab\xff")
    with pytest.raises(ValueError, match=r"a\.txt: not UTF-8 at byte 2"):
        read_text(f"{tmp_path}/a.txt")


@pytest.mark.parametrize("uri", ["a/*.jsonl", "s3://bucket/a?.parquet", "a[12].txt"])
def test_a_pattern_of_names_is_a_glob(uri: str) -> None:
    assert is_glob(uri)


@pytest.mark.parametrize("uri", ["a.jsonl", "https://host.example/a.jsonl?download=true", "http://host.example/*"])
def test_a_name_and_an_address_of_the_web_are_none(uri: str) -> None:
    assert not is_glob(uri)
