"""Kernels over the bytes of a page before it is decoded: marks of Japanese, and runs of text that is not ASCII.

Their callers, with types and docstrings, are in `manyo.corpus.web.sniff` and `manyo.corpus.web.charset`.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from manyo.corpus.jit import Bytes, borrowing, inlined, kernel
from manyo.corpus.web.ascii import (
    AMPERSAND,
    CASE_BIT,
    DIGIT_NINE,
    DIGIT_ZERO,
    LESS_THAN,
    LINE_FEED,
    LOWER_A,
    LOWER_D,
    LOWER_E,
    LOWER_F,
    LOWER_M,
    LOWER_S,
    LOWER_U,
    LOWER_X,
    NUMBER_SIGN,
)

#: Bytes that are examined together, a multiple of 8. With 256 the start of each stretch takes half the time, and 1,024
#: gain a fifth where no byte may lead kana, and lose it in Chinese, where some byte of nearly every stretch may.
_STRETCH_BYTES: Final = 512
#: Bytes at the start of a page that are examined one by one, since three bytes before each are looked at.
_EDGE_BYTES: Final = 8
_BYTE_BITS = np.uint64(8)
_HIGH_BITS = np.uint64(0x8080808080808080)
_LOW_BITS = np.uint64(0x0101010101010101)
_AMPERSANDS = np.uint64(0x2626262626262626)
_NUMBER_SIGNS = np.uint64(0x0023232323232323)
_LEADS_OF_KANA = (np.uint64(0xE3E3E3E3E3E3E3E3), np.uint64(0xEFEFEFEFEFEFEFEF))
_ESCAPE: Final = 0x1B
_LEAD_OF_KANA, _LEAD_OF_HALF_WIDTH = 0xE3, 0xEF
#: One more than the largest code point.
_END_OF_UNICODE: Final = 0x110000


@kernel
def _is_kana(point: int) -> bool:
    return 0x3041 <= point <= 0x30FF or 0xFF66 <= point <= 0xFF9F


@borrowing
def _referenced(data: Bytes, i: int) -> int:
    """The code point of a numeric reference whose digits, or `x`, start at i; 0 if it has no digits."""
    base = 10
    if i < len(data) and (data[i] | CASE_BIT) == LOWER_X:
        base = 16
        i += 1
    value = np.int64(0)
    while i < len(data) and value < _END_OF_UNICODE:
        byte = np.int64(data[i])
        if DIGIT_ZERO <= byte <= DIGIT_NINE:
            value = base * value + byte - DIGIT_ZERO
        elif base == 16 and LOWER_A <= (byte | CASE_BIT) <= LOWER_F:
            value = base * value + (byte | CASE_BIT) - LOWER_A + 10
        else:
            break
        i += 1
    return int(value)


# In what the next three kernels return, the high bit of each byte is the answer for that byte; its other bits have no
# meaning.


@kernel
def _is_zero(word: np.uint64) -> np.uint64:
    """Bytes that are 0. A byte after one of them may look like one."""
    return (word - _LOW_BITS) & ~word


@kernel
def _from_reference(word: np.uint64) -> np.uint64:
    """A byte is 0 where `&` stands before `#`, or where `&` is the word's last byte."""
    return (word ^ _AMPERSANDS) | ((word >> _BYTE_BITS) ^ _NUMBER_SIGNS)


@kernel
def _may_lead_kana(word: np.uint64) -> np.uint64:
    """Bytes that lead kana in UTF-8, and `&` of numeric references."""
    return _is_zero(word ^ _LEADS_OF_KANA[0]) | _is_zero(word ^ _LEADS_OF_KANA[1]) | _is_zero(_from_reference(word))


