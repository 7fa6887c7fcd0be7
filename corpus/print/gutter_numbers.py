"""Numbers of lines that are printed between columns or next to them: 5, 10, 15 … at every fifth line, as in gazettes.

Such numbers are multiples of 5 below each other, and their distances are in proportion to their differences, four lines
and more for each 5. A column of a table has its numbers in every line.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from manyo.corpus.jit import Bools, Int64s
from manyo.corpus.print.pdf_glyphs import Glyphs

#: So many of them are no chance.
_LEAST_NUMBERS: Final = 3
#: The height of five lines, in ems of the number, at least.
_FIVE_LINES_EMS: Final = 5.0
#: Places agree within this, in ems.
_PLACE_EMS: Final = 0.6
#: Digits of one number stand in one line within this, and are this near.
_LEVEL_EMS: Final = 0.2
_DIGIT_GAP_EMS: Final = 0.3
_MAX_DIGITS: Final = 3


def gutter_numbers(glyphs: Glyphs) -> Bools:
    """Which glyphs of a page are line numbers."""
    points = glyphs.points
    found = np.zeros(len(points), np.bool_)
    is_digit = ((points >= 0x30) & (points <= 0x39)) | ((points >= 0xFF10) & (points <= 0xFF19))
    digits = np.flatnonzero(is_digit & (glyphs.turn == 0))
    if len(digits) < _LEAST_NUMBERS:
        return found
    numbers = _numbers(glyphs, digits)
    for place in range(len(numbers)):
        value, right, middle, size, _ = numbers[place]
        column = [
            other
            for other in numbers[place:]
            if abs(other[1] - right) <= _PLACE_EMS * size or abs(other[2] - middle) <= _PLACE_EMS * size
        ]
        column.sort(key=lambda number: number[0])
        if len(column) < _LEAST_NUMBERS or column[0][0] != value:
            continue
        values = np.array([number[0] for number in column], np.float64)
        tops = np.array([glyphs.top[number[4][0]] for number in column])
        steps = np.diff(values)
        if (steps <= 0).any() or ((rates := np.diff(tops) / steps) * 5 < _FIVE_LINES_EMS * size).any():
            continue
        if np.abs(rates - np.median(rates)).max() * 5 <= _PLACE_EMS * size:
            for number in column:
                found[number[4]] = True
    return found


def _numbers(glyphs: Glyphs, digits: Int64s) -> list[tuple[int, float, float, float, list[int]]]:
    """The numbers that digits make, of those that are multiples of 5: value, right end, middle, size, glyphs."""
    order = digits[np.lexsort((glyphs.left[digits], np.round(glyphs.bottom[digits])))]
    left, right, bottom, size = (column[order] for column in (glyphs.left, glyphs.right, glyphs.bottom, glyphs.size))
    gap, last_size = left[1:] - right[:-1], size[:-1]
    goes_on = np.abs(np.diff(bottom)) <= _LEVEL_EMS * last_size
    goes_on &= (gap >= -_LEVEL_EMS * last_size) & (gap <= _DIGIT_GAP_EMS * last_size)
    starts = np.concatenate([[0], np.flatnonzero(~goes_on) + 1])
    stops = np.append(starts[1:], len(order))
    figures = (glyphs.points[order] & 0xF).astype(np.int64)
    # The last figure says whether five divides a number.
    chosen = (stops - starts <= _MAX_DIGITS) & (figures[stops - 1] % 5 == 0)
    numbers = []
    for start, stop in zip(starts[chosen].tolist(), stops[chosen].tolist(), strict=True):
        value = int("".join(map(str, figures[start:stop].tolist())))
        if value:
            first, last = float(left[start]), float(right[stop - 1])
            numbers.append((value, last, (first + last) / 2, float(size[start]), order[start:stop].tolist()))
    return sorted(numbers, key=lambda number: number[0])
