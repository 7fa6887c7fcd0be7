"""Checksums inside a file: every byte of a table is compared with what was written, as it is read.

A sealed file ends with a CRC-32 of each of its blocks. The checksums stand before the footer of a Parquet or an Arrow
file, where other readers, which follow the offsets of the footer, do not look; in a file without a footer they are its
end:

    blocks of BLOCK_BYTES, the last one shorter │ CRC-32 of each block │ tail │ footer, if the format has one

The tail covers the checksums, itself, the footer and the length of all; so no byte of the file is left out. Parquet's
own checksums cover the data of a page, but neither its header nor the footer (docs/decisions/0017).
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from deflate import crc32

from manyo.corpus.tables.range_reader import END_BYTES, RangeReader, SeekableFile

#: Small enough that a narrow column costs few bytes of its neighbours, large enough that checksums are 0.006 %.
BLOCK_BYTES = 64 << 10

#: Length of the blocks together, length of a block, CRC-32 of the footer, of the checksums and these four, and a mark.
_TAIL = struct.Struct("<QIII8s")
_MARK = b"MANYOSUM"
_BEFORE_CRC = struct.Struct("<QII")

#: The end of a format's file and how many bytes it takes, its length included.
_PARQUET, _ARROW = b"PAR1", b"ARROW1"
_LENGTH = struct.Struct("<I")


class Damaged(Exception):
    """A file does not hold the bytes that were written; the message says where."""


def seal(path: Path, has_footer: bool) -> None:
    """Put the checksums of a finished local file into it.

    Args:
        path: of the file.
        has_footer: whether it is a Parquet or an Arrow file, whose footer stays at its end.
    """
    with open(path, "r+b") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - len(_ARROW) - _LENGTH.size))
        body_bytes = size - (_footer_bytes(file.read()) if has_footer else 0)
        file.seek(0)
        sums = np.array(
            [crc32(file.read(min(BLOCK_BYTES, body_bytes - start))) for start in range(0, body_bytes, BLOCK_BYTES)],
            "<u4",
        )
        footer = file.read()
        file.seek(body_bytes)
        file.write(_sealed_end(sums, body_bytes, footer))


def _sealed_end(sums: np.ndarray, body_bytes: int, footer: bytes) -> bytes:
    head = sums.tobytes()
    fields = _BEFORE_CRC.pack(body_bytes, BLOCK_BYTES, crc32(footer))
    return head + fields + _LENGTH.pack(crc32(fields, crc32(head))) + _MARK + footer


def _footer_bytes(end: bytes) -> int:
    """The length of the footer that a file with this end has; 0 if its format has none."""
    for magic in (_PARQUET, _ARROW):
        if end.endswith(magic):
            at = len(end) - len(magic) - _LENGTH.size
            return int(_LENGTH.unpack_from(end, at)[0]) + _LENGTH.size + len(magic) if at >= 0 else 0
    return 0


class CheckedFile(SeekableFile):
    """A sealed file, open for reading: what `read` returns has been compared with the checksums.

    Args:
        stream: of the whole file; closed with this one.

    Raises:
        Damaged: the end of the file is not what was written. `read` raises it for the blocks.
        OSError: the storage fails.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        size = stream.seek(0, os.SEEK_END)
        self._size_bytes = size
        self._held, self._held_from = b"", size
        self._held, self._held_from = self._from(max(0, size - END_BYTES), size), max(0, size - END_BYTES)
        end = self._held
        footer_bytes = _footer_bytes(end)
        if footer_bytes + _TAIL.size > size:
            raise Damaged(_missing(size))
        if footer_bytes + _TAIL.size > len(end):
            end = self._from(size - footer_bytes - _TAIL.size, size)
        at = len(end) - footer_bytes - _TAIL.size
        body_bytes, block_bytes, footer_crc, own_crc, mark = _TAIL.unpack_from(end, at)
        if mark != _MARK:
            raise Damaged(_missing(size))
        sums_bytes = size - footer_bytes - _TAIL.size - body_bytes
        if block_bytes == 0 or sums_bytes != 4 * -(-body_bytes // block_bytes):
            raise Damaged(f"its checksums at byte {size - footer_bytes - _TAIL.size} are damaged")
        if sums_bytes > at:
            end = self._from(body_bytes, size)
            at = sums_bytes
        end = end[at - sums_bytes :]
        sums, fields = end[:sums_bytes], end[sums_bytes : sums_bytes + _BEFORE_CRC.size]
        if crc32(fields, crc32(sums)) != own_crc:
            raise Damaged(f"its checksums at byte {body_bytes} are damaged")
        if crc32(end[sums_bytes + _TAIL.size :]) != footer_crc:
            raise Damaged(f"its footer at byte {size - footer_bytes} is damaged")
        self._end = end
        self._seal = int(own_crc)
        self._sums = np.frombuffer(sums, "<u4")
        self._body_bytes, self._block_bytes = int(body_bytes), int(block_bytes)
        # Columns lie one after another, so that the next read often begins in the last block of this one.
        self._kept_block, self._kept = -1, b""

    @property
    def body_bytes(self) -> int:
        """Length of the blocks together: that of the file before it was sealed, without its footer."""
        return self._body_bytes

    @property
    def seal(self) -> int:
        """CRC-32 of the checksums of all blocks and of the footer: another file has another one."""
        return self._seal

    def want(self, ranges: Iterable[tuple[int, int]]) -> None:
        """Have a remote file read ahead over these ranges alone, and the rest of their blocks (`RangeReader.want`).

        Of a file that is not read ahead, no range is asked for.
        """
        raw = getattr(self._stream, "raw", None)
        if isinstance(raw, RangeReader):
            size = self._block_bytes
            raw.want((start // size * size, min(-(-end // size) * size, self._body_bytes)) for start, end in ranges)

    def read(self, size: int | None = -1) -> bytes:
        """See io.RawIOBase."""
        return bytes(self.read_buffer(size))

    def read_buffer(self, size: int | None = -1) -> memoryview:
        """As `read`, without a copy of what is held. Arrow reads by this method where a file has it."""
        start = min(self._position, self._size_bytes)
        stop = self._size_bytes if size is None or size < 0 else min(self._size_bytes, start + size)
        self._position = stop
        if start >= self._body_bytes:
            return memoryview(self._end)[start - self._body_bytes : stop - self._body_bytes]
        if stop <= self._body_bytes:
            return self._blocks(start, stop)
        return memoryview(bytes(self._blocks(start, self._body_bytes)) + self._end[: stop - self._body_bytes])

    def readall(self) -> bytes:
        """See io.RawIOBase."""
        return self.read()

    def readinto(self, buffer: Any) -> int:
        """See io.RawIOBase."""
        data = self.read_buffer(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def check(self) -> None:
        """Compare every block.

        Raises:
            Damaged: one of them is not what was written.
        """
        step = max(1, (4 << 20) // self._block_bytes) * self._block_bytes
        for start in range(0, self._body_bytes, step):
            self._blocks(start, min(start + step, self._body_bytes))

    def close(self) -> None:
        """See io.RawIOBase."""
        if not self.closed:
            self._stream.close()
        super().close()

    def _blocks(self, start: int, stop: int) -> memoryview:
        """Bytes from `start` to `stop` of the blocks, which are read whole."""
        if start == stop:
            return memoryview(b"")
        first, last = start // self._block_bytes, (stop - 1) // self._block_bytes
        before = self._kept if first == self._kept_block else b""
        unread = first + bool(before)
        data = b""
        if unread <= last:
            at = unread * self._block_bytes
            data = self._from(at, min((last + 1) * self._block_bytes, self._body_bytes))
            self._compare(unread, data)
            self._kept_block, self._kept = last, data[(last - unread) * self._block_bytes :]
        whole = before + data if before and data else before or data
        offset = first * self._block_bytes
        return memoryview(whole)[start - offset : stop - offset]

    def _compare(self, first: int, data: bytes) -> None:
        view = memoryview(data)
        for number, at in enumerate(range(0, len(data), self._block_bytes), start=first):
            if crc32(view[at : at + self._block_bytes]) != self._sums[number]:
                start = number * self._block_bytes
                raise Damaged(
                    f"bytes {start} to {min(start + self._block_bytes, self._body_bytes)} are not what was written"
                )

    def _from(self, start: int, stop: int) -> bytes:
        if start >= self._held_from:  # a small file is read once
            return self._held[start - self._held_from : stop - self._held_from]
        self._stream.seek(start)
        data = self._stream.read(stop - start)
        if len(data) != stop - start:
            raise Damaged(f"it ends at byte {start + len(data)} of {self._size_bytes}")
        return data


def _missing(size: int) -> str:
    return f"it has no checksums at the end of its {size} bytes: it is damaged, or of another version of manyo"
