"""The header of a WARC record in memory, read where it is as the standard has it."""

from __future__ import annotations

from typing import Final

import numpy as np

from manyo.corpus.jit import Bytes, Int32s, borrowing, int64
from manyo.corpus.web.ascii import (
    CARRIAGE_RETURN,
    CASE_BIT,
    COLON,
    DIGIT_NINE,
    DIGIT_ZERO,
    EXCLAMATION_MARK,
    FORM_FEED,
    LINE_FEED,
    SPACE,
    TAB,
)

#: Rows of `spans`, in the order of `_NAMES`.
TYPE, RECORD_ID, LENGTH, TARGET_URI, DATE, CONTENT_TYPE, IDENTIFIED_TYPE, TRUNCATED, SEGMENT = range(9)
N_FIELDS: Final = 9
_NAMES = (
    b"warc-type",
    b"warc-record-id",
    b"content-length",
    b"warc-target-uri",
    b"warc-date",
    b"content-type",
    b"warc-identified-payload-type",
    b"warc-truncated",
    b"warc-segment-number",
)
_NAME_BYTES = np.array([len(name) for name in _NAMES])
_LETTERS = np.array([list(name.ljust(32)) for name in _NAMES], np.uint8)
_VERSION = np.frombuffer(b"WARC/1.", np.uint8)
#: As in FastWARC.
_MAX_HEADER_BYTES: Final = 32 << 10
_MAX_DIGITS: Final = 18
_LAST_VISIBLE: Final = 0x7E


@borrowing
def _field(data: Bytes, start: int, end: int) -> int:
    """The row of the field whose name is there, in letters of any case; -1 for any other field."""
    for field in range(N_FIELDS):
        if end - start == _NAME_BYTES[field]:
            i = 0
            while i < end - start and (data[start + i] | CASE_BIT) == _LETTERS[field, i]:
                i += 1
            if i == end - start:
                return field
    return -1


@borrowing
def _is_blank(byte: int) -> bool:
    return byte in (SPACE, TAB, FORM_FEED)


@borrowing
def _ends_line(data: Bytes, i: int) -> bool:
    return i + 1 < len(data) and data[i] == CARRIAGE_RETURN and data[i + 1] == LINE_FEED


@borrowing
def read_regular_header(data: Bytes, spans: Int32s) -> int:
    """Where the block of a record starts that all readers read alike; -1 if they may not.

    No field is folded, empty or there twice, no line ends in anything but CRLF, no value is among blanks, and the block
    and the end of the record fill all bytes.

    Args:
        data: the record.
        spans: int32 (N_FIELDS, 2); where the value of each field starts and ends, 0 and 0 where there is none.
    """
    for field in range(N_FIELDS):
        spans[field, 0] = spans[field, 1] = 0
    i = len(_VERSION) + 1
    end = min(len(data), _MAX_HEADER_BYTES)
    if end <= i or (data[i - 1] != DIGIT_ZERO and data[i - 1] != DIGIT_ZERO + 1):
        return -1
    for k in range(len(_VERSION)):
        if data[k] != _VERSION[k]:
            return -1
    while True:
        if not _ends_line(data, i):
            return -1
        i += 2
        if _ends_line(data, i):
            break
        name = i
        while i < end and EXCLAMATION_MARK <= data[i] <= _LAST_VISIBLE and data[i] != COLON:
            i += 1
        name_end = i
        if i + 2 >= end or data[i] != COLON or data[i + 1] != SPACE or _is_blank(data[i + 2]):
            return -1
        i += 2
        value = i
        while i < end and data[i] != CARRIAGE_RETURN and data[i] != LINE_FEED:
            i += 1
        if i == value or name == name_end or _is_blank(data[i - 1]):
            return -1
        field = _field(data, name, name_end)
        if field >= 0:
            if spans[field, 1]:
                return -1
            spans[field, 0], spans[field, 1] = value, i
    return i + 2 if spans[TYPE, 1] and _fills(data, i + 2, spans[LENGTH, 0], spans[LENGTH, 1]) else -1


@borrowing
def _fills(data: Bytes, block: int, length: int, length_end: int) -> bool:
    """Whether a block of the length that is written from `length` on, and the end of a record, fill the bytes."""
    if not 0 < length_end - length <= _MAX_DIGITS:
        return False
    size_bytes = int64(0)
    for i in range(length, length_end):
        if not DIGIT_ZERO <= data[i] <= DIGIT_NINE:
            return False
        size_bytes = 10 * size_bytes + data[i] - DIGIT_ZERO
    end = block + size_bytes
    return end + 4 == len(data) and _ends_line(data, end) and _ends_line(data, end + 2)
