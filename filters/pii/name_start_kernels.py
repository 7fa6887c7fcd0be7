"""The compiled loop that finds where names may start in a text (`manyo.filters.pii.name_starts`)."""

from __future__ import annotations

from typing import Final

import numpy as np

from manyo.corpus.jit import Int64s, Uint16s, Uint32s, borrowing

#: Bits of `looks`: kanji with which a name starts; those of the common block; those within a name; what is no start of
#: a word before them.
KANJI: Final = 1
COMMON_KANJI: Final = 2
NAME_KANJI: Final = 4
BEFORE_WORD: Final = 8
#: Hiragana, and what is no start of a word before it.
HIRAGANA: Final = 16
BEFORE_HIRAGANA: Final = 32
#: Katakana, with and without the long mark; what stands between foreign names; the first letters of titles.
KATAKANA: Final = 64
KATAKANA_START: Final = 128
FOREIGN_GAP: Final = 256
TITLE_START: Final = 512
#: Kanji after which a name may start, and those after which more must be asked.
ENDS_WORD: Final = 1024
MAY_END_WORD: Final = 2048
CAPITAL: Final = 4096
LATIN: Final = 8192
#: All letters of names, and those before which a name may end.
LETTER: Final = 16384
MAY_FOLLOW: Final = 32768
#: How many letters a name without a blank has at most.
MOST_LETTERS: Final = 10

_BEYOND: Final = 0x10000
_SURNAME_BEYOND: Final = ord("𠮷")
_BLANK: Final = 0x20
_NO: Final = ord("の")
_POINT: Final = ord("・")
_MOST_HIRAGANA: Final = 5
_MOST_KATAKANA: Final = 11
_LEAST_TITLED: Final = 2
_MOST_TITLED: Final = 9


@borrowing
def _look(points: Uint32s, looks: Uint16s, i: int) -> int:
    """The bits of a character."""
    point = points[i]
    if point < _BEYOND:
        return int(looks[point])
    return KANJI | NAME_KANJI | BEFORE_WORD | LETTER | MAY_FOLLOW if point == _SURNAME_BEYOND else 0


@borrowing
def _run_stop(points: Uint32s, looks: Uint16s, i: int, stop: int, bit: int) -> int:
    """Where the characters with a bit end that start at i."""
    while i < stop and _look(points, looks, i) & bit:
        i += 1
    return i


@borrowing
def _reaches(points: Uint32s, looks: Uint16s, i: int) -> int:
    """After how many letters from i on a name may end, as bits: 1 << n for n letters."""
    reaches = 0
    for n in range(1, MOST_LETTERS + 1):
        look = _look(points, looks, i + n) if i + n < len(points) else 0
        if not look & LETTER:
            return reaches | 1 << n
        if look & MAY_FOLLOW:
            reaches |= 1 << n
    return reaches


@borrowing
def find_name_starts(points: Uint32s, looks: Uint16s, first: int, last: int, found: Int64s) -> int:
    """Note where names may start in a stretch of a text.

    Args:
        points: the text as code points.
        looks: (65536,), bits of each character.
        first, last: the stretch; what is before it is seen, what is behind it is not.
        found: (last - first, 4), filled with starts, where the kanji from there on end, whether a name may start there
            for sure, or an expression must be asked, and for kanji after how many letters a name may end, as bits.
            Kanji that end before no blank are left out where no name may end.

    Returns:
        How many there are.
    """
    n = 0
    before_that, before = 0, 0
    if first > 0:
        before = _look(points, looks, first - 1)
    if first > 1:
        before_that = _look(points, looks, first - 2)
    for i in range(first, last):
        look = _look(points, looks, i)
        is_sure = may_be = False
        stop, reaches = i, 0
        if look & KANJI:
            is_sure = not before & BEFORE_WORD or (look & COMMON_KANJI and before & ENDS_WORD) != 0
            may_be = (look & COMMON_KANJI and before & MAY_END_WORD) != 0
            if is_sure or may_be:
                stop = _run_stop(points, looks, i, len(points), NAME_KANJI)
                reaches = _reaches(points, looks, i)
                if reaches == 0 and not (stop < len(points) and points[stop] == _BLANK):
                    is_sure = may_be = False
        elif look & HIRAGANA:
            is_after_no = i > 0 and points[i - 1] == _NO and before_that & COMMON_KANJI
            if is_after_no or not before & BEFORE_HIRAGANA:
                end = _run_stop(points, looks, i + 1, last, HIRAGANA)
                is_sure = (
                    0 < end - i - 1 <= _MOST_HIRAGANA
                    and end + 1 < last
                    and points[end] == _BLANK
                    and _look(points, looks, end + 1) & (HIRAGANA | COMMON_KANJI) != 0
                )
        elif look & KATAKANA_START:
            end = _run_stop(points, looks, i + 1, last, KATAKANA)
            following = _look(points, looks, end) if end < last else 0
            is_sure = not before & BEFORE_WORD and end - i - 1 <= _MOST_KATAKANA and following & FOREIGN_GAP != 0
            is_word = not (before & KATAKANA or (i > 0 and points[i - 1] == _POINT))
            may_be = is_word and _LEAST_TITLED <= end - i - 1 <= _MOST_TITLED and following & TITLE_START != 0
        elif look & CAPITAL:
            may_be = not before & LATIN
        if is_sure or may_be:
            found[n, 0], found[n, 1], found[n, 2], found[n, 3] = i, stop, np.int64(is_sure), reaches
            n += 1
        before_that, before = before, look
    return n
