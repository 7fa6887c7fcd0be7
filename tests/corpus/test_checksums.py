"""No byte of a sealed file can change without a word, whatever the format, and other readers read it as before."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from manyo.corpus.tables import shards
from manyo.corpus.tables.checksums import CheckedFile, Damaged, seal
from manyo.corpus.tables.pieces import piece_at, read_piece, written_pieces
from manyo.corpus.tables.seals import NO_SEAL, expecting, read_seal
from manyo.corpus.tables.shards import (
    DamagedShard,
    ShardError,
    open_checked,
    read_batches,
    read_columns,
    read_parts,
    read_rows,
    row_count,
    write_parts,
    write_shard,
)

SCHEMA = pa.schema([("doc_id", pa.binary(16)), ("n", pa.int64()), ("text", pa.large_string())])


def batch(first: int, n_rows: int) -> pa.RecordBatch:
    draw = random.Random(first)
    rows = [
        {"doc_id": draw.randbytes(16), "n": n % 7, "text": "春" * draw.randrange(40) + str(draw.random())}
        for n in range(first, first + n_rows)
    ]
    return pa.RecordBatch.from_pylist(rows, schema=SCHEMA)


BATCHES = [batch(0, 300), batch(300, 1), batch(301, 900)]


@pytest.fixture(params=["parquet", "arrow", "npy"])
def sealed(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A sealed file of each format, in many blocks."""
    monkeypatch.setattr("manyo.corpus.tables.checksums.BLOCK_BYTES", 1000)
    path = tmp_path / f"a.{request.param}"
    if request.param == "parquet":
        write_shard(str(path), SCHEMA, BATCHES)
    elif request.param == "arrow":
        write_parts(str(path), SCHEMA, [[one] for one in BATCHES])
    else:
        np.save(path, np.arange(5000, dtype=np.int32))
        seal(path, has_footer=False)
    return path


def read_all(path: Path) -> list[object]:
    """All that the file holds, as its stage reads it."""
    if path.suffix == ".parquet":
        return [one.to_pydict() for one in read_batches(str(path))]
    if path.suffix == ".arrow":
        return [one.to_pydict() for one in read_parts(str(path))]
    with open_checked(str(path)) as stream:
        return [np.load(stream).tolist()]


def test_a_flipped_bit_anywhere_is_named_with_the_file(sealed: Path) -> None:
    whole = sealed.read_bytes()
    wanted = read_all(sealed)
    draw = random.Random(1)
    # The end holds the footer and the checksums, a small share of the bytes and most of the ways to be wrong.
    places = [draw.randrange(len(whole)) for _ in range(150)] + [
        len(whole) - 1 - draw.randrange(900) for _ in range(250)
    ]
    for at in places:
        damaged = bytearray(whole)
        damaged[at] ^= 1 << draw.randrange(8)
        sealed.write_bytes(damaged)
        with pytest.raises(ShardError, match=rf"{sealed.name}: "):
            read_all(sealed)
    sealed.write_bytes(whole)
    assert read_all(sealed) == wanted


def test_a_file_that_is_cut_or_longer_or_empty_is_named(sealed: Path) -> None:
    whole = sealed.read_bytes()
    cuts = [0, 1, 7, 30, 1000, len(whole) - 900, len(whole) - 1]
    for content in (*(whole[:cut] for cut in cuts), whole + b"\0", whole[1:], whole + whole):
        sealed.write_bytes(content)
        with pytest.raises(DamagedShard, match=rf"{sealed.name}: cannot be read \(.*\); delete it and run again"):
            read_all(sealed)


def test_other_readers_do_not_notice_the_checksums(tmp_path: Path) -> None:
    write_shard(f"{tmp_path}/a.parquet", SCHEMA, BATCHES)
    write_parts(f"{tmp_path}/a.arrow", SCHEMA, [[one] for one in BATCHES])
    wanted = pa.Table.from_batches(BATCHES).to_pydict()
    assert pq.read_table(tmp_path / "a.parquet").to_pydict() == wanted
    assert pa.ipc.open_file(pa.memory_map(f"{tmp_path}/a.arrow")).read_all().to_pydict() == wanted


def test_a_part_is_read_without_the_damage_in_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("manyo.corpus.tables.checksums.BLOCK_BYTES", 1000)
    path = tmp_path / "a.arrow"
    write_parts(str(path), SCHEMA, [[one] for one in BATCHES])
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 4
    path.write_bytes(content)
    written = written_pieces(str(path))
    assert read_piece(str(path), piece_at(written, 0), SCHEMA).equals(BATCHES[0])
    with pytest.raises(DamagedShard, match=r"bytes \d+ to \d+ are not what was written"):
        read_piece(str(path), piece_at(written, 2), SCHEMA)


