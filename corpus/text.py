"""Text as arrays: a zero-copy view of an Arrow string column, and the few normal forms we use.

Kernels see bytes and offsets, never Python strings. A `Texts` is cheap to make
from any Arrow string column, sliced or not.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

# Read-only like every Arrow buffer: Numba would compile each kernel again for writable arrays.
_NO_BYTES, _NO_OFFSETS = np.zeros(0, np.uint8), np.zeros(1, np.int64)
for _array in (_NO_BYTES, _NO_OFFSETS):
    _array.flags.writeable = False


@dataclass(frozen=True, slots=True)
class Texts:
    """A batch of UTF-8 documents as Arrow lays them out.

    Attributes:
        data: uint8 (n_bytes,), all documents one after another; read-only.
        offsets: int64 (n_docs + 1,), document `i` is `data[offsets[i]:offsets[i + 1]]`.
    """

    data: np.ndarray
    offsets: np.ndarray

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def sizes_bytes(self) -> np.ndarray:
        """int64 (n_docs,), UTF-8 size of each document."""
        return np.diff(self.offsets)

    @classmethod
    def from_arrow(cls, column: pa.Array | pa.ChunkedArray) -> Texts:
        """View a string column without copying its bytes (a chunked one is joined first).

        Args:
            column: string or large_string, without nulls.

        Raises:
            ValueError: the column holds nulls, or is no string column.
        """
        array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
        if array.null_count:
            raise ValueError(f"a text column must not hold nulls, this one has {array.null_count}")
        if pa.types.is_string(array.type):
            array = array.cast(pa.large_string())
        if not pa.types.is_large_string(array.type):
            raise ValueError(f"expected a string column, got {array.type}")
        _, offset_buffer, data_buffer = array.buffers()
        if len(array) == 0 or offset_buffer is None:
            return cls(_NO_BYTES, _NO_OFFSETS)
        offsets = np.frombuffer(offset_buffer, np.int64)[array.offset : array.offset + len(array) + 1]
        data = np.frombuffer(data_buffer, np.uint8) if data_buffer else _NO_BYTES
        return cls(data, offsets)

    @classmethod
    def from_strings(cls, strings: Sequence[str]) -> Texts:
        """The same view over Python strings, for tests and small jobs."""
        return cls.from_arrow(pa.array(strings, pa.large_string()))


def tidy(text: str) -> str:
    """Text as documents store it: NFC, `\\n` line ends, no trailing blanks, no control characters.

    The ideographic space U+3000 stays: Japanese paragraphs are indented with it.
    Lone surrogates, which no UTF-8 file can hold, become U+FFFD.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").translate(_CONTROL_CHARACTERS)
    if not text.isascii():
        text = unicodedata.normalize("NFC", text.encode("utf-8", "replace").decode("utf-8"))
    return "\n".join(line.rstrip() for line in text.split("\n")).strip("\n")


# C0 and C1 controls except tab and newline; U+FEFF is a byte order mark that lost its place.
_CONTROL_CHARACTERS = dict.fromkeys((*range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20), *range(0x7F, 0xA0), 0xFEFF))
