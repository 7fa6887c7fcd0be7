"""Text as arrays: a zero-copy view of an Arrow string column, and the normal forms of stored text.

Kernels see bytes and offsets, never Python strings. A `Texts` is cheap to make
from any Arrow string column, sliced or not.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa

from manyo.corpus.jit import Bytes, Int64s, Uint32s
from manyo.corpus.text_kernels import lies_within
from manyo.corpus.utf8_kernels import decode


@dataclass(frozen=True, slots=True)
class CodePoints:
    """A batch of documents as code points.

    Attributes:
        data: (n_chars,), all documents one after another; both arrays are read-only.
        offsets: (n_docs + 1,), document `i` is `data[offsets[i]:offsets[i + 1]]`.
    """

    data: Uint32s
    offsets: Int64s


@dataclass(frozen=True)
class Texts:
    """A batch of UTF-8 documents as Arrow lays them out.

    Attributes:
        data: (n_bytes,), all documents one after another; both arrays are read-only.
        offsets: (n_docs + 1,), document `i` is `data[offsets[i]:offsets[i + 1]]`.
    """

    data: Bytes
    offsets: Int64s

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def sizes_bytes(self) -> Int64s:
        """(n_docs,), UTF-8 size of each document."""
        return np.diff(self.offsets)

    @cached_property
    def points(self) -> CodePoints:
        """The code points, decoded once for all passes that read characters; 4 bytes each, as long as this lives."""
        points = np.empty(int(self.offsets[-1] - self.offsets[0]), np.uint32)
        starts = np.empty(len(self.offsets), np.int64)
        points = points[: decode(self.data, self.offsets, points, starts)]
        points.flags.writeable = starts.flags.writeable = False
        return CodePoints(points, starts)

    @classmethod
    def from_arrow(cls, column: pa.Array | pa.ChunkedArray) -> Texts:
        """View a string column without copying its bytes (a chunked one is joined first).

        Args:
            column: string or large_string, without nulls.

        Raises:
            ValueError: the column holds nulls, or is not a string column.
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
    """Text as documents store it: NFC, `\\n` for every line end of Unicode, no trailing blanks, no control characters.

    CJK compatibility ideographs are left as they are, although NFC replaces them: it turns the old form U+FA19
    into 神, and old characters are never modernised. The ideographic space U+3000 stays too:
    Japanese paragraphs are indented with it. Lone surrogates, which no UTF-8 file can hold, become U+FFFD.
    """
    # Most lines are tidy as they come: printable means no line ends and no control characters.
    if len(text) < _SHORT_CHARS and text.isprintable() and unicodedata.is_normalized("NFC", text):
        return text.rstrip()
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = composed(text)
    return "\n".join([line.rstrip() for line in text.split("\n")]).strip("\n")


def composed(text: str) -> str:
    """Text in NFC with compatibility ideographs as they are, without control characters and lone surrogates.

    Characters that end a line (`LINE_ENDS`) become line feeds.
    """
    if len(text) > _SHORT_CHARS:
        points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
        if lies_within(points, PLAIN_BLOCKS):
            return text
    if not _ODD.search(text):  # one search for all three, since nearly every text has none of them
        return unicodedata.normalize("NFC", text)
    text = SURROGATES.sub("\ufffd", _CONTROL_CHARACTERS.sub("", with_line_feeds(text)))
    return _NO_COMPATIBILITY_IDEOGRAPHS.sub(lambda run: unicodedata.normalize("NFC", run[0]), text)


def with_line_feeds(text: str) -> str:
    """The text with a line feed for each of `LINE_ENDS`, which few texts have; `translate` takes 50 times as long."""
    for line_end in LINE_ENDS:
        text = text.replace(line_end, "\n")
    return text


#: What ends a line by Unicode's rule of line breaks, besides carriage return and line feed: vertical tab, form feed,
#: next line, line and paragraph separator. One character for one, so no place in a text moves.
LINE_ENDS = "\v\f\x85\u2028\u2029"

#: Stretches of characters that `composed` leaves as they are, whatever stands next to them: none of them is a
#: control character, ends a line, decomposes, or combines with the character before it. Nearly every Japanese text
#: consists of these; the most frequent come first.
PLAIN_BLOCKS = np.array(
    [
        *((0x4E00, 0x9FFF), (0x3030, 0x3098), (0x3000, 0x3029), (0x309B, 0x312F), (0x20, 0x7E), (0xA, 0xA)),
        *(
            (0xFF00, 0xFFFD),
            (0x2002, 0x2027),
            (0x202A, 0x206F),
            (0x9, 0x9),
            (0xA0, 0x2FF),
            (0x2190, 0x22FF),
            (0x2460, 0x2ADB),
        ),
        *((0x391, 0x3A9), (0x3B1, 0x3C9), (0x2150, 0x2189), (0x3400, 0x4DFF), (0x20000, 0x2EBE0)),
    ],
    np.uint32,
)
PLAIN_BLOCKS.flags.writeable = False
#: For shorter texts, calling the kernel costs more than it saves.
_SHORT_CHARS = 200
# C0 and C1 controls except tab and newline; U+FEFF is a byte order mark that lost its place.
_CONTROL_CHARACTERS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufeff]")
#: Halves of surrogate pairs, which JSON can state and no table holds.
SURROGATES = re.compile("[\ud800-\udfff]")
_ODD = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff\uf900-\ufaff\U0002f800-\U0002fa1f]"
)
_NO_COMPATIBILITY_IDEOGRAPHS = re.compile("[^\uf900-\ufaff\U0002f800-\U0002fa1f]+")
