"""A piece is read by one request for its bytes alone, and other bytes than those written are never taken for it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from manyo.corpus.tables import retries
from manyo.corpus.tables.pieces import Piece, piece_at, read_piece, written_pieces
from manyo.corpus.tables.retries import Patience, StorageError
from manyo.corpus.tables.shard_errors import DamagedShard
from manyo.corpus.tables.shards import filesystem, read_parts, write_parts
from tests.faulty_server import Faults, proxy, s3_clients, s3_server

SCHEMA = pa.schema([("key", pa.uint64()), ("text", pa.large_string()), ("minima", pa.list_(pa.uint32()))])


def rows_of(seed: int, n_rows: int) -> pa.RecordBatch:
    draw = random.Random(seed)
    rows = [
        {"key": draw.getrandbits(64), "text": "歌" * draw.randrange(9), "minima": [draw.getrandbits(32)] * 3}
        for _ in range(n_rows)
    ]
    return pa.RecordBatch.from_pylist(rows, schema=SCHEMA)


def deal(uri: str, sizes: list[int]) -> list[Piece]:
    """Write a file whose parts have these numbers of rows; returns where they lie."""
    write_parts(uri, SCHEMA, [[rows_of(part, n_rows)] for part, n_rows in enumerate(sizes)])
    packed = written_pieces(uri)
    return [piece_at(packed, part) for part in range(len(sizes))]


@given(st.lists(st.integers(0, 40), min_size=1, max_size=12))
def test_pieces_hold_what_the_whole_file_holds(tmp_path_factory: pytest.TempPathFactory, sizes: list[int]) -> None:
    uri = f"{tmp_path_factory.mktemp('dealt')}/a.arrow"
    pieces = deal(uri, sizes)
    found = [read_piece(uri, piece, SCHEMA) for piece in pieces]
    assert found == list(read_parts(uri)) == [rows_of(part, n_rows) for part, n_rows in enumerate(sizes)]
    assert [piece.size_bytes == 0 for piece in pieces] == [n_rows == 0 for n_rows in sizes]


def test_where_the_pieces_of_a_file_lie_is_told_once(tmp_path: Path) -> None:
    uri = f"{tmp_path}/a.arrow"
    deal(uri, [1])
    assert written_pieces(uri) == b""


def test_every_flipped_bit_of_a_piece_and_every_cut_is_damage(tmp_path: Path) -> None:
    path = tmp_path / "a.arrow"
    _, piece = deal(str(path), [3, 5])
    whole = path.read_bytes()
    for at in range(piece.start, piece.start + piece.size_bytes):
        damaged = bytearray(whole)
        damaged[at] ^= 1 << at % 8
        path.write_bytes(damaged)
        with pytest.raises(DamagedShard, match="not what was written"):
            read_piece(str(path), piece, SCHEMA)
    for size in (0, piece.start, piece.start + piece.size_bytes - 1):
        path.write_bytes(whole[:size])
        with pytest.raises(DamagedShard):
            read_piece(str(path), piece, SCHEMA)
    path.unlink()
    with pytest.raises(DamagedShard):
        read_piece(str(path), piece, SCHEMA)


def test_a_piece_of_another_version_of_the_file_is_damage(tmp_path: Path) -> None:
    uri = f"{tmp_path}/a.arrow"
    (piece,) = deal(uri, [4])
    write_parts(uri, SCHEMA, [[rows_of(99, 4)]])
    with pytest.raises(DamagedShard, match="not what was written"):
        read_piece(uri, piece, SCHEMA)


# --- on an object store --------------------------------------------------------------------------------


@pytest.fixture
def faults(monkeypatch: pytest.MonkeyPatch) -> Iterator[Faults]:
    """A bucket `dealt` behind a proxy that notes every request."""
    pytest.importorskip("s3fs", reason="the extra s3 is not installed")
    pytest.importorskip("moto.server", reason="moto is not installed: no S3 server to test with")
    monkeypatch.setattr(retries, "PATIENCE", Patience(attempts=6, wait_s=0.005, throttled_wait_s=0.01))
    faults = Faults()
    with s3_server() as port, proxy(port, faults) as url, s3_clients(url, monkeypatch, "dealt"):
        yield faults


def range_bytes(stated: str) -> int:
    first, last = stated.removeprefix("bytes=").split("-")
    return int(last) - int(first) + 1


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_an_exchange_costs_one_request_a_piece_and_no_byte_more(faults: Faults) -> None:
    n_files, n_parts = 20, 10
    draw = random.Random(21)
    sizes = {f"s3://dealt/{n:05d}.arrow": [draw.choice((0, 2, 9)) for _ in range(n_parts)] for n in range(n_files)}
    pieces = {uri: deal(uri, of_file) for uri, of_file in sizes.items()}
    faults.requests.clear()
    n_rows = sum(
        read_piece(uri, of_file[part], SCHEMA).num_rows for part in range(n_parts) for uri, of_file in pieces.items()
    )
    data_bytes = sum(piece.size_bytes for of_file in pieces.values() for piece in of_file)
    assert n_rows == sum(map(sum, sizes.values()))
    assert {method for method, _, _ in faults.requests} == {"GET"}
    assert len(faults.requests) == sum(n > 0 for of_file in sizes.values() for n in of_file)
    assert sum(range_bytes(stated) for _, _, stated in faults.requests) <= 1.05 * data_bytes


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_a_piece_survives_a_bad_server_and_a_lost_or_cut_object_is_an_error(faults: Faults) -> None:
    uri = "s3://dealt/a.arrow"
    _, piece = deal(uri, [3, 5])
    faults.unavailable, faults.cut = 0.2, 0.1
    for _ in range(20):
        assert read_piece(uri, piece, SCHEMA) == rows_of(1, 5)
    faults.unavailable = faults.cut = 0.0
    fs, path = filesystem(uri)
    whole = fs.cat_file(path)
    for size in (10, piece.start + piece.size_bytes - 1):
        fs._fs.pipe_file(path, whole[:size])
        with pytest.raises((DamagedShard, StorageError), match=r"a\.arrow"):
            read_piece(uri, piece, SCHEMA)
    fs._fs.rm_file(path)
    with pytest.raises(DamagedShard, match=r"a\.arrow"):
        read_piece(uri, piece, SCHEMA)