@given(
    st.binary(max_size=3000),
    st.integers(1, 400),
    st.lists(st.tuples(st.integers(0, 3200), st.integers(-1, 900)), max_size=12),
)
def test_reading_anywhere_gives_the_bytes_that_were_written(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, block_bytes: int, reads: list[tuple[int, int]]
) -> None:
    path = tmp_path_factory.mktemp("sealed") / "a"
    path.write_bytes(content)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("manyo.corpus.tables.checksums.BLOCK_BYTES", block_bytes)
        seal(path, has_footer=False)
    whole = path.read_bytes()
    assert whole.startswith(content)
    with CheckedFile(path.open("rb")) as stream:
        assert stream.body_bytes == len(content)
        stream.check()
        for start, size in reads:
            stream.seek(start)
            assert stream.read(size) == (whole[start:] if size < 0 else whole[start : start + size])
            assert stream.tell() == min(max(start, 0), len(whole)) + min(
                max(len(whole) - start, 0), size if size >= 0 else len(whole)
            )


def test_arrow_reads_without_a_copy_of_our_own(sealed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if sealed.suffix == ".npy":
        pytest.skip("NumPy reads it, not Arrow")
    wanted = read_all(sealed)
    monkeypatch.setattr(CheckedFile, "read", lambda *_: pytest.fail("a copy was made"))
    assert read_all(sealed) == wanted


def test_checking_a_whole_file_finds_what_no_reader_asked_for(sealed: Path) -> None:
    content = bytearray(sealed.read_bytes())
    content[len(content) // 3] ^= 1
    sealed.write_bytes(content)
    with sealed.open("rb") as raw, CheckedFile(raw) as stream, pytest.raises(Damaged, match="not what was written"):
        stream.check()


@pytest.mark.parametrize("form", [1, 3])
def test_a_table_of_another_format_is_refused_by_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: int
) -> None:
    monkeypatch.setattr(shards, "FORMAT", form)
    write_shard(f"{tmp_path}/a.parquet", SCHEMA, BATCHES)
    write_parts(f"{tmp_path}/a.arrow", SCHEMA, [BATCHES])
    monkeypatch.undo()
    for read in (lambda: read_columns(f"{tmp_path}/a.parquet", ["n"]), lambda: list(read_parts(f"{tmp_path}/a.arrow"))):
        with pytest.raises(ShardError, match=rf"is written in format {form} of manyo's tables, .* format 2"):
            read()


def test_a_table_of_a_version_without_checksums_is_refused(tmp_path: Path) -> None:
    pq.write_table(pa.Table.from_batches(BATCHES), tmp_path / "a.parquet")
    with pytest.raises(DamagedShard, match=r"no checksums at the end .* of another version of manyo"):
        read_columns(f"{tmp_path}/a.parquet", ["n"])


def test_what_is_read_says_nothing_about_the_file(tmp_path: Path) -> None:
    write_shard(f"{tmp_path}/a.parquet", SCHEMA, BATCHES)
    write_parts(f"{tmp_path}/a.arrow", SCHEMA, [BATCHES])
    for one in (next(read_batches(f"{tmp_path}/a.parquet")), next(read_parts(f"{tmp_path}/a.arrow"))):
        assert not one.schema.metadata


def test_every_reader_of_a_table_refuses_a_sound_file_in_the_place_of_another(tmp_path: Path) -> None:
    seals = {}
    for name, first in (("a", 1), ("b", 2)):
        write_shard(f"{tmp_path}/{name}.parquet", SCHEMA, [batch(first, 50)])
        write_parts(f"{tmp_path}/{name}.arrow", SCHEMA, [[batch(first, 50)]])
        for suffix in ("parquet", "arrow"):
            seals[name, suffix] = read_seal((tmp_path / f"{name}.{suffix}").open("rb"))
    table, dealt = f"{tmp_path}/a.parquet", f"{tmp_path}/a.arrow"
    readers = [
        (table, "parquet", lambda: list(read_batches(table))),
        (table, "parquet", lambda: read_columns(table, ["n"])),
        (table, "parquet", lambda: read_rows(table, [3], ["n"])),
        (table, "parquet", lambda: row_count(table)),
        (dealt, "arrow", lambda: list(read_parts(dealt))),
    ]
    for uri, suffix, read in readers:
        with expecting({uri: seals["a", suffix]}):
            read()
        with expecting({uri: seals["b", suffix]}), pytest.raises(DamagedShard, match="sound, but not the file"):
            read()
        with expecting({uri: NO_SEAL}):
            read()
        read()


def test_a_file_without_checksums_has_no_seal(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(b"\0" * 1000)
    assert read_seal((tmp_path / "a.bin").open("rb")) == NO_SEAL
