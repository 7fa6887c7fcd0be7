"""The compiled loops that put text into the folded and the normal form (`manyo.filters.pii.normal_form`)."""

from __future__ import annotations

from typing import Final

from manyo.corpus.jit import Int64s, Uint16s, Uint32s, borrowing

_BLANK: Final = 0x20
_ZERO_WIDTH: Final = 0x200B
_BYTE_ORDER_MARK: Final = 0xFEFF
_VOICED: Final = 0x309B
_HALF_VOICED: Final = 0x309C
_LINE_FEED: Final = 0x0A
_BEYOND: Final = 0x10000


@borrowing
def look_up(units: Uint16s, table: Uint16s, found: Uint16s) -> None:
    """Replace each unit of UTF-16 as a table of (65536,) says."""
    for i in range(len(units)):
        found[i] = table[units[i]]


@borrowing
def normalise(points: Uint32s, table: Uint16s, marked: Uint16s, chars: Uint32s, starts: Int64s) -> int:
    """Map characters, drop blanks and join marks of voicing to the letters right before them.

    Args:
        points: code points of a text.
        table: (65536,), what each character becomes.
        marked: (2, 65536), what it is with each of the two marks of voicing.
        chars, starts: (len(points),), filled with the characters, and where in `points` each starts.

    Returns:
        How many characters are left.
    """
    n = 0
    is_letter = False
    before = _LINE_FEED
    for i in range(len(points)):
        point = points[i]
        if point < _BEYOND:
            point = table[point]
        if point in (_BLANK, _ZERO_WIDTH, _BYTE_ORDER_MARK):
            is_letter = False
        elif point in (_VOICED, _HALF_VOICED) and before != _LINE_FEED:
            if is_letter and chars[n - 1] < _BEYOND:
                chars[n - 1] = marked[point - _VOICED, chars[n - 1]]
            is_letter = False
        else:
            chars[n], starts[n] = point, i
            n += 1
            is_letter = True
        before = point
    return n
