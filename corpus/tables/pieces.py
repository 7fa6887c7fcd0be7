"""Pieces: parts of a dealt file, each read by one request for exactly its bytes.

Whoever reads a piece knows where it lies and its CRC-32 beforehand, from the manifest of the task that wrote it. It
asks neither for the size of the file nor for its footer, reads nothing ahead, and asks nothing if there are no rows.
An exchange of M files and P parts costs at most M·P requests and the bytes of its rows.
"""

from __future__ import annotations

import errno
import struct
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
from deflate import crc32

from manyo.corpus.tables.retries import StorageError
from manyo.corpus.tables.shard_errors import DamagedShard, ShardError
from manyo.corpus.tables.storage import connect

_PACKED = struct.Struct("<QQI")

#: Length of a packed piece.
PACKED_BYTES = _PACKED.size

#: The magic of an Arrow file with its padding; the message of the schema stands after it.
_BEFORE_SCHEMA_BYTES = 8


class Piece(NamedTuple):
    """Where one part lies in a dealt file.

    Attributes:
        start: its first byte.
        size_bytes: 0 if it has no rows.
        crc: CRC-32 of its bytes.
    """

    start: int
    size_bytes: int
    crc: int


#: Of a part without rows, wherever its message lies.
EMPTY = Piece(0, 0, 0)

#: Pieces of the files that this process wrote, by URI.
_written: dict[str, bytes] = {}


def find_pieces(path: Path, schema: pa.Schema, written: Iterable[tuple[int, int]]) -> bytes:
    """Pack the pieces of a local Arrow file, 20 bytes for each.

    Args:
        path: of the file.
        schema: as it was written, with its metadata.
        written: the byte after each record batch, and its rows.
    """
    packed = bytearray()
    start = _BEFORE_SCHEMA_BYTES + schema.serialize().size
    with open(path, "rb") as file:
        for end, n_rows in written:
            file.seek(start)
            piece = Piece(start, end - start, crc32(file.read(end - start))) if n_rows else EMPTY
            packed += _PACKED.pack(*piece)
            start = end
    return bytes(packed)


def remember_pieces(uri: str, packed: bytes) -> None:
    """Keep the pieces of a file that this process published, for `written_pieces`."""
    _written[uri] = packed


def written_pieces(uri: str) -> bytes:
    """The packed pieces of a file that this process wrote, told once; empty if it wrote no dealt file there."""
    return _written.pop(uri, b"")


def piece_at(packed: bytes, part: int) -> Piece:
    """One of the pieces that `find_pieces` packed."""
    return Piece(*_PACKED.unpack_from(packed, part * _PACKED.size))


def read_piece(uri: str, piece: Piece, schema: pa.Schema) -> pa.RecordBatch:
    """Read one part of a dealt file: one request for its bytes, none if it has no rows.

    Raises:
        DamagedShard: the file is missing, too short, or holds other bytes.
        ShardError: the file is there and cannot be opened.
        StorageError: the storage fails.
    """
    if not piece.size_bytes:
        return pa.RecordBatch.from_pylist([], schema=schema)
    end = piece.start + piece.size_bytes
    fs, path = connect(uri)
    try:
        data = fs.read_range(path, piece.start, end)
    except FileNotFoundError as error:
        raise DamagedShard(uri, str(error)) from error
    except StorageError as error:
        if error.errno == errno.EINVAL:  # no file has this range that is as long as it was
            raise DamagedShard(uri, str(error)) from error
        raise
    except OSError as error:
        if error.errno == errno.EIO:
            raise DamagedShard(uri, str(error)) from error
        raise ShardError(f"{uri}: cannot be read ({error})") from error
    if crc32(data) != piece.crc:
        raise DamagedShard(uri, f"bytes {piece.start} to {end} are not what was written")
    return pa.ipc.read_record_batch(pa.ipc.read_message(data), schema)
