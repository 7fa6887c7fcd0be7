"""Numbers of lines that are printed between columns or next to them: 5, 10, 15 … at every fifth line, as in gazettes.

Such numbers are multiples of 5 below each other, and their distances are in proportion to their differences, four lines
and more for each 5. A column of a table has its numbers in every line.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from manyo.corpus.jit import Bools
from manyo.corpus.print.pdf_glyphs import Glyphs

#: So many of them are no chance.
_LEAST_NUMBERS: Final = 3
#: The height of five lines, in ems of the number, at least.
_FIVE_LINES_EMS: Final = 5.0
#: Places agree within this, in ems.
_PLACE_EMS: Final = 0.6
#: Digits of one number are this near.
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


def _numbers(glyphs: Glyphs, digits: np.ndarray) -> list[tuple[int, float, float, float, list[int]]]:
    """The numbers that digits make, of those that are multiples of 5: value, right end, middle, size, glyphs."""
    order = digits[np.lexsort((glyphs.left[digits], np.round(glyphs.bottom[digits])))].tolist()
    runs: list[list[int]] = []
    for glyph in order:
        if runs:
            last = runs[-1][-1]
            size = glyphs.size[last]
            is_level = abs(glyphs.bottom[glyph] - glyphs.bottom[last]) <= 0.2 * size
            if is_level and -0.2 * size <= glyphs.left[glyph] - glyphs.right[last] <= _DIGIT_GAP_EMS * size:
                runs[-1].append(glyph)
                continue
        runs.append([glyph])
    numbers = []
    for run in runs:
        value = int("".join(str(int(glyphs.points[glyph]) & 0xF) for glyph in run)) if len(run) <= _MAX_DIGITS else 0
        if value and value % 5 == 0:
            left, right = float(glyphs.left[run[0]]), float(glyphs.right[run[-1]])
            numbers.append((value, right, (left + right) / 2, float(glyphs.size[run[0]]), run))
    return sorted(numbers, key=lambda number: number[0])