@borrowing
def _count_kana(data: Bytes, start: int, end: int) -> tuple[int, int]:
    """Kana that start in a span: in UTF-8, and as numeric references."""
    n = len(data)
    utf_8_kana = reference_kana = 0
    for i in range(start, end):
        byte = data[i]
        if byte == AMPERSAND and i + 1 < n and data[i + 1] == NUMBER_SIGN:
            reference_kana += int(_is_kana(_referenced(data, i + 2)))
        elif i + 2 < n:
            second, third = data[i + 1], data[i + 2]
            if byte == 0xE3:
                is_kana = 0x81 <= second <= 0x83 and 0x80 <= third <= 0xBF and (second != 0x81 or third != 0x80)
                utf_8_kana += int(is_kana)
            elif byte == 0xEF:
                is_kana = (second == 0xBD and 0xA6 <= third <= 0xBF) or (second == 0xBE and 0x80 <= third <= 0x9F)
                utf_8_kana += int(is_kana)
    return utf_8_kana, reference_kana


@borrowing
def _look(data: Bytes, first: int, stop: int) -> tuple[bool, bool, bool, bool]:
    """What is in a span with three bytes before it and one behind it.

    Only truth values are joined, so that the compiler examines 32 bytes at a time: sums take eight bytes for each byte,
    and a branch costs more than all that is done here.

    Returns:
        Whether a byte continues a UTF-8 sequence where none is open or does not where one is, whether there is an
        escape, a zero, and a byte that may lead kana, in UTF-8 or as a reference.
    """
    span, behind = data[first:stop], data[first + 1 : stop + 1]
    before, second_before, third_before = data[first - 1 : stop], data[first - 2 : stop], data[first - 3 : stop]
    is_misplaced = has_escape = has_zero = may_lead = False
    for i in range(len(span)):
        byte = span[i]
        goes_on = (before[i] >= 0xC0) | (second_before[i] >= 0xE0) | (third_before[i] >= 0xF0)
        is_misplaced |= goes_on ^ (byte & 0xC0 == 0x80)
        has_escape |= byte == _ESCAPE
        has_zero |= byte == 0
        is_reference = (byte == AMPERSAND) & (behind[i] == NUMBER_SIGN)
        may_lead |= (byte == _LEAD_OF_KANA) | (byte == _LEAD_OF_HALF_WIDTH) | is_reference
    return is_misplaced, has_escape, has_zero, may_lead


@borrowing
def _look_at_edge(data: Bytes, first: int, stop: int) -> tuple[bool, bool, bool]:
    """The first three results of `_look` for a span at the start or the end of a page."""
    is_misplaced = has_escape = has_zero = False
    for i in range(first, stop):
        goes_on = (i > 0 and data[i - 1] >= 0xC0) or (i > 1 and data[i - 2] >= 0xE0) or (i > 2 and data[i - 3] >= 0xF0)
        is_misplaced |= goes_on != (data[i] & 0xC0 == 0x80)
        has_escape |= data[i] == _ESCAPE
        has_zero |= data[i] == 0
    return is_misplaced, has_escape, has_zero


