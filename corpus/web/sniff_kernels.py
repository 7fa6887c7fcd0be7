"""Kernels over the bytes of a page before it is decoded: marks of Japanese, and runs of text that is not ASCII.

Their callers, with types and docstrings, are in `manyo.corpus.web.sniff` and `manyo.corpus.web.charset`.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from manyo.corpus.jit import Bytes, Uint64s, borrowing, kernel
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

#: Words of 8 bytes that are examined together. Stretches of 8 end too often, and 32 contain a mark too often.
_STRETCH_WORDS: Final = 16
_BYTE_BITS = np.uint64(8)
_HIGH_BITS = np.uint64(0x8080808080808080)
_LOW_BITS = np.uint64(0x0101010101010101)
_AMPERSANDS = np.uint64(0x2626262626262626)
_NUMBER_SIGNS = np.uint64(0x0023232323232323)
_ESCAPES = np.uint64(0x1B1B1B1B1B1B1B1B)
_SPACES = np.uint64(0x2020202020202020)
_LEADS_OF_KANA = (np.uint64(0xE3E3E3E3E3E3E3E3), np.uint64(0xEFEFEFEFEFEFEFEF))
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


# In what the next four kernels return, the high bit of each byte is the answer for that byte; its other bits have no
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
def _is_misplaced(word: np.uint64, before: np.uint64) -> np.uint64:
    """Bytes that continue a UTF-8 sequence where none is open, or do not where one is open.

    `before` is the word before.
    """
    one, two, three = np.uint64(1), np.uint64(2), np.uint64(3)
    last = word << np.uint64(8) | before >> np.uint64(56)
    second_last = word << np.uint64(16) | before >> np.uint64(48)
    third_last = word << np.uint64(24) | before >> np.uint64(40)
    goes_on = (
        (last & last << one)
        | (second_last & second_last << one & second_last << two)
        | (third_last & third_last << one & third_last << two & third_last << three)
    )
    return (word & ~(word << one)) ^ goes_on


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
def _mark_words(data: Bytes, words: Uint64s, first: int, stop: int) -> tuple[int, int, np.uint64, np.uint64, np.uint64]:
    """Marks in the words from `first` to `stop`, one word after another; the page's end may cut the last."""
    utf_8_kana = reference_kana = 0
    misplaced = escapes = zeros = np.uint64(0)
    before = words[first - 1] if first else np.uint64(0)
    for i in range(first, stop):
        end = min(8 * i + 8, len(data))
        is_there = _HIGH_BITS
        if i < len(words):
            word = words[i]
        else:
            word = _SPACES
            for j in range(end - 1, 8 * i - 1, -1):
                word = word << _BYTE_BITS | np.uint64(data[j])
            is_there = _HIGH_BITS >> np.uint64(8 * (8 * i + 8 - end))
        misplaced |= _is_misplaced(word, before) & is_there
        escapes |= _is_zero(word ^ _ESCAPES)
        zeros |= _is_zero(word)
        if _may_lead_kana(word) & _HIGH_BITS:
            utf_8, reference = _count_kana(data, 8 * i, end)
            utf_8_kana += utf_8
            reference_kana += reference
        before = word
    return utf_8_kana, reference_kana, misplaced, escapes, zeros


@borrowing
def find_marks(data: Bytes, least: int) -> tuple[int, int, bool, bool, bool]:
    """The fields of `manyo.corpus.web.sniff.Marks`; the search ends at `least` kana."""
    words = data[: len(data) // 8 * 8].view(np.uint64)
    n_words = (len(data) + 7) // 8
    done = min(_STRETCH_WORDS, n_words)
    utf_8_kana, reference_kana, misplaced, escapes, zeros = _mark_words(data, words, 0, done)
    for first in range(_STRETCH_WORDS, len(words) - _STRETCH_WORDS + 1, _STRETCH_WORDS):
        if max(utf_8_kana, reference_kana) >= least:
            break
        done = first + _STRETCH_WORDS
        # This loop only accumulates: a branch in it would cost more than all its other operations.
        seen = np.uint64(0)
        for i in range(first, first + _STRETCH_WORDS):
            word = words[i]
            seen |= word | (_from_reference(word) - _LOW_BITS) | ((word ^ _ESCAPES) - _LOW_BITS) | (word - _LOW_BITS)
        if (seen | words[first - 1]) & _HIGH_BITS == 0:
            continue
        leads = np.uint64(0)
        for i in range(first, first + _STRETCH_WORDS):
            word = words[i]
            misplaced |= _is_misplaced(word, words[i - 1])
            escapes |= _is_zero(word ^ _ESCAPES)
            zeros |= _is_zero(word)
            leads |= _may_lead_kana(word)
        if leads & _HIGH_BITS:
            for i in range(first, first + _STRETCH_WORDS):
                if _may_lead_kana(words[i]) & _HIGH_BITS:
                    utf_8, reference = _count_kana(data, 8 * i, 8 * i + 8)
                    utf_8_kana += utf_8
                    reference_kana += reference
    if done < n_words and max(utf_8_kana, reference_kana) < least:
        utf_8, reference, more_misplaced, more_escapes, more_zeros = _mark_words(data, words, done, n_words)
        utf_8_kana += utf_8
        reference_kana += reference
        misplaced |= more_misplaced
        escapes |= more_escapes
        zeros |= more_zeros
    is_utf_8 = misplaced & _HIGH_BITS == 0
    return utf_8_kana, reference_kana, is_utf_8, escapes & _HIGH_BITS != 0, zeros & _HIGH_BITS != 0


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
    # Loops without branches, which the compiler turns into operations on many bytes.
    for i in range(n):
        han_leads += (data[i] >= 0xE4) & (data[i] <= 0xE9)
    for i in range(n - 2):
        kaeriten += (data[i] == 0xE3) & (data[i + 1] == 0x86) & (data[i + 2] >= 0x90) & (data[i + 2] <= 0x9F)
    for i in range(n - 3):
        is_de = (data[i] == LOWER_D) & (data[i + 1] == LOWER_E)
        is_ma = (data[i] == LOWER_M) & (data[i + 1] == LOWER_A)
        endings += (is_de | is_ma) & (data[i + 2] == LOWER_S) & (data[i + 3] == LOWER_U)
    return han_leads, kaeriten, endings


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
