"""Gzip members with one regular WARC record each, as crawlers write them: each is decompressed at once.

A stream must ask for input and make room for output again and again; where both sizes are known, libdeflate takes a
third less time. A member ends where the next one starts, and states the size and the checksum of its data at its end.
What is found there by chance fails to decompress, or differs from the data.

Whatever is not regular in every detail ends the run, and `manyo.corpus.sources.warc_framing` reads on from there.
"""

from __future__ import annotations

import re
from collections.abc import Generator
from typing import BinaryIO

import numpy as np
from deflate import DeflateError, crc32, gzip_decompress

from manyo.corpus.jit import Int32s
from manyo.corpus.records import Record
from manyo.corpus.sources.careful_framing import GZIP_MAGIC, PAGE_TYPES, REFUSED_TYPES, Block
from manyo.corpus.sources.header_kernels import (
    CONTENT_TYPE,
    DATE,
    IDENTIFIED_TYPE,
    N_FIELDS,
    RECORD_ID,
    SEGMENT,
    TARGET_URI,
    TRUNCATED,
    TYPE,
    read_regular_header,
)
from manyo.corpus.sources.truncation import stated_cause

#: Larger windows get fresh pages of memory from the system each time, which costs five times the reading.
_WINDOW_BYTES = 256 << 10
#: Largest member that is looked for; a page of a few MiB is compressed to less.
_MAX_MEMBER_BYTES = 8 << 20
#: CRC-32 and size of the data, at the end of a member (RFC 1952, section 2.3.1).
_TRAILER_BYTES = 8
#: Marks of a member that may stand within one by chance, before the search for its end is given up: one in 2^24 bytes.
_MAX_MARKS_WITHIN = 3
#: Of a record: its header, and the two line ends behind its block.
_MAX_BYTES_AROUND_BLOCK = 32 << 10
_RECORD_END_BYTES = 4

_MAGIC = re.compile(re.escape(GZIP_MAGIC))
_TYPES = frozenset((*PAGE_TYPES, *REFUSED_TYPES, "warcinfo", "request", "metadata"))


def read_whole_members(
    stream: BinaryIO, start: int, uri: str, max_record_bytes: int
) -> Generator[Record[Block], None, tuple[int, int]]:
    """Records from a place on, as long as gzip members follow that are regular.

    Args:
        stream: the archive.
        start: where a member may start.
        uri: of the archive.
        max_record_bytes: a larger record is not regular.

    Returns:
        Where the first thing starts that is not a regular member, or the end of the file; and the records given.
    """
    stream.seek(start)
    spans = np.zeros((N_FIELDS, 2), np.int32)
    window = b""
    n_given = 0
    is_end = False
    while not is_end:
        more = stream.read(_WINDOW_BYTES)
        is_end = not more
        window += more
        if not window.startswith(GZIP_MAGIC):
            break
        view = memoryview(window)
        # A member whose end is in the next window waits for it.
        marks = [mark.start() for mark in _MAGIC.finditer(window)] + [len(window)] * is_end
        first = 0
        while first + 1 < len(marks):
            for last in range(first + 1, min(first + 2 + _MAX_MARKS_WITHIN, len(marks))):
                found = _record_of(view[marks[first] : marks[last]], max_record_bytes, spans)
                if found:
                    break
            else:
                break
            key, block = found
            yield Record(uri, start + marks[first], key, block)
            n_given += 1
            first = last
        is_given_up = first + 1 + _MAX_MARKS_WITHIN < len(marks)
        start += marks[first]
        window = window[marks[first] :]
        if is_given_up or len(window) > _MAX_MEMBER_BYTES:
            break
    return start, n_given


def _record_of(member: memoryview, max_record_bytes: int, spans: Int32s) -> tuple[str, Block] | None:
    """The id that a member's record states, and the record; None if the member is not regular.

    Args:
        member: all of its bytes.
        max_record_bytes: see `read_whole_members`.
        spans: room for `read_regular_header`.
    """
    size_bytes = int.from_bytes(member[-4:], "little")
    # An empty member holds no record, and a large one may be made to fill the memory.
    if not 0 < size_bytes <= max_record_bytes + _MAX_BYTES_AROUND_BLOCK:
        return None
    try:
        data = gzip_decompress(member, size_bytes)
    except DeflateError:
        return None
    # libdeflate passes over what follows a member.
    if crc32(data) != int.from_bytes(member[-_TRAILER_BYTES:-4], "little"):
        return None
    start, end = read_regular_header(np.frombuffer(data, np.uint8), spans), size_bytes - _RECORD_END_BYTES
    if start < 0 or end - start > max_record_bytes:
        return None
    stated = _values(data[:start], spans.tolist())
    key, record_type = stated[RECORD_ID], stated[TYPE].lower()
    if record_type not in _TYPES:
        return None
    if record_type not in PAGE_TYPES:
        uri = stated[TARGET_URI].strip("<> ") if record_type in REFUSED_TYPES else ""
        return key, Block(record_type, uri, "", "", "", end - start, b"")
    # The bytes around the block go without a copy of it.
    del data[end:]
    del data[:start]
    return key, Block(
        record_type,
        stated[TARGET_URI].strip("<> "),
        stated[DATE],
        stated[CONTENT_TYPE],
        stated[IDENTIFIED_TYPE],
        end - start,
        data,
        stated_cause(stated[TRUNCATED], stated[SEGMENT]),
    )


def _values(header: bytearray, places: list[list[int]]) -> list[str]:
    """The values at some places of a header, empty ones for places without bytes."""
    if header.isascii():
        text = header.decode("ascii")
        return [text[start:end] for start, end in places]
    return [header[start:end].decode("utf-8", "replace") for start, end in places]
