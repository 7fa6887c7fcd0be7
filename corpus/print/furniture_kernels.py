"""Compiled passes that find what on OCR pages is not text of the work: ruby, repeats, tables, heads, page numbers.

`manyo.corpus.print.furniture` says what each is for; the slow version of all of them is `tests/ocr_oracle.py`.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from manyo.corpus.jit import Bools, Bytes, Float64s, Int64s, Uint32s, kernel
from manyo.corpus.print.geometry_kernels import (
    ENDS_CELL,
    HANGS,
    NO_BLOCK,
    PROSE_MIN_CHARS,
    SHORT_KANA,
    Box,
    Kind,
    Lines,
    median_of,
    reads_vertically,
    share_inside,
    size_of_print,
)

#: Ruby is half the size of its text; github users of the full-text packages separate the two at 1.7.
_RUBY_RATIO: Final = 1.7
#: This many short lines in a row, in a format that marks no tables, are a table.
_TABLE_MIN_CELLS: Final = 8
#: A margin line is this far from the text: lines of running text are half a character to one character apart.
_MARGIN_CHARS: Final = 1.0
#: At least this many long lines say where the text is, so that a number apart from it is a page number.
TEXT_MIN_LINES: Final = 3
#: A line is long from this fraction of the page's longest.
_LONG_FRACTION: Final = 0.5
#: A running head stands on at least this many pages, and is no longer than this.
RUNNING_HEAD_PAGES: Final = 3
RUNNING_HEAD_CHARS: Final = 30
#: Where it stands apart from the text, this fraction of its characters is read alike.
_SAME_FRACTION: Final = 0.6
#: All running heads are in print of one size, smaller than the text by a quarter or more.
_HEAD_SIZE_RATIO: Final = 1.2
#: A misread page number is no longer than this, dashes and blanks included.
_NUMBER_CHARS: Final = 8
#: Furniture covers more than this fraction of a line that is dropped.
_FURNITURE_FRACTION: Final = 0.6

# Where a margin line stands.
ABOVE: Final = 1
BELOW: Final = 2


@kernel
def drop_repeats(lines: Lines, confidences: Float64s) -> None:
    """Drop ruby, mark the tables of formats that mark none, and drop what was given twice.

    Args:
        lines: `kept`, `kinds` and `blocks` are changed.
        confidences: as in `lines`, 0 if unknown; of two equal lines the more confident one stays.
    """
    for page in range(len(lines.page_offsets) - 1):
        begin, end = lines.page_offsets[page], lines.page_offsets[page + 1]
        _drop_ruby(lines, begin, end)
        _mark_cells(lines, begin, end)
        _drop_doubles(lines, confidences, begin, end)


@kernel
def _drop_ruby(lines: Lines, begin: int, end: int) -> None:
    """Drop short lines of kana in print much smaller than the page's lines of prose."""
    _, _, width, height = lines.boxes
    kept, kinds, chars, marks = lines.kept, lines.kinds, lines.chars, lines.marks
    thickness = np.empty(end - begin, np.float64)
    found = 0
    for i in range(begin, end):
        if chars[i] >= PROSE_MIN_CHARS and not np.isnan(width[i]):
            thickness[found] = min(width[i], height[i])
            found += 1
    thin = median_of(thickness, found) / _RUBY_RATIO if found else -1.0
    for i in range(begin, end):
        is_small = min(width[i], height[i]) < thin  # False without a box
        kept[i] = not (kinds[i] == Kind.BODY and is_small and marks[i] & SHORT_KANA != 0)


@kernel
def _mark_cells(lines: Lines, begin: int, end: int) -> None:
    """Make long runs of short lines the cells of a table, with a block of their own."""
    width = lines.boxes.width
    kept, kinds, blocks, widths, marks = lines.kept, lines.kinds, lines.blocks, lines.widths, lines.marks
    n_before, run = 0, 0
    for i in range(begin, end + 1):
        if i < end and not kept[i]:
            continue
        may_be_cell = (
            i < end
            and kinds[i] == Kind.BODY
            and blocks[i] == NO_BLOCK
            and not np.isnan(width[i])
            and widths[i] < PROSE_MIN_CHARS
            and marks[i] & ENDS_CELL == 0
        )
        if may_be_cell:
            run += 1
        else:
            if run >= _TABLE_MIN_CELLS:
                left, back = run, i
                while left:
                    back -= 1
                    if kept[back]:
                        kinds[back], blocks[back] = Kind.CELL, -1 - (n_before - run)
                        left -= 1
            run = 0
        n_before += 1


@kernel
def _drop_doubles(lines: Lines, confidences: Float64s, begin: int, end: int) -> None:
    """Drop lines of which another one with the same box and text is more confident, or as confident and earlier."""
    x, y, width, height = lines.boxes
    kept, chars = lines.kept, lines.chars
    present = kept[begin:end].copy()
    for i in range(begin, end):
        if not kept[i] or np.isnan(width[i]):
            continue
        for j in range(begin, end):
            if (
                x[j] == x[i]
                and y[j] == y[i]
                and width[j] == width[i]
                and height[j] == height[i]
                and chars[j] == chars[i]
                and i != j
                and present[j - begin]
                and (confidences[j] > confidences[i] or (confidences[j] == confidences[i] and j < i))
                and _equal_points(lines.points, lines.point_offsets[i], lines.point_offsets[j], chars[i]) == chars[i]
            ):
                kept[i] = False
                break


@kernel
def _equal_points(points: Uint32s, first: int, other: int, n: int) -> int:
    """How many of n code points from `first` on equal those in the same place from `other` on."""
    n_equal = 0
    for at in range(n):
        n_equal += points[first + at] == points[other + at]
    return n_equal


