"""Text as arrays: a zero-copy view of an Arrow string column, and the few normal forms we use.

Kernels see bytes and offsets, never Python strings. A `Texts` is cheap to make
from any Arrow string column, sliced or not.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Texts:
    """A batch of UTF-8 documents as Arrow lays them out.

    Attributes:
        data: uint8 (n_bytes,), all documents one after another; both arrays are read-only.
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
        offsets = (
            np.frombuffer(offset_buffer, np.int64) if offset_buffer and offset_buffer.size else np.zeros(1, np.int64)
        )
        data = np.frombuffer(data_buffer, np.uint8) if data_buffer and data_buffer.size else np.zeros(0, np.uint8)
        # Read-only whatever the buffer says: Numba would compile each kernel again for writable arrays.
        offsets.flags.writeable = data.flags.writeable = False
        return cls(data, offsets[array.offset : array.offset + len(array) + 1])

    @classmethod
    def from_strings(cls, strings: Sequence[str]) -> Texts:
        """The same view over Python strings, for tests and small jobs."""
        return cls.from_arrow(pa.array(strings, pa.large_string()))


def tidy(text: str) -> str:
    """Text as documents store it: NFC, `\\n` line ends, no trailing blanks, no control characters.

    CJK compatibility ideographs are left as they are, which NFC would not do: it makes 神 of the old
    form U+FA19, and old characters are never modernised. The ideographic space U+3000 stays too:
    Japanese paragraphs are indented with it. Lone surrogates, which no UTF-8 file can hold, become U+FFFD.
    """
    text = composed(text.replace("\r\n", "\n").replace("\r", "\n"))
    return "\n".join([line.rstrip() for line in text.split("\n")]).strip("\n")


def composed(text: str) -> str:
    """Text in NFC with compatibility ideographs as they are, without control characters and lone surrogates."""
    if not _ODD.search(text):  # one look for all three, since nearly every text has none of them
        return unicodedata.normalize("NFC", text)
    text = _SURROGATES.sub("\ufffd", _CONTROL_CHARACTERS.sub("", text))
    return _NO_COMPATIBILITY_IDEOGRAPHS.sub(lambda run: unicodedata.normalize("NFC", run[0]), text)


# C0 and C1 controls except tab and newline; U+FEFF is a byte order mark that lost its place.
_CONTROL_CHARACTERS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufeff]")
_SURROGATES = re.compile("[\ud800-\udfff]")
_ODD = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufeff\ud800-\udfff\uf900-\ufaff\U0002f800-\U0002fa1f]")
_NO_COMPATIBILITY_IDEOGRAPHS = re.compile("[^\uf900-\ufaff\U0002f800-\U0002fa1f]+")