@borrowing
def find_marks(data: Bytes, least: int) -> tuple[int, int, bool, bool, bool]:
    """The fields of `manyo.corpus.web.sniff.Marks`; the search ends at `least` kana."""
    n = len(data)
    words = data[: n // 8 * 8].view(np.uint64)
    done = min(_EDGE_BYTES, n)
    utf_8_kana, reference_kana = _count_kana(data, 0, done)
    is_misplaced, has_escape, has_zero = _look_at_edge(data, 0, done)
    while done < n and max(utf_8_kana, reference_kana) < least:
        first, done = done, min(done + _STRETCH_BYTES, n)
        # The last byte of a page has none behind it, and leads nothing.
        stop = min(done, n - 1)
        misplaced, escape, zero, may_lead = _look(data, first, stop)
        if done == n:
            last_misplaced, last_escape, last_zero = _look_at_edge(data, stop, n)
            misplaced, escape, zero = misplaced | last_misplaced, escape | last_escape, zero | last_zero
        is_misplaced, has_escape, has_zero = is_misplaced | misplaced, has_escape | escape, has_zero | zero
        if may_lead:
            for i in range(first // 8, (done + 7) // 8):
                if i == len(words) or _may_lead_kana(words[i]) & _HIGH_BITS:
                    utf_8, reference = _count_kana(data, 8 * i, min(8 * i + 8, n))
                    utf_8_kana += utf_8
                    reference_kana += reference
    return utf_8_kana, reference_kana, not is_misplaced, has_escape, has_zero


@borrowing
def count_pairs(data: Bytes) -> tuple[int, int, int, int, int]:
    """The fields of `manyo.corpus.web.sniff.Pairs`."""
    shift_jis_leads = euc_jp_kana = half_width_pairs = high_bytes = top_bytes = 0
    is_trail = False  # of a two-byte character, counted from the last ASCII byte on
    n = len(data)
    for i in range(n):
        byte = data[i]
        if byte < 0x80:
            is_trail = False
            continue
        high_bytes += 1
        second = data[i + 1] if i + 1 < n else np.uint8(0)
        if byte >= 0xE0:
            top_bytes += 1
        elif byte >= 0xA6:
            half_width_pairs += int(0xA6 <= second <= 0xDF)
        elif byte == 0x82 or byte == 0x83:
            shift_jis_leads += 1
        elif not is_trail:
            if byte == 0xA4 or byte == 0xA5:
                euc_jp_kana += int(0xA1 <= second <= 0xF6)
            elif byte == 0x8E:
                euc_jp_kana += int(0xA6 <= second <= 0xDF)
        is_trail = not is_trail and byte != 0x8F  # 8F leads a character of three bytes
    return shift_jis_leads, euc_jp_kana, half_width_pairs, high_bytes, top_bytes


@borrowing
def count_signs(data: Bytes) -> tuple[int, int, int]:
    """Bytes that lead Chinese characters in UTF-8, marks of kanbun's order of words, and `desu` or `masu`."""
    n = len(data)
    han_leads = kaeriten = endings = 0
    # Nearly all pages have none of them, and truth values take an eighth of the time of sums (see `_look`).
    has_leads = has_endings = False
    for i in range(n):
        has_leads |= (data[i] >= 0xE3) & (data[i] <= 0xE9)
    for i in range(n - 3):
        has_endings |= _is_ending(data, i)
    if has_leads:
        for i in range(n):
            han_leads += (data[i] >= 0xE4) & (data[i] <= 0xE9)
        for i in range(n - 2):
            kaeriten += (data[i] == 0xE3) & (data[i + 1] == 0x86) & (data[i + 2] >= 0x90) & (data[i + 2] <= 0x9F)
    if has_endings:
        for i in range(n - 3):
            endings += _is_ending(data, i)
    return han_leads, kaeriten, endings


@inlined
def _is_ending(data: Bytes, i: int) -> bool:
    is_de = (data[i] == LOWER_D) & (data[i + 1] == LOWER_E)
    is_ma = (data[i] == LOWER_M) & (data[i + 1] == LOWER_A)
    return bool((is_de | is_ma) & (data[i + 2] == LOWER_S) & (data[i + 3] == LOWER_U))


@kernel
def copy_runs(data: Bytes, max_bytes: int) -> Bytes:
    """Bytes above 0x7F, each with what follows it up to `<` or a line end; a line end separates two runs."""
    found = np.empty(max_bytes, np.uint8)
    n = 0
    in_run = False
    for byte in data:
        # No multi-byte character of any encoding but UTF-16 contains `<` or a line end, so that no run ends within one.
        if byte in (LESS_THAN, LINE_FEED):
            if not in_run:
                continue
            in_run = False
            byte = np.uint8(LINE_FEED)
        elif byte >= 0x80:
            in_run = True
        elif not in_run:
            continue
        if n == max_bytes:
            break
        found[n] = byte
        n += 1
    return found[:n]
