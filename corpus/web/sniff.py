"""Can these bytes be Japanese at all? The question is asked before a page is decoded or parsed.

Nineteen of twenty pages of a crawl are not Japanese, and decoding and parsing those pages is where other pipelines
spend their time. Japanese prose always contains kana, and kana have few forms: three bytes in UTF-8, fixed lead bytes
in Shift_JIS and EUC-JP, escape sequences in ISO-2022-JP, U+30xx in UTF-16, numeric references. A page with fewer than
`MIN_KANA` of them in every form is refused.

The answer is conservative: where the encoding is in doubt, every reading counts, because a page wrongly accepted costs
milliseconds and a page wrongly refused is lost. Text in kanji alone (a heading, a table of names) has no kana and is
refused too: its bytes cannot be distinguished from Chinese.

One compiled pass examines 128 bytes at a time, and looks closer only where one of them is not ASCII, or is an escape
byte, a zero byte or part of a numeric reference. A second pass counts pairs of bytes on pages that are not UTF-8.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import Final, NamedTuple

import numpy as np

from manyo.corpus.jit import Bytes
from manyo.corpus.web import sniff_kernels

#: Fewest kana of a page that may be Japanese. Pages labelled Japanese contain 50 or more; foreign pages with a
#: Japanese name or a language menu contain fewer than ten (日本語 itself has none).
MIN_KANA: Final = 10


class Marks(NamedTuple):
    """Marks of Japanese in a page's bytes, as far as the search for them went.

    Attributes:
        utf_8_kana: kana in UTF-8, half-width kana included.
        reference_kana: kana as numeric references (`&#12354;`).
        is_utf_8: whether bytes above 0x7F form UTF-8 sequences; the page's end may cut the last sequence.
        has_escapes: whether the byte 0x1B occurs.
        has_zeros: whether the byte 0 occurs.
    """

    utf_8_kana: int
    reference_kana: int
    is_utf_8: bool
    has_escapes: bool
    has_zeros: bool


class Pairs(NamedTuple):
    """How often each mark of the two-byte Japanese encodings occurs.

    Attributes:
        shift_jis_leads: bytes that lead hiragana and katakana in Shift_JIS, whatever follows them.
        euc_jp_kana: pairs of bytes that are kana in EUC-JP, half-width kana included. Pairs are counted from the start
            of a run of high bytes: at any other offset, 2 % of the pairs in Korean and Chinese look like kana.
        half_width_pairs: pairs of bytes that are half-width katakana in Shift_JIS.
        high_bytes: bytes above 0x7F.
        top_bytes: bytes above 0xDF.
    """

    shift_jis_leads: int
    euc_jp_kana: int
    half_width_pairs: int
    high_bytes: int
    top_bytes: int


#: Text in half-width katakana has few bytes above 0xDF, which lead rare kanji. Korean and Chinese, whose bytes also
#: look like half-width katakana, have a quarter of their bytes there.
_MAX_TOP_FRACTION: Final = 0.08


def may_be_japanese(data: bytes | bytearray, marks: Marks | None = None) -> bool:
    """Whether the bytes of a page may contain at least `MIN_KANA` kana in any encoding.

    Args:
        data: body of the response, content encodings undone.
        marks: the marks of the same bytes, if they are known.
    """
    marks = marks or find_marks(data)
    if max(marks.utf_8_kana, marks.reference_kana) >= MIN_KANA:
        return True
    if marks.has_escapes and _ISO_2022_JP.search(data):
        return True
    if marks.has_zeros and (_reaches(_UTF_16LE_KANA, data) or _reaches(_UTF_16BE_KANA, data)):
        return True
    if marks.is_utf_8:
        return False
    pairs = count_pairs(data)
    return (
        pairs.shift_jis_leads >= MIN_KANA
        or pairs.euc_jp_kana >= MIN_KANA
        or (pairs.half_width_pairs >= MIN_KANA and pairs.top_bytes <= _MAX_TOP_FRACTION * pairs.high_bytes)
    )


def find_marks(data: bytes | bytearray, least: int = MIN_KANA) -> Marks:
    """The marks of Japanese in bytes.

    Args:
        data: the bytes.
        least: kana at which the search ends; the other marks are then those found up to there.
    """
    return Marks(*sniff_kernels.find_marks(_array(data), least))


def count_pairs(data: bytes | bytearray) -> Pairs:
    """The marks of the two-byte encodings in bytes, counted."""
    return Pairs(*sniff_kernels.count_pairs(_array(data)))


def _array(data: bytes | bytearray) -> Bytes:
    """The bytes without a copy, read-only: Numba would compile each kernel again for a writable array."""
    array = np.frombuffer(data, np.uint8)
    array.flags.writeable = False
    return array


def holds_kana(html: str | bytes, least: int = MIN_KANA) -> bool:
    """Whether decoded markup, or its UTF-8, contains at least `least` kana, as characters or as numeric references."""
    marks = find_marks(html.encode("utf-8", "surrogatepass") if isinstance(html, str) else html, least)
    return max(marks.utf_8_kana, marks.reference_kana) >= least


def _reaches(pattern: re.Pattern[bytes], data: bytes | bytearray) -> bool:
    return sum(1 for _ in islice(pattern.finditer(data), MIN_KANA)) == MIN_KANA


_ISO_2022_JP = re.compile(rb"\x1b(?:\$[@B]|\(I)")
_UTF_16LE_KANA = re.compile(rb"[\x41-\xff]\x30|[\x66-\x9f]\xff")
_UTF_16BE_KANA = re.compile(rb"\x30[\x41-\xff]|\xff[\x66-\x9f]")
