"""Can these bytes hold Japanese at all? Asked before a page is decoded or parsed.

Nineteen of twenty pages of a crawl are not Japanese, and decoding and parsing them
is where other pipelines spend their time. Japanese prose always holds kana, and
kana have few forms: three bytes in UTF-8, fixed lead bytes in Shift_JIS and EUC-JP,
escape sequences in ISO-2022-JP, U+30xx in UTF-16, numeric entities. A page without
at least `MIN_KANA` of them in any form is refused.

The answer is conservative: where the encoding is in doubt, every reading counts, since
a page wrongly let through costs milliseconds and a page wrongly refused is lost.
Text in kanji alone (a heading, a table of names) has no kana and is refused too: by
its bytes it cannot be told from Chinese.

One compiled pass looks at 128 bytes at a time, and closer only where one of them is no ASCII, or escape, or 0, or a
numeric reference. Pairs of bytes are counted by another, on pages that are no UTF-8.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import Final, NamedTuple

import numpy as np

from manyo.corpus.web.markup_kernels import MIN_KANA as MIN_KANA
from manyo.corpus.web.markup_kernels import _count_pairs, _find_marks


class Marks(NamedTuple):
    """What marks of Japanese bytes hold; looking ends where there are as many kana as asked.

    Attributes:
        utf_8_kana: kana in UTF-8, half-width ones included.
        reference_kana: kana as numeric references (`&#12354;`).
        is_utf_8: whether bytes above 0x7F are sequences of UTF-8 by their form; the page's end may cut the last.
        has_escapes: whether there is a byte 0x1B.
        has_zeros: whether there is a byte 0.
    """

    utf_8_kana: int
    reference_kana: int
    is_utf_8: bool
    has_escapes: bool
    has_zeros: bool


class Pairs(NamedTuple):
    """How often each mark of the Japanese encodings of two bytes occurs.

    Attributes:
        shift_jis_leads: bytes that lead hiragana and katakana in Shift_JIS, whatever follows them.
        euc_jp_kana: pairs of bytes that are kana in EUC-JP, half-width ones included, in runs of such pairs: across the
            pairs of Korean and Chinese, two of a hundred look like kana.
        half_width_pairs: pairs of bytes that are half-width katakana in Shift_JIS.
        high_bytes: bytes above 0x7F.
        top_bytes: bytes above 0xDF.
    """

    shift_jis_leads: int
    euc_jp_kana: int
    half_width_pairs: int
    high_bytes: int
    top_bytes: int


#: Text in half-width katakana has few bytes above them, which lead rare kanji; Korean and Chinese, whose bytes also
#: look like half-width katakana, have a fourth of theirs there.
_MAX_TOP_FRACTION: Final = 0.08


def may_be_japanese(data: bytes, marks: Marks | None = None) -> bool:
    """Whether the bytes of a page may hold at least `MIN_KANA` kana in any encoding.

    Args:
        data: body of the response, content encodings undone.
        marks: those of the same bytes, if they are known.
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


def find_marks(data: bytes, least: int = MIN_KANA) -> Marks:
    """Look for the marks of Japanese in bytes, until there are so many kana."""
    return Marks(*_find_marks(np.frombuffer(data, np.uint8), least))


def count_pairs(data: bytes) -> Pairs:
    """Count the marks of the encodings of two bytes."""
    return Pairs(*_count_pairs(np.frombuffer(data, np.uint8)))


def holds_kana(html: str, least: int = MIN_KANA) -> bool:
    """Whether decoded markup holds at least that many kana, as characters or as numeric entities."""
    marks = find_marks(html.encode("utf-8", "surrogatepass"), least)
    return max(marks.utf_8_kana, marks.reference_kana) >= least


def _reaches(pattern: re.Pattern[bytes], data: bytes) -> bool:
    return sum(1 for _ in islice(pattern.finditer(data), MIN_KANA)) == MIN_KANA


_ISO_2022_JP = re.compile(rb"\x1b(?:\$[@B]|\(I)")
_UTF_16LE_KANA = re.compile(rb"[\x41-\xff]\x30|[\x66-\x9f]\xff")
_UTF_16BE_KANA = re.compile(rb"\x30[\x41-\xff]|\xff[\x66-\x9f]")
