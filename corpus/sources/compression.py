"""Compressed files, recognised by their first bytes: no source takes compressed bytes for its data."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zlib
from typing import IO

import pyarrow as pa

#: What the decompressors raise on damage.
DAMAGE = (zlib.error, lzma.LZMAError, EOFError, OSError)

_BUFFER_BYTES = 1 << 20


def raise_if_storage_failed(error: Exception) -> None:
    """Raise an error of the disk or network again; gzip, Arrow and FastWARC set no errno where data are damaged."""
    if isinstance(error, OSError) and error.errno is not None:
        raise error


def decompressed(raw: IO[bytes]) -> IO[bytes]:
    """What a stream that stands at its start holds; the stream itself if it is not compressed.

    Recognised are gzip, bzip2, xz, Zstandard and LZ4 frames, of one or more members.
    """
    magic = raw.read(6)
    raw.seek(0)
    if magic.startswith(b"\x1f\x8b"):
        return gzip.open(raw, "rb")  # type: ignore[return-value]
    if magic.startswith(b"BZh") and magic[3:4].isdigit():
        return bz2.open(raw, "rb")
    if magic == b"\xfd7zXZ\0":
        return lzma.open(raw, "rb")
    for codec, frame in (("zstd", b"\x28\xb5\x2f\xfd"), ("lz4", b"\x04\x22\x4d\x18")):
        if magic.startswith(frame):
            return io.BufferedReader(pa.CompressedInputStream(pa.PythonFile(raw, mode="r"), codec), _BUFFER_BYTES)
    return raw
