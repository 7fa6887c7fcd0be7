"""A remote file as a stream that reads ranges, and reads ahead only over what is wanted.

A reader of a few columns knows where they lie. Without that, reading ahead fetches the text between them, which is
nearly all of a file.
"""

from __future__ import annotations

import io
import os
from bisect import bisect_right
from collections.abc import Callable, Iterable
from typing import Any

#: Wanted ranges this close are one: a request takes as much processor time as reading so many bytes more (2 ms).
GAP_BYTES = 1 << 20

#: Of a file that is read from its end, so much is read at once: footer and checksums of most, all of a small one.
END_BYTES = 64 << 10


class SeekableFile(io.RawIOBase):
    """A file of known size whose reader stands at a place: what all such streams share."""

    _position = 0
    _size_bytes: int

    def readable(self) -> bool:
        """See io.RawIOBase."""
        return True

    def seekable(self) -> bool:
        """See io.RawIOBase."""
        return True

    def tell(self) -> int:
        """See io.RawIOBase."""
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """See io.RawIOBase."""
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size_bytes}[whence]
        self._position = max(0, start + offset)
        return self._position


class RangeReader(SeekableFile):
    """A stream over a function that reads ranges, to be buffered by whoever wants reading ahead.

    Args:
        read_range: gives the bytes from a place to before another, or the whole file if its server knows no ranges.
        size_bytes: of the file.
        read_bytes: it is read in ranges of this size where all of it is asked for.
        end: its last bytes, if they are here already.
    """

    def __init__(
        self, read_range: Callable[[int, int], bytes], size_bytes: int, read_bytes: int, end: bytes = b""
    ) -> None:
        self._read_range = read_range
        self._read_bytes = read_bytes
        self._size_bytes = size_bytes
        self._whole: bytes | None = None
        self._end, self._end_from = end, size_bytes - len(end)
        self._starts, self._ends = [0], [size_bytes]

    def want(self, ranges: Iterable[tuple[int, int]]) -> None:
        """Say which ranges will be read: nothing is read ahead beyond the end of one. Without this, all is wanted.

        Args:
            ranges: first byte, and byte after the last, of each, in any order.
        """
        self._starts, self._ends = [], []
        for start, end in sorted(ranges):
            if self._ends and start - self._ends[-1] <= GAP_BYTES:
                self._ends[-1] = max(self._ends[-1], end)
            else:
                self._starts.append(start)
                self._ends.append(end)

    def readall(self) -> bytes:
        """See io.RawIOBase."""
        # io's own asks for eight kilobytes at a time.
        pieces = []
        while piece := self.read(self._read_bytes):
            pieces.append(piece)
        return b"".join(pieces)

    def readinto(self, buffer: Any) -> int:
        """See io.RawIOBase; what is read may end before the buffer does."""
        start = self._position
        end = min(self._size_bytes, start + len(buffer), self._run_end(start))
        if start >= end:
            return 0
        if start >= self._end_from:
            data = self._end[start - self._end_from : end - self._end_from]
        elif self._whole is None:
            data = self._read_range(start, end)
            if len(data) > end - start:  # a web server without support for ranges sends the whole file each time
                self._whole = data
        if self._whole is not None:
            data = self._whole[start:end]
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)

    def _run_end(self, start: int) -> int:
        """Where the wanted bytes around a place end; of one between them, where the next ones begin."""
        at = bisect_right(self._starts, start)
        if at and start < self._ends[at - 1]:
            return self._ends[at - 1]
        return self._starts[at] if at < len(self._starts) else self._size_bytes