@kernel
def find_margins(lines: Lines, sides: Bytes, n_text: Int64s) -> None:
    """Find the lines that stand apart from the text of their page.

    Args:
        lines: unchanged.
        sides: (n_lines,), zeros; `ABOVE` or `BELOW` is filled in for lines in a margin.
        n_text: (n_pages,), how many lines say where the text of each page is, is filled in.
    """
    _, y, width, height = lines.boxes
    kept, kinds, chars, marks = lines.kept, lines.kinds, lines.chars, lines.marks
    chosen = np.empty(len(kinds), np.int64)
    scratch = np.empty(len(kinds), np.float64)
    for page in range(len(lines.page_offsets) - 1):
        n = 0
        for i in range(lines.page_offsets[page], lines.page_offsets[page + 1]):
            if kept[i] and kinds[i] != Kind.CELL and not np.isnan(width[i]):
                chosen[n] = i
                n += 1
        is_vertical = reads_vertically(lines, chosen, n)
        size = size_of_print(lines, chosen, n, is_vertical, scratch)
        longest = 0.0
        for at in range(n):
            i = chosen[at]
            if (height[i] > width[i]) == is_vertical:
                longest = max(longest, width[i], height[i])
        top, lowest, n_long, n_ends = np.inf, -np.inf, 0, 0
        for at in range(n):
            i = chosen[at]
            if (
                (height[i] > width[i]) == is_vertical
                and max(width[i], height[i]) >= _LONG_FRACTION * longest
                and chars[i] >= PROSE_MIN_CHARS
            ):
                n_long += 1
                top = min(top, y[i])
                lowest = max(lowest, y[i] + height[i])
                # Punctuation that hangs over the foot of a vertical line is not where the text ends.
                if marks[i] & HANGS == 0:
                    scratch[n_ends] = y[i] + height[i]
                    n_ends += 1
        n_text[page] = n_long
        if n_long == 0 or size == 0:
            continue
        bottom = lowest
        if n_ends:
            ends = np.sort(scratch[:n_ends])
            # Even if hanging punctuation was misread.
            bottom = ends[n_ends - 1 - (1 if is_vertical and n_ends > 2 * TEXT_MIN_LINES else 0)]
        for i in range(lines.page_offsets[page], lines.page_offsets[page + 1]):
            may_be_head = kinds[i] <= Kind.HEADING and chars[i] <= RUNNING_HEAD_CHARS
            if not kept[i] or np.isnan(width[i]) or not may_be_head:
                continue
            above, below = top - y[i] - height[i], y[i] - bottom
            if max(above, below) >= _MARGIN_CHARS * size:
                sides[i] = ABOVE if above > below else BELOW


@kernel
def find_heads(
    sides: Bytes,
    middles: Float64s,
    sizes: Float64s,
    chars: Int64s,
    are_numbers: Bools,
    repeat: Bools,
    points: Uint32s,
    offsets: Int64s,
    dropped: Bools,
) -> None:
    """Find which margin lines are numbers, stand where other pages' numbers do, or are running heads.

    Args:
        sides: (n,), `ABOVE` or `BELOW`.
        middles: (n, 2), x and y of the middle of each box.
        sizes: (n,), size of print in pixels, above 0.
        chars: (n,), length of each line.
        are_numbers: (n,), whether the line is a page number.
        repeat: (n,), whether the same words stand on so many pages that they are a running head.
        points, offsets: code points of each line's words, without numerals.
        dropped: (n,), the answer is filled in.
    """
    n_repeats = np.zeros(BELOW + 1, np.int64)
    for j in range(len(sides)):
        n_repeats[sides[j]] += repeat[j]
    for i in range(len(sides)):
        at_number, alike, is_same = 0, 0, False
        n = offsets[i + 1] - offsets[i]
        for j in range(len(sides)):
            if sides[j] != sides[i] or not abs(middles[j, 1] - middles[i, 1]) < 2.5 * sizes[j]:
                continue
            if are_numbers[j]:
                at_number += abs(middles[j, 0] - middles[i, 0]) < 2.0 * sizes[j]
            if repeat[j]:
                alike += 1 / _HEAD_SIZE_RATIO < sizes[j] / sizes[i] < _HEAD_SIZE_RATIO
                m = offsets[j + 1] - offsets[j]
                if not is_same and n:
                    n_equal = _equal_points(points, offsets[i], offsets[j], min(n, m))
                    is_same = n_equal >= _SAME_FRACTION * max(n, m)
        dropped[i] = (
            are_numbers[i]
            or (chars[i] <= _NUMBER_CHARS and at_number >= RUNNING_HEAD_PAGES)
            or is_same
            or alike >= max(RUNNING_HEAD_PAGES, 0.5 * n_repeats[sides[i]])
        )


@kernel
def drop_furniture(lines: Lines, offsets: Int64s, furniture: Float64s) -> None:
    """Drop the lines that stand where the layout detector saw furniture.

    Args:
        lines: `kept` is changed.
        offsets: (n_pages + 1,), which rows of `furniture` belong to each page.
        furniture: (n, 4), boxes as x, y, width, height.
    """
    x, y, width, height = lines.boxes
    kept = lines.kept
    for page in range(len(lines.page_offsets) - 1):
        for i in range(lines.page_offsets[page], lines.page_offsets[page + 1]):
            line = Box(x[i], y[i], width[i], height[i])
            for j in range(offsets[page], offsets[page + 1]):
                seen = Box(furniture[j, 0], furniture[j, 1], furniture[j, 2], furniture[j, 3])
                if share_inside(line, seen) > _FURNITURE_FRACTION:
                    kept[i] = False
